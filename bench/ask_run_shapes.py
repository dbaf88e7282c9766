"""How well do runs of different shapes use their time: the graph of bench/plan.md in both readings of its
edges on 2 to 8 workers, and what a trivial task costs beside ninja? Agents wait; they do not compute.
"""
from bench.common import GADUGI, figure

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

ROUNDS = int(os.environ.get("ROUNDS", "3"))


class Project:
    def __init__(self, program, git=True):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="gadugi-bench.")
        self.env = dict(os.environ, HOME=self.folder + "/home", GIT_CONFIG_NOSYSTEM="1")
        os.makedirs(self.folder + "/home")
        self.root = self.folder + "/p"
        os.makedirs(self.root + "/.gadugi")
        with open(self.root + "/agent.sh", "w") as f:
            f.write("#!/bin/sh\nread -r line\nsleep \"$(cat \"$0.d/$GADUGI_TASK_ID\")\"\n"
                    "echo done >\"$GADUGI_TASK_ID.txt\"\n")
        os.chmod(self.root + "/agent.sh", 0o755)
        os.makedirs(self.root + "/agent.sh.d")
        with open(self.root + "/.gadugi/config", "w") as f:
            f.write("agents:\n  demo: {command: [./agent.sh]}\n  shell: {preset: shell}\n"
                    "defaults: {agent: demo}\nflags: {memory: false, coach: false}\n")
        if git:
            self.git("init", "-q", "-b", "main")
            self.git("add", "agent.sh")
            self.git("-c", "user.name=B", "-c", "user.email=b@e", "commit", "-qm", "first")

    def git(self, *words):
        subprocess.run(["git", *words], cwd=self.root, env=self.env, check=True)

    def orchestrate(self, tasks, **options):
        call = dict({"tasks": tasks, "waitSeconds": 600}, **options)
        out = subprocess.run([self.program, "call", "orchestrate", "-"], cwd=self.root, env=self.env,
                             input=json.dumps(call).encode(), stdout=subprocess.PIPE, check=True)
        return json.loads(out.stdout)

    def plan(self, costs, needs=()):
        """Tasks that wait for so many seconds each; needs are pairs (before, after)."""
        for name, seconds in costs.items():
            with open(f"{self.root}/agent.sh.d/{name}", "w") as f:
                f.write(str(seconds))
        return [{"id": n, "title": n, "description": "wait", "estimateMinutes": max(1, round(s * 600)),
                 "dependsOn": [a for a, b in needs if b == n]} for n, s in costs.items()]

    def end(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def middle(values):
    return statistics.median(values)


HOURS = dict(qa=4, recipes=4, protos=2, neo4j=4, events=8, mcp=4, ria=6, memory=8, framework=8,
             decomposer=8, coach=6, orchestrator=6)
TABLE = [("protos", "events"), ("events", "mcp"), ("events", "memory"), ("neo4j", "memory"),
         ("recipes", "ria"), ("events", "framework"), ("framework", "decomposer"),
         ("decomposer", "orchestrator"), ("framework", "coach"), ("memory", "coach")]
UNION = TABLE + [("memory", "framework")]


def graph(program):
    p = Project(program)
    for name, needs in (("tables", TABLE), ("union", UNION)):
        costs = {n: h / 10 for n, h in HOURS.items()}
        for jobs in (2, 3, 4, 8):
            tasks = p.plan(costs, needs)
            ratios = []
            for _ in range(ROUNDS):
                g = p.orchestrate(tasks, jobs=jobs)
                assert g["state"] == "succeeded"
                ratios.append(g["wallMs"] / bound(costs, needs, jobs))
            figure(f"makespan over its lower bound, {name}, {jobs} workers (median of {ROUNDS})",
                   "%.3f" % middle(ratios), "1.05", "1.01")
    p.end()


def bound(costs, needs, jobs):
    longest = {}

    def path(n):
        if n not in longest:
            longest[n] = costs[n] + max([path(b) for a, b in needs if a == n], default=0)
        return longest[n]
    return 1000 * max(max(path(n) for n in costs), sum(costs.values()) / jobs)


def trivial(program):
    for n in (1000, 10000):
        p = Project(program, git=False)
        tasks = [{"id": f"t{i}", "title": f"T{i}", "command": ["true"]} for i in range(n)]
        with open(p.root + "/build.ninja", "w") as f:
            f.write("rule r\n  command = true\n")
            f.writelines(f"build t{i}: r\n" for i in range(n))
        for jobs in (2, 8) if n == 1000 else (8,):
            ours, theirs = [], []
            for _ in range(ROUNDS if n == 1000 else 1):
                g = p.orchestrate(tasks, jobs=jobs, agent="shell")
                assert g["state"] == "succeeded"
                ours.append(g["wallMs"])
                for name in (".ninja_log", ".ninja_deps"):
                    if os.path.exists(f"{p.root}/{name}"):
                        os.remove(f"{p.root}/{name}")
                t = time.monotonic()
                subprocess.run(["ninja", f"-j{jobs}"], cwd=p.root, stdout=subprocess.DEVNULL, check=True)
                theirs.append(1000 * (time.monotonic() - t))
            figure(f"{n} trivial tasks, {jobs} at once (ninja: {min(theirs):.0f} ms; best of each)",
                   "%.0f ms, %.2fx" % (min(ours), min(ours) / min(theirs)), "1.5x", "1.0x")
        p.end()


graph(os.path.abspath(GADUGI))
if shutil.which("ninja"):
    trivial(os.path.abspath(GADUGI))
