"""Random calls, cancels, wake-ups and progress on one connection, then a random end; again until the time is up."""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *
import random
import threading

SECONDS = float(os.environ.get("STRESS_S", "20"))


def one_round(seed):
    rnd = random.Random(seed)
    with Server() as s:
        s.initialize()
        answered, cancelled, lock = set(), set(), threading.Lock()
        done = threading.Event()

        broken = []

        def read():
            try:
                lines()
            except BaseException as e:
                broken.append(e)
                done.set()

        def lines():
            while (line := s.line(120)) is not None:
                m = json.loads(line)
                if "id" in m:
                    with lock:
                        assert m["id"] not in answered, "answered twice: %r" % m["id"]
                        answered.add(m["id"])
                    if m["id"] == "last":
                        done.set()

        reader = threading.Thread(target=read)
        reader.start()
        sent, n = [], rnd.randrange(200, 2000)
        for i in range(n):
            kind = rnd.randrange(8)
            if kind == 0 and sent:
                late = rnd.choice(sent)
                s.send(cancel(late))
                cancelled.add(late)
            elif kind == 1:
                s.send(call(i, "hold"), cancel(i))
                cancelled.add(i)
            elif kind == 2:
                s.send(call(i, "park", {"ms": rnd.randrange(30)}))
                sent.append(i)
            elif kind == 3:
                s.send(call(i, "steps", {"steps": 50}, token=i))
                sent.append(i)
            elif kind == 4:
                s.send(call(i, "wake"))
                sent.append(i)
            elif kind == 5:
                s.send(call(i, "big", {"bytes": rnd.randrange(200000)}))
                sent.append(i)
            elif kind == 6:
                s.send(b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":7}}\n' % i)
                sent.append(i)
            else:
                s.send(call(i, "echo", {"text": "x" * rnd.randrange(100)}))
                sent.append(i)
        if rnd.randrange(3):
            s.send(call("w", "wake"))
            time.sleep(0.05)  # the longest park; what is late is answered before "last" or not at all
            s.send({"jsonrpc": "2.0", "id": "last", "method": "ping"})
            assert done.wait(120) and not broken, broken
            end = time.monotonic() + 120
            while time.monotonic() < end:
                with lock:
                    left = set(sent) - cancelled - answered
                if not left:
                    break
            assert not left, "never answered: %s" % sorted(left)[:5]
            open_fds = len(os.listdir("/proc/%d/fd" % s.p.pid))
            assert open_fds < 20, "%d descriptors are open" % open_fds
        took, code = s.end(rnd.choice(["eof", signal.SIGTERM, signal.SIGINT]))
        assert code == 0, "exit status %d" % code
        assert took < 250 * PATIENCE, "took %g ms to end" % took
        reader.join()
        if broken:
            raise broken[0]


end, rounds = time.monotonic() + SECONDS, 0
while time.monotonic() < end:
    seed = int(os.environ.get("STRESS_SEED", "0")) + rounds
    try:
        one_round(seed)
    except BaseException:
        print("not ok stress with STRESS_SEED=%d" % seed, flush=True)
        raise
    rounds += 1
print("ok stress, %d rounds" % rounds)
