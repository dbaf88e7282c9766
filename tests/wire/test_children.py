"""What a call has started ends with it, and what outlives it goes on; and the order of what is said."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *
import select
import tempfile

AGENT = """#!/bin/sh
sleep 1000 &
printf '%%s %%s\\n' $$ $! >%(tmp)s/new
mv %(tmp)s/new %(tmp)s/pids
trap '' TERM
wait
sleep 1000
"""


def project():
    """A folder with an agent that never ends, has a child of its own and does not listen to SIGTERM."""
    tmp = tempfile.mkdtemp()
    folder = tempfile.mkdtemp()
    os.makedirs(folder + "/.gadugi")
    with open(folder + "/agent.sh", "w") as f:
        f.write(AGENT % {"tmp": tmp})
    os.chmod(folder + "/agent.sh", 0o755)
    with open(folder + "/.gadugi/config", "w") as f:
        f.write("agents:\n  slow: {command: [./agent.sh], prompt: stdin, writable: [%s]}\n"
                '  quick: {command: [sh, -c, "while [ -e hold ]; do sleep 0.02; done"], prompt: stdin}\n'
                "defaults: {agent: slow, mode: shared, retries: 0}\n" % tmp)
    return folder, tmp + "/pids"


def planning(s, pids, id=1):
    """Start a call with children; gives a descriptor for each that is readable when it has ended."""
    s.send(call(id, "decompose", {"goal": "bake bread", "agent": "slow"}))
    if not wait_for_file(pids):
        raise AssertionError("no child was started: %s" % s.read())
    with open(pids) as f:
        return [os.pidfd_open(int(pid)) for pid in f.read().split()]


def ended(fds, since):
    """Wait until all of them have ended, as they always must; in how many ms. Closes the descriptors."""
    try:
        for fd in fds:
            assert select.select([fd], [], [], LIMIT)[0], "a child was left behind"
        return (time.monotonic() - since) * 1e3
    finally:
        for fd in fds:
            os.close(fd)


def a_cancelled_call_ends_its_children_within_50_ms_and_they_theirs():
    def attempt():
        folder, pids = project()
        with Server([GADUGI], cwd=folder) as s:
            s.initialize()
            fds = planning(s, pids)
            begun = time.monotonic()
            s.send(cancel(1))
            took = ended(fds, begun)
            s.quiet()
            return took

    soon(50, attempt)


def no_end_of_the_server_leaves_a_child_behind():
    for how in ("eof", signal.SIGTERM, signal.SIGINT):
        def attempt():
            folder, pids = project()
            with Server([GADUGI], cwd=folder) as s:
                s.initialize()
                fds = planning(s, pids)
                begun = time.monotonic()
                _, code = s.end(how)
                assert code == 0, code
                return ended(fds, begun)

        soon(100, attempt)


def a_cancelled_wait_leaves_its_run_going():
    folder, _ = project()
    open(folder + "/hold", "w").close()
    with Server([GADUGI], cwd=folder) as s:
        s.initialize()
        args = {"tasks": [{"id": "a", "title": "A", "estimateMinutes": 1}], "agent": "quick"}
        got = s.ask(1, "tools/call", {"name": "orchestrate", "arguments": args})["result"]["structuredContent"]
        run_id = got["runId"]
        s.send(call(2, "runs", {"action": "wait", "runId": run_id, "waitSeconds": 600}), cancel(2))
        s.quiet()
        s.end()
    os.unlink(folder + "/hold")
    with Server([GADUGI], cwd=folder) as s:
        s.initialize()
        got = s.ask(3, "tools/call", {"name": "runs", "arguments": {"action": "wait", "runId": run_id, "waitSeconds": 60}})
        assert got["result"]["structuredContent"]["state"] == "succeeded", got


def what_belongs_to_a_call_comes_before_its_answer_and_nothing_after():
    with Server() as s:
        s.initialize()
        ids = ["c%d" % i for i in range(40)]
        s.send(*[call(id, "steps", {"steps": 3000}, token="t" + id) for id in ids])
        s.send(*[request("p%d" % i, "ping") for i in range(40)])
        told, done, pings = {}, set(), []
        while len(done) + len(pings) < 80:
            m = s.read()
            if m.get("method") == "notifications/progress":
                id = m["params"]["progressToken"][1:]
                assert id not in done, "progress of a call that was answered"
                assert m["params"]["progress"] > told.get(id, -1)
                told[id] = m["params"]["progress"]
            elif m["id"].startswith("p"):
                pings.append(m["id"])
            else:
                assert m["id"] not in done
                done.add(m["id"])
        assert told and done == set(ids) and pings == ["p%d" % i for i in range(40)]
        s.quiet()


run([a_cancelled_call_ends_its_children_within_50_ms_and_they_theirs, no_end_of_the_server_leaves_a_child_behind,
     a_cancelled_wait_leaves_its_run_going, what_belongs_to_a_call_comes_before_its_answer_and_nothing_after])
