"""Sixty sessions with planted faults and near misses, by turns as each host writes them: what is found?

Every scenario names what is planted in it; all else that is found is a false alarm. Precision and recall must be
at least 0.95; the figures are printed.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from tests.lib import sessions  # noqa: E402

GADUGI = os.environ["GADUGI"]
FLOOR = 0.95
failed = False


def test(name, ok, detail=""):
    global failed
    failed = failed or not ok
    print("%s %s" % ("ok" if ok else "not ok", name))
    if not ok:
        print("    " + repr(detail)[-3000:])


DENIED = {"claude": "The user doesn't want to proceed with this tool use.", "codex": "exec command rejected by user",
          "gemini": "User denied execution.", "opencode": "The user rejected permission to use this specific tool call."}
STALE = {"claude": "String to replace not found in file.", "codex": "Failed to find expected lines in a.c",
         "gemini": "Failed to edit, could not find the string to replace.", "opencode": "oldString not found in content"}


def work(s, n=3, k=0):
    """Sound work: looks that follow from each other, an edit, a gate that passes."""
    for i in range(n):
        name = "src/part_%d_%d.c" % (k, i)
        s.grep("thing_%d_%d" % (k, i), said="%s:1: here" % name).say().read(name).edit(name, "old%d_%d" % (k, i), "new%d_%d" % (k, i))
        s.sh("make test").say("done")
    return s


def each(s, n, step):
    for i in range(n):
        step(i)
    return s


# name: (what is planted, hosts that can show it (all when None), script)
def repeat(s, host):
    work(s, 1).sh("./deploy.sh --all", ok=False, said="no route to host").say().sh("./deploy.sh --all", ok=False, said="no route to host")
    work(s, 3, 1)


def repeat_near(s, host):
    work(s, 1).sh("./deploy.sh --all", ok=False, said="no route to host").edit("deploy.sh", "x", "y")
    s.sh("./deploy.sh --all", ok=False, said="no such user").edit("deploy.sh", "p", "q").sh("make test")
    work(s, 3, 1)


def error_loop(s, host):
    work(s, 1)
    for i in range(3):
        s.sh("tool%c --port %d" % (97 + i, 8000 + i), ok=False, said="Error: cannot bind port %d" % (8000 + i))
    work(s, 3, 1)


def error_loop_near(s, host):
    work(s, 1)
    for i in range(3):
        s.sh("tool%c run" % (97 + i), ok=False, said=("Error: no disk", "Error: no route", "refused")[i])
        s.read("log_%d.txt" % i)
    work(s, 3, 1)


def edit_loop(s, host):
    for i in range(3):
        s.edit("a.c", "v%d" % i, "w%d" % i).sh("pytest tests/unit", ok=False, said="%d failed, assert %s" % (i, "xyz"[i]))
    s.edit("a.c", "last", "first").sh("pytest tests/unit")
    for i in range(8):
        s.sh("odd%d" % i, ok=False, said="quite another thing " + "abcdefgh"[i]).read("x%d" % i)


def edit_loop_near(s, host):
    for i in range(2):
        s.edit("a.c", "v%d" % i, "w%d" % i).sh("pytest tests/unit", ok=False, said="%d failed, assert %s" % (i, "xyz"[i]))
    s.edit("a.c", "m", "n").sh("pytest tests/unit")
    s.edit("b.c", "v", "w").sh("pytest tests/unit", ok=False, said="one failed").edit("b.c", "e", "f").sh("pytest tests/unit")
    for i in range(8):
        s.sh("odd%d" % i, ok=False, said="quite another thing " + "abcdefgh"[i]).read("x%d" % i)


def flaky(s, host):
    work(s, 1).sh("npm test", ok=False, said="timeout in socket test").read("src/socket.test.js").sh("npm test")


def flaky_near(s, host):
    work(s, 1).sh("npm test", ok=False, said="timeout in socket test").sh("git checkout other").sh("npm test")


def reread(s, host):
    s.prompt("look")
    each(s, 3, lambda i: s.read("src/long.c", said="y" * 500).say())


def reread_near(s, host):
    s.prompt("look")
    s.read("src/long.c").say().read("src/long.c").say().edit("src/long.c", "a1", "b1").read("src/long.c").say()
    s.compact().read("src/long.c").say().sh("make test")


def oversize(s, host):
    s.prompt("look").sh("./dump.sh", said="z" * 110000).say()


def oversize_near(s, host):
    s.prompt("look").sh("./dump.sh", said="z" * 90000).say()


def stale(s, host):
    s.edit("a.c", "p1", "q1", ok=False, said=STALE[host]).read("a.c").edit("a.c", "p2", "q2", ok=False, said=STALE[host])
    s.read("a.c").edit("a.c", "p3", "q3").sh("make test")


def stale_near(s, host):
    s.edit("a.c", "p1", "q1", ok=False, said=STALE[host]).read("a.c").edit("b.c", "p2", "q2", ok=False, said=STALE[host])
    s.read("b.c").edit("a.c", "p3", "q3").sh("make test")


def denied(s, host):
    for i in range(2):
        s.sh("git push origin v%d" % i, ok=False, said=DENIED[host]).say()
    work(s, 1)


def denied_near(s, host):
    s.sh("git push", ok=False, said=DENIED[host]).say().sh("rm -r old", ok=False, said=DENIED[host]).say()
    s.sh("ls /root", ok=False, said="Permission denied")
    work(s, 1)


def interrupts(s, host):
    for i in range(3):
        s.prompt("do %d" % i).say().interrupt()
    work(s.prompt("go on"), 1)


def interrupts_near(s, host):
    for i in range(3):
        s.prompt("do %d" % i).say().interrupt()
        each(s, 12, lambda n: s.sh("sleep 290", ms=290000))
    work(s.prompt("go on"), 1)


def exhausted(s, host):
    work(s, 1).compact()
    work(s, 1, 1).compact()
    work(s, 1, 2)


def exhausted_near(s, host):
    work(s, 1).compact()
    work(s, 2, 1)


def idle(s, host):
    work(s.prompt("begin"), 2).wait(3600).prompt("go on").say()


def idle_near(s, host):
    work(s.prompt("begin"), 2).sh("./long.sh", ms=3600000).say().wait(200).prompt("go on").say()


def serial(s, host):
    s.prompt("look at three things")
    s.read("src/first.c", said="1").read("src/second.c", said="2").grep("third_thing", said="3")
    s.say()


def serial_near(s, host):
    s.prompt("look")
    s.grep("main_loop", said="src/entry_point.c:4").read("src/entry_point.c", said="include next_header.h").read("src/next_header.h").say()


def hot(s, host):
    for i in range(4):
        s.sh("terraform plan -var n=%d" % i, ok=False, said="wrong %s" % ("alpha", "beta", "gamma", "delta")[i]).read("main%d.tf" % i)


def hot_near(s, host):
    for i in range(8):
        s.sh("prog%d" % i, ok=False, said="wrong " + "abcdefgh"[i]).read("f%d" % i)
    s.sh("terraform plan -var n=1", ok=False, said="wrong one").read("x").sh("terraform plan -var n=2", ok=False, said="wrong two")


def churn(s, host):
    each(s, 6, lambda i: s.edit("a.c", "v%d" % i, "w%d" % i).sh("make test"))


def churn_near(s, host):
    each(s, 5, lambda i: s.edit("a.c", "v%d" % i, "w%d" % i).sh("make test"))


def unverified(s, host):
    work(s, 1).edit("src/last.c", "x1", "y1").say("done")


def unverified_near(s, host):
    work(s, 1).edit("README.md", "x1", "y1").say("done")


def missing(s, host):
    s.sh("pnpm build", ok=False, said="bash: pnpm: command not found").sh("npm run build")
    work(s, 2)


def missing_near(s, host):
    work(s, 3).sh("foo", ok=False, said="bash: foo: command not found")


def cold(s, host):
    work(s, 1)
    each(s, 4, lambda i: s.say("hm", (90000, 30000, 0, 300)))


def cold_near(s, host):
    work(s, 1)
    each(s, 4, lambda i: s.say("hm", (20000, 100000, 0, 300)).say("hm", (80000, 10000, 0, 300)))


def clean(s, host):
    work(s.prompt("do it"), 5)


SCENARIOS = [
    ({"repeat-failure"}, repeat), (set(), repeat_near), ({"error-loop"}, error_loop), (set(), error_loop_near),
    ({"edit-test-loop"}, edit_loop), (set(), edit_loop_near), ({"flaky-gate"}, flaky), (set(), flaky_near),
    ({"reread"}, reread), ({"context-exhaustion"}, reread_near), ({"oversize-read"}, oversize), (set(), oversize_near),
    ({"stale-edit"}, stale), (set(), stale_near), ({"permission-denied"}, denied), (set(), denied_near),
    ({"interrupt"}, interrupts), (set(), interrupts_near), ({"context-exhaustion"}, exhausted),
    ({"context-exhaustion"}, exhausted_near), ({"idle"}, idle), (set(), idle_near), ({"serial-parallelisable"}, serial),
    (set(), serial_near), ({"hot-command"}, hot), (set(), hot_near), ({"churn"}, churn), (set(), churn_near),
    ({"no-verify"}, unverified), (set(), unverified_near), ({"missing-env"}, missing), (set(), missing_near),
    ({"cost-outlier"}, cold), (set(), cold_near), (set(), clean)]
HOSTS = sessions.hosts()


def generate(folder):
    """Each scenario for one host, then those with a fault for the next, until there are sixty."""
    made = []
    turn = 0
    while len(made) < 60:
        for planted, script in SCENARIOS:
            if len(made) == 60:
                break
            if turn > 0 and script is clean:
                continue
            name, make = HOSTS[(len(made) + turn * 3) % len(HOSTS)]
            host = name.split(",")[0]
            s = make(os.path.join(folder, "%02d" % len(made)), "s%02d" % len(made), seed=len(made))
            script(s, host)
            made.append(("%02d %s, %s" % (len(made), script.__name__, name), planted, s.done()))
        turn += 1
    return made


with tempfile.TemporaryDirectory() as tmp:
    right = false = missed = 0
    wrong = []
    made = generate(tmp)
    for name, planted, path in made:
        out = subprocess.run([GADUGI, "coach", path, "--json"], stdout=subprocess.PIPE, check=False).stdout
        answer = json.loads(out)
        found = {f["code"] for f in answer["findings"]}
        right += len(found & planted)
        false += len(found - planted)
        missed += len(planted - found)
        if found != planted:
            wrong.append((name, sorted(found - planted), sorted(planted - found)))
        if not all(f["fingerprint"] and f["advice"] and f["message"] for f in answer["findings"]):
            wrong.append((name, "lacks something", answer["findings"]))
    precision, recall = right / max(1, right + false), right / max(1, right + missed)
    print("# %d sessions: precision %.3f, recall %.3f (%d right, %d false alarms, %d missed)" % (
        len(made), precision, recall, right, false, missed))
    test("sixty sessions are generated", len(made) == 60, len(made))
    test("precision is at least %.2f" % FLOOR, precision >= FLOOR, wrong)
    test("recall is at least %.2f" % FLOOR, recall >= FLOOR, wrong)
    for w in wrong:
        print("#", w)

    def look(folder):
        return subprocess.run([GADUGI, "coach", folder, "--json"], stdout=subprocess.PIPE, check=False).stdout

    test("the same sessions give the same bytes", look(tmp) == look(tmp) != b"")

    # one of six sessions that used far more than the others of its host and model; and a spread that is usual
    for label, factors, want in (("an outlier", (10, 11, 9, 10, 12, 80), 1), ("a usual spread", (10, 14, 7, 12, 9, 16), 0)):
        folder = os.path.join(tmp, label.replace(" ", "-"))
        for i, factor in enumerate(factors):
            s = sessions.Claude(folder, "c%d" % i, seed=i)
            each(s.prompt("talk"), factor, lambda n: s.say("hm", (100, 2000, 300, 50)))
            s.done()
        found = [f for f in json.loads(look(folder))["findings"] if f["code"] == "cost-outlier"]
        test("%s among sessions: %d found" % (label, want), len(found) == want and
             all(f["session"] == "c5" and f["evidence"][0]["file"].endswith("c5.jsonl") for f in found), found)
sys.exit(failed)
