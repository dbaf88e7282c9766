"""What a host showed to its model as results of steps.json, looked at: shown.py HOST SEEN-FILE"""
import json
import os
import sys

host, path = sys.argv[1:3]
seen = []
if os.path.exists(path):
    with open(path) as f:
        seen = [json.loads(line) for line in f]


def texts(value):
    """All the text in whatever shape a host gives it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(texts(v) for v in value)
    return texts(value.get("text", value.get("content", ""))) if isinstance(value, dict) else ""


def value(i):
    """The JSON object in the result, without the words a host puts around it."""
    text = texts(seen[i]["text"])
    for at, c in enumerate(text):
        if c == "{":
            try:
                return json.JSONDecoder().raw_decode(text, at)[0]
            except ValueError:
                pass
    return {}


def check(name, is_so):
    try:
        ok = is_so()
    except (IndexError, KeyError, TypeError, AttributeError) as e:
        ok = None
        print("   ", repr(e))
    print("ok" if ok else "not ok", "%s: %s" % (host, name))
    if not ok:
        print(json.dumps(seen)[:4000])
        sys.exit(1)


check("six results are shown", lambda: len(seen) == 6)
check("what was remembered has an id", lambda: len(value(0)["stored"]) == 1)
check("it is recalled", lambda: "the build uses make" in texts(seen[1]["text"]))
check("a wrong argument is named with the right one", lambda: "'query'" in texts(seen[2]["text"]))
check("a plan is decomposed", lambda: [t["title"] for t in value(3)["tasks"]] == ["First", "Second"] and value(3)["planId"])
check("its run is waited for and succeeds", lambda: value(4)["state"] == "succeeded" and [t["state"] for t in value(4)["tasks"]] == ["succeeded"] * 2)
check("the coach looks at that run", lambda: value(4)["runId"] in texts(seen[5]["text"]))
