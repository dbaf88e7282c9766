"""Session files of every host, written as their versions write them, for tests of the coach.

A script of steps is rendered for any host: `Claude(folder).prompt(...).sh(...)...done()`. What was written is
also counted here, so that a test can compare.
"""
import datetime
import json
import os
import random
import sqlite3

START_MS = 1767225600000  # 2026-01-01
KINDS = ("input", "cacheRead", "cacheWrite", "output")


def iso(ms):
    at = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (ms % 1000)


class Session:
    """What all hosts have in common: time goes on by a second a line, or as the step says."""

    def __init__(self, folder, name, cwd="/home/u/p", start_ms=START_MS, seed=0, model="model-1"):
        self.folder, self.name, self.cwd, self.ms, self.model = folder, name, cwd, start_ms, model
        self.random = random.Random(seed)
        self.calls = self.messages = 0
        self.totals = dict.fromkeys(KINDS, 0)
        os.makedirs(folder, exist_ok=True)

    def tick(self, ms=1000):
        self.ms += ms
        return self.ms

    def wait(self, seconds):
        self.ms += int(seconds * 1000)
        return self

    def tokens(self, context=None):
        """Tokens of one message, summed where they are made up."""
        if context is not None:
            one = dict(zip(KINDS, context))
        else:
            one = {"input": self.random.randrange(1, 900), "cacheRead": self.random.randrange(0, 9000),
                   "cacheWrite": self.random.randrange(0, 2000), "output": self.random.randrange(1, 700)}
        for k in KINDS:
            self.totals[k] += one[k]
        return one

    # steps by what they are about, each host has its own tools for them
    def read(self, path, ok=True, said="some lines", **more):
        return self.call("read", dict(path=self.at(path), **more), ok, said)

    def grep(self, pattern, ok=True, said="a.c:1: x"):
        return self.call("grep", dict(pattern=pattern), ok, said)

    def sh(self, command, ok=True, said="fine", ms=1000):
        return self.call("sh", dict(command=command), ok, said, ms)

    def edit(self, path, old="a", new="b", ok=True, said="edited"):
        return self.call("edit", dict(path=self.at(path), old=old, new=new), ok, said)

    def write(self, path, content, ok=True, said="written"):
        return self.call("write", dict(path=self.at(path), content=content), ok, said)

    def at(self, path):
        return path if path.startswith("/") else "%s/%s" % (self.cwd, path)


class Lines(Session):
    """A value a line."""

    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.out = []

    def put(self, value):
        self.out.append(json.dumps(value, separators=(",", ":")))

    def done(self):
        path = os.path.join(self.folder, self.file())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(self.out) + "\n")
        return path

    def file(self):
        return self.name + ".jsonl"


class Claude(Lines):
    """Each block of a message is a line with the same ids; the last has the largest output."""

    tools = {"read": ("Read", lambda i: dict(file_path=i["path"], **{k: i[k] for k in ("offset", "limit") if k in i})),
             "grep": ("Grep", lambda i: {"pattern": i["pattern"]}),
             "sh": ("Bash", lambda i: {"command": i["command"]}),
             "edit": ("Edit", lambda i: {"file_path": i["path"], "old_string": i["old"], "new_string": i["new"]}),
             "write": ("Write", lambda i: {"file_path": i["path"], "content": i["content"]})}
    agent = None

    def line(self, kind, **members):
        value = {"sessionId": self.name, "version": "2.1.200", "cwd": self.cwd, "isSidechain": self.agent is not None,
                 "type": kind, "uuid": "u%d" % len(self.out), "timestamp": iso(self.tick())}
        if self.agent:
            value["agentId"] = self.agent
        value.update(members)
        self.put(value)

    def user(self, content, **more):
        self.line("user", message={"role": "user", "content": content}, **more)
        return self

    def prompt(self, text):
        return self.user(text)

    def interrupt(self):
        return self.user([{"type": "text", "text": "[Request interrupted by user]"}])

    def compact(self, tokens=150000):
        self.line("system", subtype="compact_boundary", compactMetadata={"trigger": "auto", "preTokens": tokens})
        return self

    def message(self, blocks, context=None):
        self.messages += 1
        t = self.tokens(context)
        parts = [[{"type": "thinking", "thinking": "hm"}]] if self.random.random() < 0.5 else []
        parts += [[b] for b in blocks]
        for n, part in enumerate(parts):
            out = t["output"] if n == len(parts) - 1 else min(1, t["output"])
            self.line("assistant", requestId="req%d" % self.messages, message={
                "id": "msg_%s%d" % (self.agent or "", self.messages), "role": "assistant", "model": self.model, "content": part,
                "usage": {"input_tokens": t["input"], "cache_read_input_tokens": t["cacheRead"],
                          "cache_creation_input_tokens": t["cacheWrite"], "output_tokens": out}})

    def say(self, text="hm", context=None):
        self.message([{"type": "text", "text": text}], context)
        return self

    def call(self, what, inputs, ok=True, said="fine", ms=1000):
        self.calls += 1
        name, shape = self.tools[what]
        key = "toolu_%s%d" % (self.agent or "", self.calls)
        self.message([{"type": "tool_use", "id": key, "name": name, "input": shape(inputs)}])
        self.tick(ms - 1000)
        self.user([{"type": "tool_result", "tool_use_id": key, "is_error": not ok, "content": said}])
        return self

    def together(self, steps):
        """Several calls in one message."""
        blocks, keys = [], []
        for what, inputs in steps:
            self.calls += 1
            keys.append("toolu_%d" % self.calls)
            name, shape = self.tools[what]
            blocks.append({"type": "tool_use", "id": keys[-1], "name": name, "input": shape(inputs)})
        self.message(blocks)
        for key in keys:
            self.user([{"type": "tool_result", "tool_use_id": key, "is_error": False, "content": "fine"}])
        return self

    def subagent(self, agent):
        """A file of a subagent, beside the session's folder."""
        sub = Claude(os.path.join(self.folder, self.name, "subagents"), self.name, self.cwd, self.ms, seed=self.calls + 7)
        sub.agent = agent
        sub.file = lambda: "agent-%s.jsonl" % agent
        return sub


class Codex(Lines):
    """A rollout; `age` new: items; middle: events; old: bare lines without time and tokens."""

    def __init__(self, *a, age="new", **k):
        super().__init__(*a, **k)
        self.age, self.sum = age, [0, 0, 0, 0]
        if age == "old":
            self.put({"id": self.name, "timestamp": iso(self.ms), "instructions": None, "git": {}})
            return
        self.item("session_meta", {"id": self.name, "cwd": self.cwd, "cli_version": "0.169.0"})
        self.item("turn_context", {"cwd": self.cwd, "model": self.model})

    def file(self):
        return "2026/01/01/rollout-%s.jsonl" % self.name

    def item(self, kind, payload):
        if self.age == "old" and kind == "response_item":
            self.put(payload)
        elif self.age != "old":
            self.put({"timestamp": iso(self.tick()), "type": kind, "payload": payload})

    def prompt(self, text):
        self.item("event_msg", {"type": "task_started", "turn_id": "t%d" % len(self.out)})
        self.item("response_item", {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]})
        if self.age == "middle":
            self.item("event_msg", {"type": "user_message", "message": text})
        elif self.age == "new":
            self.item("event_msg", {"type": "item_completed", "item": {
                "type": "UserMessage", "content": [{"type": "text", "text": text}]}})
        return self

    def interrupt(self):
        self.item("event_msg", {"type": "turn_aborted", "reason": "interrupted"})
        return self

    def compact(self, tokens=None):
        self.item("compacted", {"message": "short"})
        return self

    def usage(self, context=None):
        if self.age == "old":
            return
        t = self.tokens(context)
        whole = t["input"] + t["cacheRead"] + t["cacheWrite"]
        last = {"input_tokens": whole, "cached_input_tokens": t["cacheRead"], "cache_write_input_tokens": t["cacheWrite"],
                "output_tokens": t["output"], "reasoning_output_tokens": 1, "total_tokens": whole + t["output"]}
        self.sum = [self.sum[0] + whole, self.sum[1] + t["cacheRead"], self.sum[2] + t["cacheWrite"], self.sum[3] + t["output"]]
        info = {"last_token_usage": last, "total_token_usage": dict(zip(
            ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens"), self.sum))}
        if self.age == "new":
            self.item("token_usage_record", {"response_id": "r%d" % self.messages, "usage": last})
        for _ in range(self.random.randrange(1, 3)):  # Codex repeats itself
            self.item("event_msg", {"type": "token_count", "info": info})
        self.messages += 1

    def say(self, text="hm", context=None):
        self.item("response_item", {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]})
        self.usage(context)
        return self

    def call(self, what, inputs, ok=True, said="fine", ms=1000):
        self.calls += 1
        key = "call_%d" % self.calls
        if what in ("edit", "write"):
            body = ("@@\n-%s\n+%s" % (inputs["old"], inputs["new"]) if what == "edit" else "+" + inputs["content"])
            head = "Update" if what == "edit" else "Add"
            self.item("response_item", {"type": "custom_tool_call", "call_id": key, "name": "apply_patch", "input":
                                        "*** Begin Patch\n*** %s File: %s\n%s\n*** End Patch\n" % (head, inputs["path"], body)})
        else:
            command = {"sh": lambda: inputs["command"], "read": lambda: "cat " + inputs["path"],
                       "grep": lambda: "rg %s" % inputs["pattern"]}[what]()
            self.item("response_item", {"type": "function_call", "name": "exec_command", "call_id": key,
                                        "arguments": json.dumps({"cmd": command})})
        self.usage()
        self.tick(ms - 1000)
        kind = "custom_tool_call_output" if what in ("edit", "write") else "function_call_output"
        self.item("response_item", {"type": kind, "call_id": key, "output":
                                    "Exit code: %d\nWall time: 1 seconds\nOutput:\n%s" % (0 if ok else 1, said)})
        return self


class Gemini(Session):
    """A chat: `lines` the newer layout, a message again whenever more of it is known; else one object."""

    tools = {"read": ("read_file", lambda i: dict(file_path=i["path"], **{k: i[k] for k in ("offset", "limit") if k in i})),
             "grep": ("search_file_content", lambda i: {"pattern": i["pattern"]}),
             "sh": ("run_shell_command", lambda i: {"command": i["command"]}),
             "edit": ("replace", lambda i: {"file_path": i["path"], "old_string": i["old"], "new_string": i["new"]}),
             "write": ("write_file", lambda i: {"file_path": i["path"], "content": i["content"]})}

    def __init__(self, *a, lines=True, **k):
        super().__init__(*a, **k)
        self.lines, self.all, self.out = lines, [], []
        self.head = {"sessionId": self.name, "projectHash": "0" * 64, "startTime": iso(self.ms), "lastUpdated": iso(self.ms), "kind": "main"}
        self.out.append(self.head)

    def put(self, message):
        self.out.append(json.loads(json.dumps(message)))
        self.out.append({"$set": {"lastUpdated": message["timestamp"]}})

    def new(self, kind, **members):
        message = dict({"id": "m%d" % len(self.all), "timestamp": iso(self.tick()), "type": kind}, **members)
        self.all.append(message)
        self.put(message)
        return message

    def prompt(self, text):
        self.new("user", content=[{"text": text}])
        return self

    def interrupt(self):
        self.new("info", content="Request cancelled.")
        return self

    def compact(self, tokens=150000):
        self.new("info", content="A compressed context will be sent for future messages (compressed from: %d to 9 tokens)." % tokens)
        return self

    def answer(self, text="", context=None):
        self.messages += 1
        message = self.new("gemini", content=text, model=self.model, thoughts=[], tokens=None)
        t = self.tokens(context)
        t["input"], t["cacheWrite"], extra = t["input"] + t["cacheWrite"], 0, t["cacheWrite"]
        self.totals["input"] += extra
        self.totals["cacheWrite"] -= extra
        thought = min(3, t["output"] - 1) if t["output"] > 1 else 0
        message["tokens"] = {"input": t["input"] + t["cacheRead"], "output": t["output"] - thought, "cached": t["cacheRead"],
                             "thoughts": thought, "tool": 0, "total": 0}
        self.put(message)
        return message

    def say(self, text="hm", context=None):
        self.answer(text, context)
        return self

    def call(self, what, inputs, ok=True, said="fine", ms=1000):
        self.calls += 1
        name, shape = self.tools[what]
        message = self.answer()
        call = {"id": "t%d" % self.calls, "name": name, "args": shape(inputs), "status": "executing", "timestamp": iso(self.ms)}
        message["toolCalls"] = [call]
        self.put(message)
        call["timestamp"], call["status"] = iso(self.tick(ms)), "success" if ok else "error"
        call["result"] = [{"functionResponse": {"id": call["id"], "name": name, "response": {"output" if ok else "error": said}}}]
        self.put(message)
        return self

    def done(self):
        os.makedirs(self.folder, exist_ok=True)
        path = os.path.join(self.folder, "session-%s.json%s" % (self.name, "l" if self.lines else ""))
        with open(path, "w", encoding="utf-8") as f:
            if self.lines:
                f.write("".join(json.dumps(v) + "\n" for v in self.out))
            else:
                json.dump(dict(self.head, messages=self.all), f, indent=2)
        return path


class Opencode(Session):
    """A session in its database, or in the files of older versions; ids sort by time."""

    tools = {"read": ("read", lambda i: dict(filePath=i["path"], **{k: i[k] for k in ("offset", "limit") if k in i})),
             "grep": ("grep", lambda i: {"pattern": i["pattern"]}),
             "sh": ("bash", lambda i: {"command": i["command"], "description": "x"}),
             "edit": ("edit", lambda i: {"filePath": i["path"], "oldString": i["old"], "newString": i["new"]}),
             "write": ("write", lambda i: {"filePath": i["path"], "content": i["content"]})}
    tables = """
    CREATE TABLE IF NOT EXISTS session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, directory text NOT NULL,
     title text NOT NULL, version text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL);
    CREATE TABLE IF NOT EXISTS message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL,
     time_updated integer NOT NULL, data text NOT NULL);
    CREATE TABLE IF NOT EXISTS part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL,
     time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
    CREATE INDEX IF NOT EXISTS message_by_session ON message (session_id, time_created, id);
    CREATE INDEX IF NOT EXISTS part_by_message ON part (message_id, id);"""

    def __init__(self, *a, parent=None, database=True, **k):
        super().__init__(*a, **k)
        self.parent, self.database, self.rows, self.first = parent, database, [], self.ms

    def message(self, data):
        self.messages += 1
        key = "msg_%s_%05d" % (self.name, self.messages)
        self.rows.append((key, self.ms, data, []))
        return self.rows[-1]

    def part(self, row, data):
        row[3].append(("prt_%s_%05d_%03d" % (self.name, self.messages, len(row[3])), self.ms, data))

    def prompt(self, text):
        row = self.message({"role": "user", "time": {"created": self.tick()}, "agent": "build"})
        self.part(row, {"type": "text", "text": text})
        self.part(row, {"type": "text", "text": "a reminder", "synthetic": True})
        return self

    def answer(self, context=None, **more):
        t = self.tokens(context)
        thought = self.random.randrange(0, t["output"])
        data = {"role": "assistant", "modelID": self.model, "cost": 0.25, "path": {"cwd": self.cwd, "root": self.cwd},
                "time": {"created": self.tick(), "completed": self.ms + 500}, "tokens": {
                    "input": t["input"], "output": t["output"] - thought, "reasoning": thought,
                    "total": sum(t.values()), "cache": {"read": t["cacheRead"], "write": t["cacheWrite"]}}}
        data.update(more)
        row = self.message(data)
        self.part(row, {"type": "step-start"})
        return row

    def say(self, text="hm", context=None):
        self.part(self.answer(context), {"type": "text", "text": text})
        return self

    def interrupt(self):
        self.answer(error={"name": "MessageAbortedError", "data": {}})
        return self

    def compact(self, tokens=None):
        row = self.message({"role": "user", "time": {"created": self.tick()}})
        self.part(row, {"type": "compaction", "auto": True})
        return self

    def call(self, what, inputs, ok=True, said="fine", ms=1000):
        self.calls += 1
        name, shape = self.tools[what]
        row = self.answer()
        start = self.ms
        state = {"status": "completed", "input": shape(inputs), "output": said, "metadata": {}, "title": "",
                 "time": {"start": start, "end": self.tick(ms)}}
        if what == "sh":
            state["metadata"]["exit"] = 0 if ok else 1
        elif not ok:
            state["status"], state["error"] = "error", said
            del state["output"]
        self.part(row, {"type": "tool", "tool": name, "callID": "toolu_%s_%d" % (self.name, self.calls), "state": state})
        self.part(row, {"type": "step-finish", "reason": "tool-calls"})
        return self

    def done(self):
        return self.to_database() if self.database else self.to_files()

    def to_database(self):
        path = os.path.join(self.folder, "opencode.db")
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(self.tables)
            db.execute("INSERT INTO session VALUES (?, 'p', ?, ?, 't', '1.18.33', ?, ?)",
                       (self.name, self.parent, self.cwd, self.first, self.ms))
            for key, ms, data, parts in self.rows:
                db.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", (key, self.name, ms, ms, json.dumps(data)))
                for part, at, value in parts:
                    db.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", (part, key, self.name, at, at, json.dumps(value)))
        db.close()
        return path

    def to_files(self):
        def put(value, *path):
            path = os.path.join(self.folder, "storage", *path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                json.dump(value, f)

        info = {"id": self.name, "directory": self.cwd, "version": "0.9.0", "time": {"created": self.first, "updated": self.ms}}
        if self.parent:
            info["parentID"] = self.parent
        put(info, "session", "p", self.name + ".json")
        for key, _, data, parts in self.rows:
            put(dict(data, id=key, sessionID=self.name), "message", self.name, key + ".json")
            for part, _, value in parts:
                put(dict(value, id=part, messageID=key, sessionID=self.name), "part", key, part + ".json")
        return self.folder


def hosts():
    """A maker for each host and version: name, function(folder, name, **more)."""
    return [("claude", Claude),
            ("codex", Codex),
            ("codex, middle", lambda *a, **k: Codex(*a, age="middle", **k)),
            ("gemini", Gemini),
            ("gemini, whole", lambda *a, **k: Gemini(*a, lines=False, **k)),
            ("opencode", Opencode),
            ("opencode, files", lambda *a, **k: Opencode(*a, database=False, **k))]
