"""A goal becomes a plan by the host's model: asked in both eras, corrected at most twice, done without if it fails."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *
import tempfile

P = "io.modelcontextprotocol/"
ABLE = dict(META, **{P + "clientCapabilities": {"sampling": {}}})
GOOD = {"title": "Search", "tasks": [{"id": "index", "title": "Build the index", "estimateMinutes": 60},
                                     {"id": "page", "title": "Show the page", "dependsOn": ["index"], "estimateMinutes": 30}]}
BAD = {"title": "Search", "tasks": [{"id": "index", "title": "Build the index", "dependsOn": ["nothing-of-that-name"]}]}
GOAL = {"goal": "add search over the notes"}


def server():
    folder = tempfile.mkdtemp()
    return Server([GADUGI], cwd=folder, env={k: v for k, v in os.environ.items() if k != "CLAUDE_PROJECT_DIR"})


def answer(plan):
    return {"role": "assistant", "model": "m", "content": {"type": "text", "text": plan if isinstance(plan, str) else json.dumps(plan)}}


def words(question):
    assert question["method"] == "sampling/createMessage" and question["params"]["maxTokens"] > 0, question
    return question["params"]["messages"][0]["content"]["text"]


def asked(s, *answers):
    """Send the goal and answer what is asked, in turn; the questions' words and the result."""
    seen = []
    s.initialize(capabilities={"sampling": {}})
    s.send(call(1, "decompose", GOAL))
    for one in answers:
        q = s.read()
        seen.append(words(q))
        s.send({"jsonrpc": "2.0", "id": q["id"], **(one if "error" in one else {"result": answer(one)})})
    r = s.read()["result"]
    assert not r.get("isError"), r
    return seen, r["structuredContent"]


def the_hosts_model_is_asked_with_goal_and_schema_and_its_plan_is_taken():
    with server() as s:
        seen, plan = asked(s, GOOD)
        assert GOAL["goal"] in seen[0] and "dependsOn" in seen[0], seen
        assert [t["id"] for t in plan["tasks"]] == ["index", "page"] and plan["planId"], plan


def a_plan_with_errors_comes_back_with_each_of_them_named():
    with server() as s:
        seen, plan = asked(s, BAD, GOOD)
        assert "nothing-of-that-name" in seen[1], seen[1]
        assert [t["id"] for t in plan["tasks"]] == ["index", "page"], plan


def after_two_corrections_a_draft_of_our_own_says_why():
    with server() as s:
        seen, plan = asked(s, BAD, "no plan at all", BAD)
        assert len(seen) == 3 and plan["tasks"] and "nothing-of-that-name" in json.dumps(plan["findings"]), plan["findings"]


def a_host_that_refuses_gets_a_draft_of_our_own():
    with server() as s:
        _, plan = asked(s, {"error": {"code": -1, "message": "the person said no"}})
        assert plan["tasks"] and "did not answer" in json.dumps(plan["findings"]), plan["findings"]


def a_stateless_client_carries_the_rounds_itself():
    with server() as s:
        args = {"name": "decompose", "arguments": GOAL, "_meta": ABLE}
        first = s.ask(1, "tools/call", args)["result"]
        assert first["resultType"] == "input_required", first
        key = list(first["inputRequests"])[0]
        second = s.ask(2, "tools/call", dict(args, inputResponses={key: answer(BAD)}, requestState=first["requestState"]))["result"]
        assert second["resultType"] == "input_required" and "nothing-of-that-name" in words(second["inputRequests"][key]), second
        done = s.ask(3, "tools/call", dict(args, inputResponses={key: answer(GOOD)}, requestState=second["requestState"]))["result"]
        assert [t["id"] for t in done["structuredContent"]["tasks"]] == ["index", "page"], done


def a_host_without_a_model_is_not_asked():
    with server() as s:
        s.initialize()
        assert s.ask(1, "tools/call", {"name": "decompose", "arguments": GOAL})["result"]["structuredContent"]["tasks"]


run([the_hosts_model_is_asked_with_goal_and_schema_and_its_plan_is_taken,
     a_plan_with_errors_comes_back_with_each_of_them_named,
     after_two_corrections_a_draft_of_our_own_says_why,
     a_host_that_refuses_gets_a_draft_of_our_own,
     a_stateless_client_carries_the_rounds_itself,
     a_host_without_a_model_is_not_asked])
