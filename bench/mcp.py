#!/usr/bin/env python3
"""How fast the server answers on the wire, beside another server in the same run.

  bench/mcp.py BUILD_DIR [PEER COMMAND...]

The peer is the official memory server from npm when it can be installed and no command is
given. Measured for each, alternating so that both see the same machine: time from start to the
first answer, memory after start, one request at a time (ping, tools/list, a call that reads), calls
written at once, and time from the end of input to exit. Prints a table and, with GADUGI_BENCH_JSON
set to a path, writes the figures there.
"""
import json
import os
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

COLD, SINGLE, PIPED, WARM = 21, 2000, 2000, 100


class Server:
    def __init__(self, command, folder):
        self.folder = folder
        self.start = time.perf_counter()
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  cwd=folder, bufsize=0, env=dict(os.environ, MEMORY_FILE_PATH=os.path.join(folder, "memory.jsonl"),
                                                                  HOME=folder, CLAUDE_PROJECT_DIR=folder))
        self.buf = b""

    def send(self, *messages):
        view = memoryview(b"".join(json.dumps(m, separators=(",", ":")).encode() + b"\n" for m in messages))
        while view:
            view = view[os.write(self.p.stdin.fileno(), view):]

    def line(self):
        while b"\n" not in self.buf:
            if not select.select([self.p.stdout], [], [], 60)[0]:
                sys.exit("no answer within 60 s")
            got = os.read(self.p.stdout.fileno(), 1 << 18)
            if not got:
                sys.exit("the server has ended")
            self.buf += got
        line, self.buf = self.buf.split(b"\n", 1)
        return line

    def ask(self, id, method, params=None):
        self.send(dict({"jsonrpc": "2.0", "id": id, "method": method}, **({"params": params} if params is not None else {})))
        while True:
            answer = json.loads(self.line())
            if answer.get("id") == id:
                return answer

    def hello(self):
        self.ask(0, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                   "clientInfo": {"name": "bench", "version": "1"}})
        took = (time.perf_counter() - self.start) * 1e3
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return took

    def resident(self):
        """MiB of this process and its children."""
        total, todo = 0, [self.p.pid]
        while todo:
            pid = todo.pop()
            try:
                for line in open("/proc/%d/status" % pid):
                    if line.startswith("VmRSS"):
                        total += int(line.split()[1])
                for task in os.listdir("/proc/%d/task" % pid):
                    todo += [int(x) for x in open("/proc/%d/task/%s/children" % (pid, task)).read().split()]
            except OSError:
                pass
        return total / 1024

    def end(self):
        start = time.perf_counter()
        self.p.stdin.close()
        self.p.wait(30)
        return (time.perf_counter() - start) * 1e3


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))]


def singles(server, method, params):
    times = []
    for i in range(WARM + SINGLE):
        start = time.perf_counter()
        answer = server.ask(i + 10, method, params)
        if i >= WARM:
            times.append((time.perf_counter() - start) * 1e6)
        if "error" in answer or answer["result"].get("isError"):
            sys.exit("%s failed: %s" % (method, json.dumps(answer)[:300]))
    return {"p50": percentile(times, 50), "p99": percentile(times, 99)}


def piped(server, params):
    """Calls a second when all are written before the first answer is read."""
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        server.send(*[{"jsonrpc": "2.0", "id": 100000 + i, "method": "tools/call", "params": params} for i in range(PIPED)])
        os._exit(0)
    left = PIPED
    while left:
        left -= json.loads(server.line()).get("id", 0) >= 100000
    took = time.perf_counter() - start
    os.waitpid(pid, 0)
    return PIPED / took


def measure(name, command, fill, call):
    out = {"name": name}
    folder = tempfile.mkdtemp()
    try:
        ends = []
        cold = []
        for _ in range(COLD):
            s = Server(command, folder)
            cold.append(s.hello())
            ends.append(s.end())
        out["cold_ms"] = statistics.median(cold)
        out["exit_ms"] = statistics.median(ends)
        s = Server(command, folder)
        s.hello()
        out["rss_mib"] = s.resident()
        out["list_bytes"] = len(json.dumps(s.ask(1, "tools/list"), separators=(",", ":"), ensure_ascii=False).encode())
        if "error" in s.ask(2, "tools/call", fill):
            sys.exit("%s cannot be filled" % name)
        out["ping_us"] = singles(s, "ping", None)
        out["list_us"] = singles(s, "tools/list", None)
        out["call_us"] = singles(s, "tools/call", call)
        out["piped"] = piped(s, call)
        out["rss_end_mib"] = s.resident()
        s.end()
    finally:
        shutil.rmtree(folder)
    return out


def peer_command():
    home = os.environ.get("GADUGI_HOSTS") or os.path.join(os.path.expanduser("~"), ".cache", "gadugi-hosts")
    folder = os.path.join(home, "memory")
    script = os.path.join(folder, "node_modules/@modelcontextprotocol/server-memory/dist/index.js")
    if not os.path.exists(script) and shutil.which("npm"):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["npm", "--prefix", folder, "install", "--silent", "--no-audit", "--no-fund",
                        "@modelcontextprotocol/server-memory@2026.8.31"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ["node", script] if os.path.exists(script) and shutil.which("node") else None


def all_of(build, command):
    """The figures of ours, then of the peer's two ways to read, if there is a peer."""
    texts = ["fact %d: the build of part %d uses make and takes %d s" % (i, i % 7, i) for i in range(20)]
    ours = measure("gadugi", [os.path.join(build, "gadugi"), "serve"],
                   {"name": "remember", "arguments": {"memories": [{"text": t} for t in texts]}},
                   {"name": "recall", "arguments": {"query": "build make", "limit": 5}})
    results = [ours]
    if command:
        entities = [{"name": "fact %d" % i, "entityType": "fact", "observations": [t]} for i, t in enumerate(texts)]
        results.append(measure("server-memory", command, {"name": "create_entities", "arguments": {"entities": entities}},
                               {"name": "read_graph", "arguments": {}}))
        results.append(measure("server-memory search", command, {"name": "create_entities", "arguments": {"entities": entities}},
                               {"name": "search_nodes", "arguments": {"query": "part 3"}}))
    return results


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/release")
    results = all_of(build, sys.argv[2:] or peer_command())
    rows = [("cold start, ms", lambda r: r["cold_ms"]), ("memory after start, MiB", lambda r: r["rss_mib"]),
            ("memory at the end, MiB", lambda r: r["rss_end_mib"]),
            ("ping p50, us", lambda r: r["ping_us"]["p50"]), ("ping p99, us", lambda r: r["ping_us"]["p99"]),
            ("tools/list p50, us", lambda r: r["list_us"]["p50"]), ("tools/list, bytes", lambda r: r["list_bytes"]),
            ("call that reads p50, us", lambda r: r["call_us"]["p50"]), ("call that reads p99, us", lambda r: r["call_us"]["p99"]),
            ("calls a second, all at once", lambda r: r["piped"]), ("exit after end of input, ms", lambda r: r["exit_ms"])]
    print("%-30s" % "" + "".join("%22s" % r["name"] for r in results))
    for label, get in rows:
        print("%-30s" % label + "".join("%22.1f" % get(r) for r in results))
    if os.environ.get("GADUGI_BENCH_JSON"):
        json.dump(results, open(os.environ["GADUGI_BENCH_JSON"], "w"), indent=1)


if __name__ == "__main__":
    main()
