"""Over HTTP: who may ask, and what rude, slow and broken clients cost."""
import sys
sys.path.insert(0, "tests/lib")
from web import *
import resource
import tempfile

TOKEN = "0123456789abcdef0123456789abcdef"


def alive(w, headers=None):
    got = w.call("alive", "echo", {"text": "x"}, headers=headers)
    assert got.status == 200 and got.json()["id"] == "alive"


def raw(w, data):
    """Send bytes and read what comes back, until nothing more does."""
    a = Answer(w.socket())
    try:
        a.sock.sendall(data)
        while select.select([a.sock], [], [], 0.2 * PATIENCE)[0] and a.more():
            pass
    except OSError:
        pass  # it has closed the connection already
    a.close()
    return a.buf


def refuses_to_start(address, env=None):
    p = subprocess.run([GADUGI, "serve", "--http", address], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                       env=dict(os.environ, **(env or {})))
    assert p.returncode == 1 and p.stdout == b"", p
    return p.stderr.decode()


# --- who may ask ---------------------------------------------------------------------------------

def names_that_were_rebound_are_refused():
    with Web() as w:
        for host, origin, good in (
                ("localhost", None, 1), ("127.0.0.1:1", None, 1), ("[::1]:80", None, 1), ("LOCALHOST:8080", None, 1),
                ("127.0.0.2", None, 1), ("localhost", "http://localhost:3000", 1), ("localhost", "https://127.0.0.1", 1),
                ("evil.example.com", None, 0), ("evil.example.com:8080", None, 0), ("localhost.evil.com", None, 0),
                ("127.0.0.1.evil.com", None, 0), ("localhost:99999x", None, 0), ("[::1", None, 0), ("", None, 0),
                ("10.0.0.1", None, 0), ("2130706433", None, 0), ("0x7f.1", None, 0), ("localhost@evil.com", None, 0),
                ("localhost", "http://evil.example.com", 0), ("localhost", "null", 0), ("localhost", "", 0),
                ("localhost", "http://localhost.evil.com", 0), ("localhost", "file://", 0),
                ("localhost", "http://localhost@evil.com", 0), ("localhost", "localhost", 0)):
            head = {"Host": host}
            if origin is not None:
                head["Origin"] = origin
            for path in ("/health", "/mcp"):
                got = w.request("GET", path, head)
                assert (got.status != 403) == bool(good) or (host == "" and got.status == 400), (host, origin, got.status)
        assert raw(w, b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n").split()[1] in (b"400", b"403")
        alive(w)
    env = dict(os.environ, GADUGI_HTTP_HOSTS="one.example.com, Two.example.com")
    with Web(env=env) as w:
        assert w.request("GET", "/health", {"Host": "two.example.com:443", "Origin": "https://one.example.com"}).status == 200
        assert w.request("GET", "/health", {"Host": "three.example.com"}).status == 403
        assert w.request("GET", "/health", {"Host": "example.com"}).status == 403


def a_token_is_wanted_when_there_is_one():
    with Web(env=dict(os.environ, GADUGI_HTTP_TOKEN=TOKEN)) as w:
        good = {"Authorization": "Bearer " + TOKEN}
        for head in ({}, {"Authorization": TOKEN}, {"Authorization": "Basic " + TOKEN}, {"Authorization": "Bearer"},
                     {"Authorization": "Bearer "}, {"Authorization": "Bearer " + TOKEN[:-1]},
                     {"Authorization": "Bearer " + TOKEN + "0"}, {"Authorization": "Bearer " + TOKEN + TOKEN},
                     {"Authorization": "Bearer " + TOKEN.upper()}):
            for path in ("/health", "/metrics", "/mcp", "/"):
                got = w.request("GET", path, head)
                assert got.status == 401 and got.headers["www-authenticate"].startswith("Bearer"), (head, path)
        assert w.request("GET", "/health", good).status == 200
        assert w.request("GET", "/health", {"Authorization": "bearer  " + TOKEN + " "}).status == 200
        alive(w, good)
        with open("/proc/%d/environ" % w.p.pid, "rb") as f:
            assert b"GADUGI_HTTP_TOKEN" in f.read()  # what the test gave; the next one shows children get none


def no_address_but_loopback_without_a_token():
    assert "GADUGI_HTTP_TOKEN" in refuses_to_start("0.0.0.0:0")
    assert "GADUGI_HTTP_TOKEN" in refuses_to_start("[::]:0")
    assert "guessed" in refuses_to_start("0.0.0.0:0", {"GADUGI_HTTP_TOKEN": "short"})
    assert "guessed" in refuses_to_start("127.0.0.1:0", {"GADUGI_HTTP_TOKEN": ""})
    for bad in ("8080", ":8080", "example.com:80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
                "::1:8080", "[127.0.0.1]:80", "[::1:80", "", "1.2.3.4.5:1", "x" * 300 + ":1"):
        assert "HOST:PORT" in refuses_to_start(bad), bad
    with Web(address="0.0.0.0:0", env=dict(os.environ, GADUGI_HTTP_TOKEN=TOKEN)) as w:
        w.host = "127.0.0.1"
        assert w.request("GET", "/health", {"Host": "any.name"}).status == 401
        good = {"Host": "any.name", "Authorization": "Bearer " + TOKEN}
        assert w.request("GET", "/health", good).status == 200
        assert w.request("GET", "/health", dict(good, Origin="http://any.name")).status == 403
        assert "cannot listen" in refuses_to_start("127.0.0.1:%d" % w.port)
    with Web(address="[::1]:0") as w:
        assert w.request("GET", "/health", {"Host": "[::1]:%d" % w.port}).status == 200


def without_the_library_it_says_so_and_stdio_goes_on():
    folder = tempfile.mkdtemp()
    open(os.path.join(folder, "libmicrohttpd.so.12"), "w").close()
    env = {"LD_LIBRARY_PATH": folder}
    assert "libmicrohttpd" in refuses_to_start("127.0.0.1:0", env)
    with Server(env=dict(os.environ, **env)) as s:
        s.initialize()
        s.quiet()
        with open("/proc/%d/maps" % s.p.pid) as f:
            assert "microhttpd" not in f.read()


# --- what is no request --------------------------------------------------------------------------

def each_mistake_has_its_status():
    body = json.dumps(request(1, "ping")).encode()
    with Web() as w:
        for method, path, head, status in (
                ("POST", "/mcp", {"Accept": "application/json"}, 406),
                ("POST", "/mcp", {"Accept": "text/event-stream"}, 406),
                ("POST", "/mcp", {"Accept": "application/json, text/event-stream;q=0"}, 406),
                ("POST", "/mcp", {"Accept": "text/html"}, 406),
                ("POST", "/mcp", {"Accept": "*/*"}, 200),
                ("POST", "/mcp", {"Accept": "Application/*, TEXT/*;q=0.1"}, 200),
                ("POST", "/mcp", {"Content-Type": "text/plain"}, 415),
                ("POST", "/mcp", {"Content-Type": "application/jsonx"}, 415),
                ("POST", "/mcp", {"Content-Type": ""}, 415),
                ("POST", "/mcp", {"Content-Type": "application/json; charset=latin1"}, 415),
                ("POST", "/mcp", {"Content-Type": 'APPLICATION/JSON ; Charset="UTF-8"'}, 200),
                ("POST", "/mcp/", {}, 404), ("POST", "/", {}, 404), ("POST", "/MCP", {}, 404), ("GET", "/../mcp", {}, 404),
                ("PUT", "/mcp", {}, 405), ("PATCH", "/mcp", {}, 405), ("OPTIONS", "/mcp", {}, 405), ("HEAD", "/mcp", {}, 405),
                ("POST", "/health", {}, 405), ("DELETE", "/metrics", {}, 405), ("HEAD", "/health", {}, 200),
                ("GET", "/mcp", {"Accept": "application/json"}, 406), ("TRACE", "/mcp", {}, 405)):
            given = dict(JSON, **head)
            got = w.request(method, path, given, body if method == "POST" else b"")
            assert got.status == status, (method, path, head, got.status)
            if status == 405:
                assert got.headers["allow"], got.headers
        # nobody has to say what they accept
        got = w.request("POST", "/mcp", {"Content-Type": "application/json"}, body)
        assert got.status == 200
        alive(w)


def bodies_have_a_limit():
    with Web() as w:
        assert w.request("POST", "/mcp", dict(JSON, **{"Content-Length": "16777217"})).status == 413
        assert w.request("POST", "/mcp", dict(JSON, **{"Content-Length": "99999999999999999999"})).status in (413, 400)
        head = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        a = Answer(w.socket())
        a.sock.sendall(head + chunk * 17 + b"0\r\n\r\n")
        assert a.head().status == 413
        b = Answer(w.socket())
        try:  # one that never ends is cut off
            for _ in range(200):
                b.sock.sendall(chunk if _ else head + chunk)
            cut = False
        except (BrokenPipeError, ConnectionResetError):
            cut = True
        assert cut
        whole = json.dumps(call(1, "echo", {"text": "x" * (15 << 20)}, modern=True)).encode()
        got = w.post(whole, {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "echo"})
        assert got.status == 200 and len(got.body()) > 15 << 20
        alive(w)


def bytes_that_are_no_http_harm_nobody():
    body = json.dumps(request(1, "ping")).encode()
    post = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with Web() as w:
        for data in (b"", b"\r\n\r\n", b"\0" * 1000, b"GET", b"GET / HTTP/9.9\r\n\r\n", b"GET /health HTTP/1.1\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                     b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200000 + b"\r\n\r\n",
                     b"GET /he\0alth HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                     post + b"Content-Length: -1\r\n\r\n", post + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\n12345",
                     post + b"Content-Length: 100\r\n\r\n{", post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                     post + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", post + b"Content-Length: 3\r\n\r\n\xff\xfe\0",
                     post + b"Content-Length: 0\r\n\r\n", post + b"\r\n", post + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
                     post + b"Mcp-Session-Id: " + b"\x80" * 100 + b"\r\nContent-Length: 2\r\n\r\n{}",
                     post + b"Mcp-Session-Id:\r\nContent-Length: 2\r\n\r\n{}",
                     b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: ,,;;q=,*/*;q=0;\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 500,  # a TLS hello
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            got = raw(w, data)
            assert b" 200 " not in got[:20] or b"Expect" in data, (data[:60], got[:100])
        for text in (b"\xff", b'{"a":"\\u0000"}', b"[[" * 5000, b'{"jsonrpc":"2.0","id":null,"method":"ping"}', b"1", b'""'):
            got = raw(w, post + b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
            assert got.startswith(b"HTTP/1.1 400"), (text[:40], got[:60])
        # two requests in one packet, on one connection, are answered in their order
        two = post + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        a = Answer(w.socket())
        a.sock.sendall(two + two)
        assert a.head().json()["id"] == 1 and a.head().json()["id"] == 1
        alive(w)


def rss(w):
    with open("/proc/%d/statm" % w.p.pid) as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def more_connections_than_there_may_be_wait_for_room():
    with Web() as w:
        rude = [w.socket() for _ in range(256)]
        for one in rude:
            one.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")  # and no more
        late = Answer(w.socket())
        late.send("GET", "/health", {"Host": "localhost"})
        assert not select.select([late.sock], [], [], 0.2)[0]
        rude.pop().close()
        assert late.head().status == 200
        late.close()
        for one in rude:
            one.close()
        alive(w)
        if not CHECKED:
            assert rss(w) < 64 << 20, rss(w)


def a_client_that_reads_nothing_holds_up_nobody():
    with Web() as w:
        slow = []
        for i in range(2):
            a = Answer(w.socket())
            head = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "big"}
            a.send("POST", "/mcp", dict(JSON, Host="localhost", **head), json.dumps(call(i, "big", {"bytes": 12000000}, modern=True)).encode())
            slow.append(a)
        start = time.monotonic()
        for _ in range(50):
            alive(w)
        assert time.monotonic() - start < 5 * PATIENCE
        for a in slow:  # and each gets all of it in the end
            assert len(a.head().body()) > 12000000


def a_listener_that_reads_nothing_is_told_less():
    with Web() as w:
        listen = w.modern("l", "subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        listen.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        before = rss(w)
        for i in range(1500):  # more than is kept for one who does not read
            assert w.call(i, "test_trigger_tool_change").status == 200
        if not CHECKED:
            assert rss(w) - before < 8 << 20, (before, rss(w))
        w.p.send_signal(signal.SIGTERM)
        assert w.p.wait(LIMIT) == 0


def a_flood_is_told_to_wait():
    with Web() as w:
        head = w.session("2025-03-26")
        first = Answer(w.socket())
        parks = [call(i, "park", {"ms": 3600000}) for i in range(4096)]
        first.send("POST", "/mcp", dict(JSON, Host="localhost", **head), json.dumps(parks).encode())
        end = time.monotonic() + LIMIT
        while True:  # until all of them are in flight
            got = w.call(1, "echo", {"text": "x"}).json()
            if "error" in got:
                break
            assert time.monotonic() < end
        assert got["error"]["code"] == -31000 and "busy" in got["error"]["message"]
        assert w.post(request("p", "ping"), head).json()["result"] == {}
        assert w.request("DELETE", "/mcp", head).status == 204
        alive(w)


run([v for k, v in list(globals().items()) if callable(v) and getattr(v, "__module__", "") == "__main__"
     and k not in ("alive", "raw", "refuses_to_start", "rss")])
