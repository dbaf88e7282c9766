"""A client of a stdio server for tests: lines in, lines out, with time limits on every wait."""
import json
import os
import select
import signal
import subprocess
import sys
import time

META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {}}
GADUGI = os.environ["GADUGI"]
FIXTURES = os.path.join(os.environ["BUILD"], "gadugi-fixtures")
CHECKED = os.path.basename(os.environ["BUILD"]) in ("asan", "tsan")  # slower, and memory means nothing
PATIENCE = 30 if CHECKED else 1  # times what a test allows
LIMIT = 60.0
ENDS_S = 5  # a server that takes longer to end is killed, and its test has failed


class Server:
    def __init__(self, cmd=None, **kw):
        env = dict(kw.pop("env", os.environ))
        env["TSAN_OPTIONS"] = "report_thread_leaks=0"  # a call that does not end in time is left behind
        self.p = subprocess.Popen(cmd or [FIXTURES], stdin=kw.pop("stdin", subprocess.PIPE), stdout=subprocess.PIPE,
                                  stderr=kw.pop("stderr", None), bufsize=0, env=env, **kw)
        self.buf = b""

    def __enter__(self):
        return self

    def __exit__(self, kind=None, *_):
        """The end of input ends it, or a signal where it has none; being killed is a failure."""
        wrong = None
        if self.p.poll() is None:
            if self.p.stdin is None or self.p.stdin.closed:
                self.p.send_signal(signal.SIGTERM)
            else:
                self.p.stdin.close()
            try:
                code = self.p.wait(ENDS_S * PATIENCE)
                wrong = None if code == 0 else "its exit status is %d" % code
            except subprocess.TimeoutExpired:
                wrong = "it did not end within %g s" % (ENDS_S * PATIENCE)
                self.p.kill()
        self.p.wait()
        for f in (self.p.stdin, self.p.stdout):
            try:
                if f is not None:
                    f.close()
            except OSError:
                pass
        if wrong is not None and kind is None:
            raise AssertionError(wrong)

    def raw(self, data):
        """Write bytes, all of them."""
        view = memoryview(data)
        while view:
            view = view[os.write(self.p.stdin.fileno(), view):]

    def send(self, *messages):
        self.raw(b"".join(m if isinstance(m, bytes) else json.dumps(m).encode() + b"\n" for m in messages))

    def line(self, limit=LIMIT):
        """The next line without its newline; None at the end of output."""
        end = time.monotonic() + limit
        while b"\n" not in self.buf:
            if not select.select([self.p.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("no line within %g s" % limit)
            got = os.read(self.p.stdout.fileno(), 1 << 18)
            if not got:
                assert self.buf == b"", "half a line at the end: %r" % self.buf[:200]
                return None
            self.buf += got
        line, self.buf = self.buf.split(b"\n", 1)
        return line

    def read(self, limit=LIMIT):
        line = self.line(limit)
        assert line is not None, "the output ended"
        return json.loads(line)

    def quiet(self):
        """Nothing has been said but what was read: a ping is answered next."""
        self.send({"jsonrpc": "2.0", "id": "quiet?", "method": "ping"})
        got = self.read()
        assert got == {"jsonrpc": "2.0", "id": "quiet?", "result": {}}, got

    def ask(self, id, method, params=None, **kw):
        self.send(request(id, method, params, **kw))
        return self.read()

    def initialize(self, version="2025-11-25", capabilities=None):
        got = self.ask("init", "initialize", {"protocolVersion": version, "capabilities": capabilities or {},
                                             "clientInfo": {"name": "tests", "version": "1"}})
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return got["result"]

    def rest(self, limit=LIMIT):
        """All lines to the end of output."""
        lines = []
        while (line := self.line(limit)) is not None:
            lines.append(json.loads(line))
        return lines

    def end(self, how="eof"):
        """End it and say how long it took, in ms, and its exit status."""
        start = time.monotonic()
        if how == "eof":
            self.p.stdin.close()
        else:
            self.p.send_signal(how)
        fd = os.pidfd_open(self.p.pid)  # wait() with a limit would look only now and then
        try:
            assert select.select([fd], [], [], LIMIT)[0], "it does not end"
        finally:
            os.close(fd)
        return (time.monotonic() - start) * 1e3, self.p.wait()


def request(id, method, params=None, modern=False, token=None):
    params = dict(params or {})
    meta = dict(META) if modern else {}
    if token is not None:
        meta["progressToken"] = token
    if meta:
        params["_meta"] = meta
    m = {"jsonrpc": "2.0", "id": id, "method": method}
    if params:
        m["params"] = params
    return m


def call(id, name, args=None, **kw):
    return request(id, "tools/call", {"name": name, "arguments": args or {}}, **kw)


def cancel(id):
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}}


def wait_for_file(path, limit=LIMIT):
    """True when path came to be; looked at often, since the wait is part of what is measured."""
    end = time.monotonic() + limit
    while not os.path.exists(path):
        if time.monotonic() > end:
            return False
        time.sleep(0.0005)
    return True


def soon(ms, attempt):
    """attempt() says in how many ms something was over, and judges everything else itself, each time. How soon it is over is
    judged only when no other work on the machine was in its way: it is tried again until then, or for a minute in vain."""
    took = []
    end = time.monotonic() + LIMIT
    while not took or (min(took) >= ms * PATIENCE and time.monotonic() < end):
        took.append(attempt())
    assert min(took) < ms * PATIENCE, "never within %g ms: %s" % (ms, took)


def run(tests):
    """Run the functions given, print a line for each, and leave with the right status."""
    failed = 0
    for test in tests:
        name = test.__name__.replace("_", " ")
        try:
            test()
            print("ok", name, flush=True)
        except BaseException as e:
            if isinstance(e, KeyboardInterrupt):
                raise
            failed = 1
            import traceback
            print("not ok", name, flush=True)
            traceback.print_exc(file=sys.stdout)
    sys.exit(failed)


__all__ = ["Server", "request", "call", "cancel", "run", "soon", "wait_for_file", "META", "GADUGI", "CHECKED", "PATIENCE", "FIXTURES", "LIMIT", "json",
           "os", "signal", "sys", "time"]
