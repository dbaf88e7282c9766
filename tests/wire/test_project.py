"""The real server's resources, prompts and completion, on a project of its own."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *
import shutil
import tempfile

ROOT = os.getcwd()
PLAN = "# Bread\n\n1. Mix (1h)\n2. Rise (2h)\n3. Bake (1h)\n"


def project():
    folder = tempfile.mkdtemp()
    shutil.copytree(os.path.join(ROOT, "recipes"), os.path.join(folder, "recipes"))
    os.makedirs(os.path.join(folder, ".gadugi", "agents"))
    with open(os.path.join(folder, ".gadugi", "agents", "baker.md"), "w") as f:
        f.write("---\nname: baker\ndescription: Bakes what was planned, until it is brown.\n---\n\nYou bake.\n")
    return folder


def server():
    s = Server([GADUGI], cwd=project())
    s.initialize()
    return s


def body(s, uri):
    got = s.ask("read", "resources/read", {"uri": uri})
    assert "result" in got, got
    one = got["result"]["contents"][0]
    assert one["uri"] == uri, one
    return json.loads(one["text"]) if one["mimeType"] == "application/json" else one["text"]


def decompose(s):
    return s.ask("d", "tools/call", {"name": "decompose", "arguments": {"document": PLAN}})["result"]["structuredContent"]["planId"]


def the_trace_of_a_request_goes_into_its_event():
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with server() as s:
        def events(meta, **arguments):
            return s.ask(1, "tools/call", {"name": "events", "arguments": arguments, **meta})["result"]["structuredContent"]
        events({"_meta": {"traceparent": trace, "tracestate": "a=b"}}, action="publish", topic="traced")
        events({}, action="publish", topic="traced")
        events({"_meta": {"traceparent": 7}}, action="publish", topic="traced")
        got = events({}, action="list", topic="traced")["events"]
        assert [e.get("traceparent") for e in got] == [trace, None, None], got
        assert [e.get("tracestate") for e in got] == ["a=b", None, None], got


def capabilities_name_what_there_is():
    with Server([GADUGI]) as s:
        assert s.initialize()["capabilities"] == {"tools": {}, "resources": {"subscribe": True, "listChanged": True},
                                                  "prompts": {}, "completions": {}}


def what_is_kept_is_listed_and_can_be_read():
    with server() as s:
        before = [r["uri"] for r in s.ask(1, "resources/list")["result"]["resources"]]
        assert before[0] == "gadugi://health" and "gadugi://agents/baker" in before, before
        assert "gadugi://recipes/memory-system" in before, before
        plan = decompose(s)
        now = s.ask(2, "resources/list")["result"]["resources"]
        assert "gadugi://plans/" + plan in [r["uri"] for r in now], now
        assert next(r for r in now if plan in r["uri"])["title"] == "Bread", now
        assert [t["title"] for t in body(s, "gadugi://plans/" + plan)["tasks"]] == ["Mix", "Rise", "Bake"]
        assert isinstance(body(s, "gadugi://health")["checks"], list)
        assert body(s, "gadugi://recipes/memory-system")["name"] == "memory-system"
        assert body(s, "gadugi://agents/baker")["name"] == "baker"
        kept = s.ask(3, "tools/call", {"name": "remember", "arguments": {"text": "the oven is slow"}})
        id = kept["result"]["structuredContent"]["stored"][0]
        assert body(s, "gadugi://memory/" + id)["text"] == "the oven is slow"


def what_is_not_there_is_refused():
    with server() as s:
        for uri in ("gadugi://plans/none", "gadugi://runs/none", "gadugi://runs/none/tasks/a/log", "gadugi://memory/none",
                    "gadugi://recipes/none", "gadugi://agents/none", "gadugi://recipes/..%2f..", "gadugi://nothing"):
            got = s.ask(1, "resources/read", {"uri": uri})
            assert got["error"]["code"] == -32002 and got["error"]["data"] == {"uri": uri}, got


def a_listener_hears_of_a_new_plan():
    with server() as s:
        s.send(request("L", "subscriptions/listen", {"notifications": {"resourcesListChanged": True}}, modern=True))
        assert s.read()["params"]["notifications"] == {"resourcesListChanged": True}
        s.ask(1, "resources/list", modern=True)
        seen = []
        for i in range(50):  # the first look may come after the first plan
            s.send(call("d%d" % i, "decompose", {"document": PLAN + "%d. More\n" % (i + 4)}, modern=True))
            while "d%d" % i not in seen:
                m = s.read()
                seen.append(m.get("id") or m["method"])
            if "notifications/resources/list_changed" in seen:
                return
        raise AssertionError("no word of a new plan")


def prompts_teach_what_decompose_reads():
    with server() as s:
        got = {p["name"]: p for p in s.ask(1, "prompts/list")["result"]["prompts"]}
        assert list(got) == ["plan", "implement_recipe", "retrospective"], got
        text = s.ask(2, "prompts/get", {"name": "plan", "arguments": {"goal": "bake \"bread\""}})["result"]["messages"][0]["content"]["text"]
        assert 'bake "bread"' in text and "dependsOn" in text and "decompose" in text, text
        text = s.ask(3, "prompts/get", {"name": "implement_recipe", "arguments": {"name": "memory-system"}})["result"]["messages"][0]["content"]["text"]
        assert "memory-system" in text and "requirements" in text, text
        for name, args in (("implement_recipe", {"name": "none"}), ("retrospective", {"runId": "none"}), ("plan", {})):
            assert s.ask(4, "prompts/get", {"name": name, "arguments": args})["error"]["code"] == -32602


def the_shape_in_the_prompt_is_one_that_decompose_accepts():
    with server() as s:
        plan = {"title": "Bread", "tasks": [{"id": "mix", "title": "Mix", "description": "Flour and water.", "dependsOn": [],
                                             "estimateMinutes": 30, "files": ["dough"], "acceptance": ["test -e dough"]},
                                            {"id": "bake", "title": "Bake", "dependsOn": ["mix"], "estimateMinutes": 60}]}
        r = s.ask(1, "tools/call", {"name": "decompose", "arguments": {"document": json.dumps(plan)}})["result"]["structuredContent"]
        assert [t["id"] for t in r["tasks"]] == ["mix", "bake"] and r["criticalPath"]["minutes"] == 90, r


def names_and_ids_are_completed():
    with server() as s:
        plan = decompose(s)

        def complete(ref, name, value):
            return s.ask(1, "completion/complete", {"ref": ref, "argument": {"name": name, "value": value}})["result"]["completion"]["values"]

        assert complete({"type": "ref/prompt", "name": "implement_recipe"}, "name", "mem") == ["memory-system"]
        assert complete({"type": "ref/resource", "uri": "gadugi://recipes/{name}"}, "name", "team") == ["team-coach"]
        assert complete({"type": "ref/resource", "uri": "gadugi://plans/{id}"}, "id", plan[:3]) == [plan]
        assert complete({"type": "ref/resource", "uri": "gadugi://agents/{name}"}, "name", "") == ["baker"]
        assert complete({"type": "ref/prompt", "name": "retrospective"}, "runId", "") == []


run([the_trace_of_a_request_goes_into_its_event,
     capabilities_name_what_there_is,
     what_is_kept_is_listed_and_can_be_read,
     what_is_not_there_is_refused,
     a_listener_hears_of_a_new_plan,
     prompts_teach_what_decompose_reads,
     the_shape_in_the_prompt_is_one_that_decompose_accepts,
     names_and_ids_are_completed])
