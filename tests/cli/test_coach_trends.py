"""Better or worse is said by a rule, with the numbers it rests on; too little data says so."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from tests.lib import sessions  # noqa: E402

GADUGI = os.environ["GADUGI"]
DAY = 86400000
failed = False


def test(name, ok, detail=""):
    global failed
    failed = failed or not ok
    print("%s %s" % ("ok" if ok else "not ok", name))
    if not ok:
        print("    " + repr(detail)[-2000:])


def coached(folder):
    return json.loads(subprocess.run([GADUGI, "coach", folder, "--json"], stdout=subprocess.PIPE, check=True).stdout)


def metrics(folder):
    return coached(folder)["metrics"]


def measure(m, name):
    return next(x for x in m["trends"]["measures"] if x["measure"] == name)


def day(folder, number, n, wrong, size=300, model="model-1", host=sessions.Claude):
    """n sessions of ten calls on a day, of which `wrong` fail, each message of `size` tokens."""
    for i in range(n):
        s = host(folder, "d%02d-%d-%s" % (number, i, model), start_ms=sessions.START_MS + number * DAY + i * 3600000,
                 seed=number * 100 + i, model=model)
        s.prompt("work")
        for k in range(10):
            s.sh("step-%d-%d-%d" % (number, i, k), ok=k >= wrong, said="text %s" % "abcdefghij"[k])
        s.tokens = lambda context=None, s=s: dict(zip(sessions.KINDS, (size + s.random.randrange(20), 0, 0, 5)))
        s.say()
        s.done()


with tempfile.TemporaryDirectory() as tmp:
    folder = os.path.join(tmp, "worse")
    for number in range(4):
        day(folder, number, 6, 1)
    day(folder, 4, 6, 5)
    m = metrics(folder)
    test("five days are windows of a day", (m["trends"]["windowDays"], len(m["trends"]["windows"])) == (1, 5), m["trends"]["windows"])
    x = measure(m, "failedCalls")
    test("more failures are worse, with both denominators",
         x == {"measure": "failedCalls", "before": {"n": 24, "of": 240}, "last": {"n": 30, "of": 60}, "verdict": "worse"}, x)
    x = measure(m, "gatesPassedFirst")
    test("what was never counted is too little data", (x["verdict"], x["needed"], x["before"]["of"]) == ("too little data", 20, 0), x)
    x = measure(m, "tokensPerTurn")
    test("equal tokens are the same", x["verdict"] == "same" and (x["before"]["of"], x["last"]["of"]) == (24, 6), x)
    test("the rule is told", "standard errors" in m["trends"]["rule"], m["trends"])
    out = subprocess.run([GADUGI, "coach", folder], stdout=subprocess.PIPE, check=True, text=True).stdout
    test("people read it", "failedCalls: 24 of 240 > 30 of 60: worse" in out, out)

    folder = os.path.join(tmp, "better")
    day(folder, 0, 8, 4)
    day(folder, 20, 8, 1)
    m = metrics(folder)
    test("three weeks are windows of a week, empty ones left out", (m["trends"]["windowDays"], len(m["trends"]["windows"])) == (7, 2),
         m["trends"]["windows"])
    test("fewer failures are better", measure(m, "failedCalls")["verdict"] == "better", m["trends"])

    folder = os.path.join(tmp, "same")
    for number in range(3):
        day(folder, number, 4, 2 + number % 2)
    test("a small difference is none", measure(metrics(folder), "failedCalls")["verdict"] == "same", metrics(folder)["trends"])

    folder = os.path.join(tmp, "few")
    day(folder, 0, 1, 0)
    day(folder, 1, 1, 9)
    x = measure(metrics(folder), "failedCalls")
    test("ten calls a side are too few, however they went", x["verdict"] == "too little data", x)
    test("one session has no trend", "trends" not in metrics(os.path.join(folder, "d00-0-model-1.jsonl")), "")

    folder = os.path.join(tmp, "models")
    day(folder, 0, 6, 1, model="able")
    day(folder, 1, 6, 6, model="unable")
    kind = metrics(folder)["compare"]["kinds"]
    test("like work is compared by model", [b["who"] for b in kind[0]["by"]] == ["claude able", "claude unable"] and
         kind[0]["by"][0]["good"] == {"n": 54, "of": 60}, kind)
    test("the better one is named with the reason", (kind[0]["best"], kind[0]["because"]) == ("claude able", "good"), kind)
    advice = [r["message"] for r in coached(folder)["recommendations"] if r["code"] == "agent-choice"]
    test("it is recommended", len(advice) == 1 and "'claude able'" in advice[0], advice)
    folder = os.path.join(tmp, "alike")
    day(folder, 0, 6, 1, model="one")
    day(folder, 1, 6, 1, model="two")
    kind = metrics(folder)["compare"]["kinds"]
    test("where none is better that is said", kind[0].get("verdict") == "no difference that can be told", kind)
    page = subprocess.run([GADUGI, "report", folder], stdout=subprocess.PIPE, check=True, text=True).stdout
    test("both are in the report", "<h2>Trends</h2>" in page and "<h2>Who does like work how well</h2>" in page, page[-500:])
sys.exit(failed)
