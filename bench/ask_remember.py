"""Is anything lost when many remember at once, and how many a second are kept?"""
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
