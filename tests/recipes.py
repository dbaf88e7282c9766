"""The project's own recipes against its own tests: recipes.py BUILD KIND...

After tests/run.sh has run these kinds of tests and kept what they said in BUILD/results. A named test of a kind that ran
must have passed; what is named of other kinds (bench, hosts, ...) is told of. Nothing that is left undone in the files of a
recipe is allowed.
"""
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

build, kinds = sys.argv[1], sys.argv[2:]
ran = tuple("tests/%s/" % kind for kind in kinds)
# In a copy, because a worktree stands for its main repository, whose files may be others.
listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True)
with tempfile.TemporaryDirectory() as copy:
    for path in listed.stdout.decode().split("\0"):
        if os.path.isfile(path):
            os.makedirs(os.path.join(copy, os.path.dirname(path)), exist_ok=True)
            shutil.copyfile(path, os.path.join(copy, path))
    shutil.copyfile(os.path.join(build, "results"), os.path.join(copy, "results"))
    done = subprocess.run([os.path.abspath(os.path.join(build, "gadugi")), "--root", copy, "recipes", "verify", "--results",
                           "results", "--json"], capture_output=True, text=True, cwd=copy)
if not done.stdout:
    sys.exit("recipes: " + done.stderr)
answer = json.loads(done.stdout)
wrong, waiting, untested = [], collections.Counter(), []
for requirement in answer["requirements"]:
    name = "%s %s" % (requirement["recipe"], requirement["id"])
    if not requirement.get("tests"):
        (wrong if requirement["level"] == "MUST" else untested).append("%s names no test" % name)
    for test in requirement["tests"]:
        path, result = test.split(":")[0], test.rsplit(": ", 1)[1]
        if result == "not run" and not path.startswith(ran):
            waiting[os.path.dirname(path)] += 1
        elif result != "passed":
            wrong.append("%s: %s" % (name, test))
for stub in answer["stubs"]:
    wrong.append("%s:%d: %s: %s" % (stub["file"], stub["line"], stub["kind"], stub["text"]))
for line in wrong:
    print("recipes: not so: " + line)
for line in untested:
    print("recipes: " + line)
print("recipes: %d of %d requirements met by what ran; tests of other kinds: %s" % (
    answer["met"], answer["of"], ", ".join("%s %d" % w for w in sorted(waiting.items())) or "none"))
sys.exit(bool(wrong))
