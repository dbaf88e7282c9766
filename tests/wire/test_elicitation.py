"""Asking the person at the other end: before something is lost for good, and for what agents ask."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *
import subprocess
import tempfile

P = "io.modelcontextprotocol/"
FORM = {"elicitation": {}}
ABLE = dict(META, **{P + "clientCapabilities": FORM})
TASKS = dict(META, **{P + "clientCapabilities": dict(FORM, extensions={P + "tasks": {}})})


def project(command="true"):
    folder = tempfile.mkdtemp()
    os.makedirs(os.path.join(folder, ".gadugi"))
    with open(os.path.join(folder, ".gadugi", "config"), "w") as f:
        f.write("agents:\n  quick: {command: [sh, -c, %s], prompt: stdin}\n" % json.dumps(command) +
                "defaults: {agent: quick, mode: shared, retries: 0}\n")
    return folder


def server(folder, **kw):
    env = dict(os.environ)
    env.pop("GADUGI_TASK_ID", None)
    env.pop("GADUGI_RUN_ID", None)
    return Server([GADUGI], cwd=folder, env=env, **kw)


def legacy(s):
    s.initialize(capabilities=FORM)
    return s


def value(answer):
    assert "result" in answer and not answer["result"].get("isError"), answer
    return answer["result"]["structuredContent"]


def said(s, question, action, **content):
    s.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": action, **({"content": content} if content else {})}})


def modern(s, name, args, **more):
    return s.ask("m", "tools/call", dict({"name": name, "arguments": args, "_meta": ABLE}, **more))


def keep(s, *texts):
    got = value(s.ask("k", "tools/call", {"name": "remember", "arguments": {"memories": [{"text": t} for t in texts]}}))
    return got["stored"]


def recalled(s, query):
    return [m["id"] for m in value(s.ask("r", "tools/call", {"name": "recall", "arguments": {"query": query}}))["memories"]]


def a_purge_is_done_only_when_the_person_ticks_the_box():
    with server(project()) as s:
        legacy(s)
        ids = keep(s, "the harbour opens at six", "the market closes at noon")
        for action, content, gone in (("decline", {}, False), ("cancel", {}, False),
                                      ("accept", {"confirm": False}, False), ("accept", {"confirm": True}, True)):
            s.send(call(1, "forget", {"ids": ids[:1], "purge": True}))
            q = s.read()
            assert q["method"] == "elicitation/create" and "the harbour opens at six" in q["params"]["message"], q
            assert q["params"]["requestedSchema"]["properties"]["confirm"]["type"] == "boolean", q
            said(s, q, action, **content)
            got = s.read()["result"]
            assert bool(got.get("isError")) != gone, (action, got)
            assert (ids[0] in recalled(s, "harbour")) != gone, action
        assert ids[1] in recalled(s, "market")


def what_is_purged_is_what_was_shown_even_if_more_came_meanwhile():
    with server(project()) as s:
        legacy(s)
        first = keep(s, "gulls nest on the pier")
        s.send(call(1, "forget", {"query": "gulls", "purge": True}))
        q = s.read()
        second = keep(s, "gulls nest on the roof")
        said(s, q, "accept", confirm=True)
        assert [m["id"] for m in value(s.read())["purged"]] == first
        assert recalled(s, "gulls") == second


def a_stateless_client_is_asked_through_the_result_and_brings_the_answer():
    with server(project()) as s:
        legacy(s)
        first = keep(s, "the ferry is blue")
        asked = modern(s, "forget", {"query": "ferry", "purge": True})["result"]
        assert asked["resultType"] == "input_required" and asked["inputRequests"]["confirm"]["method"] == "elicitation/create", asked
        keep(s, "the ferry is late")
        yes = {"inputResponses": {"confirm": {"action": "accept", "content": {"confirm": True}}}, "requestState": asked["requestState"]}
        assert modern(s, "forget", {"query": "market", "purge": True}, **yes)["error"]["code"] == -32602, "a state of another call"
        assert [m["id"] for m in value(modern(s, "forget", {"query": "ferry", "purge": True}, **yes))["purged"]] == first
        assert len(recalled(s, "ferry")) == 1


def the_question_comes_again_when_its_answer_is_missing():
    with server(project()) as s:
        legacy(s)
        keep(s, "the ferry is blue")
        asked = modern(s, "forget", {"query": "ferry", "purge": True})["result"]
        again = modern(s, "forget", {"query": "ferry", "purge": True}, inputResponses={}, requestState=asked["requestState"])["result"]
        assert again["resultType"] == "input_required" and again["inputRequests"] == asked["inputRequests"], again


def a_client_that_cannot_ask_is_told_to_confirm_and_one_that_confirms_is_not_asked():
    with server(project()) as s:
        s.initialize()
        ids = keep(s, "the harbour opens at six")
        got = value(s.ask(1, "tools/call", {"name": "forget", "arguments": {"ids": ids, "purge": True}}))
        assert [m["id"] for m in got["wouldForget"]] == ids and "confirm: true" in got["next"], got
        assert [m["id"] for m in value(s.ask(2, "tools/call", {"name": "forget", "arguments": {"ids": ids, "purge": True, "confirm": True}}))["purged"]] == ids
    with server(project()) as s:
        legacy(s)
        ids = keep(s, "the harbour opens at six")
        assert value(s.ask(2, "tools/call", {"name": "forget", "arguments": {"ids": ids, "purge": True, "confirm": True}}))["purged"]


def run_that_asks(s, folder, **more):
    """Start a run whose one task waits until `go` exists; another process asks for it meanwhile."""
    args = dict({"tasks": [{"id": "a", "title": "A", "estimateMinutes": 1}]}, **more)
    return s.ask("o", "tools/call", {"name": "orchestrate", "arguments": args})["result"]["structuredContent"]["runId"]


def ask_as_task(folder, run, words):
    env = dict(os.environ, GADUGI_RUN_ID=run, GADUGI_TASK_ID="a")
    out = subprocess.run([GADUGI, "call", "agents", json.dumps(dict({"action": "ask", "waitSeconds": 0, "name": "quick"}, **words)), "--json"],
                         cwd=folder, env=env, stdout=subprocess.PIPE, check=True)
    return json.loads(out.stdout)["questionId"]


def state(folder, id):
    out = subprocess.run([GADUGI, "call", "agents", json.dumps({"action": "ask", "question": id, "waitSeconds": 0}), "--json"],
                         cwd=folder, stdout=subprocess.PIPE, check=True)
    return json.loads(out.stdout)


HOLD = "while [ ! -e go ]; do sleep 0.02; done"


def go(folder):
    open(os.path.join(folder, "go"), "w").close()


def a_run_that_is_waited_for_shows_its_agents_questions_to_the_person():
    folder = project(HOLD)
    with server(folder) as s:
        legacy(s)
        run = run_that_asks(s, folder)
        s.send(call(1, "runs", {"action": "wait", "runId": run, "waitSeconds": 60}))
        approval = ask_as_task(folder, run, {"approval": True, "text": "May I drop the table?"})
        q = s.read()
        assert q["method"] == "elicitation/create" and "May I drop the table?" in q["params"]["message"], q
        assert q["params"]["requestedSchema"]["properties"]["answer"]["enum"] == ["approve", "deny"], q
        said(s, q, "accept", answer="approve")
        colour = ask_as_task(folder, run, {"text": "Which colour?", "options": ["red", "blue"]})
        q = s.read()
        assert q["params"]["requestedSchema"]["properties"]["answer"]["enum"] == ["red", "blue"], q
        assert state(folder, approval)["state"] == "approved"
        said(s, q, "accept", answer="blue")
        go(folder)
        assert value(s.read())["state"] == "succeeded"
        got = state(folder, colour)
        assert got["state"] == "answered" and got["answer"] == "blue", got


def an_approval_that_is_declined_is_denied_and_a_question_stays_open():
    folder = project(HOLD)
    with server(folder) as s:
        legacy(s)
        run = run_that_asks(s, folder)
        for words, after in (({"approval": True, "text": "May I?"}, "denied"), ({"text": "Why?"}, "open")):
            id = ask_as_task(folder, run, words)
            s.send(call(1, "runs", {"action": "wait", "runId": run, "waitSeconds": 60}))
            said(s, s.read(), "decline")
            end = time.monotonic() + LIMIT
            while words.get("approval") and state(folder, id)["state"] != after:
                assert time.monotonic() < end, state(folder, id)
            s.send(cancel(1))
            s.quiet()
            assert state(folder, id)["state"] == after
        go(folder)


def a_question_still_open_when_the_wait_ends_is_withdrawn():
    folder = project(HOLD)
    with server(folder) as s:
        legacy(s)
        run = run_that_asks(s, folder)
        id = ask_as_task(folder, run, {"text": "Why?"})
        s.send(call(1, "runs", {"action": "wait", "runId": run, "waitSeconds": 60}))
        q = s.read()
        go(folder)
        got = [s.read(), s.read()]
        done = [m for m in got if m.get("id") == 1]
        gone = [m for m in got if m.get("method") == "notifications/cancelled"]
        assert value(done[0])["state"] == "succeeded" and gone[0]["params"]["requestId"] == q["id"], got
        said(s, q, "accept", answer="late")
        s.quiet()
        assert state(folder, id)["state"] == "open"


def a_stateless_orchestrate_that_asks_does_not_start_the_run_twice():
    folder = project(HOLD)
    with server(folder) as s:
        tasks = {"tasks": [{"id": "a", "title": "A", "estimateMinutes": 1}], "waitSeconds": 60}
        s.send(request("m", "tools/call", {"name": "orchestrate", "arguments": tasks, "_meta": ABLE}))
        end = time.monotonic() + LIMIT
        while not (runs := json.loads(subprocess.run([GADUGI, "runs", "--json"], cwd=folder, stdout=subprocess.PIPE, check=True).stdout)["runs"]):
            assert time.monotonic() < end
        id = ask_as_task(folder, runs[0]["runId"], {"approval": True, "text": "May I?"})
        asked = s.read()["result"]
        assert asked["resultType"] == "input_required" and list(asked["inputRequests"]) == [id], asked
        go(folder)
        got = value(modern(s, "orchestrate", tasks, requestState=asked["requestState"],
                           inputResponses={id: {"action": "accept", "content": {"answer": "approve"}}}))
        assert got["state"] == "succeeded" and got["runId"] == runs[0]["runId"], got
        assert state(folder, id)["state"] == "approved"
        assert len(value(modern(s, "runs", {"action": "list"}))["runs"]) == 1


def a_task_says_that_it_needs_input_and_takes_it():
    folder = project(HOLD)
    with server(folder) as s:
        tasks = {"tasks": [{"id": "a", "title": "A", "estimateMinutes": 1}], "waitSeconds": 600}
        task = s.ask("o", "tools/call", {"name": "orchestrate", "arguments": tasks, "_meta": TASKS})["result"]["taskId"]
        ids = [ask_as_task(folder, task, {"approval": True, "text": "May I?"}), ask_as_task(folder, task, {"text": "Which?"})]
        get = lambda meta=TASKS: s.ask("g", "tasks/get", {"taskId": task, "_meta": meta})["result"]
        got = get()
        assert got["status"] == "input_required" and sorted(got["inputRequests"]) == sorted(ids), got
        unable = dict(META, **{P + "clientCapabilities": {"extensions": {P + "tasks": {}}}})
        assert get(unable)["status"] == "working", "a client that cannot ask a person is not told to"
        answer = lambda **r: s.ask("u", "tasks/update", {"taskId": task, "inputResponses": r, "_meta": TASKS})["result"]
        assert answer(nonsense={"action": "accept"}, **{ids[0]: {"action": "accept", "content": {"answer": "approve"}}})["resultType"] == "complete"
        assert list(get()["inputRequests"]) == [ids[1]]
        answer(**{ids[0]: {"action": "decline"}, ids[1]: {"action": "accept", "content": {"answer": "this one"}}})
        assert get()["status"] == "working" and state(folder, ids[0])["state"] == "approved"
        assert state(folder, ids[1])["answer"] == "this one"
        go(folder)


def a_listener_hears_that_a_task_needs_input():
    folder = project(HOLD)
    with server(folder) as s:
        tasks = {"tasks": [{"id": "a", "title": "A", "estimateMinutes": 1}], "waitSeconds": 600}
        task = s.ask("o", "tools/call", {"name": "orchestrate", "arguments": tasks, "_meta": TASKS})["result"]["taskId"]
        s.send(request("l", "subscriptions/listen", {"notifications": {"taskIds": [task]}, "_meta": TASKS}))
        while "acknowledged" not in s.read()["method"]:
            pass
        id = ask_as_task(folder, task, {"text": "Which?"})
        while (got := s.read()["params"])["status"] != "input_required":
            pass
        assert list(got["inputRequests"]) == [id], got
        go(folder)


def an_assistant_that_asks_outside_a_run_asks_its_own_person():
    with server(project()) as s:
        legacy(s)
        s.send(call(1, "agents", {"action": "ask", "text": "Which colour?", "options": ["red", "blue"]}))
        q = s.read()
        said(s, q, "accept", answer="red")
        got = value(s.read())
        assert got["state"] == "answered" and got["answer"] == "red", got
        asked = modern(s, "agents", {"action": "ask", "text": "And the size?"})["result"]
        id = list(asked["inputRequests"])[0]
        got = value(modern(s, "agents", {"action": "ask", "text": "And the size?"}, requestState=asked["requestState"],
                           inputResponses={id: {"action": "accept", "content": {"answer": "small"}}}))
        assert got["questionId"] == id and got["answer"] == "small", got


def discarded_is_only_what_the_person_lets_go():
    folder = project("echo work > kept; exit 1")
    with open(os.path.join(folder, ".gadugi", "config")) as f:
        text = f.read().replace("mode: shared", "mode: worktree")
    with open(os.path.join(folder, ".gadugi", "config"), "w") as f:
        f.write(text)
    for words in (["init", "-q"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "start"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    with server(folder) as s:
        legacy(s)
        run = value(s.ask(1, "tools/call", {"name": "orchestrate", "arguments": {"tasks": [{"id": "a", "title": "A", "estimateMinutes": 1}], "waitSeconds": 60}}))["runId"]
        for action, gone in (("decline", False), ("accept", True)):
            s.send(call(2, "runs", {"action": "discard", "runId": run, "taskId": "a"}))
            q = s.read()
            assert "changed files saved" in q["params"]["message"], q
            said(s, q, action, **({"confirm": True} if gone else {}))
            got = s.read()["result"]
            assert bool(got.get("isError")) != gone, got
        refs = subprocess.run(["git", "for-each-ref", "refs/gadugi/" + run], cwd=folder, stdout=subprocess.PIPE, check=True).stdout
        assert refs == b"", refs


run([a_purge_is_done_only_when_the_person_ticks_the_box,
     what_is_purged_is_what_was_shown_even_if_more_came_meanwhile,
     a_stateless_client_is_asked_through_the_result_and_brings_the_answer,
     the_question_comes_again_when_its_answer_is_missing,
     a_client_that_cannot_ask_is_told_to_confirm_and_one_that_confirms_is_not_asked,
     a_run_that_is_waited_for_shows_its_agents_questions_to_the_person,
     an_approval_that_is_declined_is_denied_and_a_question_stays_open,
     a_question_still_open_when_the_wait_ends_is_withdrawn,
     a_stateless_orchestrate_that_asks_does_not_start_the_run_twice,
     a_task_says_that_it_needs_input_and_takes_it,
     a_listener_hears_that_a_task_needs_input,
     an_assistant_that_asks_outside_a_run_asks_its_own_person,
     discarded_is_only_what_the_person_lets_go])
