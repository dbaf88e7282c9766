"""A project that is deleted or moved away while something works for it: nothing goes on without it."""
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

GADUGI = os.environ["GADUGI"]
LIMIT_S = 60
failed = False

# Leaves its pid and does not end while the test goes on; nor does it listen when it is asked to.
FOREVER = "trap '' TERM; echo $$ >%s/pid.new; mv %s/pid.new %s/pid; while [ -d %s ]; do sleep 0.05; done"


def check(name, good, words=""):
    global failed
    print(("ok " if good else "not ok ") + name, flush=True)
    if not good:
        failed = True
        print("    " + words)


def children_of(root):
    """Processes of ours that work for the project."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if root.encode() in words:
            found.append(os.pidfd_open(int(pid)))
    return found


def begin(aside, config, *words):
    """A project in which something runs for ever; its root, and what to watch end."""
    root = tempfile.mkdtemp(dir=aside)
    os.makedirs(os.path.join(root, ".gadugi"))
    os.makedirs(os.path.join(root, "recipes/one"))
    for path, text in ((".gadugi/config", config % (FOREVER % ((aside,) * 4))),
                       ("plan.json", '{"tasks": [{"id": "a", "title": "A"}]}'),
                       ("recipes/one/requirements.md", "### A-1 MUST Hold\n- Criterion: 1\n- Test: plan.json: it_holds\n"),
                       ("recipes/one/design.md", "# How\n\nIt holds.\n"),
                       ("recipes/one/dependencies.json", '{"name": "one", "dependencies": []}')):
        with open(os.path.join(root, path), "w", encoding="utf-8") as f:
            f.write(text)
    subprocess.run([GADUGI, *words, "--root", root], stdout=subprocess.DEVNULL, check=True, stdin=subprocess.DEVNULL, cwd=root)
    end = time.monotonic() + LIMIT_S
    while not os.path.exists(os.path.join(aside, "pid")):
        assert time.monotonic() < end, "it does not begin"
        time.sleep(0.01)
    with open(os.path.join(aside, "pid"), encoding="utf-8") as f:
        agent = int(f.read())
    return root, [os.pidfd_open(agent), *children_of(root)]


def ended(fds):
    end = time.monotonic() + LIMIT_S
    return all(select.select([fd], [], [], max(0, end - time.monotonic()))[0] for fd in fds)


AGENT = "agents:\n  a: {command: [sh, -c, \"%s\"], prompt: stdin}\ndefaults: {agent: a, mode: shared}\n"
GATE = "gates:\n  - {name: g, command: [sh, -c, \"%s\"]}\n"

for name, config, words in (("a run", AGENT, ("orchestrate", "plan.json", "--detach")),
                            ("a check of recipes", GATE, ("call", "recipes", '{"action": "verify", "waitSeconds": 0}'))):
    for what, away in (("deleted", shutil.rmtree), ("moved", lambda root: os.rename(root, root + ".away"))):
        with tempfile.TemporaryDirectory() as aside:
            root, fds = begin(aside, config, *words)
            check("%s ends with its agents when its project is %s: it runs first" % (name, what), len(fds) >= 2, str(fds))
            away(root)
            check("%s ends with its agents when its project is %s" % (name, what), ended(fds), "something is left")
sys.exit(failed)
