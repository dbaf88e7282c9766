"""Tokens as the coach counts them against a second computation, made here, of the same files."""
import glob
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from tests.lib import sessions  # noqa: E402

GADUGI = os.environ["GADUGI"]
failed = False


def test(name, ok, detail=""):
    global failed
    failed = failed or not ok
    print("%s %s" % ("ok" if ok else "not ok", name))
    if not ok:
        print("    " + repr(detail)[-2000:])


def coached(path):
    out = subprocess.run([GADUGI, "coach", path, "--json"], stdout=subprocess.PIPE, check=False).stdout
    return json.loads(out) if out else {"metrics": {}}


def recount(paths):
    """Claude Code's lines: by message and request id the line with the largest output, each once."""
    best, loose = {}, []
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                try:
                    value = json.loads(line)
                except ValueError:
                    continue
                message = value.get("message") if isinstance(value, dict) else None
                if not isinstance(message, dict) or value.get("type") != "assistant":
                    continue
                u = message.get("usage") or {}
                one = tuple(u.get(k) or 0 for k in ("input_tokens", "cache_read_input_tokens",
                                                    "cache_creation_input_tokens", "output_tokens"))
                key = (message.get("id"), value.get("requestId"))
                if key[0] is None:
                    loose.append(one)
                elif key not in best or one[3] > best[key][3]:
                    best[key] = one
    every = list(best.values()) + loose
    return {k: sum(one[i] for one in every) for i, k in enumerate(sessions.KINDS)}


def script(s):
    s.prompt("do it")
    for i in range(12):
        s.read("f%d.c" % i).sh("make test", ok=i % 3 > 0, said="x" * i).say("done %d" % i)
    return s


with tempfile.TemporaryDirectory() as tmp:
    for name, make in sessions.hosts():
        for seed in range(3):
            folder = os.path.join(tmp, name.replace(", ", "-") + str(seed))
            s = script(make(folder, "s%d" % seed, seed=seed))
            got = coached(s.done())["metrics"]
            test("%s, %d: all four kinds are exact" % (name, seed), got.get("tokens") == s.totals, (got.get("tokens"), s.totals))
            test("%s, %d: turns and calls are" % (name, seed), (got.get("turns"), got.get("toolCalls")) == (1, 24), got)
            test("%s, %d: nothing is unknown" % (name, seed), (got.get("unknownLines"), got.get("badLines")) == (0, 0), got)
            test("%s, %d: what failed is" % (name, seed), got.get("toolErrors") == 4, got)

    s = script(sessions.Codex(os.path.join(tmp, "old"), "s", age="old"))
    got = coached(s.done())["metrics"]
    test("the oldest rollouts are read without times and tokens",
         (got.get("turns"), got.get("toolCalls"), got.get("toolErrors"), got.get("unknownLines")) == (1, 24, 4, 0), got)

    main = script(sessions.Claude(os.path.join(tmp, "subs"), "main", seed=5))
    subs = [script(main.subagent(agent)) for agent in ("a1", "b2")]
    path = main.done()
    files = [path] + [s.done() for s in subs]
    got = coached(path)["metrics"]
    want = {k: main.totals[k] + subs[0].totals[k] + subs[1].totals[k] for k in sessions.KINDS}
    test("a session has the tokens of its subagents", got["tokens"] == want == recount(files), (got["tokens"], want))
    want = {k: subs[0].totals[k] + subs[1].totals[k] for k in sessions.KINDS}
    test("and tells them apart", got["subagentTokens"] == want and got["subagents"] == 2, got)
    with open(path, encoding="utf-8") as f:
        lines = f.read()
    with open(os.path.join(tmp, "subs", "fork.jsonl"), "w", encoding="utf-8") as f:
        f.write(lines)
    got = coached(os.path.join(tmp, "subs"))["metrics"]
    test("a forked session counts its messages once", got["sessions"] == 2 and got["tokens"] == recount(files), got)

    for name, more in (("opencode", {}), ("opencode, files", {"database": False})):
        folder = os.path.join(tmp, "family" + str(len(more)))
        top = script(sessions.Opencode(folder, "ses_1", **more))
        child = script(sessions.Opencode(folder, "ses_2", parent="ses_1", seed=9, **more))
        other = script(sessions.Opencode(folder, "ses_3", seed=10, **more))
        for s in (top, child, other):
            path = s.done()
        got = coached(path)["metrics"]
        want = {k: top.totals[k] + child.totals[k] + other.totals[k] for k in sessions.KINDS}
        test("%s: a subagent's session is its parent's" % name,
             (got["sessions"], got["subagents"], got["tokens"]) == (2, 1, want), (got, want))
        test("%s: what the host says that it cost" % name, abs(got["costUsd"] - 0.25 * (3 * 36)) < 1e-6, got)

data = os.environ.get("GADUGI_DEV_DATA")
real = sorted(glob.glob(os.path.join(data, "transcripts", "*.jsonl"))) if data else []
if not real:
    print("skip real sessions: no development data")
for path in real:
    got, want = coached(path)["metrics"].get("tokens"), recount([path])
    test("%s: exact" % os.path.basename(path), got == want, (got, want))
sys.exit(failed)
