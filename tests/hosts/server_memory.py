"""server-memory and `gadugi serve --compat server-memory` side by side: every answer is the same."""
import sys
import tempfile
sys.path.insert(0, "tests/lib")
from mcp import *
import graph

SCRIPT = sys.argv[1]


def use(server, id, name, args):
    result = server.ask(id, "tools/call", {"name": name, "arguments": args})["result"]
    text = result["content"][0]["text"]
    try:
        text = json.loads(text)
    except ValueError:
        pass
    return result.get("isError", False), text, result.get("structuredContent")


def side_by_side(calls, modelled=True):
    model = graph.Model()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        env = dict(os.environ, MEMORY_FILE_PATH=os.path.join(one, "memory.jsonl"))
        with Server(["node", SCRIPT], cwd=one, env=env, stderr=-3) as theirs, \
                Server([GADUGI, "serve", "--compat", "server-memory"], cwd=two) as ours:
            theirs.initialize()
            ours.initialize()
            for i, (name, args) in enumerate(calls):
                want, got = use(theirs, i, name, args), use(ours, i, name, args)
                assert got == want, "call %d, %s %s:\n%s\nand not\n%s" % (i, name, args, got, want)
                if modelled:
                    assert model.call(name, args) == want, "the model is wrong about call %d, %s %s" % (i, name, args)


def the_examples_of_its_documentation_are_answered_the_same():
    side_by_side(graph.README)


def calls_by_chance_are_answered_the_same():
    for seed in range(8):
        side_by_side(graph.chance(100 + seed, 60))


def both_offer_the_same_tools_with_the_same_arguments():
    def shape(schema):
        if schema.get("type") == "array":
            return [shape(schema["items"])]
        if schema.get("type") == "object":
            return {k: (shape(v), k in schema.get("required", [])) for k, v in schema.get("properties", {}).items()}
        return schema.get("type")

    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ, MEMORY_FILE_PATH=os.path.join(folder, "memory.jsonl"))
        with Server(["node", SCRIPT], cwd=folder, env=env, stderr=-3) as theirs, \
                Server([GADUGI, "serve", "--compat", "server-memory"], cwd=folder) as ours:
            lists = []
            for s in theirs, ours:
                s.initialize()
                lists.append({t["name"]: (shape(t["inputSchema"]), shape(t["outputSchema"]),
                                          {k: v for k, v in t["annotations"].items() if k.endswith("Hint")})
                              for t in s.ask("t", "tools/list")["result"]["tools"]})
            assert lists[0] == lists[1], "%s\nand not\n%s" % (lists[1], lists[0])


run([the_examples_of_its_documentation_are_answered_the_same, calls_by_chance_are_answered_the_same,
     both_offer_the_same_tools_with_the_same_arguments])
