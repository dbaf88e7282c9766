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
import time

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


class Noise:
    """The longest that this machine kept a thread waiting which only wanted to wait 5 ms."""

    def __init__(self):
        self.worst, self.ended = 0.0, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        before = time.monotonic()
        while not self.ended.wait(0.005):
            now = time.monotonic()
            self.worst, before = max(self.worst, now - before - 0.005), now

    def end(self):
        self.ended.set()
        self.thread.join()
        return self.worst


class Worker(threading.Thread):
    """A server that is told, asked and made to forget things one after the other; killed now and then, and started again."""

    def __init__(self, root, who, seed, until):
        super().__init__()
        self.root, self.who, self.until, self.chance = root, who, until, random.Random(seed)
        self.acks, self.gone, self.slowest, self.kills, self.calls, self.problem = {}, set(), 0.0, 0, 0, None

    def ask(self, p, name, arguments, killed):
        """The answer, or None when the server was killed before it came."""
        self.calls += 1
        begun = time.monotonic()
        p.stdin.write(call(self.calls, name, arguments))
        p.stdin.flush()
        if killed:
            p.send_signal(signal.SIGKILL)
        line = p.stdout.readline()
        if not line:
            return None
        if not killed:
            self.slowest = max(self.slowest, time.monotonic() - begun)
        got = json.loads(line)["result"]
        assert not got.get("isError"), got
        return got["structuredContent"]

    def step(self, p, killed):
        what = self.chance.random()
        if what < 0.5:
            text = "%s tells number %d about %s" % (self.who, self.calls, self.chance.choice(["tea", "rain", "stone"]))
            got = self.ask(p, "remember", {"text": text, "session": self.who, "entity": self.chance.choice(["a", "b"])}, killed)
            if got:
                self.acks[got["stored"][0]] = text
        elif what < 0.55 and self.acks:
            id = self.chance.choice(sorted(self.acks))
            self.gone.add(id)  # asked for: whether it happened is only known when it was answered
            got = self.ask(p, "forget", {"ids": [id]}, killed)
            if got:
                del self.acks[id]
        else:
            self.ask(p, "recall", {"query": "who tells about " + self.chance.choice(["tea", "rain", "stone"]), "limit": 5}, killed)

    def run(self):
        try:
            while time.monotonic() < self.until:
                p = start(self.root)
                last = self.chance.randrange(10, 200)
                try:
                    for i in range(last + 1):
                        if time.monotonic() >= self.until:
                            break
                        self.step(p, i == last)
                        self.kills += i == last
                except BrokenPipeError:
                    pass
                if p.poll() is None and i == last:
                    p.kill()
                try:
                    p.stdin.close()
                except BrokenPipeError:
                    pass
                p.wait()
                p.stdout.close()
        except BaseException as problem:
            self.problem = problem


def ten_processes():
    """Ten servers write, read, forget and are killed: nothing acknowledged is lost, the file is whole, nobody waits a second."""
    with tempfile.TemporaryDirectory() as root:
        noise = Noise()
        until = time.monotonic() + float(os.environ.get("GADUGI_LONG_S", "4"))
        workers = [Worker(root, "worker %d" % k, k, until) for k in range(10)]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
        worst = noise.end()
        for w in workers:
            if w.problem is not None:
                raise w.problem
        there = texts(root)
        lost = [t for w in workers for id, t in w.acks.items() if t not in there]
        assert not lost, "%d lost, e.g. %r" % (len(lost), lost[:3])
        db = sqlite3.connect(os.path.join(root, ".gadugi", "gadugi.db"))
        hidden = {row[0] for row in db.execute("SELECT uid FROM memory WHERE expired_ms IS NOT NULL")}
        audited = db.execute("SELECT total(count) FROM memory_audit WHERE action = 'stored'").fetchone()[0]
        rows = db.execute("SELECT count(*) FROM memory").fetchone()[0]
        db.close()
        wrong = [id for w in workers for id in w.acks if id in hidden and id not in w.gone]
        assert not wrong, "forgotten though nobody asked: %r" % wrong[:3]
        assert audited == rows, "%d rows and %d of them in the audit" % (rows, audited)
        slowest = max(w.slowest for w in workers)
        assert sum(len(w.acks) for w in workers) > 50 and sum(w.kills for w in workers) > 0
        assert slowest < 1 + worst, "a call took %.2f s; the machine kept a thread waiting %.2f s" % (slowest, worst)
        print("# %d calls, %d kills, %d memories kept, slowest %.0f ms (machine %.0f ms)" % (
            sum(w.calls for w in workers), sum(w.kills for w in workers), rows, slowest * 1e3, worst * 1e3))


for test in (pipelined, four_processes, killed, ten_processes):
    name = "memory_" + test.__name__
    try:
        test()
        print("ok", name, flush=True)
    except AssertionError as problem:
        print("not ok %s: %s" % (name, problem), flush=True)
