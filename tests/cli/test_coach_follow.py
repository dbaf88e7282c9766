"""Sessions that go on are read from where they stood, over restarts; what was told is not told again."""
import json
import os
import select
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from tests.lib import sessions  # noqa: E402

GADUGI = os.environ["GADUGI"]
LIMIT_S = 60
failed = False


def test(name, ok, detail=""):
    global failed
    failed = failed or not ok
    print("%s %s" % ("ok" if ok else "not ok", name))
    if not ok:
        print("    " + repr(detail)[-2000:])


def call(root, **args):
    out = subprocess.run([GADUGI, "call", "coach", json.dumps(args), "--root", root, "--json"], stdout=subprocess.PIPE, check=False).stdout
    return json.loads(out) if out else {}


def script(s):
    s.prompt("do it")
    for i in range(6):
        s.read("f%d.c" % i).edit("f%d.c" % i, "a%d" % i, "b%d" % i).sh("make test", ok=i % 3 > 0, said="x" * i).say()
    s.sh("./deploy.sh", ok=False, said="no route").say().sh("./deploy.sh", ok=False, said="no route").compact().say()
    for i in range(3):
        s.read("src/again.c").say()
    return s.interrupt().say()


with tempfile.TemporaryDirectory() as tmp:
    tmp = os.path.realpath(tmp)
    for name, make in sessions.hosts():
        root = os.path.join(tmp, name.replace(", ", "-"))
        whole = script(make(os.path.join(root, "whole"), "s", seed=3)).done()
        want = call(root, path=whole)
        grown = whole.replace("/whole", "/grown")
        if not whole.endswith(".jsonl"):
            continue
        with open(whole, "rb") as f:
            lines = f.read().splitlines(keepends=True)
        os.makedirs(os.path.dirname(grown), exist_ok=True)
        told = []
        with open(grown, "ab") as f:
            for at in range(0, len(lines), 7):
                f.write(b"".join(lines[at:at + 7]) + b'{"type":')  # the next line is begun
                f.flush()
                got = call(root, path=grown, fresh=True)
                told += got["findings"]
                f.truncate(f.tell() - 8)
                f.seek(0, 2)
        again = call(root, path=grown, fresh=True)  # the begun line is gone
        told += again["findings"]
        def same(a, b):
            return all(a[k] == b[k] for k in a if k not in ("compare",))
        test("%s: piece by piece gives the numbers of the whole" % name, same(again["metrics"], want["metrics"]),
             (again["metrics"], want["metrics"]))
        test("%s: all findings are told" % name, {f["fingerprint"] for f in want["findings"]} <= {f["fingerprint"] for f in told},
             (told, want["findings"]))
        test("%s: and each once" % name, len({(f["fingerprint"], f["severity"]) for f in told}) == len(told), told)
        test("%s: nothing new tells nothing" % name, call(root, path=grown, fresh=True)["metrics"]["sessions"] == 0, "")

    # read from where it stood: what was changed before that place is not looked at again
    root = os.path.join(tmp, "claude")
    path = os.path.join(root, "grown", "s.jsonl")
    with open(path, "r+b") as f:
        before = f.read()
        f.seek(0)
        f.write(b"#" * (len(before) - 1))
        f.seek(0, 2)
        f.write(b'{"type":"user","sessionId":"s","timestamp":"2026-01-01T05:00:00.000Z","message":{"content":"more"}}\n')
    got = call(root, path=path, fresh=True)["metrics"]
    test("what was read is not read again", got["badLines"] == 0 and got["turns"] == want["metrics"]["turns"] + 1, got)
    with open(path, "wb") as f:
        f.write(before[:200].split(b"\n")[0][:0] + lines[0])
    got = call(root, path=path, fresh=True)["metrics"]
    test("a file that shrank is read anew", got["lines"] == 1, got)

    # --follow
    root = os.path.join(tmp, "live")
    os.makedirs(root)
    s = sessions.Claude(root, "s")
    s.prompt("go").sh("./deploy.sh", ok=False, said="no route").say()
    path = s.done()
    p = subprocess.Popen([GADUGI, "coach", root, "--follow", "--root", root, "--json"], stdout=subprocess.PIPE)

    def line():
        ready, _, _ = select.select([p.stdout], [], [], LIMIT_S)
        return json.loads(p.stdout.readline()) if ready else None

    s.sh("./deploy.sh", ok=False, said="no route").say()
    s.done()
    f = line()
    test("what comes while it follows is told", f is not None and f["code"] == "repeat-failure", f)
    other = sessions.Claude(os.path.join(root, "below", "here"), "other")
    other.prompt("go").edit("x.c", "a", "b").say()
    other.done()
    f = line()
    test("so is a new session in a new folder", f is not None and f["code"] == "no-verify" and f["session"] == "other", f)
    p.send_signal(signal.SIGINT)
    test("an interruption ends it well", p.wait(LIMIT_S) == 0 and p.stdout.read() == b"", "")
    out = subprocess.run([GADUGI, "call", "coach", json.dumps({"path": root, "fresh": True}), "--root", root, "--json"],
                         stdout=subprocess.PIPE, check=True).stdout
    test("what it told is told after a restart neither", json.loads(out)["findings"] == [], out)
sys.exit(failed)
