"""Everything the servers say, against the JSON Schemas of each revision of the protocol:
  schemas.py BUILD_DIR SCHEMA_DIR
SCHEMA_DIR has REVISION/schema.json, as the folder `schema` of the specification's repository does.
Objects that a schema describes are closed first, so that a member a revision does not define is a
failure too."""
import copy
import json
import os
import sys
import tempfile

BUILD, SCHEMAS = sys.argv[1:3]
os.environ.update(BUILD=os.path.abspath(BUILD), GADUGI=os.path.abspath(os.path.join(BUILD, "gadugi")))
sys.path.insert(0, "tests/lib")
from mcp import GADUGI, META, LIMIT, Server, request  # noqa: E402

try:
    import jsonschema
except ImportError:
    print("skip schemas: python has no jsonschema (Debian: python3-jsonschema)")
    sys.exit(0)

P = "io.modelcontextprotocol/"
CAN = {"elicitation": {}, "sampling": {}, "roots": {}}
RESULTS = {"initialize": "InitializeResult", "ping": "EmptyResult", "tools/list": "ListToolsResult", "tools/call": "CallToolResult",
           "resources/list": "ListResourcesResult", "resources/templates/list": "ListResourceTemplatesResult",
           "resources/read": "ReadResourceResult", "resources/subscribe": "EmptyResult", "resources/unsubscribe": "EmptyResult",
           "prompts/list": "ListPromptsResult", "prompts/get": "GetPromptResult", "completion/complete": "CompleteResult",
           "logging/setLevel": "EmptyResult", "server/discover": "DiscoverResult", "subscriptions/listen": "SubscriptionsListenResult"}


class Schema:
    """One revision's definitions, as they are and closed."""

    def __init__(self, revision):
        with open(os.path.join(SCHEMAS, revision, "schema.json")) as f:
            self.all = json.load(f)
        self.key = "$defs" if "$defs" in self.all else "definitions"
        self.cls = jsonschema.validators.validator_for(self.all)
        self.closed = copy.deepcopy(self.all)
        for name, one in self.closed[self.key].items():
            self.close(one)

    def close(self, one):
        if isinstance(one, list):
            for each in one:
                self.close(each)
        if not isinstance(one, dict) or "allOf" in one:
            return
        if isinstance(one.get("properties"), dict) and one.get("additionalProperties", {}) == {}:
            if one["properties"]:
                one["additionalProperties"] = False
        for key, each in one.items():
            if key not in ("additionalProperties", "inputSchema", "outputSchema"):  # these hold schemas of tools
                self.close(each)

    def errors(self, name, value, closed=True):
        whole = self.closed if closed else self.all
        if name not in whole[self.key]:
            return ["the revision has no %s" % name]
        schema = {"$schema": whole["$schema"], self.key: whole[self.key], "$ref": "#/%s/%s" % (self.key, name)}
        found = []
        for e in self.cls(schema).iter_errors(value):
            best = jsonschema.exceptions.best_match([e]) or e
            found.append("/".join(map(str, best.absolute_path)) + ": " + best.message[:300])
        return found


class Judge:
    def __init__(self, revision):
        self.revision, self.schema, self.seen, self.bad = revision, Schema(revision), 0, []

    def hold(self, name, value, what, closed=True):
        self.seen += 1
        for e in self.schema.errors(name, value, closed):
            self.bad.append("%s as %s: %s" % (what, name, e))

    def message(self, m, method):
        """A line from the server; method is of the request it answers."""
        what = method + " " + json.dumps(m)[:160]
        self.hold("JSONRPCMessage", m, what, closed=False)
        if "method" in m:
            name = {"notifications/progress": "ProgressNotification", "notifications/message": "LoggingMessageNotification",
                    "notifications/resources/updated": "ResourceUpdatedNotification", "elicitation/create": "ElicitRequest",
                    "sampling/createMessage": "CreateMessageRequest", "roots/list": "ListRootsRequest",
                    "notifications/cancelled": "CancelledNotification", "notifications/tools/list_changed": "ToolListChangedNotification",
                    "notifications/prompts/list_changed": "PromptListChangedNotification",
                    "notifications/resources/list_changed": "ResourceListChangedNotification",
                    "notifications/subscriptions/acknowledged": "SubscriptionsAcknowledgedNotification"}[m["method"]]
            self.hold(name, m, what, closed=False)
            if "params" in m:
                self.hold_params(name, m, what)
        elif "error" in m:
            self.hold("JSONRPCErrorResponse" if "JSONRPCErrorResponse" in self.schema.all[self.schema.key] else "JSONRPCError", m, what)
        elif m["result"].get("resultType") == "input_required":
            self.hold("InputRequiredResult", m["result"], what)
        else:
            # results of 2026-07-28 may carry _meta; EmptyResult is Result there, which is open
            self.hold(RESULTS[method], m["result"], what)

    def hold_params(self, name, m, what):
        if name + "Params" in self.schema.all[self.schema.key]:
            self.hold(name + "Params", m["params"], what)


def filled(params):
    """A form with something in each field."""
    some = {"boolean": True, "integer": 1, "number": 1}
    fields = params.get("requestedSchema", {"properties": {}})["properties"]
    return {k: v["enum"][0] if "enum" in v else some.get(v.get("type"), "x") for k, v in fields.items()}


def talk(judge, server, messages, modern):
    """Send requests one at a time, answer what the server asks, and judge every line."""
    replies = {}
    for n, (method, params) in enumerate(messages):
        id = "%s-%d" % (method, n)
        params = dict(params)
        if modern:
            params["_meta"] = dict(META, **{P + "clientCapabilities": CAN, P + "logLevel": "debug"})
        if method == "tools/call":
            params.setdefault("_meta", {})
            params["_meta"] = dict(params["_meta"], progressToken=id)
        server.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        while True:
            m = server.read(LIMIT)
            judge.message(m, method)
            if m.get("id") == id and "method" not in m:
                replies[method] = m
                break
            if "id" in m:
                result = {"elicitation/create": {"action": "accept", "content": filled(m["params"])}, "roots/list": {"roots": []},
                          "sampling/createMessage": {"role": "assistant", "content": {"type": "text", "text": "x"}, "model": "m"}}[m["method"]]
                server.send({"jsonrpc": "2.0", "id": m["id"], "result": result})
    return replies


def call(name, **args):
    return "tools/call", {"name": name, "arguments": args}


def of_gadugi(folder, modern):
    """Every method and tool of the real server, with what goes well and what does not."""
    plan = {"tasks": [{"id": "a", "title": "A", "estimateMinutes": 1}, {"id": "b", "title": "B", "dependsOn": ["a"]}]}
    with open(os.path.join(folder, "plan.json"), "w") as f:
        json.dump(plan, f)
    yield from (("server/discover", {}),) if modern else (("ping", {}), ("logging/setLevel", {"level": "debug"}))
    for method in ("tools/list", "resources/list", "resources/templates/list", "prompts/list"):
        yield method, {}
    yield call("remember", text="the harbour opens at six", kind="fact", entity="harbour")
    yield call("recall", query="harbour")
    yield call("recall")
    yield call("decompose", path="plan.json")
    yield call("decompose", goal="add a login page", format="markdown")
    yield call("decompose")
    yield call("orchestrate", path="plan.json", dryRun=True)
    yield call("orchestrate", path="plan.json", mode="shared", waitSeconds=60)
    for action in ("list", "show", "wait", "log", "cancel"):
        yield call("runs", action=action, runId="none")
    yield call("runs", action="list")
    yield call("forget", query="harbour")
    yield call("forget", query="harbour", purge=True)
    yield call("coach")
    yield call("recipes", action="list")
    yield call("agents", action="list")
    yield call("agents", action="ask", text="Which?", waitSeconds=5)
    yield call("events", action="list")
    yield call("nothing")
    yield call("recall", wrong=1)
    for uri in ("gadugi://config", "gadugi://health", "gadugi://memory/stats", "gadugi://runs", "gadugi://nothing"):
        yield "resources/read", {"uri": uri}
    if not modern:
        yield "resources/subscribe", {"uri": "gadugi://runs"}
        yield call("orchestrate", path="plan.json", mode="shared", waitSeconds=60)
        yield "resources/unsubscribe", {"uri": "gadugi://runs"}
    for name, args in (("plan", {"goal": "x"}), ("retrospective", {}), ("nothing", {})):
        yield "prompts/get", {"name": name, "arguments": args}
    yield "completion/complete", {"ref": {"type": "ref/prompt", "name": "retrospective"}, "argument": {"name": "run", "value": ""}}
    yield "completion/complete", {"ref": {"type": "ref/prompt", "name": "nothing"}, "argument": {"name": "run", "value": ""}}


def of_fixtures(server, judge, modern):
    """Every tool, resource and prompt the fixture server lists, with no arguments but its required ones."""
    lists = talk(judge, server, [(m, {}) for m in ("tools/list", "resources/list", "prompts/list", "resources/templates/list")], modern)
    made = lambda schema: {k: "x" if schema["properties"][k].get("type") != "number" else 1 for k in schema.get("required", [])}
    for tool in lists["tools/list"]["result"]["tools"]:
        old = judge.revision < {"test_audio_content": "2025-03-26", "test_elicitation_sep1330_enums": "2025-11-25"}.get(tool["name"], "")
        if not old and tool["name"] not in ("hold", "park", "spawning"):  # those wait for a test
            yield "tools/call", {"name": tool["name"], "arguments": made(tool["inputSchema"])}
    for resource in lists["resources/list"]["result"]["resources"]:
        yield "resources/read", {"uri": resource["uri"]}
    for prompt in lists["prompts/list"]["result"]["prompts"]:
        yield "prompts/get", {"name": prompt["name"], "arguments": {a["name"]: "x" for a in prompt.get("arguments", [])}}


def project():
    folder = tempfile.mkdtemp()
    os.makedirs(os.path.join(folder, ".gadugi"))
    with open(os.path.join(folder, ".gadugi", "config"), "w") as f:
        f.write("agents:\n  quick: {command: ['true'], prompt: stdin}\ndefaults: {agent: quick, mode: shared, retries: 0}\n")
    return folder


def open_session(judge, server, revision):
    if revision == "2026-07-28":
        return
    server.send(request("init", "initialize", {"protocolVersion": revision, "capabilities": CAN if revision >= "2025-06-18" else {"sampling": {}, "roots": {}},
                                               "clientInfo": {"name": "schemas", "version": "1"}}))
    judge.message(server.read(), "initialize")
    server.send({"jsonrpc": "2.0", "method": "notifications/initialized"})


failed = 0
for revision in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"):
    judge, modern = Judge(revision), revision == "2026-07-28"
    folder = project()
    with Server([GADUGI], cwd=folder) as s:
        open_session(judge, s, revision)
        talk(judge, s, of_gadugi(folder, modern), modern)
    with Server() as s:
        open_session(judge, s, revision)
        talk(judge, s, of_fixtures(s, judge, modern), modern)
    print("%s %s: %d messages and results are as its schema has them%s" %
          ("not ok" if judge.bad else "ok", revision, judge.seen, "".join("\n    " + b for b in dict.fromkeys(judge.bad))), flush=True)
    failed |= bool(judge.bad)
sys.exit(failed)
