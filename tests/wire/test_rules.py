"""Rules of the wire that no public suite covers: framing, ids, bad input, silence."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *


def bad(line, code, id=None):
    """One bad line is answered with its code and the next line is served."""
    with Server() as s:
        s.raw(line + b"\n")
        got = s.read()
        assert got["id"] == id and got["error"]["code"] == code, got
        assert got["jsonrpc"] == "2.0" and isinstance(got["error"]["message"], str), got
        s.quiet()


def what_is_not_JSON_is_a_parse_error_with_null_id():
    for line in (b"x", b"{", b'{"a":}', b"[1,", b'{"jsonrpc":"2.0","id":1,"method":"ping"} x',
                 b"{'jsonrpc':'2.0'}", b'{"jsonrpc":"2.0","id":01,"method":"ping"}', b"\xef\xbb\xbf{}"):
        bad(line, -32700)


def invalid_UTF_8_NUL_duplicates_depth_and_surrogates_are_parse_errors():
    for line in (b'{"jsonrpc":"2.0","id":1,"method":"p\xffng"}',
                 b'{"jsonrpc":"2.0","id":1,"method":"p\xc0\x80ng"}',
                 b'{"jsonrpc":"2.0","id":1,"method":"p\xed\xa0\x80ng"}',
                 b'{"jsonrpc":"2.0","id":1,"method":"ping\\u0000"}',
                 b'{"jsonrpc":"2.0","id":1,"method":"pi\x00ng"}',
                 b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
                 b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"\\u0061":2}}',
                 b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * 200 + b"]" * 200 + b"}",
                 b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
                 b'{"jsonrpc":"2.0","id":1,"method":"\\udc00x"}'):
        bad(line, -32700)


def what_is_JSON_but_no_message_is_an_invalid_request():
    for line in (b"1", b'"x"', b"null", b"{}", b'{"jsonrpc":"2.0"}', b'{"jsonrpc":"2.0","method":1}',
                 b'{"jsonrpc":"2.0","id":null,"method":"ping"}', b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
                 b'{"jsonrpc":"2.0","id":1e3,"method":"ping"}', b'{"jsonrpc":"2.0","id":true,"method":"ping"}',
                 b'{"jsonrpc":"2.0","id":{},"method":"ping"}', b'{"jsonrpc":"2.0","id":["x"],"method":"ping"}',
                 b"[]", b"[1]"):
        bad(line, -32600)
    bad(b'{"id":7,"method":"ping"}', -32600, 7)
    bad(b'{"jsonrpc":"1.0","id":7,"method":"ping"}', -32600, 7)
    bad(b'{"jsonrpc":"2.0","id":7,"method":7}', -32600, 7)
    bad(b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', -32602, 7)


def ids_come_back_byte_for_byte():
    ids = [b"0", b"-1", b"9007199254740993", b"123456789012345678901234567890", b'""', b'"0"',
           b'"a\\u0062\\/\\\\\\""', '"日本"'.encode(), b'"' + b"x" * 1000 + b'"']
    with Server() as s:
        for id in ids:
            s.raw(b'{"method":"ping","id":' + id + b',"jsonrpc":"2.0"}\n')
            line = s.line()
            assert line == b'{"jsonrpc":"2.0","id":' + id + b',"result":{}}', line
        s.initialize()
        for id in ids:
            s.raw(b'{"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}},"id":' + id +
                  b',"jsonrpc":"2.0"}\n')
            line = s.line()
            assert line.startswith(b'{"jsonrpc":"2.0","id":' + id + b',"result":{'), line


def an_id_that_is_no_name_is_refused():
    with Server() as s:
        s.raw(b'{"jsonrpc":"2.0","id":"' + b"x" * 2000 + b'","method":"ping"}\n')
        got = s.read()
        assert got["id"] is None and got["error"]["code"] == -32600, got


def keys_come_in_any_order_and_slashes_may_be_escaped():
    with Server() as s:
        s.raw(b'{"params":{"clientInfo":{"version":"1","name":"n"},"capabilities":{},'
              b'"protocolVersion":"2025-06-18"},"id":0,"method":"initialize","jsonrpc":"2.0"}\n')
        assert s.read()["result"]["protocolVersion"] == "2025-06-18"
        s.raw(b'{"method":"notifications\\/initialized","jsonrpc":"2.0"}\n')
        s.raw(b'{"id":1,"jsonrpc":"2.0","method":"tools\\/list"}\n')
        assert len(s.read()["result"]["tools"]) > 0
        s.raw(b'{"id":2,"jsonrpc":"2.0","method":"server\\/discover","params":{"_meta":{'
              b'"io.modelcontextprotocol\\/protocolVersion":"2026-07-28",'
              b'"io.modelcontextprotocol\\/clientCapabilities":{}}}}\n')
        assert s.read()["result"]["supportedVersions"] == ["2026-07-28"]


def a_line_may_come_in_pieces_end_in_CRLF_and_stand_among_blank_ones():
    with Server() as s:
        whole = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
        for i in range(len(whole)):
            s.raw(whole[i:i + 1])
        s.raw(b"\n")
        assert s.read()["id"] == 1
        s.raw(b"\n\r\n  \t \n" + whole + b"\r\n\n" + whole + b" \r\n")
        assert s.read() == s.read() == {"jsonrpc": "2.0", "id": 1, "result": {}}
        s.quiet()


def many_messages_in_one_write_are_all_served():
    with Server() as s:
        s.send(*[{"jsonrpc": "2.0", "id": i, "method": "ping"} for i in range(1000)])
        assert [s.read()["id"] for _ in range(1000)] == list(range(1000))


def a_line_over_the_limit_is_skipped_and_answered_and_the_next_is_served():
    with Server() as s:
        s.raw(b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"' + b"y" * (16 << 20) + b'"}}\n')
        got = s.read()
        assert got["id"] is None and got["error"]["code"] == -32600 and "16 MiB" in got["error"]["message"], got
        s.quiet()


def a_line_just_under_the_limit_is_served():
    head, tail = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"', b'"}}'
    with Server() as s:
        s.raw(head + b"y" * ((16 << 20) - len(head) - len(tail)) + tail + b"\n")
        assert s.read() == {"jsonrpc": "2.0", "id": 1, "result": {}}
        s.quiet()
        rss = int(next(l for l in open("/proc/%d/status" % s.p.pid) if l.startswith("VmRSS")).split()[1])
        assert CHECKED or rss < 16 << 10, "a long line's memory was kept: %d KiB" % rss


def notifications_are_never_answered_whatever_is_in_them():
    with Server() as s:
        for method in ("notifications/initialized", "notifications/cancelled", "notifications/nonsense", "tools/call",
                       "tools/list", "initialize", "ping"):
            s.send({"jsonrpc": "2.0", "method": method})
            s.send({"jsonrpc": "2.0", "method": method, "params": {"requestId": 99, "x": [1]}})
            s.send({"jsonrpc": "2.0", "method": method, "params": [1]})
        s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {"a": 1}}})
        s.quiet()


def answers_to_nothing_are_ignored():
    with Server() as s:
        s.send({"jsonrpc": "2.0", "id": 5, "result": {}}, {"jsonrpc": "2.0", "id": "x", "error": {"code": 1, "message": ""}})
        s.quiet()


def the_last_line_counts_without_its_newline_when_it_is_whole():
    with Server() as s:
        s.raw(b'{"jsonrpc":"2.0","id":1,"method":"ping"}')
        s.p.stdin.close()
        assert s.rest() == [{"jsonrpc": "2.0", "id": 1, "result": {}}]
        assert s.p.wait(20) == 0


def half_a_line_at_the_end_is_passed_over():
    with Server() as s:
        s.raw(b'{"jsonrpc":"2.0","id":1,"method":"pi')
        s.p.stdin.close()
        assert s.rest() == []
        assert s.p.wait(20) == 0


def what_a_library_prints_stays_off_the_wire():
    with Server(stderr=-1) as s:
        s.initialize()
        got = s.ask(1, "tools/call", {"name": "noise", "arguments": {}})
        assert got["result"]["structuredContent"] == {"noisy": 1}, got
        s.quiet()
        s.end()
        err = s.p.stderr.read()
        s.p.stderr.close()
        assert b"a library says hello" in err and b"and again" in err, err


def an_id_still_in_flight_is_refused_a_second_time():
    with Server() as s:
        s.initialize()
        s.send(call(1, "park", {"ms": 60000}), call(1, "echo", {"text": "x"}))
        got = s.read()
        assert got["id"] == 1 and got["error"]["code"] == -32600, got
        s.send(cancel(1), call(1, "echo", {"text": "again"}))
        assert s.read()["result"]["structuredContent"] == {"text": "again"}


def one_id_may_be_used_again_as_soon_as_it_was_answered():
    with Server() as s:
        s.initialize()
        for _ in range(2000):
            s.send(call(1, "echo", {"text": "x"}))
            assert "result" in s.read()


run([what_is_not_JSON_is_a_parse_error_with_null_id,
     invalid_UTF_8_NUL_duplicates_depth_and_surrogates_are_parse_errors,
     what_is_JSON_but_no_message_is_an_invalid_request,
     ids_come_back_byte_for_byte,
     an_id_that_is_no_name_is_refused,
     keys_come_in_any_order_and_slashes_may_be_escaped,
     a_line_may_come_in_pieces_end_in_CRLF_and_stand_among_blank_ones,
     many_messages_in_one_write_are_all_served,
     a_line_over_the_limit_is_skipped_and_answered_and_the_next_is_served,
     a_line_just_under_the_limit_is_served,
     notifications_are_never_answered_whatever_is_in_them,
     answers_to_nothing_are_ignored,
     the_last_line_counts_without_its_newline_when_it_is_whole,
     half_a_line_at_the_end_is_passed_over,
     what_a_library_prints_stays_off_the_wire,
     an_id_still_in_flight_is_refused_a_second_time,
     one_id_may_be_used_again_as_soon_as_it_was_answered])
