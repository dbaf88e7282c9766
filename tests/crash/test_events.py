"""Publishers and followers killed with SIGKILL at random points: no event is lost or doubled.

A publisher sends numbered events to a server, with ids, and kills it; what was not
acknowledged is sent again to the next server. A follower is killed and goes on after the last
whole line it printed. At the end the log holds every id once, and the follower saw every seq
of the log once, in order.
"""
import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from mcp import META  # noqa: E402

GADUGI = os.environ["GADUGI"]
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "100"))
EVENTS_A_ROUND = 20
chance = random.Random(7)
failed = False


def check(name, good, words=""):
    global failed
    print(("ok " if good else "not ok ") + name)
    if not good:
        failed = True
        print("    " + words)


def publish_request(number):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {
        "name": "events", "_meta": META,
        "arguments": {"action": "publish", "topic": "crash.%d" % (number % 5), "id": "n%d" % number,
                      "payload": {"n": number}}}}) + "\n"


def publish_round(root, numbers, acknowledged):
    """One server's life. Kills it after a random number of answers; notes what was acknowledged."""
    server = subprocess.Popen([GADUGI, "serve", "--root", root], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    stop_after = chance.randrange(0, len(numbers) + 1)
    answers = 0
    try:
        server.stdin.write("".join(publish_request(n) for n in numbers).encode())
        server.stdin.flush()
        for line in server.stdout:
            answer = json.loads(line)
            if "id" not in answer:
                continue
            answers += 1
            result = answer.get("result", {})
            if result.get("isError") or "structuredContent" not in result:
                raise SystemExit("publishing failed: %s" % line)
            acknowledged[answer["id"]] = result["structuredContent"]["seq"]
            if answers >= stop_after or answers == len(numbers):
                break
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
        server.stdin.close()
        server.stdout.close()


class Follower(threading.Thread):
    """Follows the log through many lives, each killed after a random number of lines."""

    def __init__(self, root):
        super().__init__()
        self.root, self.seen, self.lives, self.enough = root, [], 0, None
        self.chance = random.Random(11)
        self.error = None

    def done(self):
        return self.enough is not None and self.seen and self.seen[-1] >= self.enough

    def life(self):
        after = self.seen[-1] if self.seen else 0
        child = subprocess.Popen([GADUGI, "events", "--follow", "--after", str(after), "--root",
                                  self.root], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        left = self.chance.randrange(1, 9)
        rest = b""
        while left > 0 and not self.done():
            if not select.select([child.stdout], [], [], 0.5)[0]:
                continue
            data = os.read(child.stdout.fileno(), 65536)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:  # a line that is not whole is not seen
                self.seen.append(json.loads(line)["seq"])
                left -= 1
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        self.lives += 1

    def run(self):
        try:
            while not self.done():
                self.life()
        except Exception as e:  # told by the main thread
            self.error = e


def main():
    root = os.path.join(os.environ.get("TMPDIR", "/tmp"), "crash-events")
    os.makedirs(root)
    follower = Follower(root)
    follower.start()
    acknowledged, number, open_numbers = {}, 0, []
    for _ in range(ROUNDS):
        while len(open_numbers) < EVENTS_A_ROUND:
            number += 1
            open_numbers.append(number)
        publish_round(root, open_numbers, acknowledged)
        open_numbers = [n for n in open_numbers if n not in acknowledged]
    while open_numbers:
        publish_round(root, open_numbers, acknowledged)
        open_numbers = [n for n in open_numbers if n not in acknowledged]
    out = subprocess.run([GADUGI, "events", "--after", "0", "--root", root], stdout=subprocess.PIPE,
                         check=True).stdout.decode()
    log = [json.loads(line) for line in out.splitlines()]
    follower.enough = log[-1]["seq"]
    follower.join(120)
    ids = [e["id"] for e in log]
    check("every_event_is_there_once", sorted(ids) == sorted("n%d" % n for n in range(1, number + 1)),
          "%d events of %d" % (len(ids), number))
    by_id = {e["id"]: e["seq"] for e in log}
    wrong = [n for n, seq in acknowledged.items() if by_id.get("n%d" % n) != seq]
    check("what_was_acknowledged_is_where_it_was_said_to_be", not wrong, str(wrong[:5]))
    check("the_follower_saw_each_event_once_in_order",
          follower.error is None and follower.seen == [e["seq"] for e in log],
          "%s %d of %d" % (follower.error, len(follower.seen), len(log)))
    check("the_follower_died_often_enough", follower.lives >= ROUNDS, str(follower.lives))
    with sqlite3.connect(os.path.join(root, ".gadugi", "gadugi.db")) as db:
        sound = db.execute("PRAGMA integrity_check").fetchone()[0]
    check("the_database_is_whole", sound == "ok", sound)
    sys.exit(failed)


main()
