"""What is written about the coach is what it does: codes of findings and their table."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "server", "domain", "coach")


def text(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return f.read()


in_code = set(re.findall(r"\[FIND_\w+\] = \{\s*\"([a-z-]+)\"", text("find.c")))
in_table = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", "\n".join(
    line.split("|")[1] for line in text("README.md").split("## Findings")[1].splitlines()
    if line.startswith("| `"))))
good = len(in_code) > 20 and in_code == in_table
print("%s every_finding_of_the_coach_is_in_its_readme" % ("ok" if good else "not ok"))
if not good:
    print(sorted(in_code ^ in_table))
sys.exit(not good)
