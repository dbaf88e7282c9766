"""How long do looking at sessions and runs, and checking recipes, take?"""
import os
import re
import subprocess

from bench.common import figure

WHAT = {
    "coach_session_3.5MB": ("a session of 3.5 MB, read, measured and judged (median of 11)", "200 ms", "20 ms"),
    "coach_run_10000_tasks": ("a run of 10,000 tasks, measured and judged (median of 11)", "200 ms", "100 ms"),
    "recipes_200_in_a_graph": ("200 recipes in a graph, checked and ordered (median of 11)", "50 ms", "5 ms"),
    "recipe_1000_lines": ("requirements of 1,000 lines, read and checked (median of 11)", "10 ms", "1 ms"),
    "coach_sessions_0.9GB": ("0.9 GB of sessions, read, measured and judged", "60 s", "5 s"),
    "coach_sessions_0.9GB_memory": ("most memory for that", "64 MiB", "32 MiB"),
}

build = os.path.basename(os.environ["BUILD"])
program = "build/%s/bench/coach" % build
subprocess.run(["make", "--no-print-directory", "MODE=" + build, program], check=True, stdout=subprocess.DEVNULL)
out = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True,
                     env=dict(os.environ, BENCH_LARGE="1")).stdout
found = re.findall(r"^(\S+) ([0-9.]+ \S+)$", out, re.M)
if {name for name, _ in found} != set(WHAT):
    raise SystemExit("not all figures in: " + out)
for name, value in found:
    what, floor, goal = WHAT[name]
    figure(what, value, floor, goal)

out = subprocess.run(["python3", "-B", "tests/cli/test_coach_planted.py"], check=True, stdout=subprocess.PIPE, text=True).stdout
n, precision, recall = re.search(r"# (\d+) sessions: precision ([0-9.]+), recall ([0-9.]+)", out).groups()
figure("planted faults in %s generated sessions with near misses, precision / recall" % n,
       "%.2f / %.2f" % (float(precision), float(recall)), "0.95 / 0.95", "1.00 / 1.00")
