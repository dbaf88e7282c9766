"""How soon is an event where it belongs, how many a second, and how soon is all there again after a crash?

build/MODE/bench/events does it all in scratch projects; each figure is the median of three rounds.
"""
import os
import re
import subprocess

from bench.common import figure, median

ROUNDS = 3
mode = os.path.basename(os.environ["BUILD"])
subprocess.run(["make", "--no-print-directory", "MODE=" + mode, "build/%s/bench/events" % mode], check=True,
               stdout=subprocess.DEVNULL)
rounds = [subprocess.run(["build/%s/bench/events" % mode, "10000"], check=True, stdout=subprocess.PIPE).stdout.decode()
          for _ in range(ROUNDS)]


def middle(pattern):
    return median([float(re.search(pattern, text).group(1)) for text in rounds])


figure("event kept to subscriber in the same process, p99 of a burst of 10,000",
       "%.2f ms" % middle(r"in process, burst .*p99 +([\d.]+) ms"), "10 ms", "0.5 ms")
figure("event kept to follower in another process, p99 of a burst of 10,000",
       "%.2f ms" % middle(r"another process, burst .*p99 +([\d.]+) ms"), "10 ms", "1 ms")
figure("durable events a second, one publisher, 100 subscribers",
       "%.0f" % middle(r"commits of 500 +([\d.]+) events/s"), "10000", "200000")
for n in 1, 4, 16:
    figure("%d publishers at once in one process, each event durable before the next: events a second / p99" % n,
           "%.0f / %.2f ms" % (middle(r"%d publishers, commits shared: ([\d.]+) events/s" % n),
                               middle(r"%d publishers, commits shared +n .*p99 +([\d.]+) ms" % n)), "", "")
figure("start after a crash with 1,000,000 events in the log",
       "%.1f ms" % middle(r"start after a crash +([\d.]+) ms"), "5 s", "50 ms")
figure("100 agents read from their files", "%.1f ms" % middle(r"([\d.]+) ms for 100 files"), "20 ms", "20 ms")
