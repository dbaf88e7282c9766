"""The program on a terminal of its own, as a person runs it."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

GADUGI = os.environ["GADUGI"]
LIMIT_S = 60


def on_terminal(words, rows=30, columns=100, env=None, until=None, then=None):
    """Run a command on a terminal; its output and exit status. `then(pid, fd)` once `until` was seen."""
    child = dict(os.environ, TERM="xterm", **(env or {}))
    if env is None:
        child.pop("NO_COLOR", None)
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(GADUGI, [GADUGI, *words], child)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    out, end = b"", time.monotonic() + LIMIT_S
    while True:
        if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
            os.kill(pid, signal.SIGKILL)
            break
        try:
            got = os.read(fd, 65536)
        except OSError:
            break
        if not got:
            break
        out += got
        if until is not None and until in out:
            until = None
            then(pid, fd)
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return out.decode(), os.waitstatus_to_exitcode(status)
