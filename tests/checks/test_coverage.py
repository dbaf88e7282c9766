"""Coverage as it was measured last (tests/coverage.tsv, written by make cov) is enough, for the sources that there are now."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
failed = False


def test(name, ok, detail=""):
    global failed
    failed = failed or not ok
    print("%s %s" % ("ok" if ok else "not ok", name))
    if not ok:
        print("    " + str(detail)[-2000:])


def judge(table, sources, cwd=ROOT):
    done = subprocess.run([sys.executable, "-B", ROOT + "/tests/coverage.py", "judge", table, *sources], cwd=cwd,
                          capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def text(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


sources = [os.path.relpath(os.path.join(folder, name), ROOT) for top in ("server", "handlers")
           for folder, _, names in os.walk(os.path.join(ROOT, top)) for name in names if name.endswith((".c", ".h"))]
enough, words = judge("tests/coverage.tsv", sources)
test("most_lines_and_branches_are_run_by_tests", enough, words)
lines, branches = re.search(r"fail-under-line (\d+) --fail-under-branch (\d+)", text("tests/cov.sh")).groups()
said = "%s %% of lines, %s %% of branches" % (lines, branches)
test("measuring_and_judging_have_the_recipes_thresholds",
     said in text("recipes/quality-framework/requirements.md") and
     "= %s.0, %s.0" % (lines, branches) in text("tests/coverage.py"), said)
with tempfile.TemporaryDirectory() as folder:
    with open(folder + "/one.c", "w") as f:
        f.write("int f(void)\n{\n" + "\tg();\n" * 50 + "}\n")
    for name, row, others, want in (("little_is_too_little", "two.c\t100\t84\t10\t10\n", [], False),
                                    ("few_branches_are_too_few", "two.c\t100\t100\t100\t69\n", [], False),
                                    ("enough_is_enough", "two.c\t100\t85\t100\t70\n", [], True),
                                    ("what_was_not_measured_counts_as_not_run", "two.c\t100\t90\t10\t10\n", ["one.c"], False),
                                    ("nothing_measured_is_nothing", "", [], False)):
        with open(folder + "/table", "w") as f:
            f.write(row)
        got, words = judge("table", ["two.c", *others], folder)
        test(name, got == want, words)
sys.exit(failed)
