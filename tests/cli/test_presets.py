"""Agents that speak as Claude Code, Codex, Gemini CLI and opencode do: what they use is counted and
limited, a rate limit is waited for, a session is gone on with. The programs are played by a script
that says what the real ones were seen to say.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

GADUGI = os.environ["GADUGI"]
PLAYER = """#!/usr/bin/env python3
import json, os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
task, attempt = os.environ["GADUGI_TASK_ID"], int(os.environ["GADUGI_ATTEMPT"])
prompt = sys.stdin.read()
scenes = json.load(open(here + "/scenes.json"))[task]
scene = scenes[min(attempt, len(scenes)) - 1]
seen = {"task": task, "attempt": attempt, "argv": sys.argv[1:], "prompt": prompt, "at": time.time(),
        "files": sorted(f for f in os.listdir(".") if not f.startswith("."))}
with open(here + "/seen", "a") as f:
    f.write(json.dumps(seen) + "\\n")
if "--resume" in sys.argv and scene.get("unknown"):
    print(json.dumps({"type": "result", "subtype": "error_during_execution", "is_error": True,
                      "errors": ["No conversation found with session ID"]}))
    sys.exit(1)
for name in scene.get("write", []):
    open(name, "w").write(task + "\\n")
for line in scene.get("say", []):
    print(json.dumps(line) if isinstance(line, dict) else line, flush=True)
sys.exit(scene.get("exit", 0))
"""


def claude(out=10, usd=0.25, session="s-1", **more):
    return [{"type": "system", "subtype": "init", "session_id": session},
            {"type": "result", "subtype": "success", "is_error": False, "session_id": session,
             "total_cost_usd": usd, "usage": {"input_tokens": 100, "cache_read_input_tokens": 1000,
                                              "cache_creation_input_tokens": 0, "output_tokens": out},
             "permission_denials": [], "result": "done", **more}]


def refused(words):
    return claude(out=0, usd=0, is_error=True, api_error_status=429, result=words)


class Project:
    def __init__(self, config=""):
        self.folder = tempfile.mkdtemp(prefix="presets.", dir=os.environ.get("TMPDIR"))
        self.root, self.play = self.folder + "/p", self.folder + "/play"
        self.env = dict(os.environ, HOME=self.folder, XDG_CONFIG_HOME=self.folder + "/xdg",
                        GIT_CONFIG_GLOBAL="/dev/null")
        os.makedirs(self.root + "/.gadugi")
        os.makedirs(self.play)
        with open(self.play + "/player", "w") as f:
            f.write(PLAYER)
        os.chmod(self.play + "/player", 0o755)
        self.config(config)
        for words in (["init", "-q", "-b", "main"],
                      ["-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "first"]):
            subprocess.run(["git", *words], cwd=self.root, env=self.env, check=True)

    def config(self, more):
        agent = "%%s: {preset: %%s, command: [%s/player], writable: [%s]}" % (self.play, self.play)
        with open(self.root + "/.gadugi/config", "w") as f:
            f.write("agents:\n" + "".join("  %s\n" % (agent % (p, p)) for p in ("claude", "codex", "gemini", "opencode"))
                    + "  own: {command: [%s/player], writable: [%s]}\n" % (self.play, self.play)
                    + "defaults: {agent: claude, jobs: 4, retries: 0}\n" + more)

    def scenes(self, scenes):
        with open(self.play + "/scenes.json", "w") as f:
            json.dump(scenes, f)

    def call(self, tool, **args):
        p = subprocess.run([GADUGI, "call", tool, json.dumps(args)], cwd=self.root, env=self.env,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return json.loads(p.stdout) if p.stdout.startswith(b"{") else p.stderr.decode()

    def run(self, scenes, **options):
        self.scenes(scenes)
        tasks = options.pop("tasks", None) or [{"id": t, "title": "Do " + t} for t in scenes]
        run = self.call("orchestrate", tasks=tasks, waitSeconds=60, **options)
        return run, {t["id"]: t for t in run["tasks"]}

    def seen(self, task=None):
        with open(self.play + "/seen") as f:
            lines = [json.loads(line) for line in f]
        return [s for s in lines if task in (None, s["task"])]

    def git(self, *words):
        return subprocess.run(["git", *words], cwd=self.root, env=self.env, check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def end(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def codes(run):
    return [f["code"] for f in run["findings"]]


def what_each_preset_says_of_itself_is_kept(p):
    say = {
        "claude": claude(),
        "codex": [{"type": "thread.started", "thread_id": "th-1"},
                  {"type": "turn.completed", "usage": {"input_tokens": 240, "cached_input_tokens": 60, "output_tokens": 90}}],
        "gemini": [{"type": "init", "session_id": "g-1"},
                   {"type": "result", "status": "success",
                    "stats": {"input_tokens": 240, "output_tokens": 90, "cached": 60}}],
        "opencode": [{"type": "step_finish", "sessionID": "ses_1",
                      "part": {"tokens": {"input": 90, "output": 45, "reasoning": 0, "cache": {"read": 30, "write": 0}},
                               "cost": 0.125}}],
    }
    tasks = [{"id": t, "title": t, "agent": t} for t in say]
    run, by = p.run({t: [{"say": s, "write": [t]}] for t, s in say.items()}, tasks=tasks)
    assert run["state"] == "succeeded", run
    got = {t: {k: a.get(k) for k in ("session", "tokensIn", "tokensCached", "tokensOut", "costUsd")}
           for t, a in ((t, by[t]["attempts"][0]) for t in say)}
    want = {"claude": ("s-1", 1100, 1000, 10, 0.25), "codex": ("th-1", 240, 60, 90, None),
            "gemini": ("g-1", 240, 60, 90, None), "opencode": ("ses_1", 120, 30, 45, 0.125)}
    assert {t: tuple(v.values()) for t, v in got.items()} == want, got


def an_agent_that_says_it_failed_has_failed_whatever_its_exit_code(p):
    run, by = p.run({"a": [{"say": claude(is_error=True, result="ran out of turns"), "write": ["a"]}]})
    assert run["state"] == "failed"
    assert "ran out of turns" in by["a"]["cause"], by["a"]["cause"]


def a_rate_limit_is_waited_for_and_is_no_failure(p):
    tasks = [{"id": "a", "title": "A"}, {"id": "b", "title": "B", "dependsOn": ["other"]},
             {"id": "other", "title": "O", "agent": "own"}, {"id": "late", "title": "L", "agent": "own", "dependsOn": ["a"]}]
    run, by = p.run({"a": [{"say": refused("Rate limit reached, try again in 3s"), "exit": 1}, {"say": claude(), "write": ["a"]}],
                     "b": [{"say": claude(session="s-2"), "write": ["b"]}], "other": [{"write": ["o"]}], "late": [{"write": ["l"]}]},
                    tasks=tasks, jobs=1)
    assert run["state"] == "succeeded", run
    assert [a["state"] for a in by["a"]["attempts"]] == ["limited", "merged"], by["a"]
    first, again = p.seen("a")
    b, other = p.seen("b")[0], p.seen("other")[0]
    assert again["at"] - first["at"] >= 2.9, "it waited"
    assert b["at"] - first["at"] >= 2.9, "others of the same agent waited with it"
    assert other["at"] < min(b["at"], again["at"]), "another agent did not wait"
    assert "rate-limited" in codes(run)


def an_agent_of_ones_own_may_meet_a_limit_too(p):
    run, by = p.run({"a": [{"say": ["429 Too Many Requests, retry after 300ms"], "exit": 1}, {"write": ["a"]}]}, agent="own")
    assert run["state"] == "succeeded" and [a["state"] for a in by["a"]["attempts"]] == ["limited", "merged"], run


def a_wait_outlives_the_runner_and_holds_for_the_next_run(p):
    p.scenes({"a": [{"say": refused("try again in 100 s, rate limit"), "exit": 1}], "b": [{"write": ["b"]}]})
    run = p.call("orchestrate", tasks=[{"id": "a", "title": "A"}])["runId"]
    follow = subprocess.Popen([GADUGI, "events", "--follow", "--after", "0", "--topic", "task.%s.a.*" % run],
                              cwd=p.root, env=p.env, stdout=subprocess.PIPE)
    ready = 0
    for line in follow.stdout:
        ready += json.loads(line)["payload"].get("state") == "ready"
        if ready == 2:
            break
    follow.terminate()
    follow.communicate()
    task = p.call("runs", action="show", runId=run, taskId="a")
    assert task["state"] == "ready" and "retryAt" in task, task
    second = p.call("orchestrate", tasks=[{"id": "b", "title": "B"}])["runId"]
    for _ in range(2):
        waiting = p.call("runs", action="wait", runId=second, waitSeconds=1)
    assert waiting["state"] == "running" and "rate limited" in waiting["tasks"][0]["cause"], waiting
    assert not p.seen("b") if os.path.exists(p.play + "/seen") else True
    for r in (run, second):
        p.call("runs", action="cancel", runId=r)
        ended = p.call("runs", action="wait", runId=r, waitSeconds=30)
        assert ended["state"] == "cancelled", ended


def a_retry_goes_on_with_the_session_and_what_it_left(p):
    run, by = p.run({"a": [{"say": claude(usd=0.25), "write": ["half"], "exit": 1}, {"say": claude(usd=0.40), "write": ["rest"]}],
                     "x": [{"say": claude(session="s-x"), "exit": 1}, {"say": claude(session="s-x"), "write": ["x"]}]}, retries=1)
    assert run["state"] == "succeeded", run
    first, again = p.seen("a")
    assert "--resume" not in first["argv"] and again["argv"][-2:] == ["--resume", "s-1"], again
    assert "half" in again["files"] and "What you did until then is in the folder" in again["prompt"], again
    files = p.git("ls-tree", "--name-only", run["branch"]).split()
    assert files == ["half", "rest", "x"], files
    costs = [round(a["costUsd"], 4) for a in by["a"]["attempts"]]
    assert costs == [0.25, 0.15], costs  # the second result states the whole session's
    assert p.seen("x")[1]["argv"][-2:] == ["--resume", "s-x"]


def a_session_that_is_gone_is_begun_anew_and_costs_no_try(p):
    gone = {"say": claude(session="s-2"), "write": ["a"], "unknown": True}
    run, by = p.run({"a": [{"say": claude(), "exit": 1}, gone]}, retries=1)
    assert run["state"] == "succeeded", run
    assert ["--resume" in s["argv"] for s in p.seen("a")] == [False, True, False]


def a_budget_warns_and_then_starts_nothing_more(p):
    p.config("budget: {tokens: 1000}\n")
    each = [{"say": claude(out=300), "write": ["f"]}]  # 100 read anew, 300 written: 400 of 1000
    tasks = [{"id": "t%d" % i, "title": "T%d" % i, "dependsOn": ["t%d" % (i - 1)] if i else []} for i in range(5)]
    run, by = p.run({t["id"]: [dict(each[0], write=[t["id"]])] for t in tasks}, tasks=tasks)
    assert run["state"] == "failed" and "the budget is used up (1200 of 1000 tokens)" in run["cause"], run["cause"]
    assert [by[t["id"]]["state"] for t in tasks] == ["succeeded"] * 3 + ["skipped"] * 2, by
    assert "raise it" in by["t3"]["cause"]
    assert "budget-warning" in codes(run) and "budget-used-up" in codes(run)
    events = subprocess.run([GADUGI, "events", "--topic", "run.#", "--limit", "100"], cwd=p.root, env=p.env, stdout=subprocess.PIPE)
    causes = [json.loads(line)["payload"].get("cause", "") for line in events.stdout.decode().splitlines()]
    assert sum("of the budget is used: " in c for c in causes) == 1, causes
    again = p.call("runs", action="resume", runId=run["runId"])
    again = p.call("runs", action="wait", runId=run["runId"], waitSeconds=60)
    assert again["state"] == "failed" and len(p.seen()) == 3, "what was used is still used"
    p.config("budget: {tokens: 10000}\n")
    p.call("runs", action="resume", runId=run["runId"])
    again = p.call("runs", action="wait", runId=run["runId"], waitSeconds=60)
    assert again["state"] == "succeeded", again
    assert "t2: T2 - changed 1 file: t2" in p.seen("t3")[0]["prompt"], "what was merged before the resume is told"


def a_budget_used_up_by_the_last_task_fails_nothing(p):
    p.config("budget: {tokens: 500}\n")
    run, by = p.run({"a": [{"say": claude(out=600), "write": ["a"]}]})
    assert run["state"] == "succeeded" and "budget-warning" in codes(run), run


def a_run_can_have_a_budget_of_its_own(p):
    p.config("budget: {tokens: 100000, usd: 1}\n")
    tasks = [{"id": "t%d" % i, "title": "T%d" % i, "dependsOn": ["t%d" % (i - 1)] if i else []} for i in range(4)]
    program = {t["id"]: [{"say": claude(out=300, usd=0.01), "write": [t["id"]]}] for t in tasks}  # 400 tokens each
    run, by = p.run(program, tasks=tasks, budget={"tokens": 500, "usd": 5})
    assert run["state"] == "failed" and "(800 of 500 tokens)" in run["cause"], run["cause"]
    assert "resume --budget" in run["cause"] and "budget-narrower" in codes(run), run
    assert [by[t["id"]]["state"] for t in tasks] == ["succeeded"] * 2 + ["skipped"] * 2, by

    def resume(*words):
        return subprocess.run([GADUGI, "resume", run["runId"], *words], cwd=p.root, env=p.env, capture_output=True, text=True)

    for words in ("token=9", "tokens", "tokens=x", "tokens=-1", ""):
        done = resume("--budget", words)
        assert done.returncode in (1, 2) and ("tokens" in done.stderr), (words, done)
    assert p.call("runs", action="show", runId=run["runId"])["state"] == "failed", "what is wrong starts nothing"
    done = resume("--budget", "tokens=1e4,minutes=60", "--budget", "usd=0.5")
    assert done.returncode == 0, done
    again = p.call("runs", action="show", runId=run["runId"])
    assert again["state"] == "succeeded" and len(p.seen()) == 4, again
    done = resume("--budget", "tokens=1")
    assert done.returncode == 0, "a run that succeeded has nothing to go on with"


def a_budget_of_a_run_does_not_widen_the_configured_one(p):
    p.config("budget: {tokens: 500}\n")
    tasks = [{"id": "t%d" % i, "title": "T%d" % i, "dependsOn": ["t%d" % (i - 1)] if i else []} for i in range(3)]
    run, by = p.run({t["id"]: [{"say": claude(out=300), "write": [t["id"]]}] for t in tasks}, tasks=tasks,
                    budget={"tokens": 100000})
    assert run["state"] == "failed" and "of 500 tokens" in run["cause"], run["cause"]


def money_that_no_agent_tells_of_is_said_to_be_unknown(p):
    p.config("budget: {usd: 0.3}\n")
    run, by = p.run({"a": [{"say": claude(usd=0.25), "write": ["a"]}],
                     "b": [{"say": [{"type": "turn.completed", "usage": {"input_tokens": 1, "output_tokens": 1}}], "write": ["b"]}]},
                    tasks=[{"id": "a", "title": "A"}, {"id": "b", "title": "B", "agent": "codex"}])
    assert run["state"] == "succeeded", run
    assert "cost-unknown" in codes(run) and "budget-warning" in codes(run), codes(run)


def what_was_not_permitted_is_told_and_nothing_done_is_a_failure(p):
    denied = claude(permission_denials=[{"tool_name": "Bash"}, {"tool_name": "Write"}])
    run, by = p.run({"a": [{"say": denied, "write": ["a"]}], "b": [{"say": denied}]}, retries=2)
    assert by["a"]["state"] == "succeeded" and by["b"]["state"] == "failed", by
    assert "not permitted" in by["b"]["cause"] and len(by["b"]["attempts"]) == 1, by["b"]
    notes = [f["message"] for f in run["findings"] if f["code"] == "permission-denied"]
    assert len(notes) == 2 and "(Bash, Write)" in notes[0], notes


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def agents_described_in_markdown_do_tasks(p):
    put(p.root + "/.claude/agents/reviewer.md", "---\nname: reviewer\ndescription: d\nmodel: sonnet\ntools: Read, Edit, mcp__g__recall\n---\n"
        "You review with care.\n")
    put(p.root + "/.gadugi/agents/porter.md", "---\nname: porter\ndescription: d\npreset: codex\nmodel: gpt-5\n---\nYou port.\n")
    put(p.folder + "/.claude/agents/mine.md", "---\nname: mine\ndescription: d\ncommand: [%s/player, own]\n---\nYou are mine.\n" % p.play)
    tasks = [{"id": "r", "title": "R", "agent": "reviewer"}, {"id": "c", "title": "C", "agent": "porter"},
             {"id": "m", "title": "M", "agent": "mine"}, {"id": "d", "title": "D"}]
    p.config("flags: {confine: false}\n")  # a command of the user's own has no writable folders
    run, by = p.run({t["id"]: [{"write": [t["id"]]}] for t in tasks}, tasks=tasks)
    assert run["state"] == "succeeded", run
    assert by["r"]["agent"] == "reviewer" and by["r"]["attempts"][0]["agent"] == "reviewer"
    seen = {s["task"]: s for s in p.seen()}
    assert seen["r"]["prompt"].startswith("You review with care.") and "# R" in seen["r"]["prompt"], seen["r"]
    assert seen["r"]["argv"] == ["--model", "sonnet", "--tools", "Read,Edit"], seen["r"]
    assert seen["c"]["prompt"].startswith("You port.") and seen["c"]["argv"] == ["--model", "gpt-5"], seen["c"]
    assert seen["m"]["prompt"].startswith("You are mine.") and seen["m"]["argv"] == ["own"], seen["m"]
    assert seen["d"]["prompt"].startswith("# D"), seen["d"]
    dry = p.call("orchestrate", tasks=[{"id": "x", "title": "X"}], agent="reviewer", dryRun=True)
    assert dry["firstPrompt"].startswith("You review with care."), dry


def a_file_of_the_project_brings_no_command(p):
    put(p.root + "/.gadugi/agents/evil.md", "---\nname: evil\ndescription: d\ncommand: [sh, -c, 'touch %s/evil']\n---\nBe evil.\n" % p.play)
    run, by = p.run({"a": [{"write": ["a"]}]}, tasks=[{"id": "a", "title": "A", "agent": "evil"}])
    assert run["state"] == "succeeded" and p.seen("a")[0]["prompt"].startswith("Be evil."), run
    assert not os.path.exists(p.play + "/evil"), "it is run by the configured default agent"
    answer = p.call("orchestrate", tasks=[{"id": "a", "title": "A", "agent": "evli"}])
    assert "evil" in answer, answer


def what_is_remembered_is_in_the_prompt_in_every_mode(p):
    p.call("remember", text="The frobnicator needs grease number nine before it is started.")
    tasks = [{"id": "a", "title": "Start the frobnicator"}]
    p.scenes({"a": [{"write": ["a"]}]})
    for mode in ("worktree", "shared"):
        run = p.call("orchestrate", tasks=tasks, mode=mode, waitSeconds=60)
        assert run["state"] == "succeeded", run
        assert "grease number nine" in p.seen("a")[-1]["prompt"], (mode, p.seen("a")[-1])
    assert "grease number nine" in p.call("orchestrate", tasks=tasks, dryRun=True)["firstPrompt"]


def tasks_that_use_the_same_thing_do_not_overlap_and_priority_goes_first(p):
    p.scenes({t: [{"write": [t]}] for t in "abcd"})
    tasks = [{"id": "a", "title": "A", "uses": ["heavy"]}, {"id": "b", "title": "B", "uses": ["heavy", "port:8080"]},
             {"id": "c", "title": "C", "uses": ["port:8080"]}, {"id": "d", "title": "D", "uses": ["heavy"], "priority": 5}]
    run = p.call("orchestrate", tasks=tasks, agent="own", jobs=4, waitSeconds=60)
    assert run["state"] == "succeeded", run
    spans = {t["id"]: (t["attempts"][0]["startedAt"], t["attempts"][0]["endedAt"]) for t in run["tasks"]}
    for x, y in (("a", "b"), ("a", "d"), ("b", "d"), ("b", "c")):
        (b1, e1), (b2, e2) = spans[x], spans[y]
        assert e1 <= b2 or e2 <= b1, (x, y, spans)
    assert spans["d"][0] < spans["a"][0] and spans["d"][0] < spans["b"][0], spans


def main():
    failed = False
    for test in (tasks_that_use_the_same_thing_do_not_overlap_and_priority_goes_first,
                 agents_described_in_markdown_do_tasks,
                 a_file_of_the_project_brings_no_command,
                 what_is_remembered_is_in_the_prompt_in_every_mode,
                 what_each_preset_says_of_itself_is_kept,
                 an_agent_that_says_it_failed_has_failed_whatever_its_exit_code,
                 a_rate_limit_is_waited_for_and_is_no_failure,
                 an_agent_of_ones_own_may_meet_a_limit_too,
                 a_wait_outlives_the_runner_and_holds_for_the_next_run,
                 a_retry_goes_on_with_the_session_and_what_it_left,
                 a_session_that_is_gone_is_begun_anew_and_costs_no_try,
                 a_budget_warns_and_then_starts_nothing_more,
                 a_budget_used_up_by_the_last_task_fails_nothing,
                 a_run_can_have_a_budget_of_its_own,
                 a_budget_of_a_run_does_not_widen_the_configured_one,
                 money_that_no_agent_tells_of_is_said_to_be_unknown,
                 what_was_not_permitted_is_told_and_nothing_done_is_a_failure):
        p = Project()
        try:
            test(p)
            print("ok", test.__name__)
        except Exception:  # the next test is run all the same
            failed = True
            print("not ok", test.__name__)
            traceback.print_exc()
        finally:
            p.end()
    sys.exit(failed)


main()
