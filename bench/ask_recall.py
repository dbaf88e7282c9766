"""How long does recall take with 10,000 memories?"""
import os
import re
import subprocess

from bench.common import figure

build = os.environ["BUILD"]
subprocess.run(["make", "--no-print-directory", "MODE=" + os.path.basename(build), build_program := "build/%s/bench/memory_scale" % os.path.basename(build)],
               check=True, stdout=subprocess.DEVNULL)
out = subprocess.run([build_program, "10000", "500"], check=True, stdout=subprocess.PIPE, text=True).stdout
usual = re.search(r"recall, usual words: p50 ([0-9.]+) ms, p95 ([0-9.]+) ms", out)
if usual is None:
    raise SystemExit("no figures in: " + out)
figure("recall with 10,000 memories, p95 of 500", "%s ms" % usual.group(2), "20 ms", "2 ms")
