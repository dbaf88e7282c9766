"""Every revision on one connection, judged message by message."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *

LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
P = "io.modelcontextprotocol/"


def initialize_agrees_on_every_old_revision_and_else_on_the_last_of_them():
    for version, agreed in [(v, v) for v in LEGACY] + [("2026-07-28", "2025-11-25"), ("1999-01-01", "2025-11-25")]:
        with Server([GADUGI]) as s:
            r = s.initialize(version)
            assert r["protocolVersion"] == agreed, r
            assert r["serverInfo"]["name"] == "gadugi" and "tools" in r["capabilities"], r
            assert ("title" in r["serverInfo"]) == (agreed >= "2025-06-18"), r
            assert 0 < len(r["instructions"].encode()) < 2048
            assert set(r) == {"protocolVersion", "capabilities", "serverInfo", "instructions"}, r


def initialize_without_a_version_is_refused_and_changes_nothing():
    with Server() as s:
        for params in ({}, {"protocolVersion": 3}, {"protocolVersion": None}):
            assert s.ask(1, "initialize", params)["error"]["code"] == -32602
        assert s.ask(2, "tools/list")["error"]["code"] == -32602


def before_initialize_only_ping_is_answered():
    with Server() as s:
        assert s.ask(1, "ping") == {"jsonrpc": "2.0", "id": 1, "result": {}}
        for method in ("tools/list", "tools/call", "nonsense", "server/discover"):
            got = s.ask(2, method)
            assert got["error"]["code"] == -32602 and P + "protocolVersion" in got["error"]["message"], got


def unknown_methods_are_method_not_found():
    with Server() as s:
        s.initialize()
        for method in ("nonsense", "tools/lists", "server/discover", "subscriptions/listen", ""):
            assert s.ask(1, method)["error"]["code"] == -32601
        for method in ("nonsense", "ping", "initialize", "logging/setLevel", "resources/subscribe"):
            assert s.ask(2, method, {"protocolVersion": "2025-11-25"}, modern=True)["error"]["code"] == -32601, method


def what_a_revision_does_not_know_is_not_sent():
    for version in LEGACY:
        with Server() as s:
            s.initialize(version)
            tool = s.ask(1, "tools/list")["result"]["tools"][0]
            want = {"name", "description", "inputSchema"}
            want |= {"annotations"} if version >= "2025-03-26" else set()
            want |= {"title", "outputSchema"} if version >= "2025-06-18" else set()
            assert set(tool) == want, (version, tool)
            r = s.ask(2, "tools/call", {"name": "echo", "arguments": {"text": "x"}})["result"]
            assert set(r) == ({"content", "structuredContent"} if version >= "2025-06-18" else {"content"}), (version, r)
            assert json.loads(r["content"][0]["text"]) == {"text": "x"}, r


def annotations_are_all_explicit():
    with Server() as s:
        s.initialize()
        for tool in s.ask(1, "tools/list")["result"]["tools"]:
            assert set(tool["annotations"]) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}


def discover_tells_the_stateless_revision_and_may_be_followed_by_initialize():
    with Server([GADUGI]) as s:
        r = s.ask("probe", "server/discover", modern=True)["result"]
        assert r["supportedVersions"] == ["2026-07-28"] and r["resultType"] == "complete", r
        assert r["ttlMs"] >= 0 and r["cacheScope"] == "public", r
        assert r["_meta"][P + "serverInfo"]["name"] == "gadugi", r
        assert r["capabilities"]["tools"] == {}, r
        assert s.initialize()["protocolVersion"] == "2025-11-25"
        assert s.ask(0, "ping")["result"] == {}
        assert "resultType" not in s.ask(1, "tools/list")["result"]
        assert s.ask(2, "tools/list", modern=True)["result"]["resultType"] == "complete"


def stateless_requests_need_no_handshake_and_leave_nothing_behind():
    with Server() as s:
        r = s.ask(0, "tools/list", modern=True)["result"]
        assert r["resultType"] == "complete" and r["cacheScope"] == "public" and r["ttlMs"] >= 0, r
        r = s.ask(1, "tools/call", {"name": "echo", "arguments": {"text": "x"}}, modern=True)["result"]
        assert r["structuredContent"] == {"text": "x"} and r["resultType"] == "complete", r
        assert r["_meta"][P + "serverInfo"]["version"] and "ttlMs" not in r, r
        r = s.ask(2, "tools/call", {"name": "fail", "arguments": {"status": "io", "words": "no disk"}}, modern=True)["result"]
        assert r["isError"] is True and r["content"][0]["text"] == "no disk" and "structuredContent" not in r, r
        assert s.ask(3, "tools/list")["error"]["code"] == -32602


def the_meta_of_each_stateless_request_is_checked_each_time():
    good = dict(META)
    with Server() as s:
        s.initialize()
        for change, code in ((dict(drop=P + "clientCapabilities"), -32602),
                             (dict(put={P + "clientCapabilities": []}), -32602),
                             (dict(put={P + "clientInfo": {"name": "x"}}), -32602),
                             (dict(put={P + "clientInfo": "x"}), -32602),
                             (dict(put={P + "protocolVersion": 7}), -32602),
                             (dict(put={P + "protocolVersion": "2025-11-25"}), -32022),
                             (dict(put={P + "protocolVersion": "2027-01-01"}), -32022)):
            meta = {k: v for k, v in good.items() if k != change.get("drop")}
            meta.update(change.get("put", {}))
            for method in ("server/discover", "tools/list", "tools/call", "subscriptions/listen"):
                got = s.ask(1, method, {"_meta": meta, "name": "echo", "arguments": {"text": "x"}, "notifications": {}})
                assert got["error"]["code"] == code, (meta, got)
                if code == -32022:
                    assert got["error"]["data"] == {"supported": ["2026-07-28"],
                                                    "requested": meta[P + "protocolVersion"]}, got
        meta = {k: v for k, v in good.items() if k != P + "clientInfo"}
        assert s.ask(2, "tools/list", {"_meta": meta})["result"]["resultType"] == "complete"


def lists_are_the_same_bytes_each_time():
    with Server() as s:
        s.initialize()
        for modern in (False, True):
            s.send(request(1, "tools/list", modern=modern), request(1, "tools/list", modern=modern))
            assert s.line() == s.line()


def the_list_of_the_real_server_is_small():
    with Server([GADUGI]) as s:
        s.initialize()
        for modern in (False, True):
            s.send(request(1, "tools/list", modern=modern))
            line = s.line()
            assert len(line) <= 8192, len(line)
            names = [t["name"] for t in json.loads(line)["result"]["tools"]]
            assert len(names) <= 10 and len(set(names)) == len(names)
            assert all(n.replace("_", "").isalnum() and n.islower() for n in names), names


def schemas_are_objects_without_combinators_at_the_root():
    for program in (GADUGI, FIXTURES):
        with Server([program]) as s:
            s.initialize()
            for t in s.ask(1, "tools/list")["result"]["tools"]:
                if t["name"] == "json_schema_2020_12_tool":
                    continue  # the suite's own
                for schema in [t["inputSchema"]] + ([t["outputSchema"]] if "outputSchema" in t else []):
                    assert schema["type"] == "object", t["name"]
                    assert not set(schema) & {"anyOf", "oneOf", "allOf", "not", "if", "$ref"}, t["name"]


def a_failed_tool_is_words_only_and_a_wrong_request_is_an_error():
    with Server() as s:
        s.initialize()
        for status in ("nomem", "input", "absent", "busy", "stop", "io", "denied", "bug"):
            r = s.ask(1, "tools/call", {"name": "fail", "arguments": {"status": status, "words": "why: " + status}})["result"]
            assert r == {"content": [{"type": "text", "text": "why: " + status}], "isError": True}, r
            assert s.ask(1, "tools/call", {"name": "fail", "arguments": {"status": status}})["result"]["isError"]
        for args, words in (({"txt": 1}, "'text'"), ({}, "'text' is missing"), ({"text": 5}, "'text' must be")):
            r = s.ask(2, "tools/call", {"name": "echo", "arguments": args})["result"]
            assert r["isError"] and words in r["content"][0]["text"] and set(r) == {"content", "isError"}, r
        for params, words in (({"name": "ecoh"}, "'echo'"), ({}, "params.name"), ({"name": 1}, "params.name"),
                              ({"name": "echo", "arguments": []}, "params.arguments"), ({"name": ""}, "unknown tool")):
            got = s.ask(3, "tools/call", params)
            assert got["error"]["code"] == -32602 and words in got["error"]["message"], got


def a_batch_of_2025_03_26_is_answered_by_one_array():
    with Server() as s:
        s.initialize("2025-03-26")
        s.send([{"jsonrpc": "2.0", "id": 1, "method": "ping"}, {"jsonrpc": "2.0", "method": "notifications/initialized"},
                call(2, "echo", {"text": "x"}), {"jsonrpc": "2.0", "id": 3, "method": "nonsense"}, 7,
                call(4, "park", {"ms": 20}), {"jsonrpc": "2.0", "id": 5, "method": "initialize", "params": {"protocolVersion": "2025-03-26"}}])
        got = s.read()
        assert isinstance(got, list) and len(got) == 6, got
        by = {m["id"]: m for m in got}
        assert by[1]["result"] == {} and by[3]["error"]["code"] == -32601 and by[None]["error"]["code"] == -32600
        assert json.loads(by[2]["result"]["content"][0]["text"]) == {"text": "x"} and "result" in by[4]
        assert by[5]["error"]["code"] == -32600
        s.send([{"jsonrpc": "2.0", "method": "notifications/initialized"}])
        s.quiet()
        s.send([])
        got = s.read()
        assert got["error"]["code"] == -32600 and got["id"] is None
        s.send([[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]])
        assert s.read()[0]["error"]["code"] == -32600


def a_cancelled_member_of_a_batch_is_left_out():
    with Server() as s:
        s.initialize("2025-03-26")
        s.send([call(1, "park", {"ms": 60000}), call(2, "park", {"ms": 60000})])
        s.send(cancel(1))
        batch = None
        while batch is None:  # a wake-up that comes before the call looks does not count for it
            s.send(call("w", "wake"))
            while not isinstance(got := s.read(), dict):
                batch = got
        assert [m["id"] for m in batch or s.read()] == [2], batch
        s.send([call(3, "park", {"ms": 60000})], cancel(3))
        s.quiet()


def a_batch_anywhere_else_is_an_invalid_request():
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    with Server() as s:
        s.send([ping])
        assert s.read()["error"]["code"] == -32600
        for version in ("2024-11-05", "2025-06-18", "2025-11-25"):
            s.initialize(version)
            s.send([ping])
            got = s.read()
            assert got["error"]["code"] == -32600 and got["id"] is None, got


def listen_is_acknowledged_first_and_ends_silently_when_cancelled():
    with Server() as s:
        for id in ("listen:0", 7):
            s.send(request(id, "subscriptions/listen", {"notifications": {"toolsListChanged": True}}, modern=True))
            got = s.read()
            assert got["method"] == "notifications/subscriptions/acknowledged" and "id" not in got, got
            assert got["params"]["_meta"] == {P + "subscriptionId": id}, got
            assert isinstance(got["params"]["notifications"], dict), got
        assert s.ask(7, "subscriptions/listen", {"notifications": {}}, modern=True)["error"]["code"] == -32600
        assert s.ask(8, "subscriptions/listen", {}, modern=True)["error"]["code"] == -32602
        s.send(cancel("listen:0"))
        s.quiet()
        s.p.stdin.close()
        assert s.rest() == [{"jsonrpc": "2.0", "id": 7, "result": {"resultType": "complete", "_meta": {P + "subscriptionId": 7}}}]


run([initialize_agrees_on_every_old_revision_and_else_on_the_last_of_them,
     initialize_without_a_version_is_refused_and_changes_nothing,
     before_initialize_only_ping_is_answered,
     unknown_methods_are_method_not_found,
     what_a_revision_does_not_know_is_not_sent,
     annotations_are_all_explicit,
     discover_tells_the_stateless_revision_and_may_be_followed_by_initialize,
     stateless_requests_need_no_handshake_and_leave_nothing_behind,
     the_meta_of_each_stateless_request_is_checked_each_time,
     lists_are_the_same_bytes_each_time,
     the_list_of_the_real_server_is_small,
     schemas_are_objects_without_combinators_at_the_root,
     a_failed_tool_is_words_only_and_a_wrong_request_is_an_error,
     a_batch_of_2025_03_26_is_answered_by_one_array,
     a_cancelled_member_of_a_batch_is_left_out,
     a_batch_anywhere_else_is_an_invalid_request,
     listen_is_acknowledged_first_and_ends_silently_when_cancelled])
