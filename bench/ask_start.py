"""How long from starting the program to its first answer, and how much memory does it hold then?"""
import time

from bench.common import Server, figure, median, project

folder = project()
times, sizes = [], []
for _ in range(101):
    begun = time.perf_counter()
    server = Server(folder)
    server.begin()
    times.append((time.perf_counter() - begun) * 1000)
    sizes.append(server.resident_kib())
    server.end()
figure("cold start to first answer (median of 101)", "%.1f ms" % median(times), "10 ms", "3 ms")
figure("memory after start", "%.1f MiB" % (median(sizes) / 1024), "8 MiB", "4 MiB")
