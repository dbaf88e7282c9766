"""What sessions cost: as their host states it, else by the user's table of prices, else unknown. The program knows no price."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from tests.lib import sessions  # noqa: E402

GADUGI = os.environ["GADUGI"]
PRICES = {"big": (15.0, 1.5, 18.75, 75.0), "small": (0.25, None, None, 2.0)}
failed = False


def test(name, ok, detail=""):
    global failed
    failed = failed or not ok
    print("%s %s" % ("ok" if ok else "not ok", name))
    if not ok:
        print("    " + repr(detail)[-2000:])


def coach(*words):
    done = subprocess.run([GADUGI, "coach", *words], cwd=root, capture_output=True, text=True)
    return done.stdout + done.stderr


def metrics(path, *words):
    return json.loads(coach(path, "--json", *words))["metrics"]


def script(s):
    s.prompt("do it")
    for i in range(4):
        s.read("f%d.c" % i).say("done %d" % i)
    return s


def configured(*lines):
    with open(root + "/.gadugi/config", "w") as f:
        f.write("prices:\n" + "".join("  - " + line + "\n" for line in lines) if lines else "")


def usd(totals, price):
    read, write = (price[0] if p is None else p for p in price[1:3])
    return sum(totals[k] * p for k, p in zip(sessions.KINDS, (price[0], read, write, price[3]))) / 1e6


def near(a, b):
    return a is not None and abs(a - b) < 1e-9 * max(1, abs(b))


BIG = "{model: 'big-*', input: 15, cacheRead: 1.5, cacheWrite: 18.75, output: 75}"
SMALL = "{model: small, input: 0.25, output: 2}"
root = tempfile.mkdtemp()
os.mkdir(root + "/.gadugi", 0o700)
try:
    for name, make in sessions.hosts():
        folder = os.path.join(root, name.replace(", ", "-"))
        states = name.startswith("opencode")  # its messages say what they cost
        s = script(make(folder, "s1", model="big-7"))
        path = s.done()
        configured()
        got = metrics(path)
        if states:
            test("%s: what the host states needs no table" % name, got["costUsd"] > 0 and got["costStated"] == 1, got)
            configured(BIG)
            test("%s: and is not computed" % name, metrics(path)["costUsd"] == got["costUsd"], got)
            continue
        test("%s: without a table the cost is unknown" % name, "costUsd" not in got and got["costUnknown"] == 1, got)
        test("%s: and that is said" % name, "cost unknown" in coach(path), coach(path))
        configured(SMALL, BIG)
        got = metrics(path)
        test("%s: the table gives it, exactly" % name, near(got.get("costUsd"), usd(s.totals, PRICES["big"])), (got, s.totals))
        test("%s: with its source" % name, got["costSource"] == "the configured prices" and got["costPriced"] == 1, got)
        configured(SMALL)
        test("%s: another model's price is none" % name, "costUsd" not in metrics(path), metrics(path))

    configured(SMALL, BIG)
    main = script(sessions.Claude(root + "/two", "main", seed=5, model="big-8"))
    sub = main.subagent("a1")
    sub.model = "small"
    script(sub)
    path, file = main.done(), sub.done()
    by_model = {}
    for each in (path, file):
        with open(each) as f:
            for line in map(json.loads, f):
                message = line.get("message") or {}
                if line.get("type") == "assistant":
                    u = message["usage"]
                    by_model.setdefault(message["model"], {})[message["id"]] = max(
                        by_model.get(message["model"], {}).get(message["id"], (0, 0, 0, 0)),
                        (u.get("output_tokens") or 0, u.get("input_tokens") or 0, u.get("cache_read_input_tokens") or 0,
                         u.get("cache_creation_input_tokens") or 0))
    want = sum(usd(dict(zip(sessions.KINDS, (i, r, w, o))), PRICES[model.split("-")[0]])
               for model, answers in by_model.items() for o, i, r, w in answers.values())
    test("each answer has the price of its own model", set(by_model) == {"big-8", "small"} and near(metrics(path)["costUsd"], want),
         (metrics(path), want))
    shutil.copy(path, os.path.join(root, "two", "fork.jsonl"))
    got = metrics(root + "/two")
    test("what a fork repeats is not paid twice", got["sessions"] == 2 and near(got["costUsd"], want), (got, want))
    configured(BIG)
    test("a model without a price leaves the session unknown", "costUsd" not in metrics(path), metrics(path))

    configured(SMALL)
    grows = script(sessions.Codex(root + "/grows", "g", model="small"))
    for times in range(3):
        path = grows.done()
        done = subprocess.run([GADUGI, "call", "coach", json.dumps({"path": path, "fresh": True})], cwd=root, capture_output=True)
        got = json.loads(done.stdout)["metrics"]
        test("a session that grew costs what all of it costs, %d" % times, near(got.get("costUsd"), usd(grows.totals, PRICES["small"])), got)
        grows.say("one more")
    for line, word in (("{model: x, input: 1}", "output"), ("{input: 1, output: 1}", "model"),
                       ("{model: x, input: -1, output: 1}", "input"), ("{model: x, inpt: 1, output: 1}", "inpt")):
        configured(line)
        out = coach(path)
        test("a price that is none is refused: " + line, word in out and "config" in out, out)
finally:
    shutil.rmtree(root)
sys.exit(failed)
