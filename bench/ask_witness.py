"""How well does the repository tell which files a task will touch? Asked of the histories that GADUGI_GIT_DIR names
(git folders, separated by colons); without it of this repository alone."""
import os
import re
import subprocess

from bench.common import figure

build = os.path.basename(os.environ["BUILD"])
program = "build/%s/bench/witness" % build
subprocess.run(["make", "--no-print-directory", "MODE=" + build, program], check=True, stdout=subprocess.DEVNULL)


def name_of(folder):
    parts = [p for p in folder.rstrip("/").split("/") if p not in ("repo", ".git")]
    return re.sub(r"^.*\+|\.git$", "", parts[-1])


for folder in os.environ.get("GADUGI_GIT_DIR", ".").split(":"):
    out = subprocess.run([program, folder], check=True, stdout=subprocess.PIPE, text=True).stdout
    recall = dict(re.findall(r": (\w+): R@10 ([0-9.]+)", out))
    times = re.search(r": both: .*, ([0-9.]+) ms \((\d+) questions", out)
    filled = re.search(r"filled: (\d+) files for (\d+) of (\d+) tasks, ([0-9.]+) % right", out)
    if len(recall) != 3 or times is None or filled is None or int(times.group(2)) < 100:
        continue  # too short a history to say anything
    name = name_of(os.path.abspath(folder))
    figure("files a task will touch, %s: recall@10 of paths and history; by path alone %s (%s tasks)" %
           (name, recall["paths"], times.group(2)),
           "%s, %+.1f points" % (recall["both"], float(recall["both"]) - float(recall["paths"])), "+7 points", "+15 points")
    figure("%s: files filled in for %s of %s tasks that name none" % (name, filled.group(2), filled.group(3)),
           "%s %% right" % filled.group(4), "", "")
