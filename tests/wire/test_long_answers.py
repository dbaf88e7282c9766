"""Answers too long for a model: the head, a cursor that leads through the rest, and a link to all of it."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *
import tempfile

MOST = 12000  # characters


def project(command):
    folder = tempfile.mkdtemp()
    os.makedirs(os.path.join(folder, ".gadugi"))
    with open(os.path.join(folder, ".gadugi", "config"), "w") as f:
        f.write("agents:\n  quick: {command: [sh, -c, %s], prompt: stdin}\n" % json.dumps(command) +
                "defaults: {agent: quick, mode: shared, retries: 0, jobs: 4}\n")
    return folder


def told(s, name, args, version="2025-11-25"):
    r = s.ask(1, "tools/call", {"name": name, "arguments": args})["result"]
    assert not r.get("isError"), r
    assert len(r["content"][0]["text"]) <= MOST, len(r["content"][0]["text"])
    return r


def walked(s, name, args, key):
    """All the rows that the cursors lead through, and the link of the first answer."""
    rows, link = [], None
    while True:
        r = told(s, name, args)
        value = json.loads(r["content"][0]["text"])
        rows += value[key]
        link = link or r["content"][1]
        if "nextCursor" not in value:
            return rows, link
        args = dict(args, cursor=value["nextCursor"])


def read(s, uri):
    return s.ask(2, "resources/read", {"uri": uri})["result"]["contents"][0]["text"]


def a_long_plan_is_given_in_parts_with_a_link_to_the_whole():
    plan = {"title": "Long", "tasks": [{"id": "t%d" % i, "title": "Task number %d" % i, "dependsOn": ["t%d" % (i - 1)] if i % 3 else []} for i in range(1, 300)]}
    with Server([GADUGI], cwd=project("true")) as s:
        s.initialize()
        first = told(s, "decompose", {"document": json.dumps(plan)})["structuredContent"]
        rows, link = walked(s, "decompose", {"plan": first["planId"]}, "tasks")
        assert [t["id"] for t in rows] == [t["id"] for t in plan["tasks"]]
        assert link["type"] == "resource_link" and link["name"] and link["mimeType"] == "application/json", link
        assert len(json.loads(read(s, link["uri"]))["tasks"]) == 299


def a_long_run_is_given_in_parts_with_a_link_to_the_whole():
    with Server([GADUGI], cwd=project("true")) as s:
        s.initialize()
        tasks = [{"id": "t%d" % i, "title": "Task number %d" % i} for i in range(40)]
        run = told(s, "orchestrate", {"tasks": tasks, "waitSeconds": 60})["structuredContent"]
        assert run["state"] == "succeeded", run
        rows, link = walked(s, "runs", {"action": "show", "runId": run["runId"]}, "tasks")
        assert sorted(t["id"] for t in rows) == sorted(t["id"] for t in tasks)
        assert len(json.loads(read(s, link["uri"]))["tasks"]) == 40


def the_end_of_a_long_log_comes_with_a_link_to_more_of_it():
    with Server([GADUGI], cwd=project("yes a line of the log | head -n 2000")) as s:
        s.initialize()
        run = told(s, "orchestrate", {"tasks": [{"id": "a b", "title": "A"}], "waitSeconds": 60})["structuredContent"]["runId"]
        r = told(s, "runs", {"action": "log", "runId": run, "taskId": "a b"})
        assert r["structuredContent"]["beginningLeftOut"], r
        assert len(read(s, r["content"][1]["uri"])) > 2 * len(r["structuredContent"]["log"]), r["content"][1]


def older_revisions_get_no_link_they_do_not_know():
    plan = {"tasks": [{"id": "t%d" % i, "title": "Task number %d" % i} for i in range(300)]}
    with Server([GADUGI], cwd=project("true")) as s:
        s.initialize("2025-03-26")
        r = told(s, "decompose", {"document": json.dumps(plan)})
        assert len(r["content"]) == 1 and json.loads(r["content"][0]["text"])["resource"]["uri"], r


run([a_long_plan_is_given_in_parts_with_a_link_to_the_whole,
     a_long_run_is_given_in_parts_with_a_link_to_the_whole,
     the_end_of_a_long_log_comes_with_a_link_to_more_of_it,
     older_revisions_get_no_link_they_do_not_know])
