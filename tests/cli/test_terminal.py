"""On a terminal: progress is redrawn in place, in colour unless it is not welcome; Ctrl-C leaves the run."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from terminal import GADUGI, on_terminal  # noqa: E402

failed = False


def test(name, ok, detail=""):
    global failed
    failed = failed or not ok
    print("%s %s" % ("ok" if ok else "not ok", name))
    if not ok:
        print("    " + repr(detail)[-2000:])


folder = tempfile.mkdtemp()
os.chdir(folder)
subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
subprocess.run(["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "--allow-empty", "-m", "first"],
               check=True)
os.mkdir(".gadugi", 0o700)
with open(".gadugi/config", "w") as f:
    f.write("agents: {shell: {preset: shell}}\ndefaults: {agent: shell, jobs: 4}\n")
with open("plan.json", "w") as f:
    json.dump({"title": "t", "tasks": [{"id": "task%d" % i, "title": "Task %d\x1b[2J" % i,
                                        "command": ["true"]} for i in range(6)]}, f)
with open("long.json", "w") as f:
    json.dump({"title": "t", "tasks": [{"id": "task%d" % i, "title": "Wait", "command": ["sleep", "600"] if i == 0 else ["true"]}
                                       for i in range(12)]}, f)

out, rc = on_terminal(["orchestrate", "plan.json"])
test("a_run_on_a_terminal_succeeds", rc == 0, out)
test("progress_is_redrawn_in_place", re.search(r"\x1b\[7A", out) is not None, out)
test("there_is_a_bar", "█" in out, out)
test("all_tasks_are_shown_at_the_end", "6/6" in out, out)
test("there_is_colour", "\x1b[32msucceeded" in out, out)
test("titles_cannot_clear_the_screen", "\x1b[2J" not in out, out)

out, rc = on_terminal(["orchestrate", "plan.json"], env={"NO_COLOR": "1"})
test("no_color_is_honoured", rc == 0 and "\x1b[32m" not in out and "6/6" in out, out)

out, rc = on_terminal(["orchestrate", "long.json"], rows=10, until=b"11/12", then=lambda pid, fd: os.write(fd, b"\x03"))
test("ctrl_c_ends_the_watching", rc == 130, (rc, out))
test("ctrl_c_leaves_the_run_and_says_so", "the run goes on" in out, out)
test("what_does_not_fit_is_counted", "more" in out, out)
found = re.search(r"gadugi cancel (r[a-z0-9]+)", out)
run = found.group(1) if found else json.loads(subprocess.run([GADUGI, "runs", "--json"], stdout=subprocess.PIPE).stdout)["runs"][0]["runId"]
state = json.loads(subprocess.run([GADUGI, "runs", run, "--json"], stdout=subprocess.PIPE, check=True).stdout)["state"]
test("the_run_really_goes_on", state == "running", state)
subprocess.run([GADUGI, "cancel", run], stdout=subprocess.DEVNULL, check=True)
out, rc = on_terminal(["runs", run, "--watch"])
test("watching_a_cancelled_run_ends_with_1", rc == 1 and "cancelled" in out, out)

out, rc = on_terminal([])
test("without_words_a_person_gets_help", rc == 0 and "usage: gadugi COMMAND" in out, out)
out, rc = on_terminal(["runs"], columns=60)
test("a_table_fits_the_terminal", all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 60 for line in out.split("\r\n")), out)
subprocess.run(["rm", "-rf", folder])
sys.exit(failed)
