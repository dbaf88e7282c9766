"""How near do runs come to what is possible? Tasks wait, so nothing but gadugi takes time."""
from bench.common import cli, figure, median, project

import json
import os

CONFIG = "agents: {shell: {preset: shell}}\ndefaults: {agent: shell}\n"
SECOND = 1.0


def run(tasks, jobs):
    folder = project(CONFIG)
    with open(folder + "/tasks.json", "w") as f:
        json.dump({"title": "waiting", "tasks": tasks}, f)
    answer = cli(folder, "orchestrate", "tasks.json", "--jobs", str(jobs))
    if answer["state"] != "succeeded":
        raise SystemExit("the run ended %s: %s" % (answer["state"], answer))
    return answer


def waiting(seconds, **more):
    return {"estimateMinutes": 60, "agent": "shell", "command": ["sleep", "%g" % seconds], **more}


ten = [waiting(SECOND, id="t%d" % i, title="Wait %d" % i) for i in range(10)]
for jobs, floor, goal in ((4, "3.1x", "3.3x"), (10, "8x", "9.8x")):
    speedups = [run(ten, jobs)["speedup"] for _ in range(3)]
    figure("10 independent tasks of %g s on %d workers (median of 3)" % (SECOND, jobs), "%.2fx" % median(speedups), floor, goal)

# The graph of bench/plan.md, an hour being a tenth of a second; nothing is shorter than its longest path.
graph = cli(project(), "decompose", os.path.join(os.path.dirname(os.path.abspath(__file__)), "plan.md"))
tasks = [waiting(t["estimateMinutes"] / 600, id=t["id"], title=t["title"], dependsOn=t["dependsOn"]) for t in graph["tasks"]]
bound = graph["criticalPath"]["minutes"] / 600
ratios = [run(tasks, 4)["wallMs"] / 1000 / bound for _ in range(3)]
figure("makespan over its lower bound, 12 tasks, %.1f s (median of 3)" % bound, "%.3f" % median(ratios), "1.05", "1.01")
