"""How long do reading, checking and scheduling a plan of 10,000 tasks take?"""
import os
import re
import subprocess

from bench.common import figure

build = os.path.basename(os.environ["BUILD"])
program = "build/%s/bench/plan_scale" % build
subprocess.run(["make", "--no-print-directory", "MODE=" + build, program], check=True, stdout=subprocess.DEVNULL)
out = subprocess.run([program, "10000"], check=True, stdout=subprocess.PIPE, text=True).stdout
found = re.findall(r"^(\w+): .*: ([0-9.]+) ms$", out, re.M)
if len(found) != 3:
    raise SystemExit("no figures in: " + out)
for name, ms in found:
    figure("10,000 tasks as %s: read, check, schedule (median of 15)" % name, "%s ms" % ms, "100 ms", "20 ms")
