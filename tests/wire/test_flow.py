"""Cancelling, waiting, progress, floods, clients that do not read, and the end."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *
import fcntl
import select
import struct
import subprocess
import tempfile
import termios
import threading

TMP = tempfile.mkdtemp()


def path(name):
    p = os.path.join(TMP, name)
    if os.path.exists(p):
        os.unlink(p)
    return p


def woken(s, *ids):
    """The answers to calls that wait for a wake-up: one that comes before they look does not count for them."""
    got, n = {}, 0
    while not set(ids) <= set(got):
        s.send(call("wake %d" % n, "wake"))
        while "wake %d" % n not in got:
            one = s.read()
            got[one["id"]] = one
        n += 1
    return {id: got[id] for id in ids}, set(got) - set(ids) - {"wake %d" % i for i in range(n)}


def hold(s, id, name="hold"):
    """Start a call that works until stopped; returns the file that appears when it has."""
    started, stopped = path("started%s" % id), path("stopped%s" % id)
    s.send(call(id, name, {"started": started, "stopped": stopped}))
    assert wait_for_file(started), "the call did not start"
    return stopped


def a_cancelled_call_stops_within_50_ms_and_is_never_answered():
    def attempt():
        with Server() as s:
            s.initialize()
            stopped = hold(s, 1)
            start = time.monotonic()
            s.send(cancel(1))
            assert wait_for_file(stopped)
            took = (time.monotonic() - start) * 1e3
            s.quiet()
            assert s.end()[1] == 0
            return took

    soon(50, attempt)


def a_cancelled_call_that_still_waits_for_a_worker_never_runs():
    with Server() as s:
        s.initialize()
        for i in range(40):
            s.send(call(i, "hold"))
        started = path("never")
        s.send(call("late", "hold", {"started": started}), cancel("late"))
        for i in range(40):
            s.send(cancel(i))
        assert s.ask("e", "tools/call", {"name": "echo", "arguments": {"text": "x"}})["id"] == "e"
        s.quiet()
        assert not os.path.exists(started)


def a_parked_call_can_be_cancelled():
    with Server() as s:
        s.initialize()
        s.send(call(1, "park", {"ms": 60000}), cancel(1))
        s.quiet()
        s.send(call(1, "park", {"ms": 60000}))
        s.quiet()
        s.send(cancel(1))
        s.send(call(2, "wake"))
        assert s.read()["id"] == 2
        s.quiet()


def cancels_of_what_is_unknown_late_or_malformed_are_ignored():
    with Server() as s:
        s.initialize()
        assert "result" in s.ask(1, "tools/call", {"name": "echo", "arguments": {"text": "x"}})
        s.send(cancel(1), cancel("1"), cancel(None), cancel([1]), cancel("init"))
        s.send({"jsonrpc": "2.0", "method": "notifications/cancelled"})
        s.send(call("1", "park", {"ms": 60000}), cancel(1))
        assert woken(s, "1")[1] == set()


def a_cancel_names_its_call_digit_for_digit():
    with Server() as s:
        s.initialize()
        s.send(call(9007199254740993, "park", {"ms": 60000}), cancel(9007199254740992))
        assert woken(s, 9007199254740993)[1] == set()


def ping_is_answered_while_all_workers_are_busy():
    with Server() as s:
        s.initialize()
        for i in range(100):
            s.send(call(i, "hold"))
        for _ in range(10):
            s.quiet()


def light_calls_get_through_while_spawning_ones_hold_their_half():
    with Server() as s:
        s.initialize()
        for i in range(100):
            s.send(call(i, "spawning"))
        for i in range(20):
            assert s.ask("e%d" % i, "tools/call", {"name": "echo", "arguments": {"text": "x"}})["id"] == "e%d" % i


def thousands_of_waiting_calls_hold_no_thread_and_all_are_answered():
    with Server() as s:
        s.initialize()
        t = threading.Thread(target=s.send, args=[call(i, "park", {"ms": 60000}) for i in range(4096)])
        t.start()
        t.join()
        s.quiet()
        threads = len(os.listdir("/proc/%d/task" % s.p.pid))
        assert threads <= 17, threads
        got = s.ask("more", "tools/call", {"name": "echo", "arguments": {"text": "x"}})
        assert "busy" in got["error"]["message"] and got["error"]["code"] == -31000, got
        s.send(cancel(0))
        assert woken(s, *range(1, 4096))[1] == set()
        s.quiet()


def a_waiting_call_runs_again_when_its_time_has_come():
    with Server() as s:
        s.initialize()
        start = time.monotonic()
        s.send(call(1, "park", {"ms": 80}), call(2, "park", {"ms": 30}), call(3, "park", {"ms": 0}))
        got = [s.read() for _ in range(3)]
        assert [g["id"] for g in got] == [3, 2, 1], got
        assert all(g["result"]["structuredContent"] == {"early": 0} for g in got), got
        assert 0.078 <= time.monotonic() - start


def a_wake_up_is_never_lost():
    with Server() as s:
        s.initialize()
        for i in range(300):
            s.send(call(i, "park", {"ms": 60000}))
            woken(s, i)


def progress_rises_and_is_thinned_out_and_comes_only_when_asked_for():
    for token in (0, "tok\"en", 9007199254740993):
        with Server() as s:
            s.initialize()
            s.send(call(1, "steps", {"steps": 100000}, token=token))
            seen = []
            while "method" in (got := s.read()):
                assert got["method"] == "notifications/progress" and got["params"]["progressToken"] == token, got
                assert got["params"]["total"] == 100000 and got["params"]["message"], got
                seen.append(got["params"]["progress"])
            assert got["id"] == 1 and seen == sorted(set(seen)) and 1 <= len(seen) < 100, seen
            assert "method" not in s.ask(2, "tools/call", {"name": "steps", "arguments": {"steps": 100}})
            s.quiet()


def progress_of_2024_11_05_has_no_words():
    with Server() as s:
        s.initialize("2024-11-05")
        s.send(call(1, "steps", {"steps": 5}, token="t"))
        assert set(s.read()["params"]) == {"progressToken", "progress", "total"}


def resident(s):
    return int(next(l for l in open("/proc/%d/status" % s.p.pid) if l.startswith("VmRSS")).split()[1])


def a_client_that_does_not_read_costs_bounded_memory_and_gets_everything_later():
    with Server() as s:
        s.initialize()
        n, sent = 3000, [0]

        def flood():
            for i in range(n):
                s.send(call(i, "big", {"bytes": 40000}))
                sent[0] = i + 1

        t = threading.Thread(target=flood)
        t.start()
        t.join(1)
        assert CHECKED or resident(s) < 100 << 10, "%d KiB" % resident(s)
        assert s.p.poll() is None
        got = {s.read()["id"] for _ in range(n)}
        t.join()
        assert got == set(range(n))
        s.quiet()


def a_client_that_does_not_read_can_still_end_the_server():
    def attempt(how):
        with Server() as s:
            s.initialize()
            fcntl.fcntl(s.p.stdout, fcntl.F_SETPIPE_SZ, 4096)
            s.send(*[call(i, "big", {"bytes": 1000000}) for i in range(16)])
            while struct.unpack("i", fcntl.ioctl(s.p.stdout, termios.FIONREAD, b"    "))[0] < 4096:
                assert s.p.poll() is None
            took, code = s.end(how)
            assert code == 0, code
            return took

    for how in ("eof", signal.SIGTERM):
        soon(100, lambda: attempt(how))


def a_flood_gets_busy_errors_and_no_crash():
    with Server() as s:
        s.initialize()
        n = 6000
        t = threading.Thread(target=s.send, args=[call(i, "park", {"ms": 3600000}) for i in range(n)])
        t.start()
        busy = [s.read() for _ in range(n - 4096)]
        t.join()
        assert all(b["error"]["code"] == -31000 for b in busy)
        s.quiet()
        assert s.end()[1] == 0


def a_broken_pipe_ends_the_server():
    with Server() as s:
        s.initialize()
        s.p.stdout.close()
        s.send({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert s.p.wait(20) == 0


def every_way_to_end_it_takes_less_than_100_ms_with_calls_in_flight():
    def attempt(how):
        with Server() as s:
            s.initialize()
            stopped = hold(s, 1)
            s.send(call(2, "park", {"ms": 60000}), call(3, "spawning"))
            s.quiet()
            took, code = s.end(how)
            assert os.path.exists(stopped), "the call was not stopped"
            rest = s.rest()  # who closed its end of the input may still want to know
            assert {m["id"]: m["error"]["code"] for m in rest} == ({1: -32603, 2: -32603, 3: -32603} if how == "eof" else {}), rest
            assert code == 0, code
            return took

    for how in ("eof", signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        soon(100, lambda: attempt(how))


def an_idle_server_ends_at_once():
    def attempt(how):
        with Server([GADUGI]) as s:
            s.initialize()
            took, code = s.end(how)
            assert code == 0, code
            return took

    for how in ("eof", signal.SIGTERM):
        soon(50, lambda: attempt(how))


def SIGTERM_soon_after_the_start_ends_it_cleanly():
    def attempt(wait):
        with Server([GADUGI]) as s:
            time.sleep(wait)
            took, code = s.end(signal.SIGTERM)
            assert code in (0, -signal.SIGTERM), (wait, code)
            return took

    for wait in (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01):
        soon(100, lambda: attempt(wait))


def SIGINT_then_SIGTERM_with_open_input_ends_it():
    with Server() as s:
        s.initialize()
        hold(s, 1)
        s.p.send_signal(signal.SIGINT)
        s.p.send_signal(signal.SIGTERM)
        assert s.p.wait(LIMIT) == 0


def a_vanished_parent_ends_the_server_even_if_input_stays_open():
    r, w = os.pipe()
    out_r, out_w = os.pipe()
    middle = os.fork()
    if middle == 0:
        pid = os.fork()
        if pid == 0:
            os.dup2(r, 0)
            os.dup2(out_w, 1)
            os.execv(FIXTURES, [FIXTURES])
        os.write(w, b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        os.read(out_r, 100)
        os.write(out_w, b"%d\n" % pid)
        os._exit(0)
    os.close(out_w)
    os.waitpid(middle, 0)
    data = got = b"?"
    while got:
        assert select.select([out_r], [], [], LIMIT)[0], "it does not end"
        got = os.read(out_r, 100)
        data += got
    os.close(out_r)
    os.close(r)
    os.close(w)
    assert data[1:].strip().isdigit(), data


def what_was_asked_right_before_the_end_of_input_is_still_answered():
    with Server() as s:
        s.send(request("init", "initialize", {"protocolVersion": "2025-11-25"}))
        s.send(*[call(i, "echo", {"text": "x"}) for i in range(50)])
        s.p.stdin.close()
        assert {m["id"] for m in s.rest()} == set(range(50)) | {"init"}


def every_call_piped_in_has_one_answer_and_what_was_acknowledged_is_kept():
    root = tempfile.mkdtemp()
    lines = [request("init", "initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})]
    lines += [call(i, "remember", {"text": "thing number %d" % i}) for i in range(60)]
    lines += [call("w", "runs", {"action": "list"}), request("p", "ping")]
    text = b"".join(json.dumps(m).encode() + b"\n" for m in lines)
    for _ in range(2):  # on nothing, and on what is there
        got = subprocess.run([GADUGI, "serve", "--root", root], input=text, stdout=subprocess.PIPE, timeout=LIMIT)
        answers = [json.loads(line) for line in got.stdout.splitlines()]
        assert got.returncode == 0 and sorted(str(m["id"]) for m in answers) == sorted(str(m["id"]) for m in lines), answers
    done = [m["id"] for m in answers if isinstance(m["id"], int) and "result" in m and not m["result"].get("isError")]
    with Server([GADUGI, "serve", "--root", root]) as s:
        s.initialize()
        for i in done:
            found = s.ask(i, "tools/call", {"name": "recall", "arguments": {"query": "thing number %d" % i, "limit": 3}})
            assert "thing number %d" % i in json.dumps(found), (i, found)
    assert len(done) > 0


run([every_call_piped_in_has_one_answer_and_what_was_acknowledged_is_kept,
     a_cancelled_call_stops_within_50_ms_and_is_never_answered,
     a_cancelled_call_that_still_waits_for_a_worker_never_runs,
     a_parked_call_can_be_cancelled,
     cancels_of_what_is_unknown_late_or_malformed_are_ignored,
     a_cancel_names_its_call_digit_for_digit,
     ping_is_answered_while_all_workers_are_busy,
     light_calls_get_through_while_spawning_ones_hold_their_half,
     thousands_of_waiting_calls_hold_no_thread_and_all_are_answered,
     a_waiting_call_runs_again_when_its_time_has_come,
     a_wake_up_is_never_lost,
     progress_rises_and_is_thinned_out_and_comes_only_when_asked_for,
     progress_of_2024_11_05_has_no_words,
     a_client_that_does_not_read_costs_bounded_memory_and_gets_everything_later,
     a_client_that_does_not_read_can_still_end_the_server,
     a_flood_gets_busy_errors_and_no_crash,
     a_broken_pipe_ends_the_server,
     every_way_to_end_it_takes_less_than_100_ms_with_calls_in_flight,
     an_idle_server_ends_at_once,
     SIGTERM_soon_after_the_start_ends_it_cleanly,
     SIGINT_then_SIGTERM_with_open_input_ends_it,
     a_vanished_parent_ends_the_server_even_if_input_stays_open,
     what_was_asked_right_before_the_end_of_input_is_still_answered])
