"""How does memory compare with @modelcontextprotocol/server-memory at 10,000 entities, in the same run? Needs npm once, and node."""
import json
import os
import subprocess
import tempfile
import time

from bench.common import figure
from bench.mcp import peer_command

ENTITIES, BATCH, ASKED = 10000, 100, 60
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

    def end(self):
        self.p.stdin.close()
        self.p.wait()
        self.p.stdout.close()


def median(values):
    return sorted(values)[len(values) // 2]


def measure(peer, insert, search):
    """Median ms of the last ten batches, and of a search for a word that one entity has."""
    ms = median([peer.call(*insert([entity(i) for i in range(at, at + BATCH)])) for at in range(0, ENTITIES, BATCH)][-10:])
    peer.call(*search(str(3 * 7919 % 99991)))
    asked = median([peer.call(*search(str(i * 7919 % 99991))) for i in range(100, 100 + ASKED)])
    peer.end()
    return ms, asked


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
    ours = measure(Peer([GADUGI, "serve"], os.path.join(folder, "a")), as_memories, recall)
    same = measure(Peer([GADUGI, "serve", "--compat", "server-memory"], os.path.join(folder, "b")), as_graph, search_nodes)
    if command is None:
        raise SystemExit(0)  # nothing to compare with
    theirs = measure(Peer(command, folder, MEMORY_FILE_PATH=os.path.join(folder, "memory.jsonl")), as_graph, search_nodes)
for at, (what, floor, goal) in enumerate((("insert 100", "1/5", "1/50"), ("search", "1/20", "1/500"))):
    for who, figures in (("remember" if at == 0 else "recall", ours), ("the same tools (--compat)", same)):
        figure("%s at 10,000 entities: %s (server-memory: %.1f ms)" % (what, who, theirs[at]),
               "%.2f ms, 1/%.0f" % (figures[at], theirs[at] / figures[at]), floor, goal)
