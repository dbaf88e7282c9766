"""How does memory compare with @modelcontextprotocol/server-memory at 10,000 entities, in the same run? Needs npm once, and node."""
import json
import os
import subprocess
import tempfile
import time

from bench.common import figure
from bench.mcp import peer_command

ENTITIES, BATCH, ASKED, AT_ONCE = 10000, 100, 60, 200
GADUGI = os.environ["GADUGI"]
WORDS = ["cache", "parser", "socket", "ledger", "garden", "engine", "bridge", "window", "planet", "copper"]


def entity(i):
    return {"name": "module_%d" % i, "entityType": "module", "observations": [
        "module %d depends on the %s and was written in 20%02d" % (i, WORDS[i % 10], i % 30),
        "its owner is person %d, who prefers tabs over spaces" % (i % 977),
        "it failed with code %d when the %s was full" % (i * 7919 % 99991, WORDS[(i // 10) % 10])]}


class Peer:
    def __init__(self, command, folder, **env):
        self.n = 0
        self.p = subprocess.Popen(command, cwd=folder, env=dict(os.environ, **env), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        self.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}})
        self.p.stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')

    def ask(self, method, params):
        self.n += 1
        self.p.stdin.write(json.dumps({"jsonrpc": "2.0", "id": self.n, "method": method, "params": params}).encode() + b"\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        if b'"isError":true' in line or b'"error":' in line[:200]:
            raise SystemExit(line[:400])
        return line

    def call(self, name, arguments):
        begun = time.perf_counter()
        self.ask("tools/call", {"name": name, "arguments": arguments})
        return (time.perf_counter() - begun) * 1e3

    def at_once(self, calls):
        """Ms a call when all are written before the first answer is read."""
        lines = []
        for name, arguments in calls:
            self.n += 1
            lines.append(json.dumps({"jsonrpc": "2.0", "id": self.n, "method": "tools/call", "params": {"name": name, "arguments": arguments}}))
        begun = time.perf_counter()
        self.p.stdin.write("\n".join(lines).encode() + b"\n")
        self.p.stdin.flush()
        for _ in calls:
            line = self.p.stdout.readline()
            if b'"isError":true' in line or b'"error":' in line[:200]:
                raise SystemExit(line[:400])
        return (time.perf_counter() - begun) * 1e3 / len(calls)

    def end(self):
        self.p.stdin.close()
        self.p.wait()
        self.p.stdout.close()


def median(values):
    return sorted(values)[len(values) // 2]


def measure(peer, insert, search):
    """Median ms of: the last ten batches; one entity a call; a search for a word that one entity has, one at a time and many at once."""
    out = {"insert 100": median([peer.call(*insert([entity(i) for i in range(at, at + BATCH)])) for at in range(0, ENTITIES, BATCH)][-10:])}
    out["insert 1"] = median([peer.call(*insert([entity(ENTITIES + i)])) for i in range(ASKED)])
    peer.call(*search(str(3 * 7919 % 99991)))
    out["search"] = median([peer.call(*search(str(i * 7919 % 99991))) for i in range(100, 100 + ASKED)])
    out["search, %d at once, each" % AT_ONCE] = peer.at_once([search(str(i * 7919 % 99991)) for i in range(200, 200 + AT_ONCE)])
    peer.end()
    return out


def synced(folder):
    """Median ms to write a page to a file of the same file system and have it on disk: what no insert that lasts can do without."""
    took = []
    with open(os.path.join(folder, "bare"), "wb", buffering=0) as f:
        for _ in range(100):
            begun = time.perf_counter()
            f.write(b"x" * 4096)
            os.fdatasync(f.fileno())
            took.append((time.perf_counter() - begun) * 1e3)
    return median(took)


def as_graph(entities):
    return "create_entities", {"entities": entities}


def as_memories(entities):
    return "remember", {"memories": [{"text": o, "entity": e["name"], "entityType": e["entityType"]} for e in entities for o in e["observations"]]}


def search_nodes(word):
    return "search_nodes", {"query": word}


def recall(word):
    return "recall", {"query": word, "limit": 5}


command = peer_command()
with tempfile.TemporaryDirectory() as folder:
    os.mkdir(os.path.join(folder, "a"))
    os.mkdir(os.path.join(folder, "b"))
    bare = synced(folder)
    ours = measure(Peer([GADUGI, "serve"], os.path.join(folder, "a")), as_memories, recall)
    same = measure(Peer([GADUGI, "serve", "--compat", "server-memory"], os.path.join(folder, "b")), as_graph, search_nodes)
    if command is None:
        raise SystemExit(0)  # nothing to compare with
    theirs = measure(Peer(command, folder, MEMORY_FILE_PATH=os.path.join(folder, "memory.jsonl")), as_graph, search_nodes)
# That server writes its file without a sync; ours has synced before it answers.
for what, floor, goal in (("insert 100", "1/5", "1/50"), ("insert 1", "1/5", "1/50"), ("search", "1/20", "1/500"),
                          ("search, %d at once, each" % AT_ONCE, "1/20", "1/500")):
    for who, figures in (("remember" if "insert" in what else "recall", ours), ("the same tools (--compat)", same)):
        synced_too = ", on disk (a bare fdatasync: %.2f ms); server-memory, not synced" % bare if "insert" in what else "; server-memory"
        figure("%s at 10,000 entities: %s%s: %.1f ms" % (what, who, synced_too, theirs[what]),
               "%.2f ms, 1/%.0f" % (figures[what], theirs[what] / figures[what]), floor, goal)
