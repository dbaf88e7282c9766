"""Gates that take long: nobody is held up by them, they can be cancelled, and they outlive whoever asked."""
import select
import subprocess
import sys
import tempfile
sys.path.insert(0, "tests/lib")
from mcp import *

# Ends with its folder at the latest. Says who it is, starts one that does not listen to TERM, waits for the word, tells of its tests.
GATE = """#!/bin/sh
sh -c 'trap "" TERM; echo $$ >>pids; while [ -e gate.sh ]; do sleep 0.05; done' &
echo $$ >>pids
until [ -e go ] || [ ! -e gate.sh ]; do sleep 0.01; done
kill -9 $!
echo "ok it_holds"
"""


class Project:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = os.path.realpath(self.folder.name)
        for path, text in {
                "gate.sh": GATE,
                "recipes/one/requirements.md": "### A-1 MUST Hold\n- Criterion: 1\n- Test: gate.sh: it_holds\n",
                "recipes/one/design.md": "# How\n\nBy a gate that says so when it is told to.\n",
                "recipes/one/dependencies.json": '{"name": "one", "dependencies": []}',
                ".gadugi/config": "gates: [{name: slow, command: [sh, gate.sh]}]\n"}.items():
            os.makedirs(os.path.dirname(os.path.join(self.root, path)), exist_ok=True)
            with open(os.path.join(self.root, path), "w", encoding="utf-8") as f:
                f.write(text)
        self.env = dict(os.environ, CLAUDE_PROJECT_DIR=self.root)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go()
        self.folder.cleanup()

    def server(self):
        return Server([GADUGI], cwd=self.root, env=self.env)

    def go(self):
        open(os.path.join(self.root, "go"), "w").close()

    def pids(self):
        """The gate and what it started, once both run."""
        path, end = os.path.join(self.root, "pids"), time.monotonic() + LIMIT
        while True:
            if os.path.exists(path):
                with open(path, encoding="utf-8") as f:
                    pids = [int(p) for p in f.read().split()]
                if len(pids) == 2:
                    return [os.pidfd_open(p) for p in pids]
            assert time.monotonic() < end, "the gate does not begin"
            time.sleep(0.005)

    def cli(self, *words):
        done = subprocess.run([GADUGI, "recipes", "verify", "--json", *words], cwd=self.root, env=self.env,
                              capture_output=True, text=True, timeout=LIMIT)
        return json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def all_end(fds, limit=LIMIT):
    for fd in fds:
        assert select.select([fd], [], [], limit)[0], "a process is left"
        os.close(fd)


def value(answer):
    return answer["result"]["structuredContent"]


def waiting_for_gates_holds_up_nobody():
    with Project() as p, p.server() as s:
        s.initialize()
        for i in range(60):
            s.send(call(i, "recipes", {"action": "verify"}))
        fds = p.pids()
        start = time.monotonic()
        got = s.ask("list", "tools/call", {"name": "recipes", "arguments": {"action": "list"}})
        assert got["id"] == "list" and value(got)["recipes"][0]["name"] == "one", got
        assert time.monotonic() - start < 5 * PATIENCE
        joined = {value(s.ask("join", "tools/call", {"name": "recipes", "arguments": {"action": "verify", "waitSeconds": 0}}))["check"]
                  for _ in range(10)}
        with open(os.path.join(p.root, "pids"), encoding="utf-8") as f:
            assert len(joined) == 1 and len(f.read().split()) == 2, "those that ask while a check goes on join it"
        p.go()
        answers = [s.read() for _ in range(60)]
        assert {a["id"] for a in answers} == set(range(60))
        for a in answers:
            assert value(a)["sound"] and value(a)["met"] == 1, a
            assert value(a)["gates"][0]["outcome"] == "clean", a
        all_end(fds)


def a_cancelled_check_ends_with_all_it_started():
    with Project() as p, p.server() as s:
        s.initialize()
        s.send(call(1, "recipes", {"action": "verify"}))
        fds = p.pids()
        time.sleep(0)
        s.send(call(2, "recipes", {"action": "list"}))
        assert s.read()["id"] == 2
        s.send(cancel(1))
        s.quiet()
        all_end(fds)
        s.send(call(3, "recipes", {"action": "list"}))
        assert s.read()["id"] == 3, "nothing more is said of what was cancelled"


def who_joined_a_check_does_not_end_it():
    with Project() as p, p.server() as s, p.server() as other:
        s.initialize()
        other.initialize()
        s.send(call(1, "recipes", {"action": "verify"}))
        fds = p.pids()
        other.send(call(2, "recipes", {"action": "verify"}))
        other.send(call(3, "recipes", {"action": "list"}))
        assert other.read()["id"] == 3
        other.send(cancel(2))
        other.quiet()
        assert not select.select([fds[0]], [], [], 0.2)[0], "it was somebody else's"
        p.go()
        assert value(s.read())["sound"]
        all_end(fds)


def when_the_time_is_up_it_can_be_asked_for_again():
    with Project() as p, p.server() as s:
        s.initialize()
        got = value(s.ask(1, "tools/call", {"name": "recipes", "arguments": {"action": "verify", "waitSeconds": 0}}))
        assert got["state"] == "running" and got["check"] in got["next"], got
        fds = p.pids()
        s.send(call(2, "recipes", {"action": "verify", "results": got["check"]}))
        p.go()
        assert value(s.read())["sound"]
        all_end(fds)
        again = value(s.ask(3, "tools/call", {"name": "recipes", "arguments": {"action": "verify", "results": got["check"]}}))
        assert again["sound"] and again["gates"][0]["name"] == "slow", again


def a_check_outlives_a_server_that_is_killed():
    with Project() as p:
        with p.server() as s:
            s.initialize()
            got = value(s.ask(1, "tools/call", {"name": "recipes", "arguments": {"action": "verify", "waitSeconds": 0}}))
            fds = p.pids()
            s.p.kill()
            s.p.wait()
        p.go()
        assert p.cli("--results", got["check"])["sound"]
        all_end(fds)


def a_check_that_is_killed_is_told_of_and_leaves_nothing():
    with Project() as p, p.server() as s:
        s.initialize()
        got = value(s.ask(1, "tools/call", {"name": "recipes", "arguments": {"action": "verify", "waitSeconds": 0}}))
        fds = p.pids()
        with open(os.path.join(p.root, ".gadugi", "checks", got["check"], "lock"), encoding="utf-8") as f:
            os.kill(int(f.read().split()[0]), signal.SIGKILL)
        said = s.ask(2, "tools/call", {"name": "recipes", "arguments": {"action": "verify", "results": got["check"]}})
        assert said["result"]["isError"] and "its process ended" in said["result"]["content"][0]["text"], said
        all_end(fds)


def another_check_waits_for_its_turn_with_words():
    with Project() as p, p.server() as s:
        s.initialize()
        s.send(call(1, "recipes", {"action": "verify", "waitSeconds": 0}))
        check = value(s.read())["check"]
        fds = p.pids()
        said = s.ask(2, "tools/call", {"name": "recipes", "arguments": {"action": "verify", "name": "one"}})
        assert said["result"]["isError"] and check in said["result"]["content"][0]["text"], said
        p.go()
        all_end(fds)


def a_person_can_stop_it():
    with Project() as p:
        cli = subprocess.Popen([GADUGI, "recipes", "verify"], cwd=p.root, env=p.env, stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
        fds = p.pids()
        cli.send_signal(signal.SIGINT)
        assert "stopped" in cli.communicate(timeout=LIMIT)[1] and cli.returncode != 0
        all_end(fds)


run([waiting_for_gates_holds_up_nobody, a_cancelled_check_ends_with_all_it_started, who_joined_a_check_does_not_end_it,
     when_the_time_is_up_it_can_be_asked_for_again, a_check_outlives_a_server_that_is_killed,
     a_check_that_is_killed_is_told_of_and_leaves_nothing, another_check_waits_for_its_turn_with_words,
     a_person_can_stop_it])
