"""One attempt in twenty goes wrong, in one of eight ways; with three retries every task is done all the same.

TASKS in the environment says how many tasks there are, SEED which attempts go wrong.
"""
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import traceback

GADUGI = os.environ["GADUGI"]
TASKS = int(os.environ.get("TASKS", "120"))
SEED = int(os.environ.get("SEED", "7"))
JOBS = 8
TIMEOUT_S = int(os.environ.get("TIMEOUT_S", "5"))
KINDS = ("fails", "fails with much to say", "is killed", "crashes", "leaves half of it", "hangs",
         "hangs and will not go", "leaves a child behind and fails")
AGENT = """#!/bin/sh
cat >/dev/null
fate=$(printf '%%s %%s %d' "$GADUGI_TASK_ID" "$GADUGI_ATTEMPT" | cksum | cut -d' ' -f1)
if [ $((fate %% 100)) -lt 5 ]; then
	kind=$((fate / 100 %% %d))
	echo "$kind" >>"$0.faults"
	case $kind in
	0) exit 3 ;;
	1) head -c 300000 /dev/urandom; exit 4 ;;
	2) kill -KILL $$ ;;
	3) kill -SEGV $$ ;;
	4) echo half >"$GADUGI_TASK_ID.txt"; mkdir -p deep/er; echo x >deep/er/x; exit 5 ;;
	5) sleep 600 ;;
	6) trap '' TERM; while :; do sleep 1; done ;;
	7) setsid sleep 600 >/dev/null 2>&1 & exit 6 ;;
	esac
fi
echo "$GADUGI_TASK_ID" >"$GADUGI_TASK_ID.txt"
"""


def plan(chance):
    tasks = []
    for i in range(TASKS):
        needs = sorted({f"t{chance.randrange(max(0, i - 40), i)}" for _ in range(chance.randrange(3))}) if i else []
        tasks.append({"id": f"t{i}", "title": f"Task {i}", "dependsOn": needs})
    return tasks


def left(run):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                if f"GADUGI_RUN_ID={run}".encode() in f.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            pass
    return found


def tasks_whose_attempts_go_wrong_are_done_all_the_same(folder):
    root = folder + "/p"
    env = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder + "/xdg", GIT_CONFIG_GLOBAL="/dev/null",
               TSAN_OPTIONS="log_path=%s/report" % folder)
    os.makedirs(root + "/.gadugi")
    with open(root + "/agent.sh", "w") as f:
        f.write(AGENT % (SEED, len(KINDS)))
    os.chmod(root + "/agent.sh", 0o755)
    with open(root + "/.gadugi/config", "w") as f:
        f.write("agents:\n  demo: {command: [%s/agent.sh], writable: [%s]}\nflags: {memory: false}\n" % (root, root))

    def git(*words):
        return subprocess.run(["git", *words], cwd=root, env=env, check=True, stdout=subprocess.PIPE).stdout.decode()
    git("init", "-q", "-b", "main")
    git("add", "agent.sh")
    git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-qm", "first")
    head = git("rev-parse", "HEAD")
    call = {"tasks": plan(random.Random(SEED)), "jobs": JOBS, "retries": 3, "timeoutSeconds": TIMEOUT_S, "waitSeconds": 3600}
    out = subprocess.run([GADUGI, "call", "orchestrate", "-"], cwd=root, env=env, input=json.dumps(call).encode(),
                         stdout=subprocess.PIPE, check=False).stdout
    run = json.loads(out)
    with open(root + "/agent.sh.faults") as f:
        faults = [int(line) for line in f]
    attempts = sum(len(t["attempts"]) for t in run["tasks"])
    wrong = [t["id"] for t in run["tasks"] if t["state"] != "succeeded"]
    told = collections.Counter(KINDS[k] for k in faults)
    print("%d tasks, %d attempts, %d of them went wrong (%s); failed in the end: %d; %.1f s"
          % (TASKS, attempts, len(faults), ", ".join("%d %s" % (n, k) for k, n in told.most_common()), len(wrong),
             run["wallMs"] / 1000))
    assert not wrong and run["state"] == "succeeded", (run["state"], wrong[:20], run.get("cause"))
    assert attempts == TASKS + len(faults), "each fault is one more attempt"
    assert len(faults) >= TASKS // 50, "the faults were really there"
    assert TASKS < 500 or len(told) == len(KINDS), told
    files = set(git("ls-tree", "-r", "--name-only", run["branch"]).split())
    assert files == {"agent.sh"} | {t["id"] + ".txt" for t in run["tasks"]}, files
    assert "half" not in git("grep", "-h", "", run["branch"], "--", "t*.txt")
    merged = [t["id"] for t in run["tasks"] if [a["state"] for a in t["attempts"]].count("merged") != 1]
    assert not merged, merged
    assert git("rev-parse", "HEAD") == head and git("status", "--porcelain", "--untracked-files=no") == ""
    assert not left(run["runId"]), left(run["runId"])
    reports = [open(folder + "/" + f).read() for f in os.listdir(folder) if f.startswith("report")]
    assert not reports, reports[0][:4000]
    assert run["utilisation"] <= 1 and run["workMs"] <= run["wallMs"] * JOBS, run["utilisation"]


def main():
    folder = tempfile.mkdtemp(prefix="faults.", dir=os.environ.get("TMPDIR"))
    failed = False
    for test in (tasks_whose_attempts_go_wrong_are_done_all_the_same,):
        try:
            test(folder)
            print("ok", test.__name__)
        except Exception:
            failed = True
            print("not ok", test.__name__)
            traceback.print_exc()
        finally:
            if not os.environ.get("KEEP"):
                shutil.rmtree(folder, ignore_errors=True)
    sys.exit(failed)


main()
