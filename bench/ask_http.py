"""How fast is the same server over HTTP, and how fast does it end with clients still there?"""
import json
import os
import re
import select
import signal
import socket
import subprocess
import time

from bench.common import figure, median, project

BODY = {"ping": {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        "recall": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "recall", "arguments": {"query": "port"}}}}


class Client:
    def __init__(self, port):
        self.s = socket.create_connection(("127.0.0.1", port))
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = ""

    def ask(self, body):
        text = json.dumps(body, separators=(",", ":"))
        self.s.sendall(("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
                        % (self.head, len(text), text)).encode())
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.s.recv(1 << 16)
        head, rest = got.split(b"\r\n\r\n", 1)
        n = int(re.search(rb"Content-Length: (\d+)", head)[1])
        while len(rest) < n:
            rest += self.s.recv(1 << 16)
        return head.decode(), rest

    def begin(self):
        head, _ = self.ask({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}})
        self.head = "Mcp-Session-Id: %s\r\n" % re.search(r"Mcp-Session-Id: (\S+)", head)[1]

    def listen(self):
        self.s.sendall(("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n%s\r\n" % self.head).encode())
        self.s.recv(1 << 16)


def start(folder):
    p = subprocess.Popen([os.environ["GADUGI"], "serve", "--root", folder, "--http", "127.0.0.1:0"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return p, int(re.search(rb":(\d+)/mcp", p.stderr.readline())[1])


def single(client, body, n=2000):
    times = []
    for _ in range(n):
        begun = time.perf_counter()
        client.ask(body)
        times.append((time.perf_counter() - begun) * 1e6)
    times.sort()
    return median(times), times[int(n * 0.99)]


def end():
    p, port = start(folder)
    clients = [Client(port) for _ in range(50)]
    for c in clients:
        c.begin()
        c.listen()
    begun = time.perf_counter()
    p.send_signal(signal.SIGTERM)
    p.wait()
    took = (time.perf_counter() - begun) * 1e3
    for c in clients:
        assert select.select([c.s], [], [], 1)[0]
    return took


folder = project()
p, port = start(folder)
client = Client(port)
client.begin()
for i in range(20):
    client.ask({"jsonrpc": "2.0", "id": i, "method": "tools/call", "params": {
        "name": "remember", "arguments": {"text": "service %d listens on port %d" % (i, 9000 + i)}}})
for what in ("ping", "recall"):
    single(client, BODY[what], 100)
    figure("%s over HTTP, one connection, p50 / p99" % what, "%.0f / %.0f µs" % single(client, BODY[what]), "", "")
p.send_signal(signal.SIGTERM)
p.wait()
figure("exit with 50 streams open over HTTP (median of 11)", "%.1f ms" % median([end() for _ in range(11)]), "100 ms", "")
