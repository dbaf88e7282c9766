"""What the questions share: a scratch project, a server on stdio, medians, and how a figure is printed."""
import json
import os
import statistics
import subprocess
import tempfile

GADUGI = os.environ["GADUGI"]


def figure(what, value, floor, goal):
    print("figure|%s|%s|%s|%s" % (what, value, floor, goal), flush=True)


def median(values):
    return statistics.median(values)


def project(config=None):
    """A git repository with one commit."""
    folder = tempfile.mkdtemp()
    run = lambda *words: subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    run("git", "init", "-q", "-b", "main")
    run("git", "-c", "user.name=Bench", "-c", "user.email=bench@example.org", "commit", "-q", "--allow-empty", "-m", "first")
    if config is not None:
        os.mkdir(folder + "/.gadugi", 0o700)
        with open(folder + "/.gadugi/config", "w") as f:
            f.write(config)
    return folder


def cli(folder, *words, **kw):
    """A command's JSON answer."""
    done = subprocess.run([GADUGI, *words, "--json"], cwd=folder, stdout=subprocess.PIPE, **kw)
    if not done.stdout:
        raise SystemExit("gadugi %s printed nothing, exit status %d" % (" ".join(words), done.returncode))
    return json.loads(done.stdout)


def cli_lines(folder, *words):
    """How many lines a command prints."""
    return subprocess.run([GADUGI, *words], cwd=folder, stdout=subprocess.PIPE, check=True).stdout.count(b"\n")


class Server:
    """One server on stdio; requests in, answers out, in any order."""

    def __init__(self, folder):
        self.p = subprocess.Popen([GADUGI, "serve"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.n = 0

    def send(self, method, params):
        self.n += 1
        self.p.stdin.write(json.dumps({"jsonrpc": "2.0", "id": self.n, "method": method, "params": params}).encode() + b"\n")
        return self.n

    def flush(self):
        self.p.stdin.flush()

    def read(self):
        line = self.p.stdout.readline()
        if not line:
            raise SystemExit("the server ended")
        return json.loads(line)

    def ask(self, method, params):
        self.send(method, params)
        self.flush()
        return self.read()

    def begin(self):
        return self.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                       "clientInfo": {"name": "bench", "version": "1"}})

    def tool(self, name, **arguments):
        answer = self.ask("tools/call", {"name": name, "arguments": arguments})
        if "error" in answer or answer["result"].get("isError"):
            raise SystemExit("%s failed: %s" % (name, answer))
        return answer["result"]["structuredContent"]

    def resident_kib(self):
        with open("/proc/%d/status" % self.p.pid) as f:
            return int(next(line for line in f if line.startswith("VmRSS")).split()[1])

    def end(self):
        self.p.stdin.close()
        self.p.wait()
