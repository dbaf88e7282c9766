"""A runner killed at any moment: the next one repeats nothing that finished, merges nothing
twice, leaves nobody behind, and ends with the same tree.

KILLS in the environment says how many times the runner is killed in all, TASKS how long a run is.
"""
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

GADUGI = os.environ["GADUGI"]
KILLS = int(os.environ.get("KILLS", "25"))
TASKS = int(os.environ.get("TASKS", "40"))
AGENT = """#!/bin/sh
cat >/dev/null
echo "$GADUGI_TASK_ID" >>"$0.begun"
sleep 300 & # outlives its parent
sleep 0.03
echo "$GADUGI_TASK_ID" >"$GADUGI_TASK_ID.txt"
kill $! 2>/dev/null
echo "$GADUGI_TASK_ID" >>"$0.ended"
"""


class Scratch:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="crash.", dir=os.environ.get("TMPDIR"))
        self.root = self.folder + "/p"
        self.env = dict(os.environ, HOME=self.folder, XDG_CONFIG_HOME=self.folder + "/xdg",
                        GIT_CONFIG_GLOBAL="/dev/null")
        self.env.pop("CLAUDE_PROJECT_DIR", None)
        os.makedirs(self.root + "/.gadugi")
        self.write("agent.sh", AGENT)
        os.chmod(self.root + "/agent.sh", 0o755)
        self.write(".gadugi/config", "agents:\n  demo: {command: [%s/agent.sh], writable: [%s]}\n"
                   % (self.root, self.root))
        self.git("init", "-q", "-b", "main")
        self.git("add", "agent.sh")
        self.git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-qm", "first")

    def write(self, name, text):
        with open(f"{self.root}/{name}", "w") as f:
            f.write(text)

    def git(self, *words):
        return subprocess.run(["git", *words], cwd=self.root, env=self.env, check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def call(self, tool, **args):
        p = subprocess.run([GADUGI, "call", tool, json.dumps(args)], cwd=self.root, env=self.env,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert p.returncode == 0, p.stderr.decode()
        return json.loads(p.stdout)

    def rows(self, sql, *args):
        db = sqlite3.connect(f"{self.root}/.gadugi/gadugi.db")
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def runner(self, run):
        """Pid of the runner that holds the run's lock, or None."""
        try:
            with open(f"{self.root}/.gadugi/runs/{run}/lock") as f:
                pid = int(f.read().split()[0])
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                return pid if run.encode() in f.read() else None
        except (OSError, ValueError, IndexError):
            return None

    def left(self, run):
        """Processes that carry the run's mark."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if f"GADUGI_RUN_ID={run}".encode() in f.read().split(b"\0"):
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def end(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def plan(chance):
    tasks = []
    for i in range(TASKS):
        needs = sorted({f"t{chance.randrange(i)}" for _ in range(chance.randrange(3))}) if i else []
        tasks.append({"id": f"t{i}", "title": f"Task {i}", "dependsOn": needs})
    return tasks


def check(s, run, tasks, head):
    state, branch = s.rows("select state, branch from run where id = ?", run)[0]
    assert state == "succeeded", state
    files = set(s.git("ls-tree", "--name-only", branch).split())
    assert files == {"agent.sh"} | {t["id"] + ".txt" for t in tasks}, files
    for t in tasks:
        assert s.git("show", f"{branch}:{t['id']}.txt") == t["id"] + "\n"
    merged = s.rows("select task_id, count(*), max(number) from attempt where run_id = ? and state = 'merged'"
                    " group by task_id", run)
    assert sorted(m[0] for m in merged) == sorted(t["id"] for t in tasks)
    for task, times, number in merged:
        assert times == 1, (task, times)
        last = s.rows("select max(number) from attempt where run_id = ? and task_id = ?", run, task)[0][0]
        assert last == number, f"{task} ran again after it was merged"
    commits = s.git("log", "--format=%s", branch).splitlines()
    for t in tasks:
        assert commits.count(t["title"]) == 1, (t["title"], commits.count(t["title"]))
    assert s.git("rev-parse", "HEAD").strip() == head
    assert s.git("status", "--porcelain", "--untracked-files=no") == ""
    assert not s.left(run), s.left(run)
    assert s.git("worktree", "list").count("\n") == 1, s.git("worktree", "list")
    seqs = [r[0] for r in s.rows("select seq from event order by seq")]
    assert seqs == sorted(set(seqs))
    assert s.rows("pragma integrity_check") == [("ok",)]


def a_runner_killed_anywhere_is_taken_up_without_loss_or_repetition():
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 30)))
    chance = random.Random(seed)
    killed = 0
    while killed < KILLS:
        s = Scratch()
        try:
            tasks = plan(chance)
            head = s.git("rev-parse", "HEAD").strip()
            run = s.call("orchestrate", tasks=tasks, jobs=4, retries=0)["runId"]
            while True:
                time.sleep(chance.random() * chance.choice([0.02, 0.15, 0.4]))  # any moment
                pid = s.runner(run)
                if pid is not None and killed < KILLS:
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
                    while s.runner(run) is not None:
                        time.sleep(0.001)
                    state = s.rows("select state from run where id = ?", run)[0][0]
                    if state not in ("succeeded", "failed"):
                        until = time.monotonic() + 5  # its lock is let go in a moment
                        while s.call("runs", action="show", runId=run)["state"] != "interrupted":
                            assert time.monotonic() < until
                        s.call("runs", action="resume", runId=run)
                    continue
                s.call("runs", action="wait", runId=run, waitSeconds=60)
                while s.runner(run) is not None:
                    time.sleep(0.005)
                if s.rows("select state from run where id = ?", run)[0][0] in ("succeeded", "failed"):
                    break
            check(s, run, tasks, head)
            possible(s.call("runs", action="show", runId=run), 4)
        except BaseException:
            print(f"SEED={seed} killed={killed}")
            if os.environ.get("KEEP"):
                print(s.folder)
                s.folder = "/nonexistent"
            raise
        finally:
            s.end()


STAGES = """stages:
  - {name: make, prompt: Make it.}
  - {name: look, prompt: Look at it.}
  - {name: end, prompt: End it.}
"""
STAGE_AGENT = """#!/bin/sh
cat >/dev/null
echo "$GADUGI_TASK_ID $GADUGI_STAGE" >>"$GADUGI_TASK_ID.txt"
"""


def a_runner_killed_anywhere_repeats_no_stage_that_passed():
    chance = random.Random(os.environ.get("SEED"))
    s = Scratch()
    try:
        os.makedirs(s.root + "/.gadugi/workflows")
        s.write(".gadugi/workflows/three.yaml", STAGES)
        s.write("agent.sh", STAGE_AGENT)
        s.git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-qam", "stages")
        tasks = [{"id": f"t{i}", "title": f"Task {i}", "workflow": "three"} for i in range(8)]
        run = s.call("orchestrate", tasks=tasks, jobs=3, retries=0)["runId"]
        for _ in range(max(KILLS // 3, 5)):
            time.sleep(chance.random() * 0.2)
            pid = s.runner(run)
            if pid is None or s.rows("select state from run where id = ?", run)[0][0] == "succeeded":
                break
            os.kill(pid, signal.SIGKILL)
            while s.runner(run) is not None:
                time.sleep(0.001)
            until = time.monotonic() + 5
            while s.call("runs", action="show", runId=run)["state"] not in ("interrupted", "succeeded"):
                assert time.monotonic() < until
            s.call("runs", action="resume", runId=run)
        answer = s.call("runs", action="wait", runId=run, waitSeconds=60)
        assert answer["state"] == "succeeded", answer
        for t in tasks:
            text = s.git("show", f"{answer['branch']}:{t['id']}.txt")
            assert text == "".join(f"{t['id']} {stage}\n" for stage in ("make", "look", "end")), text
            passed = s.rows("select stage from attempt where run_id = ? and task_id = ? and state in"
                            " ('staged', 'merged') order by number", run, t["id"])
            assert [p[0] for p in passed] == ["make", "look", "end"], passed
        assert s.git("worktree", "list").count("\n") == 1, s.git("worktree", "list")
        assert not s.left(run), s.left(run)
    finally:
        s.end()


WAITING = """#!/bin/sh
cat >/dev/null
echo "$GADUGI_TASK_ID" >>"$0.begun"
until [ -e "$0.go" ]; do sleep 0.02; done
echo "$GADUGI_TASK_ID" >"$GADUGI_TASK_ID.txt"
"""


def possible(answer, jobs):
    """No more work than so many workers can have done in the time that is counted."""
    assert 0 <= answer.get("utilisation", 0) <= 1, answer
    assert answer.get("concurrency", 0) <= jobs, answer
    assert answer.get("efficiency", 0) <= 1 and answer.get("speedup", 0) <= jobs, answer


def the_time_that_no_runner_was_there_is_nobodys_and_lost_work_is_counted():
    s = Scratch()

    def begun(n):
        while True:
            try:
                with open(s.root + "/agent.sh.begun") as f:
                    if len(f.readlines()) >= n:
                        return
            except FileNotFoundError:
                pass
            time.sleep(0.01)

    try:
        s.write("agent.sh", WAITING)
        start = time.monotonic()
        run = s.call("orchestrate", tasks=[{"id": f"t{i}", "title": f"Task {i}"} for i in range(4)], jobs=2)["runId"]
        gap = 0
        for n in (2, 4, 6):  # both workers are busy; what they do is lost, over and over
            begun(n)
            possible(s.call("runs", action="show", runId=run), 2)
            os.kill(s.runner(run), signal.SIGKILL)
            dead = time.monotonic()
            state = None
            while state != "interrupted" or time.monotonic() < dead + 0.5:
                answer = s.call("runs", action="show", runId=run)
                possible(answer, 2)
                state = answer["state"]
            gap += time.monotonic() - dead
            s.call("runs", action="resume", runId=run)
        begun(8)
        s.write("agent.sh.go", "")
        answer = s.call("runs", action="wait", runId=run, waitSeconds=60)
        total = time.monotonic() - start
        assert answer["state"] == "succeeded", answer
        lost = s.rows("select count(*), sum(ended_ms - started_ms) from attempt where run_id = ? and state = 'lost'", run)[0]
        assert lost[0] == 6 and lost[1] >= 0, lost
        possible(answer, 2)
        assert answer["utilisation"] > 0, answer
        assert answer["wallMs"] <= 1000 * (total - gap) + 5, (answer["wallMs"], total, gap)
    finally:
        s.end()


def two_runners_never_own_one_run():
    s = Scratch()
    try:
        run = s.call("orchestrate", tasks=plan(random.Random(1)), jobs=2)["runId"]
        second = subprocess.run([GADUGI, "runner", run, "--root", s.root], env=s.env, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL)
        assert second.returncode == 1
        assert b"held" in second.stdout or b"lock" in second.stdout, second.stdout
        assert s.call("runs", action="wait", runId=run, waitSeconds=60)["state"] == "succeeded"
    finally:
        s.end()


def main():
    failed = False
    for test in (a_runner_killed_anywhere_is_taken_up_without_loss_or_repetition,
                 a_runner_killed_anywhere_repeats_no_stage_that_passed,
                 the_time_that_no_runner_was_there_is_nobodys_and_lost_work_is_counted,
                 two_runners_never_own_one_run):
        try:
            test()
            print("ok", test.__name__)
        except Exception as e:  # the next test is run all the same
            failed = True
            print("not ok", test.__name__)
            traceback.print_exc()
    sys.exit(failed)


main()
