"""What does the runner's scheduler cost a task, alone? And how many of 1,000 tasks fail in the end when one attempt
in twenty goes wrong?"""
import os
import re
import subprocess

from bench.common import GADUGI, figure, median

build = os.path.basename(os.environ["BUILD"])
program = "build/%s/bench/schedule" % build
subprocess.run(["make", "--no-print-directory", "MODE=" + build, program], check=True, stdout=subprocess.DEVNULL)
sums = [sum(map(float, subprocess.run([program, "10000"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()))
        for _ in range(15)]
figure("scheduling alone, a task of 10,000, 8 workers (median of 15)", "%.2f µs" % median(sums), "10 µs", "1 µs")

env = dict(os.environ, GADUGI=os.path.abspath(GADUGI), TASKS="1000")
told = subprocess.run(["python3", "-B", "tests/crash/test_faults.py"], env=env, stdout=subprocess.PIPE, text=True).stdout
found = re.search(r"(\d+) tasks, (\d+) attempts, (\d+) of them went wrong .*failed in the end: (\d+)", told)
if found is None:
    raise SystemExit("no figures in: " + told)
tasks, attempts, wrong, failed = map(int, found.groups())
figure("tasks failed in the end, of %d with %d faults in %d attempts" % (tasks, wrong, attempts), "%.1f %%" % (100 * failed / tasks), "1 %", "0 %")
