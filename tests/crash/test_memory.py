"""What remember acknowledged is there: many processes at once, pipelined calls, kill -9."""
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from mcp import GADUGI, META  # noqa: E402


def start(root):
    return subprocess.Popen([GADUGI], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def call(id, name, arguments):
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": "tools/call",
                       "params": {"name": name, "arguments": arguments, "_meta": META}}).encode() + b"\n"


def acknowledged(line):
    got = json.loads(line)
    result = got.get("result", {})
    return got["id"] if "error" not in got and not result.get("isError") else None


def texts(root):
    db = sqlite3.connect(os.path.join(root, ".gadugi", "gadugi.db"))
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in db.execute("SELECT body FROM memory_text")}
    finally:
        db.close()


def pipelined():
    """Fifty calls sent at once: all acknowledged, all there."""
    with tempfile.TemporaryDirectory() as root:
        p = start(root)
        p.stdin.write(b"".join(call(i, "remember", {"text": "thing %d of fifty" % i}) for i in range(50)))
        p.stdin.flush()
        acks = {acknowledged(p.stdout.readline()) for _ in range(50)}
        p.stdin.close()
        p.wait()
        p.stdout.close()
        assert acks == set(range(50)), acks
        assert texts(root) == {"thing %d of fifty" % i for i in range(50)}


def write(root, who, n, acks):
    """Up to eight calls under way; what was acknowledged goes into acks."""
    p = start(root)
    window = threading.Semaphore(8)

    def read():
        for line in p.stdout:
            id = acknowledged(line)
            if id is not None:
                acks.add("%s says number %d" % (who, id))
            window.release()
        for _ in range(n):  # it is gone: nobody waits for answers any more
            window.release()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for i in range(n):
            window.acquire()
            p.stdin.write(call(i, "remember", {"text": "%s says number %d" % (who, i), "session": who}))
            p.stdin.flush()
            yield p
        for _ in range(8):
            window.acquire()  # all answers are there
        p.stdin.close()
    except (BrokenPipeError, ValueError):
        pass
    reader.join()
    p.wait()
    p.stdout.close()


def four_processes():
    with tempfile.TemporaryDirectory() as root:
        acks = [set() for _ in range(4)]

        def one(k):
            for _ in write(root, "writer %d" % k, 500, acks[k]):
                pass

        threads = [threading.Thread(target=one, args=(k,)) for k in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert [len(a) for a in acks] == [500] * 4, [len(a) for a in acks]
        assert texts(root) == set().union(*acks)


def killed():
    """Writers are killed at random points, others go on; nothing acknowledged is lost."""
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as root:
        acks = [set() for _ in range(12)]

        def one(k):
            last = chance.randrange(5, 120)
            for i, p in enumerate(write(root, "victim %d" % k, 1000, acks[k])):
                if i == last:
                    p.send_signal(signal.SIGKILL)

        for base in range(0, 12, 3):
            threads = [threading.Thread(target=one, args=(k,)) for k in range(base, base + 3)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        lost = set().union(*acks) - texts(root)
        assert not lost, "%d lost, e.g. %r" % (len(lost), sorted(lost)[:3])
        assert sum(map(len, acks)) > 50
        p = start(root)  # and the survivors' database serves
        p.stdin.write(call(1, "recall", {"query": "victim", "limit": 5}))
        p.stdin.close()
        got = json.loads(p.stdout.readline())
        p.wait()
        p.stdout.close()
        assert len(got["result"]["structuredContent"]["memories"]) == 5, got


for test in (pipelined, four_processes, killed):
    name = "memory_" + test.__name__
    try:
        test()
        print("ok", name, flush=True)
    except AssertionError as problem:
        print("not ok %s: %s" % (name, problem), flush=True)
