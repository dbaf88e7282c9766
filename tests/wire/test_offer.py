"""Resources, templates, prompts, completion, subscriptions, and questions to the client."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *

P = "io.modelcontextprotocol/"
LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


def resources_are_listed_in_pages_until_all_have_been_seen():
    for modern in (False, True):
        with Server() as s:
            s.initialize()
            seen, cursor, pages = [], None, 0
            while True:
                r = s.ask(1, "resources/list", {"cursor": cursor} if cursor else {}, modern=modern)["result"]
                seen += [x["uri"] for x in r["resources"]]
                pages += 1
                assert all(x["name"] and x["mimeType"] for x in r["resources"]), r
                if modern:
                    assert r["ttlMs"] >= 0 and r["cacheScope"] == "private", r
                cursor = r.get("nextCursor")
                if cursor is None:
                    break
            assert pages == 3 and len(seen) == len(set(seen)) == 253, (pages, len(seen))
            assert seen[0] == "test://static-text" and seen[-1] == "test://template/250/data"
            for bad in ("x", "9:", "0:1", "99999999999999999999:1", 7):
                assert s.ask(2, "resources/list", {"cursor": bad}, modern=modern)["error"]["code"] == -32602, bad


def a_resource_is_read_by_its_address():
    with Server() as s:
        s.initialize()
        for uri, mime, text in (("test://static-text", "text/plain", "This is the content of the static text resource."),
                                ("test://template/a%20b%C3%A4/data", "application/json",
                                 '{"id":"a bä","templateTest":true,"data":"Data for ID: a bä"}')):
            r = s.ask(1, "resources/read", {"uri": uri})["result"]
            assert r == {"contents": [{"uri": uri, "mimeType": mime, "text": text}]}, r
        assert "blob" in s.ask(2, "resources/read", {"uri": "test://static-binary"})["result"]["contents"][0]


def an_unknown_address_is_refused_with_the_code_of_its_revision():
    bad = ["test://nothing", "test://template//data", "test://template/1/data/x", "test://template/1", "",
           "test://template/../data", "test://template/%2e%2e/data", "test://template/a%2f..%2fb/data",
           "test://template/%00/data", "test://template/%0a/data", "test://template/%ff/data", "test://template/%zz/data",
           "test://template/%2/data", "file:///etc/passwd", "x" * 5000]
    with Server() as s:
        for version in LEGACY:
            s.initialize(version)
            for uri in bad:
                e = s.ask(1, "resources/read", {"uri": uri})["error"]
                assert e["code"] == -32002 and e["data"] == {"uri": uri}, e
        for uri in bad:
            e = s.ask(1, "resources/read", {"uri": uri}, modern=True)["error"]
            assert e["code"] == -32602 and e["data"] == {"uri": uri}, e
        assert s.ask(2, "resources/read", {})["error"]["code"] == -32602
        assert s.ask(2, "resources/read", {"uri": 5})["error"]["code"] == -32602


def templates_and_prompts_are_listed_with_what_the_revision_knows():
    for version in LEGACY:
        with Server() as s:
            s.initialize(version)
            t = s.ask(1, "resources/templates/list")["result"]["resourceTemplates"]
            p = s.ask(2, "prompts/list")["result"]["prompts"]
            r = s.ask(3, "resources/list")["result"]["resources"]
            assert [x["uriTemplate"] for x in t] == ["test://template/{id}/data"]
            for x in t + p + r:
                assert ("title" in x) == (version >= "2025-06-18"), (version, x)
            args = next(x for x in p if x["name"] == "test_prompt_with_arguments")["arguments"]
            assert args[0] == {"name": "arg1", "description": "First test argument", "required": True}


def a_prompt_is_filled_with_its_arguments():
    with Server() as s:
        s.initialize()
        r = s.ask(1, "prompts/get", {"name": "test_prompt_with_arguments", "arguments": {"arg1": "a", "arg2": "b"}})["result"]
        assert r["messages"] == [{"role": "user", "content": {"type": "text", "text": "Prompt with arguments: arg1='a', arg2='b'"}}]
        for params, words in (({}, "params.name"), ({"name": "nothing"}, "nothing"), ({"name": "test_prompt_with_arguments"}, "arg1"),
                              ({"name": "test_prompt_with_arguments", "arguments": {"arg1": "a"}}, "arg2"),
                              ({"name": "test_prompt_with_arguments", "arguments": {"arg1": 1, "arg2": "b"}}, "arg1"),
                              ({"name": "test_prompt_with_arguments", "arguments": []}, "object"),
                              ({"name": "test_simple_prompt", "arguments": {"x": "y"}}, "x")):
            for modern in (False, True):
                e = s.ask(2, "prompts/get", params, modern=modern)["error"]
                assert e["code"] == -32602 and words in e["message"], (params, e)


def arguments_and_variables_are_completed():
    with Server() as s:
        s.initialize()
        prompt = {"type": "ref/prompt", "name": "test_prompt_with_arguments"}
        template = {"type": "ref/resource", "uri": "test://template/{id}/data"}
        for ref, name in ((prompt, "arg1"), (template, "id")):
            r = s.ask(1, "completion/complete", {"ref": ref, "argument": {"name": name, "value": "par"}})["result"]
            assert r == {"completion": {"values": ["paris", "park", "party"], "total": 3, "hasMore": False}}, r
        r = s.ask(1, "completion/complete", {"ref": prompt, "argument": {"name": "arg2", "value": ""}})["result"]
        assert r == {"completion": {"values": [], "hasMore": False}}
        for params in ({}, {"ref": prompt}, {"ref": {"type": "ref/x"}, "argument": {"name": "a", "value": ""}},
                       {"ref": prompt, "argument": {"name": "arg9", "value": ""}}, {"ref": prompt, "argument": {"name": "arg1", "value": 3}},
                       {"ref": {"type": "ref/prompt", "name": "nothing"}, "argument": {"name": "a", "value": ""}}):
            assert s.ask(2, "completion/complete", params)["error"]["code"] == -32602, params


def changed(s, id, what, modern=False):
    s.send(call(id, "test_trigger_%s_change" % what, modern=modern))


def both(s, id, n=2):
    """The answer to id and n - 1 notifications, in whichever order they come."""
    got = [s.read() for _ in range(n)]
    assert sum(g.get("id") == id for g in got) == 1, got
    return [g for g in got if "id" not in g]


def a_subscriber_of_an_older_revision_hears_of_its_resource_until_it_unsubscribes():
    with Server() as s:
        s.initialize()
        assert s.ask(1, "resources/subscribe", {"uri": "test://watched-resource"})["result"] == {}
        changed(s, 2, "resource")
        assert both(s, 2) == [{"jsonrpc": "2.0", "method": "notifications/resources/updated",
                               "params": {"uri": "test://watched-resource"}}]
        assert s.ask(3, "resources/unsubscribe", {"uri": "test://watched-resource"})["result"] == {}
        changed(s, 4, "resource")
        both(s, 4, 1)
        s.quiet()
        e = s.ask(5, "resources/subscribe", {"uri": "test://nothing"})["error"]
        assert e["code"] == -32002 and e["data"] == {"uri": "test://nothing"}, e


def listeners_hear_what_they_asked_for_with_their_id_and_nothing_else():
    with Server() as s:
        s.send(request("L1", "subscriptions/listen", {"notifications": {
            "resourceSubscriptions": ["test://watched-resource", "test://nothing"], "toolsListChanged": True}}, modern=True))
        ack = s.read()["params"]
        assert ack == {"_meta": {P + "subscriptionId": "L1"},
                       "notifications": {"toolsListChanged": True, "resourceSubscriptions": ["test://watched-resource"]}}, ack
        s.send(request(2, "subscriptions/listen", {"notifications": {"promptsListChanged": True}}, modern=True))
        assert s.read()["params"]["notifications"] == {"promptsListChanged": True}
        changed(s, 10, "tool", True)
        assert both(s, 10) == [{"jsonrpc": "2.0", "method": "notifications/tools/list_changed",
                                "params": {"_meta": {P + "subscriptionId": "L1"}}}]
        changed(s, 11, "prompt", True)
        assert both(s, 11) == [{"jsonrpc": "2.0", "method": "notifications/prompts/list_changed",
                                "params": {"_meta": {P + "subscriptionId": 2}}}]
        changed(s, 12, "resource", True)
        assert both(s, 12) == [{"jsonrpc": "2.0", "method": "notifications/resources/updated",
                                "params": {"_meta": {P + "subscriptionId": "L1"}, "uri": "test://watched-resource"}}]
        s.send(cancel("L1"))
        changed(s, 13, "resource", True)
        both(s, 13, 1)
        s.quiet()


def too_many_listeners_are_busy():
    with Server() as s:
        for i in range(64):
            s.send(request(i, "subscriptions/listen", {"notifications": {}}, modern=True))
            assert s.read()["method"] == "notifications/subscriptions/acknowledged"
        assert s.ask(64, "subscriptions/listen", {"notifications": {}}, modern=True)["error"]["code"] == -31000
        s.send(cancel(0))
        s.send(request(65, "subscriptions/listen", {"notifications": {}}, modern=True))
        assert s.read()["method"] == "notifications/subscriptions/acknowledged"


# --- questions -----------------------------------------------------------------------------------

FORM = {"elicitation": {}}


def a_person_is_asked_by_a_request_and_the_call_goes_on_with_the_answer():
    for version in ("2025-06-18", "2025-11-25"):
        with Server() as s:
            s.initialize(version, FORM)
            s.send(call(1, "test_elicitation", {"message": "Who?"}))
            ask = s.read()
            assert ask["method"] == "elicitation/create" and ask["params"]["message"] == "Who?", ask
            s.quiet()
            s.send(call("w", "wake"))  # no wake-up goes for an answer
            assert s.read()["id"] == "w"
            s.quiet()
            s.send({"jsonrpc": "2.0", "id": ask["id"], "result": {"action": "accept", "content": {"username": "u"}}})
            r = s.read()
            assert r["id"] == 1 and 'action=accept, content={"username":"u"}' in r["result"]["content"][0]["text"], r


def a_client_that_refuses_or_fails_is_a_person_who_turned_away():
    with Server() as s:
        s.initialize(capabilities=FORM)
        for answer, action in (({"result": {"action": "decline"}}, "decline"), ({"result": {"action": "cancel"}}, "cancel"),
                               ({"error": {"code": -32601, "message": "no"}}, "cancel"), ({"result": 5}, "cancel")):
            s.send(call(1, "test_elicitation", {"message": "Who?"}))
            s.send(dict({"jsonrpc": "2.0", "id": s.read()["id"]}, **answer))
            assert "action=" + action in s.read()["result"]["content"][0]["text"], answer


def who_cannot_be_asked_is_not_asked():
    with Server() as s:
        for version, capabilities in (("2025-11-25", {}), ("2025-11-25", {"elicitation": {"url": {}}}), ("2025-03-26", FORM)):
            s.initialize(version, capabilities)
            r = s.ask(1, "tools/call", {"name": "test_elicitation", "arguments": {"message": "Who?"}})["result"]
            assert r["isError"] and "elicitation" in r["content"][0]["text"], r
        got = s.ask(2, "tools/call", {"name": "test_missing_capability"}, modern=True)
        assert got["error"]["code"] == -32021 and got["error"]["data"] == {"requiredCapabilities": {"sampling": {}}}, got


def a_call_that_waits_for_a_person_can_be_cancelled_and_its_late_answer_is_ignored():
    with Server() as s:
        s.initialize(capabilities=FORM)
        s.send(call(1, "test_elicitation", {"message": "Who?"}))
        ask = s.read()
        s.send(cancel(1))
        s.send({"jsonrpc": "2.0", "id": ask["id"], "result": {"action": "accept", "content": {}}})
        s.send({"jsonrpc": "2.0", "id": "gadugi-999", "result": {}}, {"jsonrpc": "2.0", "id": ask["id"], "result": {}})
        s.quiet()
        s.send(call(2, "test_elicitation", {"message": "Who?"}))
        s.read()
        assert s.end()[1] == 0


def meta(**capabilities):
    return dict(META, **{P + "clientCapabilities": capabilities})


def stateless_calls_are_asked_back_and_come_again_with_answers_and_state():
    with Server() as s:
        able = meta(elicitation={})
        params = {"name": "test_input_required_result_multi_round", "arguments": {}, "_meta": able}
        r = s.ask(1, "tools/call", params)["result"]
        assert r["resultType"] == "input_required" and "ttlMs" not in r and list(r["inputRequests"]) == ["step1"], r
        two = dict(params, requestState=r["requestState"], inputResponses={"step1": {"action": "accept", "content": {"name": "Ann"}}})
        r = s.ask(2, "tools/call", two)["result"]
        assert list(r["inputRequests"]) == ["step2"] and r["requestState"] != two["requestState"], r
        three = dict(params, requestState=r["requestState"],
                     inputResponses={"step2": {"action": "accept", "content": {"color": "red"}}, "extra": {"x": 1}})
        r = s.ask(3, "tools/call", three)["result"]
        assert r["resultType"] == "complete" and r["content"][0]["text"] == "Ann likes red.", r
        assert s.ask(4, "tools/call", dict(params, inputResponses={}))["result"]["resultType"] == "input_required"


def a_state_that_was_changed_or_belongs_elsewhere_is_refused():
    with Server() as s:
        able = meta(elicitation={})
        params = {"name": "test_input_required_result_request_state", "arguments": {}, "_meta": able}
        state = s.ask(1, "tools/call", params)["result"]["requestState"]
        good = {"confirm": {"action": "accept", "content": {"ok": True}}}
        for bad in (state + "0", state[:-1], "01"[state[0] == "0"] + state[1:], "", "zz", 5):
            got = s.ask(2, "tools/call", dict(params, requestState=bad, inputResponses=good))
            assert got["error"]["code"] == -32602, (bad, got)
        other = dict(params, name="test_input_required_result_tampered_state", requestState=state, inputResponses=good)
        assert s.ask(3, "tools/call", other)["error"]["code"] == -32602
        got = s.ask(4, "tools/call", dict(params, requestState=state, inputResponses=good))
        assert got["result"]["content"][0]["text"] == "state-ok", got
        for bad in (5, [], {"confirm": 5}, None):
            assert s.ask(5, "tools/call", dict(params, inputResponses=bad))["error"]["code"] == -32602, bad


def the_log_is_sent_at_and_above_the_level_asked_for():
    with Server() as s:
        s.initialize()
        s.send(call(1, "test_logging_tool"))
        got = [s.read() for _ in range(4)]
        assert [g.get("method") for g in got] == ["notifications/message"] * 3 + [None], got
        assert got[0]["params"] == {"level": "info", "logger": "gadugi-fixtures", "data": "Tool execution started"}, got
        assert s.ask(2, "logging/setLevel", {"level": "warning"})["result"] == {}
        assert s.ask(3, "logging/setLevel", {"level": "loud"})["error"]["code"] == -32602
        assert s.ask(4, "tools/call", {"name": "test_logging_tool"})["id"] == 4
        assert s.ask(5, "tools/call", {"name": "test_logging_tool"}, modern=True)["id"] == 5
        s.send(call(6, "test_logging_tool"))
        assert s.read()["id"] == 6
        loud = dict(META, **{P + "logLevel": "debug"})
        s.send(request(7, "tools/call", {"name": "test_logging_tool", "_meta": loud}))
        assert [s.read().get("method") for _ in range(4)] == ["notifications/message"] * 3 + [None]
        got = s.ask(8, "tools/call", {"name": "test_logging_tool", "_meta": dict(META, **{P + "logLevel": "loud"})})
        assert got["error"]["code"] == -32602
    with Server([GADUGI]) as s:
        s.initialize()
        assert s.ask(1, "logging/setLevel", {"level": "info"})["error"]["code"] == -32601


run([resources_are_listed_in_pages_until_all_have_been_seen,
     a_resource_is_read_by_its_address,
     an_unknown_address_is_refused_with_the_code_of_its_revision,
     templates_and_prompts_are_listed_with_what_the_revision_knows,
     a_prompt_is_filled_with_its_arguments,
     arguments_and_variables_are_completed,
     a_subscriber_of_an_older_revision_hears_of_its_resource_until_it_unsubscribes,
     listeners_hear_what_they_asked_for_with_their_id_and_nothing_else,
     too_many_listeners_are_busy,
     a_person_is_asked_by_a_request_and_the_call_goes_on_with_the_answer,
     a_client_that_refuses_or_fails_is_a_person_who_turned_away,
     who_cannot_be_asked_is_not_asked,
     a_call_that_waits_for_a_person_can_be_cancelled_and_its_late_answer_is_ignored,
     stateless_calls_are_asked_back_and_come_again_with_answers_and_state,
     a_state_that_was_changed_or_belongs_elsewhere_is_refused,
     the_log_is_sent_at_and_above_the_level_asked_for])
