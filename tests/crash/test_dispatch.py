"""Servers that start agents for events, killed with SIGKILL at random: no event stays without its agent.

Two servers serve one project; one of them is killed again and again. Each event's agent runs to its
end at least once, in order; it runs again only when its server died before that was written down,
and then it can tell by the event's id.
"""
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from mcp import META  # noqa: E402

GADUGI = os.environ["GADUGI"]
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
EVENTS_A_ROUND = 4
LIMIT_S = 120
chance = random.Random(3)
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


def kill(server):
    server.send_signal(signal.SIGKILL)
    server.wait()
    server.stdin.close()
    server.stdout.close()


def served(root):
    with sqlite3.connect(os.path.join(root, ".gadugi", "gadugi.db"), timeout=30) as db:
        return db.execute("SELECT seq FROM event_offset WHERE subscriber = 's'").fetchone()[0]


def main():
    root = os.path.join(os.environ.get("TMPDIR", "/tmp"), "crash-dispatch")
    os.makedirs(os.path.join(root, ".gadugi"))
    agent = os.path.join(root, "agent.sh")
    with open(agent, "w") as f:
        f.write('#!/bin/sh\necho "$GADUGI_EVENT_SEQ" >>began\nread -r event\n'
                'echo "$GADUGI_EVENT_SEQ" >>done\n')
    os.chmod(agent, 0o755)
    with open(os.path.join(root, ".gadugi", "config"), "w") as f:
        f.write("agents:\n  writer: {command: [./agent.sh]}\n")
    gadugi(root, "call", "events", json.dumps({"action": "subscribe", "topic": "work", "agent": "writer",
                                               "subscriber": "s"}))
    published = []
    steady = serve(root)
    for _ in range(ROUNDS):
        doomed = serve(root)
        for _ in range(EVENTS_A_ROUND):
            published.append(int(gadugi(root, "events", "publish", "work")))
        victims = [doomed, steady]
        chance.shuffle(victims)
        kill(victims[0])
        steady = victims[1]
    until = time.monotonic() + LIMIT_S
    follow = subprocess.Popen([GADUGI, "events", "--follow", "--after", "0", "--topic", "agent.#", "--root",
                               root], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    while served(root) < published[-1] and time.monotonic() < until:
        follow.stdout.readline()  # each line is an agent that ended
    follow.kill()
    follow.wait()
    follow.stdout.close()
    kill(steady)
    folder = os.path.join(root, ".gadugi", "agents", "writer")
    done = [int(line) for line in open(os.path.join(folder, "done"))]
    began = [int(line) for line in open(os.path.join(folder, "began"))]
    firsts = list(dict.fromkeys(done))
    check("every_event_had_its_agent", sorted(firsts) == published,
          "%d of %d" % (len(firsts), len(published)))
    check("in_order", firsts == sorted(firsts))
    check("again_only_where_a_server_died", len(done) - len(firsts) <= ROUNDS,
          "%d again" % (len(done) - len(firsts)))
    check("servers_died_at_work", len(began) >= len(published))
    dead = gadugi(root, "call", "events", json.dumps({"action": "deadletters"}))
    check("nothing_was_given_up", json.loads(dead)["deadletters"] == [], dead)
    sys.exit(failed)


main()
