"""What do 100,000 memories cost, and how good is what recall finds? The data for the latter is named by the environment."""
import os
import re
import subprocess

from bench.common import figure

build = os.path.basename(os.environ["BUILD"])
programs = ["build/%s/bench/%s" % (build, name) for name in ("memory_scale", "locomo", "githist")]
subprocess.run(["make", "--no-print-directory", "MODE=" + build] + programs, check=True, stdout=subprocess.DEVNULL)


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


out = run(programs[0], "100000", "500")
for words in "usual", "common":
    p95 = re.search(r"recall, %s words: p50 [0-9.]+ ms, p95 ([0-9.]+) ms" % words, out).group(1)
    figure("recall with 100,000 memories, %s words, p95 of 500" % words, "%s ms" % p95, "20 ms", "3 ms")
out_1m = run(programs[0], "1000000", "200")
for words in "usual", "common":
    p95 = re.search(r"recall, %s words: p50 [0-9.]+ ms, p95 ([0-9.]+) ms" % words, out_1m).group(1)
    figure("recall with 1,000,000 memories, %s words, p95 of 200" % words, "%s ms" % p95, "50 ms", "10 ms")
for many, text in ("100,000", out), ("1,000,000", out_1m):
    for kept, how in (("", ", the first of all"), (", index kept", "")):
        figure("first recall of a process with %s memories%s" % (many, how),
               "%s ms" % re.search(r"first recall of a process%s: ([0-9.]+)" % kept, text).group(1), "-", "-")
figure("remember, batches of 100, to 100,000", "%s a second" % re.search(r"(\d+) a second", out).group(1),
       "5,000 a second", "50,000 a second")
figure("resident with 100,000 memories", "%s MB" % re.search(r"resident after: (\d+)", out).group(1), "150 MB", "40 MB")
if os.environ.get("GADUGI_LOCOMO"):
    # Held out: weights set by search on all conversations but the one that is asked, for each in turn.
    for how, floor, goal in ("usual", "75 / 58", "82 / 66"), ("generic", "73", "76"):
        for name, command in ("weights set on the other conversations", ["held-out", how]), ("weights of the program, set on these conversations", [how]):
            best = re.search(r"^all of 1-4 +\d+ +[0-9.]+ +([0-9.]+) +[0-9.]+ +[0-9.]+ +([0-9.]+)", run(programs[1], *command), re.M)
            figure("LoCoMo, turns found among ten / MRR, %s, %s" % (how, name), "%s / %s" % best.groups(), floor, goal)
for git_dir in filter(None, os.environ.get("GADUGI_GIT_DIR", "").split(":")):
    out = subprocess.run([programs[2], "300"], check=True, stdout=subprocess.PIPE, text=True, env=dict(os.environ, GADUGI_GIT_DIR=git_dir)).stdout
    found = [float(x) for x in re.findall(r"R@10 +([0-9.]+)", out)]
    figure("files for a commit's subject, among ten, over names alone, %s" % os.path.basename(os.path.normpath(git_dir).removesuffix("/repo").removesuffix("/.git")),
           "+%.1f points" % (found[1] - found[0]), "+7 points", "+15 points")
