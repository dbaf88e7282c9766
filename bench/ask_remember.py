"""Is anything lost when many remember at once, and how many a second are kept?"""
import os
import re
import subprocess
import threading
import time

from bench.common import Server, cli_lines, figure, project


def pipelined(folder, who, n):
    server = Server(folder)
    server.begin()
    for i in range(n):
        server.send("tools/call", {"name": "remember", "arguments": {"text": "fact %d of writer %s, not like any other" % (i, who)}})
    server.flush()
    stored = 0
    for _ in range(n):
        answer = server.read()
        if "error" in answer or answer["result"].get("isError"):
            raise SystemExit("not remembered: %s" % answer)
        stored += len(answer["result"]["structuredContent"]["stored"])
    server.end()
    return stored


folder = project()
begun = time.perf_counter()
stored = pipelined(folder, "one", 50)
figure("50 remember calls at once, one server", "%d kept, %.0f ms" % (stored, (time.perf_counter() - begun) * 1000),
       "nothing lost", "nothing lost")

folder = project()
counts = [0] * 4


def write(i):
    counts[i] = pipelined(folder, "abcd"[i], 500)


begun = time.perf_counter()
threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
took = time.perf_counter() - begun
found = cli_lines(folder, "events", "--topic", "memory.stored.#", "--after", "0")
kept = sum(counts)
if found != kept:
    raise SystemExit("%d were acknowledged and %d are there" % (kept, found))
figure("4 processes remember 500 each", "%d kept, %.0f a second" % (kept, kept / took), "nothing lost", "nothing lost")

# Many processes that are killed: the test's own words, over ten seconds.
out = subprocess.run(["python3", "-B", "tests/crash/test_memory.py", "memory_ten_processes"], check=True, stdout=subprocess.PIPE, text=True,
                     env=dict(os.environ, GADUGI_LONG_S="10")).stdout
assert "ok memory_ten_processes" in out and "not ok" not in out, out
kept = re.search(r"(\d+) servers killed.* (\d+) runners killed.*; (\d+) kept", out)
figure("seven servers and three runners on one memory, %s and %s of them killed" % kept.groups()[:2], "%s kept" % kept.group(3), "nothing lost", "nothing lost")
figure("a call of theirs: median / 99 of 100 / slowest", "%s / %s / %s ms" % re.search(
    r"median ([0-9.]+) ms, 99 of 100 (\d+) ms, slowest (\d+) ms", out).groups(), "slowest 1000 ms", "-")
