"""The tasks extension on the real server: a run is a task, and outlives the server."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *
import tempfile

P = "io.modelcontextprotocol/"
EXT = P + "tasks"
ABLE = dict(META, **{P + "clientCapabilities": {"extensions": {EXT: {}}}})


def project():
    folder = tempfile.mkdtemp()
    os.makedirs(os.path.join(folder, ".gadugi"))
    with open(os.path.join(folder, ".gadugi", "config"), "w") as f:
        f.write('agents:\n  quick: {command: [sh, -c, "while [ -e hold ]; do sleep 0.05; done; touch $GADUGI_TASK_ID"], prompt: stdin}\n'
                "defaults: {agent: quick, mode: shared, retries: 0}\n")
    open(os.path.join(folder, "hold"), "w").close()
    return folder


def orchestrate(s, **more):
    args = dict({"tasks": [{"id": "a", "title": "A", "estimateMinutes": 1}, {"id": "b", "title": "B", "dependsOn": ["a"], "estimateMinutes": 1}]}, **more)
    got = s.ask("o", "tools/call", {"name": "orchestrate", "arguments": args, "_meta": ABLE})
    assert "result" in got and not got["result"].get("isError"), got
    return got["result"]


def get(s, id):
    got = s.ask("g", "tasks/get", {"taskId": id, "_meta": ABLE})
    assert "result" in got, got
    return got["result"]


def ended(s, id):
    end = time.monotonic() + LIMIT
    while (r := get(s, id))["status"] == "working":
        assert time.monotonic() < end, r
        time.sleep(0.02)
    return r


def the_extension_is_offered_to_the_stateless_revision_alone():
    with Server([GADUGI]) as s:
        assert s.ask(1, "server/discover", modern=True)["result"]["capabilities"]["extensions"] == {EXT: {}}
        assert "extensions" not in s.initialize()["capabilities"]
        assert s.ask(2, "tasks/get", {"taskId": "x"})["error"]["code"] == -32601


def a_run_becomes_a_task_that_outlives_the_server():
    folder = project()
    with Server([GADUGI], cwd=folder) as s:
        r = orchestrate(s, waitSeconds=600)
        assert r["resultType"] == "task" and r["status"] == "working" and r["ttlMs"] is None, r
        assert r["createdAt"].endswith("Z") and r["lastUpdatedAt"].endswith("Z") and r["pollIntervalMs"] > 0, r
        assert "content" not in r and "result" not in r, r
        id = r["taskId"]
        assert get(s, id)["status"] == "working"
        s.end()
    os.unlink(os.path.join(folder, "hold"))
    with Server([GADUGI], cwd=folder) as s:
        r = ended(s, id)
        assert r["resultType"] == "complete" and r["status"] == "completed" and r["taskId"] == id, r
        inner = r["result"]["structuredContent"]
        assert inner["runId"] == id and inner["state"] == "succeeded", inner
        assert json.loads(r["result"]["content"][0]["text"]) == inner
        assert os.path.exists(os.path.join(folder, "a")) and os.path.exists(os.path.join(folder, "b"))
        late = s.ask(5, "tools/call", {"name": "runs", "arguments": {"action": "wait", "runId": id, "waitSeconds": 60}, "_meta": ABLE})
        assert late["result"]["resultType"] == "complete", late


def without_the_extension_the_same_call_answers_with_a_run_id():
    folder = project()
    with Server([GADUGI], cwd=folder) as s:
        r = s.ask(1, "tools/call", {"name": "orchestrate", "arguments": {"tasks": [{"id": "a", "title": "A"}]}}, modern=True)["result"]
        assert r["resultType"] == "complete" and r["structuredContent"]["runId"], r
        assert r["structuredContent"]["state"] not in ("succeeded", "failed"), r  # nobody waited for it
        e = s.ask(2, "tasks/get", {"taskId": r["structuredContent"]["runId"]}, modern=True)["error"]
        assert e["code"] == -32021 and e["data"] == {"requiredCapabilities": {"extensions": {EXT: {}}}}, e
        r = s.ask(3, "tools/call", {"name": "runs", "arguments": {"action": "cancel", "runId": r["structuredContent"]["runId"]}}, modern=True)
        assert "result" in r, r


def a_task_is_cancelled_and_cancelling_again_is_no_error():
    folder = project()
    with Server([GADUGI], cwd=folder) as s:
        id = orchestrate(s)["taskId"]
        for _ in range(2):
            r = s.ask(1, "tasks/cancel", {"taskId": id, "_meta": ABLE})["result"]
            assert set(r) == {"resultType", "_meta"} and r["resultType"] == "complete", r
            assert ended(s, id)["status"] == "cancelled"
        assert not os.path.exists(os.path.join(folder, "a"))


def unknown_tasks_and_wrong_requests_are_refused():
    with Server([GADUGI], cwd=project()) as s:
        for method in ("tasks/get", "tasks/cancel", "tasks/update"):
            for params in ({"taskId": "none"}, {}, {"taskId": 5}):
                got = s.ask(1, method, dict(params, inputResponses={}, _meta=ABLE))
                assert got["error"]["code"] == -32602, (method, params, got)
        assert s.ask(2, "tasks/update", {"taskId": "x", "_meta": ABLE})["error"]["code"] == -32602
        for method in ("tasks/list", "tasks/result"):
            assert s.ask(3, method, {"taskId": "x", "_meta": ABLE})["error"]["code"] == -32601


def a_listener_is_told_how_a_task_stands_until_it_ends():
    folder = project()
    with Server([GADUGI], cwd=folder) as s:
        id = orchestrate(s)["taskId"]
        s.send(request("L", "subscriptions/listen", {"notifications": {"taskIds": [id, "none"]}, "_meta": ABLE}))
        ack = s.read()
        assert set(ack["params"]["notifications"]["taskIds"]) == {id, "none"}, ack
        os.unlink(os.path.join(folder, "hold"))
        while (m := s.read())["params"]["status"] == "working":
            assert m["method"] == "notifications/tasks" and m["params"]["taskId"] == id, m
        assert m["params"]["_meta"] == {P + "subscriptionId": "L"} and m["params"]["status"] == "completed", m
        assert m["params"]["result"]["structuredContent"]["state"] == "succeeded", m
        e = s.ask(2, "subscriptions/listen", {"notifications": {"taskIds": [id]}}, modern=True)["error"]
        assert e["code"] == -32021 and e["data"] == {"requiredCapabilities": {"extensions": {EXT: {}}}}, e


run([a_listener_is_told_how_a_task_stands_until_it_ends, the_extension_is_offered_to_the_stateless_revision_alone,
     a_run_becomes_a_task_that_outlives_the_server,
     without_the_extension_the_same_call_answers_with_a_run_id,
     a_task_is_cancelled_and_cancelling_again_is_no_error,
     unknown_tasks_and_wrong_requests_are_refused])
