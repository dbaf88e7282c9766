"""However much there is to say about sessions, the answer to a model stays short, and says what it left out."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from tests.lib import mcp, sessions  # noqa: E402

GADUGI = os.environ["GADUGI"]
failed = False


def test(name, ok, detail=""):
    global failed
    failed = failed or not ok
    print("%s %s" % ("ok" if ok else "not ok", name))
    if not ok:
        print("    " + repr(detail)[-2000:])


with tempfile.TemporaryDirectory() as root:
    for i in range(40):
        s = sessions.Claude(os.path.join(root, "s"), "session-%03d" % i, start_ms=sessions.START_MS + i * 3 * 86400000, seed=i, model="model-%d" % (i % 4))
        s.prompt("work")
        for k in range(6):
            s.sh("./x%d.sh --and-a-rather-long-option" % i, ok=False, said="no route to host %d and a long explanation of it all" % i)
        s.edit("a%d.c" % i, "a", "b")
        for t in range(30):
            s.tools = dict(s.tools, grep=("mcp__server__tool_number_%d" % t, lambda inputs: inputs))
            s.grep("x%d" % t)
        s.done()
    with mcp.Server([GADUGI, "serve", "--root", root]) as server:
        server.initialize()
        server.send(mcp.call(2, "coach", {"path": "s", "issues": "draft"}))
        result = server.read()["result"]
    text = json.dumps(result.get("structuredContent", {}), separators=(",", ":"))
    answer = json.loads(text)
    test("the answer is below 12,000 characters", 2000 < len(text) < 12000, (len(text), result if len(text) < 100 else ""))
    test("there are some findings, and how many in all", 0 < answer["findingsShown"] < answer["findingsTotal"], answer.get("findings"))
    test("the tools with most calls, and how many in all", len(answer["metrics"]["byTool"]) == 15 < answer["metrics"]["toolsTotal"],
         answer["metrics"]["byTool"])
    test("some issues, and how many in all", len(answer["issues"]) == 10 < answer["issuesTotal"], answer["issues"])
    test("its trends are whole", len(answer["metrics"]["trends"]["measures"]) == 8, answer["metrics"]["trends"])
sys.exit(failed)
