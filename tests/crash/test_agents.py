"""Agents at work when their server ends, in each way it can: nobody they started stays.

The agent does all a process can do to be left alone: it ignores TERM, and what it starts has a session
of its own, a parent that is gone and nothing in its environment that tells where it came from.
"""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from mcp import META  # noqa: E402

GADUGI = os.environ["GADUGI"]
LIMIT_S = 120
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "5"))
STUBBORN = r"""#!/bin/sh
trap '' TERM HUP INT
env -i /bin/sh -c 'trap "" TERM; echo $$ >>pids; exec sleep 600' &
setsid sh -c 'trap "" TERM; echo $$ >>pids; (exec env -i /bin/sh -c "echo \$\$ >>pids; exec sleep 600") & exit 0' &
wait $!
echo $$ >>pids
sleep 600
"""
failed = False


def check(name, good, words=""):
    global failed
    print(("ok " if good else "not ok ") + name)
    if not good:
        failed = True
        print("    " + words)


def gadugi(root, *words):
    return subprocess.run([GADUGI, *words, "--root", root], stdout=subprocess.PIPE, check=True,
                          stdin=subprocess.DEVNULL).stdout.decode()


def serve(root):
    """A server that has looked at the project once, and so dispatches."""
    server = subprocess.Popen([GADUGI, "serve", "--root", root], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    server.stdin.write((json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "events", "_meta": META, "arguments": {"action": "list", "limit": 1}}}) + "\n").encode())
    server.stdin.flush()
    server.stdout.readline()
    return server


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for(what):
    until = time.monotonic() + LIMIT_S
    while not what() and time.monotonic() < until:
        time.sleep(0.02)
    return what()


def noted(path):
    try:
        with open(path) as f:
            return [int(line) for line in f]
    except OSError:
        return []


def end_input(server):
    server.stdin.close()


ALONE = r"""#!/bin/sh
trap '' TERM
echo $$ >>pids
setsid env -i /bin/sh -c 'trap "" TERM; echo $$ >>pids; exec sleep 600' &
while :; do sleep 0.05; done
"""


def state(root, name):
    return json.loads(gadugi(root, "call", "agents", json.dumps({"action": "show", "name": name})))["agent"]


def runs_alone():
    """One that runs by itself, its server killed again and again: always one of it, in the end none."""
    root = os.path.join(os.environ.get("TMPDIR", "/tmp"), "crash-alone")
    os.makedirs(os.path.join(root, ".gadugi", "agents"))
    agent = os.path.join(root, "agent.sh")
    with open(agent, "w") as f:
        f.write(ALONE)
    os.chmod(agent, 0o755)
    with open(os.path.join(root, ".gadugi", "config"), "w") as f:
        f.write("agents:\n  alone: {command: [./agent.sh]}\n")
    with open(os.path.join(root, ".gadugi", "agents", "one.md"), "w") as f:
        f.write("---\nname: one\ndescription: d\npreset: alone\n---\nStay.\n")
    gadugi(root, "agents", "start", "one")
    pids = os.path.join(root, ".gadugi", "agents", "one", "pids")
    good = True
    for n in range(ROUNDS):
        server = serve(root)
        good = good and wait_for(lambda: len(noted(pids)) == 2 * (n + 1))
        good = good and wait_for(lambda: state(root, "one")["state"] == "busy")
        good = good and wait_for(lambda: len([p for p in noted(pids) if alive(p)]) == 2)
        kill(server)
    check("one_that_runs_by_itself_goes_on_after_each_kill", good, str(noted(pids)))
    check("without_a_server_it_is_not_said_to_be_busy", state(root, "one")["state"] == "starting")
    check("it_ends_with_the_last_server", wait_for(lambda: not any(map(alive, noted(pids)))))
    server = serve(root)
    wait_for(lambda: len(noted(pids)) == 2 * (ROUNDS + 1))
    gadugi(root, "agents", "stop", "one")
    check("it_is_stopped_though_it_will_not", wait_for(lambda: state(root, "one")["state"] == "stopped"))
    check("it_is_gone_when_it_is_stopped", not any(map(alive, noted(pids))))
    kill(server)


def kill(server):
    server.send_signal(signal.SIGKILL)
    server.wait()
    server.stdin.close()
    server.stdout.close()


def main():
    root = os.path.join(os.environ.get("TMPDIR", "/tmp"), "crash-agents")
    os.makedirs(os.path.join(root, ".gadugi"))
    agent = os.path.join(root, "agent.sh")
    with open(agent, "w") as f:
        f.write(STUBBORN)
    os.chmod(agent, 0o755)
    with open(os.path.join(root, ".gadugi", "config"), "w") as f:
        f.write("agents:\n  stubborn: {command: [./agent.sh]}\n")
    gadugi(root, "call", "events", json.dumps({"action": "subscribe", "topic": "work", "agent": "stubborn",
                                               "subscriber": "s"}))
    pids = os.path.join(root, ".gadugi", "agents", "stubborn", "pids")
    gadugi(root, "events", "publish", "work")
    for name, end in (("its_host_leaves", end_input),
                      ("it_is_told_to_end", lambda s: s.send_signal(signal.SIGTERM)),
                      ("it_is_killed", lambda s: s.send_signal(signal.SIGKILL))):
        if os.path.exists(pids):
            os.remove(pids)
        server = serve(root)
        # the event comes again with each server: nobody wrote down that it was over
        check("an_agent_works_until_" + name, wait_for(lambda: len(noted(pids)) == 4), str(noted(pids)))
        end(server)
        server.wait()
        check("nobody_it_started_stays_when_" + name, wait_for(lambda: not any(map(alive, noted(pids)))),
              str([p for p in noted(pids) if alive(p)]))
        if not server.stdin.closed:
            server.stdin.close()
        server.stdout.close()
    runs_alone()
    sys.exit(failed)


main()
