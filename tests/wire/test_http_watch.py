"""/health and /metrics: what those who watch over a server are told."""
import sys
sys.path.insert(0, "tests/lib")
from web import *
import shutil
import tempfile

SAMPLE = re.compile(r'^([a-z_]+)(\{[a-z]+="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? (-?[0-9.e+-]+)$')


def metrics(w):
    """All samples by name and labels, after every line has been checked against the format."""
    got = w.request("GET", "/metrics")
    text = got.body().decode()
    assert got.status == 200 and got.headers["content-type"].startswith("text/plain; version=0.0.4"), (got.status, text)
    assert text.endswith("\n") and "\n\n" not in text
    samples, types, name = {}, {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in types, "two HELP lines for " + name
        elif line.startswith("# TYPE "):
            assert line.split()[2] == name
            types[name] = line.split()[3]
        else:
            found = SAMPLE.match(line)
            assert found, line
            assert found[1] == name or (types[name] == "histogram" and found[1].startswith(name)), line
            assert types[name] != "counter" or name.endswith("_total"), line
            key = found[1] + (found[2] or "")
            assert key not in samples, "twice: " + key
            samples[key] = float(found[3])
    for key, value in samples.items():
        if "_bucket{" in key and 'le="+Inf"' in key:
            labels = key[key.index("{"):].replace(',le="+Inf"', "")
            base = key[:key.index("_bucket")]
            steps = [v for k, v in samples.items() if k.startswith(base + "_bucket" + labels[:-1] + ",le=")]
            assert steps == sorted(steps) and steps[-1] == samples[base + "_count" + labels], key
            assert base + "_sum" + labels in samples
    return samples


def project():
    root = tempfile.mkdtemp()
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@x", "-c", "init.defaultBranch=main", "init", "-q", root], check=True)
    return root


def program(root):
    return Web([GADUGI, "serve", "--root", root])


def calls_are_counted_by_tool_and_outcome():
    with Web() as w:
        before = metrics(w)
        assert before['gadugi_calls_total{tool="echo",outcome="ok"}'] == 0
        for i in range(3):
            w.call(i, "echo", {"text": "x"}).json()
        w.call(1, "fail", {"status": "E_IO", "words": "w"}).json()
        w.call(1, "echo", {}).json()  # an argument lacks: isError
        w.post(call(1, "echo", {"text": "x"}), w.session()).json()
        held = Answer(w.socket())
        held.send("POST", "/mcp", dict(JSON, Host="localhost", **{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call",
                  "Mcp-Name": "park"}), json.dumps(call(5, "park", {"ms": 600000}, modern=True)).encode())
        while metrics(w)["gadugi_calls_in_flight"] != 1:
            pass
        held.close()
        while metrics(w)["gadugi_calls_in_flight"] != 0:
            pass
        now = metrics(w)
        assert now['gadugi_calls_total{tool="echo",outcome="ok"}'] == 4
        assert now['gadugi_calls_total{tool="echo",outcome="failed"}'] == 1
        assert now['gadugi_calls_total{tool="fail",outcome="failed"}'] == 1
        assert now['gadugi_calls_total{tool="park",outcome="cancelled"}'] == 1
        assert now['gadugi_calls_seconds_count{tool="echo"}'] == 5
        assert 0 < now['gadugi_calls_seconds_sum{tool="echo"}'] < 60
        assert now["gadugi_queue_depth"] == 0 and now["gadugi_queue_size"] >= 4096 and now["gadugi_pool_threads"] >= 1


def a_server_whose_workers_are_all_busy_is_not_well():
    with Web() as w:
        got = w.request("GET", "/health")
        assert got.status == 200 and got.json()["state"] == "ok"
        folder, held = tempfile.mkdtemp(), []
        head = w.session()
        for i in range(16):
            a = Answer(w.socket())
            a.send("POST", "/mcp", dict(JSON, Host="localhost", **head), json.dumps(call(i, "hold")).encode())
            held.append(a)
        got = w.request("GET", "/health")
        assert got.status == 503 and got.headers["content-type"] == "application/json"
        assert got.json()["pool"]["state"] == "bad"
        assert w.request("DELETE", "/mcp", head).status == 204
        end = time.monotonic() + LIMIT
        while w.request("GET", "/health").status != 200:
            assert time.monotonic() < end
        shutil.rmtree(folder)


def health_names_database_queue_pool_and_bus():
    root = project()
    with program(root) as w:
        got = w.request("GET", "/health")
        h = got.json()
        assert got.status == 200 and h["state"] == "ok", h
        assert [h[k]["state"] for k in ("database", "queue", "pool", "bus")] == ["ok"] * 4, h
        assert not os.path.exists(root + "/.gadugi"), "looking has made something"
        stored = w.call(1, "remember", {"text": "the pipeline runs on port 9000"}).json()
        assert not stored["result"].get("isError"), stored
        assert w.request("GET", "/health").json()["database"]["freeBytes"] > 0
        head = w.request("HEAD", "/health")
        assert head.status == 200


def a_damaged_database_is_not_well():
    root = project()
    with program(root) as w:
        w.call(1, "remember", {"text": "something to keep"}).json()
    with open(root + "/.gadugi/gadugi.db", "r+b") as f:
        f.write(b"no database at all" * 300)
    for end in ("-wal", "-shm"):
        if os.path.exists(root + "/.gadugi/gadugi.db" + end):
            os.unlink(root + "/.gadugi/gadugi.db" + end)
    with program(root) as w:
        got = w.request("GET", "/health")
        h = got.json()
        assert got.status == 503 and h["state"] == "bad" and h["database"]["state"] == "bad" and h["database"]["words"], h
        got = w.request("GET", "/metrics")
        assert got.status == 503 and got.body().startswith(b"# ")


def metrics_tell_of_memories_runs_and_events():
    root = project()
    with program(root) as w:
        empty = metrics(w)
        assert empty['gadugi_memories{state="current"}'] == 0 and empty["gadugi_events_total"] == 0
        w.call(1, "remember", {"memories": [{"text": "one thing", "entity": "a"}, {"text": "quite another matter", "entity": "b"}]}).json()
        got = w.call(2, "events", {"action": "subscribe", "topic": "own.#", "subscriber": "mine"}).json()["result"]
        assert not got.get("isError"), got
        got = w.call(3, "events", {"action": "publish", "topic": "own.word", "payload": {"a": 1}}).json()["result"]
        assert not got.get("isError"), got
        now = metrics(w)
        label = '{subscriber="mine"}'
        assert now['gadugi_memories{state="current"}'] == 2 and now["gadugi_memory_entities"] == 2
        assert now["gadugi_events_total"] >= 3 and now["gadugi_events_kept"] >= 3
        assert now["gadugi_subscriber_depth" + label] == 1, now
        for key in ("delivered_total", "retried_total", "dead_total", "dead_letters"):
            assert now["gadugi_subscriber_%s%s" % (key, label)] == 0
        assert now['gadugi_runs{state="succeeded"}'] == 0
        assert now['gadugi_calls_total{tool="remember",outcome="ok"}'] == 1


run([v for k, v in list(globals().items()) if callable(v) and getattr(v, "__module__", "") == "__main__"
     and k not in ("metrics", "project", "program")])
