"""`gadugi serve --compat server-memory`: the tools of that server, call for call, kept as gadugi keeps memory."""
import copy
import sqlite3
import subprocess
import sys
import tempfile
sys.path.insert(0, "tests/lib")
from mcp import *
import graph

COMMAND = [GADUGI, "serve", "--compat", "server-memory"]


class Graph(Server):
    def __init__(self, folder, **kw):
        super().__init__(COMMAND, cwd=folder, **kw)
        self.n = 0
        self.initialize()

    def use(self, name, args):
        """(failed, JSON of the text or the text, structured content)"""
        self.n += 1
        result = self.ask(self.n, "tools/call", {"name": name, "arguments": args})["result"]
        text = result["content"][0]["text"]
        try:
            text = json.loads(text)
        except ValueError:
            pass
        return result.get("isError", False), text, result.get("structuredContent")


def follow(calls):
    model = graph.Model()
    with tempfile.TemporaryDirectory() as folder:
        with Graph(folder) as s:
            for i, (name, args) in enumerate(calls):
                want, got = copy.deepcopy(model.call(name, copy.deepcopy(args))), s.use(name, args)
                assert got == want, "call %d, %s %s:\n%s\nand not\n%s" % (i, name, args, got, want)
        with Graph(folder) as s:  # and after a new start
            assert s.use("read_graph", {}) == model.read_graph()


def the_examples_of_its_documentation_pass():
    follow(graph.README)


def calls_by_chance_are_answered_as_the_model_does():
    for seed in range(3 if CHECKED else 12):
        follow(graph.chance(seed, 40))


def the_nine_tools_are_offered_and_nothing_else():
    with tempfile.TemporaryDirectory() as folder, Graph(folder) as s:
        tools = s.ask("t", "tools/list")["result"]["tools"]
        assert [t["name"] for t in tools] == [
            "create_entities", "create_relations", "add_observations", "delete_entities", "delete_observations",
            "delete_relations", "read_graph", "search_nodes", "open_nodes"]
        for t in tools:
            assert t["inputSchema"]["type"] == "object" and t["outputSchema"]["type"] == "object", t
            assert t["annotations"]["destructiveHint"] == t["name"].startswith("delete"), t
        assert s.ask("r", "resources/list")["result"]["resources"][0]["uri"] == "memory://knowledge-graph"
        assert not os.path.exists(os.path.join(folder, ".gadugi")), "looking makes nothing"


def what_is_wrong_is_named():
    with tempfile.TemporaryDirectory() as folder, Graph(folder) as s:
        for name, args, words in (
                ("create_entities", {"entities": [{"name": "x"}]}, "'entities[0].entityType'"),
                ("create_entities", {"entities": [{"name": "x", "entityType": "y", "observations": [1]}]}, "'observations'"),
                ("create_entities", {"entities": [{"name": "", "entityType": "y", "observations": []}]}, "name"),
                ("create_relations", {"relations": [{"from": "x", "to": "y"}]}, "'relations[0].relationType'"),
                ("search_nodes", {}, "'query'"),
                ("open_nodes", {"names": [1]}, "'names'")):
            failed, text, _ = s.use(name, args)
            assert failed and words in text, (name, args, text)
        assert s.use("read_graph", {})[1] == {"entities": [], "relations": []}


def a_subscriber_hears_of_every_change():
    with tempfile.TemporaryDirectory() as folder, Graph(folder) as s:
        uri = "memory://knowledge-graph"
        s.ask("s", "resources/subscribe", {"uri": uri})
        s.send(call("c", "create_entities", {"entities": [{"name": "x", "entityType": "y", "observations": []}]}))
        got = [s.read(), s.read()]
        assert {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": uri}} in got, got
        read = s.ask("r", "resources/read", {"uri": uri})["result"]["contents"][0]
        assert read["mimeType"] == "application/json", read
        assert json.loads(read["text"])["entities"] == [{"name": "x", "entityType": "y", "observations": []}]


def its_file_is_taken_over_once_and_left_alone():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "memory.jsonl")
        lines = ['{"type":"entity","name":"Ann","entityType":"person","observations":["likes tea"]}',
                 '{"type":"entity","name":"Acme","entityType":"company","observations":[]}',
                 '{"type":"relation","from":"Ann","to":"Acme","relationType":"works_at"}']
        with open(path, "w") as f:
            f.write("\n".join(lines))
        env = dict(os.environ, MEMORY_FILE_PATH=path)
        with Graph(folder, env=env) as s:
            got = s.use("read_graph", {})[1]
            assert got == {"entities": [{"name": "Ann", "entityType": "person", "observations": ["likes tea"]},
                                        {"name": "Acme", "entityType": "company", "observations": []}],
                           "relations": [{"from": "Ann", "to": "Acme", "relationType": "works_at"}]}, got
            s.use("delete_entities", {"entityNames": ["Ann"]})
        with Graph(folder, env=env) as s:
            assert [e["name"] for e in s.use("read_graph", {})[1]["entities"]] == ["Acme"]
        assert open(path).read() == "\n".join(lines)


def what_is_said_there_is_recalled_here_and_the_other_way():
    with tempfile.TemporaryDirectory() as folder:
        with Graph(folder) as s:
            s.use("create_entities", {"entities": [{"name": "cache", "entityType": "module", "observations": ["evicts the oldest entry"]}]})
        with Server([GADUGI], cwd=folder) as s:
            s.initialize()
            hits = s.ask(1, "tools/call", {"name": "recall", "arguments": {"query": "evicting entries"}})["result"]
            assert hits["structuredContent"]["memories"][0]["text"] == "evicts the oldest entry"
            s.ask(2, "tools/call", {"name": "remember", "arguments": {"text": "is write-through", "entity": "cache"}})
            s.ask(3, "tools/call", {"name": "remember", "arguments": {"text": "is about nothing with a name"}})
        with Graph(folder) as s:
            assert s.use("open_nodes", {"names": ["cache"]})[1]["entities"] == [
                {"name": "cache", "entityType": "module", "observations": ["evicts the oldest entry", "is write-through"]}]


def every_acknowledged_call_of_four_servers_is_kept():
    """Fifty calls at once from each: that server keeps one or two of them."""
    with tempfile.TemporaryDirectory() as folder:
        servers = [Graph(folder) for _ in range(4)]
        for k, s in enumerate(servers):
            s.send(*[call(i, "create_entities", {"entities": [{"name": "e%d of %d" % (i, k), "entityType": "t", "observations": ["o"]}]})
                     for i in range(50)])
        for s in servers:
            for _ in range(50):
                assert "isError" not in s.read()["result"]
            s.end()
            s.__exit__()
        db = sqlite3.connect(os.path.join(folder, ".gadugi", "gadugi.db"))
        assert db.execute("SELECT count(*) FROM memory WHERE kind = 'entity'").fetchone() == (200,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()


def a_server_that_is_not_known_is_refused_with_the_one_that_is():
    got = subprocess.run([GADUGI, "serve", "--compat", "mem0"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert got.returncode == 2 and "server-memory" in got.stderr, got


run([the_nine_tools_are_offered_and_nothing_else, the_examples_of_its_documentation_pass,
     calls_by_chance_are_answered_as_the_model_does, what_is_wrong_is_named, a_subscriber_hears_of_every_change,
     its_file_is_taken_over_once_and_left_alone, what_is_said_there_is_recalled_here_and_the_other_way,
     every_acknowledged_call_of_four_servers_is_kept, a_server_that_is_not_known_is_refused_with_the_one_that_is])
