"""The project's own recipes: sound, with the plan's graph, and with tests that are there."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GADUGI = os.environ["GADUGI"]

# The union of the plan's tables and its diagram, prerequisite first.
EDGES = {
    ("protobuf-definitions", "event-system"),
    ("graph-store", "mcp-service"),
    ("recipe-definitions", "recipe-agent"),
    ("event-system", "memory-system"),
    ("mcp-service", "memory-system"),
    ("event-system", "agent-framework"),
    ("memory-system", "agent-framework"),
    ("agent-framework", "task-decomposer"),
    ("agent-framework", "team-coach"),
    ("memory-system", "team-coach"),
    ("task-decomposer", "orchestrator"),
    ("agent-framework", "orchestrator"),
}


# A copy, because a worktree stands for its main repository, whose recipes may be others.
COPY = tempfile.mkdtemp()
shutil.copytree(os.path.join(ROOT, "recipes"), os.path.join(COPY, "recipes"))


def recipes(root=COPY, **arguments):
    """The answer of the tool, and its exit status."""
    env = dict(os.environ, CLAUDE_PROJECT_DIR=root)
    done = subprocess.run([GADUGI, "call", "recipes", json.dumps(arguments)], cwd=root, env=env,
                          capture_output=True, text=True)
    return (json.loads(done.stdout) if done.stdout else {"error": done.stderr}), done.returncode


def the_recipes_have_no_errors():
    answer, status = recipes(action="validate")
    wrong = [f for f in answer["findings"] if f["severity"] == "error"]
    assert status == 0 and answer["sound"] and not wrong, wrong
    assert answer["checked"] == 12, answer["checked"]


def nothing_but_missing_tests_is_warned_of():
    answer, _ = recipes(action="validate")
    others = [f for f in answer["findings"] if f["code"] != "no-test"]
    assert not others, others


def their_graph_is_that_of_the_plan():
    answer, _ = recipes(action="graph")
    edges = {(e["from"], e["to"]) for e in answer["edges"]}
    assert edges == EDGES, edges ^ EDGES
    assert [len(b) for b in answer["batches"]] == [4, 3, 1, 1, 2, 1], answer["batches"]


def every_named_test_is_there():
    names, _ = recipes(action="list")
    named = 0
    for recipe in names["recipes"]:
        answer, _ = recipes(action="show", name=recipe["name"])
        for requirement in answer["recipe"]["requirements"]:
            for test in requirement["tests"]:
                path = os.path.join(ROOT, test["path"])
                where = "%s: %s" % (requirement["id"], test["path"])
                assert os.path.exists(path), where
                if "name" in test:
                    with open(path, encoding="utf-8") as f:
                        text = f.read()
                    assert re.search(r"\b%s\b" % re.escape(test["name"]), text), \
                        "%s has no %s" % (where, test["name"])
                named += 1
    assert named > 0, "no recipe names a test"


def every_file_a_recipe_consists_of_is_there():
    names, _ = recipes(action="list")
    for recipe in names["recipes"]:
        answer, _ = recipes(action="show", name=recipe["name"])
        for path in answer["recipe"]["files"]:
            assert os.path.exists(os.path.join(ROOT, path)), "%s: %s" % (recipe["name"], path)


KINDS = {"object": dict, "array": list, "string": str, "integer": int}


def against(schema, value, at="$"):
    """What of the value is not as the schema says; knows the words that the schema uses."""
    known = {"$schema", "title", "description", "type", "required", "additionalProperties",
             "properties", "items", "minItems", "uniqueItems", "minLength", "pattern", "minimum",
             "maximum"}
    assert set(schema) <= known, set(schema) - known
    if not isinstance(value, KINDS[schema["type"]]) or isinstance(value, bool):
        return ["%s is no %s" % (at, schema["type"])]
    wrong = ["%s lacks %s" % (at, name) for name in schema.get("required", []) if name not in value]
    if isinstance(value, dict):
        for name, member in value.items():
            if name in schema["properties"]:
                wrong += against(schema["properties"][name], member, "%s.%s" % (at, name))
            else:
                wrong.append("%s.%s is unknown" % (at, name))
    if isinstance(value, list):
        for i, item in enumerate(value):
            wrong += against(schema["items"], item, "%s[%d]" % (at, i))
        if len(value) < schema.get("minItems", 0):
            wrong.append("%s is too short" % at)
        if schema.get("uniqueItems") and len(set(value)) < len(value):
            wrong.append("%s has an item twice" % at)
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0) or not re.search(schema.get("pattern", ""), value):
            wrong.append("%s is '%s'" % (at, value))
    if isinstance(value, int):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            wrong.append("%s is %d" % (at, value))
    return wrong


def read_schema():
    with open(os.path.join(ROOT, "recipes", "dependencies.schema.json"), encoding="utf-8") as f:
        return json.load(f)


def every_recipe_follows_the_schema():
    schema, n = read_schema(), 0
    for name in sorted(os.listdir(os.path.join(ROOT, "recipes"))):
        path = os.path.join(ROOT, "recipes", name, "dependencies.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                wrong = against(schema, json.load(f))
            assert not wrong, (name, wrong)
            n += 1
    assert n == 12, n


def schema_and_reader_refuse_the_same():
    """What the schema finds wrong the reader warns of, and what it allows the reader takes."""
    good = {"name": "one", "dependencies": []}
    cases = [good, dict(good, title="T"), dict(good, title=""), dict(good, provides=["a"]),
             dict(good, provides=[""]), dict(good, files="a"), dict(good, gates=[["make", "x"]]),
             dict(good, gates=["make x"]), dict(good, gates=[[]]), dict(good, estimateMinutes=1),
             dict(good, estimateMinutes=0), dict(good, estimateMinutes=1000001),
             dict(good, complexity={"technical": 1, "integration": 10, "testing": 5}),
             dict(good, complexity={"technical": 1, "integration": 11, "testing": 5}),
             dict(good, complexity={"technical": 1}), dict(good, whatever=1),
             {"dependencies": []}, {"name": "one"}, {"name": "One", "dependencies": []}]
    schema = read_schema()
    with tempfile.TemporaryDirectory() as root:
        folder = os.path.join(root, "recipes", "one")
        os.makedirs(folder)
        for name in ("requirements.md", "design.md"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write("### A-1 MUST hold\n- Criterion: 1\n- Test: t\n" + "More words. " * 5)
        for case in cases:
            with open(os.path.join(folder, "dependencies.json"), "w", encoding="utf-8") as f:
                json.dump(case, f)
            answer, _ = recipes(root=root, action="validate")
            assert bool(against(schema, case)) == bool(answer["findings"]), \
                (case, against(schema, case), answer["findings"])


def schema_and_reader_know_the_same_members():
    schema = read_schema()
    with tempfile.TemporaryDirectory() as root:
        folder = os.path.join(root, "recipes", "one")
        os.makedirs(folder)
        for name in ("requirements.md", "design.md"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write("### A-1 MUST hold\n- Criterion: 1\n- Test: t\n" + "More words. " * 5)
        with open(os.path.join(folder, "dependencies.json"), "w", encoding="utf-8") as f:
            json.dump(dict({name: None for name in schema["properties"]}, surely_unknown=1), f)
        answer, _ = recipes(root=root, action="validate")
        unknown = [f["message"] for f in answer["findings"] if f["code"] == "unknown-member"]
        assert len(unknown) == 1 and "surely_unknown" in unknown[0], unknown
        with open(os.path.join(folder, "dependencies.json"), "w", encoding="utf-8") as f:
            f.write("{}")
        answer, _ = recipes(root=root, action="validate")
        missing = {f["message"].split("'")[1] for f in answer["findings"]
                   if f["code"] == "missing-member"}
        assert missing == set(schema["required"]), missing


def every_code_of_a_finding_is_in_the_readme():
    with open(os.path.join(ROOT, "recipes", "README.md"), encoding="utf-8") as f:
        known = set(re.findall(r"`([a-z-]+)`", f.read()))
    folder = os.path.join(ROOT, "server", "domain", "recipe")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            codes = re.findall(r"RECIPE_(?:ERROR|WARNING|INFO),\s*\"([a-z-]+)\"", f.read())
        missing = set(codes) - known
        assert not missing, "%s: %s" % (name, missing)


def unknown_names_and_empty_projects_are_errors():
    answer, status = recipes(action="show", name="team-coch")
    assert status == 1 and "'team-coach'" in answer["error"], answer
    answer, status = recipes(action="show")
    assert status == 1 and "'name'" in answer["error"], answer
    with tempfile.TemporaryDirectory() as root:
        answer, status = recipes(root=root, action="validate")
        assert status == 1 and "no recipes" in answer["error"], answer
        answer, status = recipes(root=root, action="list")
        assert status == 0 and answer["recipes"] == [], answer


def lists_go_on_at_their_cursor():
    first, _ = recipes(action="list", limit=5)
    second, _ = recipes(action="list", limit=50, cursor=first["nextCursor"])
    names = [r["name"] for r in first["recipes"] + second["recipes"]]
    assert len(first["recipes"]) == 5 and len(names) == 12 and names == sorted(names), names
    assert "nextCursor" not in second


failed = False
for test in (the_recipes_have_no_errors, nothing_but_missing_tests_is_warned_of,
             their_graph_is_that_of_the_plan, every_named_test_is_there,
             every_file_a_recipe_consists_of_is_there, every_recipe_follows_the_schema,
             schema_and_reader_refuse_the_same, schema_and_reader_know_the_same_members,
             every_code_of_a_finding_is_in_the_readme,
             unknown_names_and_empty_projects_are_errors, lists_go_on_at_their_cursor):
    try:
        test()
        print("ok %s" % test.__name__)
    except AssertionError as wrong:
        failed = True
        print("not ok %s: %s" % (test.__name__, wrong))
shutil.rmtree(COPY)
sys.exit(failed)
