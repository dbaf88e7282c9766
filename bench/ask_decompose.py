"""How long does decompose take on a plan of a real size, as a host sees it?"""
import os
import time

from bench.common import Server, figure, median, project

with open(os.path.join(os.path.dirname(__file__), "plan.md")) as f:
    document = f.read()
server = Server(project())
server.begin()
times = []
for _ in range(101):
    begun = time.perf_counter()
    answer = server.tool("decompose", document=document, save=False)
    times.append((time.perf_counter() - begun) * 1000)
assert len(answer["tasks"]) == 12 and answer["criticalPath"]["minutes"] == 2400, answer
server.end()
figure("decompose of a plan of 12 tasks in %d lines (median of 101)" % document.count("\n"),
       "%.2f ms" % median(times), "20 ms", "2 ms")
