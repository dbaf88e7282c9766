"""Of the tasks that a spec-kit plan marks [P] (at once) and that name the same file, how many pairs does decompose tell?
Asked of the *.tasks.md under GADUGI_DEV_DATA and of plans made here. What is to be found is read by a few lines of its own: runs
of [P] tasks of one phase, and the paths in their words."""
import glob
import itertools
import json
import os
import random
import re
import subprocess
import tempfile

from bench.common import GADUGI, figure

TASK = re.compile(r"^- \[[ xX]\] (T\d+[a-z]?)\b(.*)$")
PATH = re.compile(r"(?<![\w/.@-])((?:[\w.@-]+/)+[\w.@-]*\w\.\w{1,5}|[\w.-]+\.(?:ts|tsx|js|py|md|json|sh|c|h|go|rs|yml|yaml|toml|css|html))(?![\w/])")


def gold(text):
    """Pairs of ids at once on one file."""
    pairs, run = set(), []

    def close():
        for (a, x), (b, y) in itertools.combinations(run, 2):
            if x & y:
                pairs.add((a, b))
        run.clear()

    for line in text.split("\n"):
        task = TASK.match(line)
        if line.startswith("#"):
            close()
        elif task and "[P]" in task.group(2):
            if "- [x]" not in line.lower()[:6]:
                run.append((task.group(1), set(PATH.findall(task.group(2)))))
        elif task:
            close()
    close()
    return pairs


def told(path):
    out = subprocess.run([GADUGI, "decompose", path, "--json"], stdout=subprocess.PIPE, text=True).stdout
    pairs = set()
    for f in json.loads(out)["findings"]:
        if f["code"] == "file-conflict":
            pairs.update(itertools.combinations(f["tasks"], 2))
    return pairs | {(b, a) for a, b in pairs}


def made(seed):
    """A plan with known pairs: phases, runs of [P] tasks, some on the same file."""
    r = random.Random(seed)
    lines, n = ["# Tasks: made"], 0
    for phase in range(1, 6):
        lines += ["", "## Phase %d: part %d" % (phase, phase), ""]
        for _ in range(r.randint(4, 16)):
            n += 1
            mark = " [P]" if r.random() < 0.7 else ""
            lines.append("- [ ] T%03d%s Write part %d in src/%s/file%d.ts" %
                         (n, mark, n, r.choice(["api", "web", "cli"]), r.randint(1, 4)))
    return "\n".join(lines) + "\n"


def ask(name, texts):
    found = wanted = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for i, text in enumerate(texts):
            path = "plan-%d.md" % i
            with open(path, "w") as f:
                f.write(text)
            pairs = gold(text)
            wanted += len(pairs)
            found += len(pairs & told(path))
        os.chdir("/")
    if wanted:
        figure("same-file pairs among [P] marks, %s (%d pairs)" % (name, wanted), "%.3f" % (found / wanted), "0.95", "1.00")


data = os.environ.get("GADUGI_DEV_DATA")
real = sorted(glob.glob(data + "/**/*.tasks.md", recursive=True)) if data else []
# finished tasks do not run any more: the plan is asked as it was before it was begun
ask("%d real plans" % len(real), [re.sub(r"(?m)^- \[[xX]\]", "- [ ]", open(f).read()) for f in real])
ask("40 made plans", [made(i) for i in range(40)])
