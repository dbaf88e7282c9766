"""No socket of any kind is opened unless somebody asked for one: the server under strace."""
import subprocess
import sys
import tempfile
sys.path.insert(0, "tests/lib")
from mcp import *


def no_socket_is_opened_unasked():
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        root = os.path.join(folder, "p")
        subprocess.run(["git", "init", "-q", root], check=True)
        env = dict(os.environ, CLAUDE_PROJECT_DIR=root, GIT_CONFIG_GLOBAL="/dev/null")
        with Server(["strace", "-f", "-qq", "-e", "trace=%network,openat", "-o", trace, GADUGI], cwd=root, env=env) as s:
            s.initialize()
            for i, (tool, arguments) in enumerate([
                    ("remember", {"text": "no socket"}), ("recall", {"query": "socket"}),
                    ("decompose", {"document": "# Plan\n\n1. One (1h)\n"}), ("recipes", {"action": "list"}),
                    ("runs", {"action": "list"}), ("agents", {"action": "list"}),
                    ("events", {"action": "list"})]):
                got = s.ask(i, "tools/call", {"name": tool, "arguments": arguments})
                assert not got["result"].get("isError"), got
            assert s.end()[1] == 0
        with open(trace, encoding="utf-8", errors="replace") as f:
            calls = f.read()
        assert "gadugi.db" in calls, "the trace saw nothing"
        seen = [line for line in calls.splitlines() if "openat(" not in line and "<... openat" not in line
                and "+++" not in line and "---" not in line]
        assert not seen, seen[:5]


traces = False
try:
    traces = subprocess.run(["strace", "-o", os.devnull, "true"], stderr=subprocess.DEVNULL).returncode == 0
except FileNotFoundError:
    pass
if CHECKED or not traces:
    print("skip no socket is opened unasked: strace cannot trace here")
else:
    run([no_socket_is_opened_unasked])
