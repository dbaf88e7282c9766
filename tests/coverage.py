"""How much of the program its tests run: coverage.py measured GCOVR.json, or coverage.py judge COVERAGE.tsv SOURCE...

`measured` writes a line a source, `PATH LINES RUN BRANCHES TAKEN`, from what gcovr summed up. `judge` holds such a file against the
sources there are now: one that was not measured counts as lines none of which is run, one that is gone as nothing.
"""
import json
import sys

LEAST_LINES, LEAST_BRANCHES = 85.0, 70.0  # per cent; tests/cov.sh and recipes/quality-framework have the same


def measured(path):
    with open(path) as f:
        files = json.load(f)["files"]
    for f in sorted(files, key=lambda f: f["filename"]):
        print("%s\t%d\t%d\t%d\t%d" % (f["filename"], f["line_total"], f["line_covered"], f["branch_total"],
                                      f["branch_covered"]))


def statements(path):
    """About how many lines of a source could be run."""
    with open(path) as f:
        return sum(line.rstrip().endswith(";") for line in f)


def judge(path, sources):
    known = {}
    with open(path) as f:
        for line in f:
            name, *numbers = line.rstrip("\n").split("\t")
            known[name] = [int(n) for n in numbers]
    total, unknown = [0, 0, 0, 0], []
    for source in sources:
        if source in known:
            total = [a + b for a, b in zip(total, known[source])]
        elif source.endswith(".c"):
            unknown.append(source)
            total[0] += statements(source)
    lines, branches = (100.0 * run / max(of, 1) for of, run in (total[:2], total[2:]))
    print("lines %.1f %%, branches %.1f %%, %d sources not measured" % (lines, branches, len(unknown)))
    for source in unknown:
        print("not measured: " + source)
    return total[0] > 0 and lines >= LEAST_LINES and branches >= LEAST_BRANCHES


if __name__ == "__main__":
    if sys.argv[1] == "measured":
        measured(sys.argv[2])
    else:
        sys.exit(not judge(sys.argv[2], sys.argv[3:]))
