"""A client of the server over HTTP for tests: sockets, so that a test can be as rude as it likes."""
import re
import select
import socket
import subprocess
import threading
import mcp
from mcp import *

JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
INIT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}


class Web(Server):
    """A server over HTTP on a port of its own choice; with stdio=True it serves stdin too."""

    def __init__(self, cmd=None, address="127.0.0.1:0", stdio=False, env=None, **kw):
        env = dict(env or os.environ)
        if stdio:
            env["FIXTURES_STDIO"] = "1"
        Server.__init__(self, (cmd or [FIXTURES]) + ["--http", address], env=env, stderr=subprocess.PIPE,
                        stdin=subprocess.PIPE if stdio else subprocess.DEVNULL, **kw)
        self.said = b""
        while (found := re.search(rb"serving http://(\[.*\]|[0-9.]+):(\d+)/mcp", self.said)) is None:
            got = os.read(self.p.stderr.fileno(), 1 << 16)
            assert got, "it did not start: %r" % self.said
            self.said += got
        self.host, self.port = found[1].decode().strip("[]"), int(found[2])
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        """What it says on stderr: kept, and passed on."""
        try:
            while got := os.read(self.p.stderr.fileno(), 1 << 16):
                self.said += got
                sys.stderr.buffer.write(got)
        except (OSError, ValueError):
            pass

    def socket(self):
        s = socket.create_connection((self.host, self.port), LIMIT)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def request(self, method, path, headers=None, body=b"", sock=None):
        """Send a request and read the head of its answer."""
        a = Answer(sock or self.socket())
        a.send(method, path, dict({"Host": "127.0.0.1:%d" % self.port}, **(headers or {})), body)
        return a.head()

    def post(self, message, headers=None, **kw):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.request("POST", "/mcp", dict(JSON, **(headers or {})), body, **kw)

    def modern(self, id, method, params=None, headers=None, name=None, meta=None, **kw):
        params = dict(params or {}, _meta=dict(META, **(meta or {})))
        head = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method}
        if name is not None or method in ("tools/call", "prompts/get"):
            head["Mcp-Name"] = name or params["name"]
        head.update(headers or {})
        head = {k: v for k, v in head.items() if v is not None}
        return self.post({"jsonrpc": "2.0", "id": id, "method": method, "params": params}, head, **kw)

    def call(self, id, tool, args=None, **kw):
        return self.modern(id, "tools/call", {"name": tool, "arguments": args or {}}, **kw)

    def session(self, version="2025-11-25", capabilities=None):
        """The headers of a new session."""
        got = self.post(request(1, "initialize", dict(INIT, protocolVersion=version, capabilities=capabilities or {})))
        assert got.status == 200, got.status
        got.json()
        head = {"Mcp-Session-Id": got.headers["mcp-session-id"], "MCP-Protocol-Version": version}
        done = self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, head)
        assert done.status == 202, done.status
        return head


class Answer:
    def __init__(self, sock):
        self.sock, self.buf = sock, b""

    def send(self, method, path, headers, body=b""):
        if body and "Content-Length" not in headers and "Transfer-Encoding" not in headers:
            headers = dict(headers, **{"Content-Length": str(len(body))})
        head = "%s %s HTTP/1.1\r\n" % (method, path) + "".join("%s: %s\r\n" % h for h in headers.items()) + "\r\n"
        self.sock.sendall(head.encode() + body)

    def more(self, limit=LIMIT):
        """False at the end."""
        if not select.select([self.sock], [], [], limit)[0]:
            raise AssertionError("nothing came within %g s; so far %r" % (limit, self.buf[-300:]))
        try:
            got = self.sock.recv(1 << 18)
        except ConnectionResetError:
            got = b""
        self.buf += got
        return bool(got)

    def head(self):
        while b"\r\n\r\n" not in self.buf:
            if not self.more():
                self.status = None  # closed without an answer
                return self
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
        self.chunked = self.headers.get("transfer-encoding") == "chunked"
        self.events_left = b""
        return self if self.status != 100 else self.head()

    def chunk(self, limit=LIMIT):
        """The next chunk; None at the end of them."""
        while (at := self.buf.find(b"\r\n")) < 0:
            assert self.more(limit), "the stream was cut"
        n = int(self.buf[:at], 16)
        while len(self.buf) < at + n + 4:
            assert self.more(limit), "the stream was cut"
        got, self.buf = self.buf[at + 2:at + 2 + n], self.buf[at + n + 4:]
        return got if n else None

    def body(self):
        if self.chunked:
            got = b""
            while (c := self.chunk()) is not None:
                got += c
            return got
        n = int(self.headers.get("content-length", 0))
        while len(self.buf) < n:
            assert self.more(), "the body was cut"
        got, self.buf = self.buf[:n], self.buf[n:]
        return got

    def json(self):
        """The message, alone or as the only one of a stream."""
        if "event-stream" in self.headers.get("content-type", ""):
            got = list(self)
            assert len(got) == 1, got
            return got[0]
        return json.loads(self.body())

    def event(self, limit=LIMIT):
        """The next event as (id, data); a comment as (None, None); None at the end."""
        while b"\n\n" not in self.events_left:
            c = self.chunk(limit)
            if c is None:
                assert self.events_left == b"", self.events_left
                return None
            self.events_left += c
        one, self.events_left = self.events_left.split(b"\n\n", 1)
        fields = {}
        for line in one.decode().split("\n"):
            key, _, value = line.partition(":")
            fields[key] = value.removeprefix(" ")
        if "data" not in fields:
            return None, None
        return fields.get("id"), fields["data"]

    def message(self, limit=LIMIT):
        """The next message of a stream; None at its end."""
        while (one := self.event(limit)) is not None:
            self.last = one[0] or getattr(self, "last", None)
            if one[1]:
                return json.loads(one[1])
        return None

    def __iter__(self):
        return iter(self.message, None)

    def close(self):
        self.sock.close()


__all__ = mcp.__all__ + ["Web", "Answer", "JSON", "INIT", "socket", "select", "threading", "re", "subprocess"]
