"""How far are estimates off that were learned from finished tasks? Histories of issues are replayed: files *.issues.jsonl
under GADUGI_DEV_DATA, and those that GADUGI_ISSUES names, separated by colons."""
import glob
import os
import re
import subprocess

from bench.common import figure

build = os.path.basename(os.environ["BUILD"])
program = "build/%s/bench/learned" % build
subprocess.run(["make", "--no-print-directory", "MODE=" + build, program], check=True, stdout=subprocess.DEVNULL)
files = [f for f in os.environ.get("GADUGI_ISSUES", "").split(":") if f]
if os.environ.get("GADUGI_DEV_DATA"):
    files += sorted(glob.glob(os.environ["GADUGI_DEV_DATA"] + "/**/*.issues.jsonl", recursive=True))
for path in files:
    out = subprocess.run([program, path], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r": (\d+) replayed: always the middle is off by ([0-9.]+), learned by ([0-9.]+)", out)
    if found is None:
        raise SystemExit("no figures in: " + out)
    name = re.sub(r"(\.issues)?\.jsonl$", "", os.path.basename(path))
    figure("learned estimates, %s replayed (%s tasks): typical factor off; always the middle %s" %
           (name, found.group(1), found.group(2)), found.group(3), "below %s" % found.group(2), "")
