"""Streamable HTTP for every revision: sessions, streams, coming back, headers, and the end."""
import sys
sys.path.insert(0, "tests/lib")
from web import *
import base64
import tempfile

TMP = tempfile.mkdtemp()
SUBSCRIBED = "io.modelcontextprotocol/subscriptionId"


def path(name):
    p = os.path.join(TMP, name)
    if os.path.exists(p):
        os.unlink(p)
    return p


def hold(w, id, head=None, modern=False):
    """A call that works until it is stopped: its connection, and the file that appears then."""
    started, stopped = path("started%s" % id), path("stopped%s" % id)
    a = Answer(w.socket())
    m = call(id, "hold", {"started": started, "stopped": stopped}, modern=modern)
    head = dict(JSON, Host="localhost", **(head or {}))
    if modern:
        head.update({"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "hold"})
    a.send("POST", "/mcp", head, json.dumps(m).encode())
    assert wait_for_file(started), "the call did not start"
    return a, stopped


# --- sessions ------------------------------------------------------------------------------------

def a_session_begins_is_used_and_ends():
    with Web() as w:
        got = w.post(request(1, "initialize", INIT))
        id = got.headers["mcp-session-id"]
        assert len(id) == 32 and got.json()["result"]["protocolVersion"] == "2025-11-25"
        head = {"Mcp-Session-Id": id}
        done = w.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, head)
        assert done.status == 202 and done.body() == b""
        got = w.post(call(2, "echo", {"text": "hä?"}), head)
        assert got.status == 200 and got.headers["content-type"] == "application/json"
        assert json.loads(got.json()["result"]["content"][0]["text"]) == {"text": "hä?"}
        assert w.request("DELETE", "/mcp", head).status == 204
        assert w.post(call(3, "echo", {"text": "x"}), head).status == 404
        assert w.request("DELETE", "/mcp", head).status == 404
        assert w.request("GET", "/mcp", dict(head, Accept="text/event-stream")).status == 404


def without_a_session_there_is_only_what_needs_none():
    with Web() as w:
        got = w.post(request(7, "tools/list"))
        assert got.status == 400 and got.json()["error"]["code"] == -32602
        assert w.post({"jsonrpc": "2.0", "method": "notifications/initialized"}).status == 400
        assert w.post({"jsonrpc": "2.0", "id": 1, "result": {}}).status == 400
        got = w.request("GET", "/mcp", {"Accept": "text/event-stream"})
        assert got.status == 405 and "POST" in got.headers["allow"]
        assert w.request("DELETE", "/mcp").status == 405
        got = w.post(request("p", "ping"))
        assert got.status == 200 and got.json() == {"jsonrpc": "2.0", "id": "p", "result": {}}
        bad = w.post(request(1, "initialize", {}))
        assert "mcp-session-id" not in bad.headers and bad.json()["error"]["code"] == -32602


def sessions_know_nothing_of_each_other():
    with Web() as w:
        one, two = w.session(), w.session("2025-06-18")
        assert one["Mcp-Session-Id"] != two["Mcp-Session-Id"]
        a, stopped_a = hold(w, 5, one)
        b, stopped_b = hold(w, "5b", two)
        same = w.post(call(5, "echo", {"text": "other"}), two)  # the same id as a's
        assert same.status == 200 and same.json()["id"] == 5
        twice = w.post(call(5, "echo", {"text": "again"}), one)
        assert twice.json()["error"]["code"] == -32600
        assert w.post(cancel(5), two).status == 202  # of nobody in that session
        assert not os.path.exists(stopped_a)
        assert w.post(cancel(5), one).status == 202
        assert wait_for_file(stopped_a) and not os.path.exists(stopped_b)
        assert list(a.head()) == []  # ends without an answer
        assert w.request("DELETE", "/mcp", two).status == 204
        assert wait_for_file(stopped_b)


def the_revision_that_initialize_agreed_on_is_spoken():
    with Web() as w:
        for version, title in (("2024-11-05", False), ("2025-03-26", False), ("2025-06-18", True), ("2025-11-25", True)):
            head = w.session(version)
            tool = w.post(request(2, "tools/list"), head).json()["result"]["tools"][0]
            assert ("title" in tool) == title, version
        assert w.post(request(3, "ping"), dict(head, **{"MCP-Protocol-Version": "2025-99-99"})).status == 400
        assert w.post(request(1, "initialize", INIT), {"MCP-Protocol-Version": "1999-01-01"}).status == 400
        del head["MCP-Protocol-Version"]
        assert w.post(request(3, "ping"), head).json()["result"] == {}


def a_batch_is_served_where_its_revision_has_them():
    with Web() as w:
        head = w.session("2025-03-26")
        got = w.post([request(1, "ping"), call(2, "echo", {"text": "x"}), cancel(9)], head).json()
        assert sorted(m["id"] for m in got) == [1, 2]
        assert w.post([cancel(9), cancel(8)], head).status == 202
        got = w.post([request(1, "ping")], w.session("2025-06-18"))
        assert got.status == 400 and got.json()["error"]["code"] == -32600


def sessions_are_bounded_and_the_idle_go_first():
    with Web() as w:
        first, stopped = w.session(), None
        busy, stopped = hold(w, "busy", first)
        second = w.session()
        for _ in range(255):
            assert w.post(request(1, "initialize", INIT)).status == 200
        assert w.post(request(2, "ping"), second).status == 404
        assert w.post(request(2, "ping"), first).status == 200  # it has something open
        assert not os.path.exists(stopped)


# --- streams -------------------------------------------------------------------------------------

def progress_is_a_stream_that_ends_with_the_answer():
    with Web() as w:
        for version, primed in (("2025-11-25", True), ("2025-06-18", False)):
            head = w.session(version)
            got = w.post(call(3, "steps", {"steps": 400000}, token="t"), head)
            assert got.status == 200 and got.headers["content-type"] == "text/event-stream"
            assert got.headers["x-accel-buffering"] == "no" and "mcp-session-id" not in got.headers
            first = got.event()
            assert (first[0] is not None and first[1] == "") == primed, first
            all = ([] if primed else [json.loads(first[1])]) + list(got)
            steps = [m["params"]["progress"] for m in all[:-1]]
            assert steps and steps == sorted(set(steps)) and all[-1]["id"] == 3 and "result" in all[-1]
            assert all[0]["params"]["progressToken"] == "t"
        got = w.modern(4, "tools/call", {"name": "steps", "arguments": {"steps": 400000}}, meta={"progressToken": 9})
        id, data = got.event()
        assert id is None and json.loads(data)["params"]["progressToken"] == 9  # nothing to come back with
        assert list(got)[-1]["id"] == 4


def a_call_that_takes_its_time_becomes_a_stream():
    with Web() as w:
        got = w.post(call(1, "park", {"ms": 2500}), w.session())
        assert got.headers["content-type"] == "text/event-stream"
        assert list(got)[0]["id"] == 1


def questions_come_on_the_stream_and_answers_by_post():
    with Web() as w:
        head = w.session(capabilities={"elicitation": {}})
        other = w.session(capabilities={"elicitation": {}})
        got = w.post(call(1, "test_elicitation", {"message": "Who?"}), head)
        asked = got.message()
        assert asked["method"] == "elicitation/create"
        answer = {"jsonrpc": "2.0", "id": asked["id"],
                  "result": {"action": "accept", "content": {"username": "u", "email": "e@x"}}}
        assert w.post(answer, other).status == 202  # not theirs to give
        assert w.post(answer, head).status == 202
        done = list(got)
        assert len(done) == 1 and done[0]["id"] == 1 and "accept" in json.dumps(done[0])


def who_comes_back_gets_what_was_missed_and_no_more():
    with Web() as w:
        head = w.session(capabilities={"elicitation": {}})
        got = w.post(call(1, "test_elicitation", {"message": "Who?"}), head)
        primed, _ = got.event()
        id, data = got.event()
        assert primed.split("-")[0] == id.split("-")[0]
        got.close()
        answer = {"jsonrpc": "2.0", "id": json.loads(data)["id"], "result": {"action": "decline"}}
        assert w.post(answer, head).status == 202
        accept = dict(head, Accept="text/event-stream")
        back = w.request("GET", "/mcp", dict(accept, **{"Last-Event-ID": id}))
        assert back.status == 200
        rest = list(back)
        assert [m.get("id") for m in rest] == [1] and "decline" in json.dumps(rest)
        # all of it was sent: it is not kept any longer; nor is what never was, nor what is another's
        for wrong in (id, "999999-1", "x", "1-", "-1", "1-99", "18446744073709551616-0", ""):
            got = w.request("GET", "/mcp", dict(accept, **{"Last-Event-ID": wrong}))
            assert got.status == 400, (wrong, got.status)
        got = w.post(call(2, "test_elicitation", {"message": "Who?"}), head)
        primed, _ = got.event()
        id, _ = got.event()
        other = w.session()
        assert w.request("GET", "/mcp", dict(other, Accept="text/event-stream", **{"Last-Event-ID": id})).status == 400
        again = w.request("GET", "/mcp", dict(accept, **{"Last-Event-ID": primed}))  # the first still holds it
        assert again.event()[0] == id and got.event() is None


def what_is_told_unasked_goes_to_the_get_stream():
    with Web() as w:
        head = w.session()
        accept = dict(head, Accept="text/event-stream")
        assert w.post(call(1, "test_trigger_tool_change"), head).json()["id"] == 1
        got = w.request("GET", "/mcp", accept)  # told before anybody listened: kept
        assert got.message()["method"] == "notifications/tools/list_changed"
        last = got.last
        assert w.post(request(2, "resources/subscribe", {"uri": "test://watched-resource"}), head).json()["result"] == {}
        assert w.post(call(3, "test_trigger_tool_change"), head).json()["id"] == 3
        assert got.message()["method"] == "notifications/tools/list_changed"
        second = w.request("GET", "/mcp", accept)  # takes over
        assert got.event() is None
        w.post(call(4, "test_trigger_tool_change"), head).json()
        one = second.message()
        assert one["method"] == "notifications/tools/list_changed"
        second.close()
        third = w.request("GET", "/mcp", dict(accept, **{"Last-Event-ID": last}))
        assert len([third.message(), third.message()]) == 2  # what came after `last`, again


def a_client_of_a_session_that_leaves_has_not_cancelled():
    with Web() as w:
        head = w.session()
        a, stopped = hold(w, "stays", head)
        a.close()
        assert w.post(call(2, "echo", {"text": "x"}), head).json()["id"] == 2
        time.sleep(0.2)  # nothing can be seen of what must not happen
        assert not os.path.exists(stopped)
        w.post(cancel("stays"), head)
        assert wait_for_file(stopped)


# --- 2026-07-28 ----------------------------------------------------------------------------------

def a_request_stands_for_itself():
    with Web() as w:
        got = w.modern(1, "server/discover")
        assert got.status == 200 and "mcp-session-id" not in got.headers
        assert got.json()["result"]["supportedVersions"] == ["2026-07-28"]
        got = w.call(1, "echo", {"text": "a"}, headers={"Mcp-Session-Id": "whatever", "Last-Event-ID": "1-1"})
        assert got.status == 200 and got.json()["result"]["resultType"] == "complete"
        a, _ = hold(w, 1, modern=True)
        assert w.call(1, "echo", {"text": "b"}).json()["id"] == 1  # the id is in use by another client
        assert w.modern(2, "initialize", INIT).status == 404


def a_client_that_leaves_has_cancelled():
    with Web() as w:
        a, stopped = hold(w, "gone", modern=True)
        a.close()
        assert wait_for_file(stopped, 5 * PATIENCE)


def headers_must_say_what_the_body_says():
    ok = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "echo"}
    sentinel = lambda s: "=?base64?%s?=" % base64.b64encode(s.encode()).decode()
    with Web() as w:
        for change in ({"Mcp-Method": None}, {"Mcp-Method": "TOOLS/CALL"}, {"Mcp-Method": "tools/list"}, {"Mcp-Name": "hold"},
                       {"Mcp-Name": "Echo"}, {"Mcp-Name": ""}, {"MCP-Protocol-Version": None},
                       {"MCP-Protocol-Version": "2025-11-25"}, {"Mcp-Name": sentinel("hold")},
                       {"Mcp-Name": sentinel("ech")}, {"Mcp-Name": sentinel("echoo")},
                       {"Mcp-Name": "=?base64?!!!!?="}, {"Mcp-Name": "=?base64?ZWNobw?="}, {"Mcp-Name": "=?base64??="},
                       {"Mcp-Name": "=?BASE64?ZWNobw==?="}, {"Mcp-Name": "=?base64?ZWNobx==?="}):
            got = w.call("h", "echo", {"text": "x"}, headers=change)
            m = got.json()
            assert got.status == 400 and m["error"]["code"] == -32020 and m["id"] == "h", (change, got.status, m)
        for change in ({"Mcp-Name": "  echo\t"}, {"Mcp-Name": sentinel("echo")}, {"Mcp-Param-Text": "anything"}):
            got = w.call("h", "echo", {"text": "x"}, headers=change)
            assert got.status == 200 and "result" in got.json(), change
        lower = {k.lower(): v for k, v in dict(JSON, **ok).items()}
        got = w.request("POST", "/mcp", lower, json.dumps(call(1, "echo", {"text": "x"}, modern=True)).encode())
        assert got.status == 200, got.status
        uri = {"uri": "test://static-text"}
        assert w.modern(1, "resources/read", uri, name="test://static-text").status == 200
        assert w.modern(1, "resources/read", uri).json()["error"]["code"] == -32020
        assert w.modern(1, "resources/read", uri, name=sentinel("test://static-text")).status == 200
        two = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nMcp-Method: ping\r\n" \
              b"Mcp-Method: tools/list\r\nMCP-Protocol-Version: 2026-07-28\r\nContent-Length: %d\r\n\r\n%s"
        body = json.dumps(request(1, "tools/list", modern=True)).encode()
        a = Answer(w.socket())
        a.sock.sendall(two % (len(body), body))
        assert a.head().json()["error"]["code"] == -32020


def errors_have_the_statuses_of_their_revision():
    with Web() as w:
        got = w.modern(1, "no/method")
        assert got.status == 404 and got.json()["error"]["code"] == -32601
        got = w.modern(1, "tools/list", headers={"MCP-Protocol-Version": "v9"}, meta={next(iter(META)): "v9"})
        assert got.status == 400 and got.json()["error"]["data"] == {"supported": ["2026-07-28"], "requested": "v9"}
        got = w.call(1, "test_missing_capability")
        assert got.status == 400 and got.json()["error"]["code"] == -32021
        got = w.modern(1, "tools/list", meta={"io.modelcontextprotocol/clientCapabilities": 1})
        assert got.status == 400 and got.json()["error"]["code"] == -32602
        got = w.call(1, "nosuchtool")
        assert got.status == 200 and got.json()["error"]["code"] == -32602
        assert w.post(b"{no json").status == 400
        assert w.post(b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}').json()["error"]["code"] in (-32700, -32600)
        assert w.post(b"[]").status == 400
        head = dict(META)
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1, "_meta": head}}
        assert w.post(note, {"MCP-Protocol-Version": "2026-07-28"}).status == 202
        assert w.post({"jsonrpc": "2.0", "id": 1, "result": {}}, {"MCP-Protocol-Version": "2026-07-28"}).status == 400
        legacy = w.session()
        got = w.post(request(1, "no/method"), legacy)
        assert got.status == 200 and got.json()["error"]["code"] == -32601


def listening_is_a_stream_of_its_own():
    with Web() as w:
        want = {"notifications": {"toolsListChanged": True}}
        one, two = w.modern("l", "subscriptions/listen", want), w.modern("l", "subscriptions/listen", want)
        for s in (one, two):
            ack = s.message()
            assert ack["method"] == "notifications/subscriptions/acknowledged", ack
            assert ack["params"]["_meta"][SUBSCRIBED] == "l"
        prompts = w.modern(0, "subscriptions/listen", {"notifications": {"promptsListChanged": True}})
        prompts.message()
        assert w.call(1, "test_trigger_tool_change").json()["id"] == 1
        for s in (one, two):
            m = s.message()
            assert m["method"] == "notifications/tools/list_changed" and m["params"]["_meta"][SUBSCRIBED] == "l"
        two.close()
        assert w.call(2, "test_trigger_tool_change").json()["id"] == 2
        assert one.message()["method"] == "notifications/tools/list_changed"
        assert w.call(3, "test_trigger_prompt_change").json()["id"] == 3
        assert prompts.message()["method"] == "notifications/prompts/list_changed"
        w.p.send_signal(signal.SIGTERM)
        end = one.message()
        assert end["id"] == "l" and end["result"]["_meta"][SUBSCRIBED] == "l" and one.message() is None


def asking_back_takes_two_requests():
    with Web() as w:
        able = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
        got = w.call(1, "test_input_required_result_request_state", meta=able).json()["result"]
        assert got["resultType"] == "input_required", got
        key = next(iter(got["inputRequests"]))
        again = w.modern(2, "tools/call", {"name": "test_input_required_result_request_state", "arguments": {},
                                           "requestState": got["requestState"],
                                           "inputResponses": {key: {"action": "accept", "content": {"ok": True}}}}, meta=able)
        assert again.json()["result"]["resultType"] == "complete"


# --- the end -------------------------------------------------------------------------------------

def it_ends_within_100_ms_with_streams_open_and_calls_in_flight():
    def attempt(how):
        with Web() as w:
            head = w.session()
            get = w.request("GET", "/mcp", dict(head, Accept="text/event-stream"))
            get.event()
            listen = w.modern("l", "subscriptions/listen", {"notifications": {"toolsListChanged": True}})
            listen.message()
            one, stopped = hold(w, "legacy", head)
            two, also = hold(w, "modern", modern=True)
            parked = Answer(w.socket())
            parked.send("POST", "/mcp", dict(JSON, Host="localhost", **head), json.dumps(call(9, "park", {"ms": 60000})).encode())
            idle = w.socket()
            took, code = w.end(how)
            assert code == 0 and os.path.exists(stopped) and os.path.exists(also)
            assert get.event() is None and listen.message()["id"] == "l" and listen.message() is None
            idle.close()
            return took

    for how in (signal.SIGTERM, signal.SIGINT):
        times = []
        while len(times) < 5 and not (times and times[-1] < 100 * PATIENCE):
            times.append(attempt(how))
        assert times[-1] < 100 * PATIENCE, times


def beside_stdio_both_are_served_and_its_end_ends_both():
    with Web(stdio=True) as w:
        w.initialize("2025-06-18")
        head = w.session()
        assert w.ask(1, "tools/call", {"name": "echo", "arguments": {"text": "pipe"}})["id"] == 1
        assert w.post(call(1, "echo", {"text": "http"}), head).json()["id"] == 1
        w.quiet()
        get = w.request("GET", "/mcp", dict(head, Accept="text/event-stream"))
        get.event()
        took, code = w.end()
        assert code == 0 and get.event() is None


def alone_it_does_not_mind_what_stdin_is():
    with open(os.devnull) as null:
        env = dict(os.environ)
        p = subprocess.Popen([FIXTURES, "--http", "127.0.0.1:0"], stdin=null, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        line = p.stderr.readline()
        port = int(re.search(rb":(\d+)/mcp", line)[1])
        a = Answer(socket.create_connection(("127.0.0.1", port)))
        a.send("GET", "/health", {"Host": "localhost"})
        assert a.head().status == 200
        p.send_signal(signal.SIGTERM)
        out, _ = p.communicate(timeout=LIMIT)
        assert out == b"" and p.returncode == 0


run([v for k, v in list(globals().items()) if callable(v) and getattr(v, "__module__", "") == "__main__"
     and k not in ("path", "hold", "SUBSCRIBED")])
