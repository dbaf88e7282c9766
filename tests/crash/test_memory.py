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
    """What this machine itself makes wait: the longest that a thread was late which only wanted to wait 5 ms, and the longest that 4 KiB
    took to be on disk."""

    def __init__(self, root):
        self.late, self.disk, self.ended = 0.0, 0.0, threading.Event()
        self.threads = [threading.Thread(target=self.wait), threading.Thread(target=self.write, args=(root,))]
        for t in self.threads:
            t.start()

    def wait(self):
        before = time.monotonic()
        while not self.ended.wait(0.005):
            now = time.monotonic()
            self.late, before = max(self.late, now - before - 0.005), now

    def write(self, root):
        with open(os.path.join(root, "noise"), "wb", buffering=0) as f:
            while not self.ended.wait(0.05):
                before = time.monotonic()
                f.write(bytes(4096))
                os.fsync(f.fileno())
                self.disk = max(self.disk, time.monotonic() - before)

    def end(self):
        """How late a call may be for it: it is handed on four times (to the server, its worker, its writer and back) and synced twice."""
        self.ended.set()
        for t in self.threads:
            t.join()
        return 4 * self.late + 2 * self.disk


class Worker(threading.Thread):
    """A server that is told, asked and made to forget things one after the other; killed now and then, and started again."""

    def __init__(self, root, who, seed, until):
        super().__init__()
        self.root, self.who, self.until, self.chance = root, who, until, random.Random(seed)
        self.acks, self.gone, self.took, self.kills, self.calls, self.problem = {}, set(), [], 0, 0, None

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
            self.took.append(time.monotonic() - begun)
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
            while time.monotonic() < self.until or self.kills == 0:
                p = start(self.root)
                last = self.chance.randrange(10, 200)
                try:
                    for i in range(last + 1):
                        if time.monotonic() >= self.until and self.kills > 0:
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


AGENT = """#!/bin/sh
# An agent of a run: asks, remembers, and notes what was acknowledged and how long it took, the start of a program included.
cat >/dev/null
%(gadugi)s recall "what is told about tea" >/dev/null || exit 7
for i in 1 2 3 4 5; do
	text="$GADUGI_TASK_ID of $GADUGI_RUN_ID tells number $i about rain"
	before=$(date +%%s%%N)
	%(gadugi)s remember "$text" --session "$GADUGI_RUN_ID" >/dev/null || exit 8
	echo $(($(date +%%s%%N) - before)) >>%(root)s/took
	echo "$text" >>%(root)s/acks
done
"""
CONFIG = """agents:
  teller: {command: [./agent.sh]}
defaults: {agent: teller, retries: 3, mode: shared}
flags: {confine: false}
"""


class Run(threading.Thread):
    """Runs of four tasks by two agents at a time, one run after the other; now and then the runner is killed and the run resumed."""

    def __init__(self, root, seed, until):
        super().__init__()
        self.root, self.until, self.chance = root, until, random.Random(seed)
        self.runs, self.kills, self.problem = [], 0, None

    def gadugi(self, *words):
        p = subprocess.run([GADUGI, *words], cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert p.returncode == 0, "%s: %s" % (" ".join(words), p.stderr)
        return p.stdout

    def look(self, run, **more):
        return json.loads(self.gadugi("call", "runs", json.dumps(dict(more, runId=run))))

    def kill(self, run):
        """Its runner, if it is still there, at a random time; then the run goes on."""
        time.sleep(self.chance.random() * 0.3)
        pid = self.look(run, action="show").get("runnerPid")
        if pid is None:
            return
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills += 1
        if self.look(run, action="wait", waitSeconds=60)["state"] == "interrupted":
            self.gadugi("resume", run, "--detach")

    def run(self):
        try:
            while time.monotonic() < self.until or self.kills == 0:
                run = self.gadugi("orchestrate", "plan.json", "--jobs", "2", "--detach").strip()
                for _ in range(self.chance.choice([0, 1, 2])):
                    self.kill(run)
                got = self.look(run, action="wait", waitSeconds=120)
                assert got["state"] == "succeeded", got
                self.runs.append(run)
        except BaseException as problem:
            self.problem = problem


def lay_out(root):
    """A project whose agents remember by the command line."""
    os.mkdir(os.path.join(root, ".gadugi"))
    with open(os.path.join(root, ".gadugi", "config"), "w") as f:
        f.write(CONFIG)
    with open(os.path.join(root, "agent.sh"), "w") as f:
        f.write(AGENT % {"gadugi": GADUGI, "root": root})
    os.chmod(os.path.join(root, "agent.sh"), 0o755)
    with open(os.path.join(root, "plan.json"), "w") as f:
        json.dump({"title": "tell", "tasks": [{"id": "t%d" % i, "title": "Tell"} for i in range(4)]}, f)


def check_runs(root, runs, db):
    """What agents were told is kept is there, once; and how every run went is known."""
    there = [row[0] for row in db.execute("SELECT body FROM memory_text")]
    # What another took the place of may be true again later, and then it stands there anew.
    twice = [row[0] for row in db.execute("SELECT body FROM memory_text JOIN memory USING (id) WHERE superseded_by IS NULL GROUP BY body"
                                          " HAVING count(*) > 1")]
    assert not twice, "%d hold twice, e.g. %r" % (len(twice), twice[:3])
    with open(os.path.join(root, "acks")) as f:
        acks = {line.rstrip("\n") for line in f}
    lost = acks - set(there)
    assert not lost, "%d of agents lost, e.g. %r" % (len(lost), sorted(lost)[:3])
    for r in runs:
        for id in r.runs:
            assert any(id in text and text.startswith("Run ") for text in there), "how %s went is not known" % id
            assert sum("of " + id in text for text in acks) == 20, "agents of %s were not all heard" % id
    return len(acks)


def check_servers(workers, db):
    there = {row[0] for row in db.execute("SELECT body FROM memory_text")}
    lost = [t for w in workers for t in w.acks.values() if t not in there]
    assert not lost, "%d lost, e.g. %r" % (len(lost), lost[:3])
    hidden = {row[0] for row in db.execute("SELECT uid FROM memory WHERE expired_ms IS NOT NULL")}
    wrong = [id for w in workers for id in w.acks if id in hidden and id not in w.gone]
    assert not wrong, "forgotten though nobody asked: %r" % wrong[:3]


def ten_processes():
    """Seven servers and three runners with two agents each write, read and forget, and are killed with SIGKILL: nothing acknowledged is
    lost, the file is whole, nobody waits a second. That is judged by the slowest call of a server that was not killed and the slowest
    `gadugi remember` of an agent, less what the machine made wait in that time (Noise); median and 99 of 100 are told."""
    with tempfile.TemporaryDirectory() as root:
        lay_out(root)
        noise = Noise(root)
        until = time.monotonic() + float(os.environ.get("GADUGI_LONG_S", "4"))
        workers = [Worker(root, "worker %d" % k, k, until) for k in range(7)]
        runs = [Run(root, k, until) for k in range(3)]
        for w in workers + runs:
            w.start()
        for w in workers + runs:
            w.join()
        allowed = noise.end()
        for w in workers + runs:
            if w.problem is not None:
                raise w.problem
        texts(root)  # the file is whole
        db = sqlite3.connect(os.path.join(root, ".gadugi", "gadugi.db"))
        check_servers(workers, db)
        told = check_runs(root, runs, db)
        audited = db.execute("SELECT total(count) FROM memory_audit WHERE action = 'stored'").fetchone()[0]
        rows = db.execute("SELECT count(*) FROM memory").fetchone()[0]
        db.close()
        assert audited == rows, "%d rows and %d of them in the audit" % (rows, audited)
        with open(os.path.join(root, "took")) as f:
            took = sorted([t for w in workers for t in w.took] + [int(line) / 1e9 for line in f])
        assert sum(len(w.acks) for w in workers) > 7
        assert took[-1] < 1 + allowed, "a call took %.2f s; the machine made wait %.2f s" % (took[-1], allowed)
        print("# %d calls and %d servers killed; %d runs, %d runners killed, %d memories of agents; %d kept" % (
            sum(w.calls for w in workers), sum(w.kills for w in workers), sum(len(r.runs) for r in runs), sum(r.kills for r in runs), told,
            rows))
        print("# a call: median %.1f ms, 99 of 100 %.0f ms, slowest %.0f ms (machine %.0f ms)" % (
            took[len(took) // 2] * 1e3, took[len(took) * 99 // 100] * 1e3, took[-1] * 1e3, allowed * 1e3))


for test in (pipelined, four_processes, killed, ten_processes):
    name = "memory_" + test.__name__
    if len(sys.argv) > 1 and name not in sys.argv[1:]:
        continue
    try:
        test()
        print("ok", name, flush=True)
    except AssertionError as problem:
        print("not ok %s: %s" % (name, problem), flush=True)
