"""Does recall find the function that a comment describes? Asked of the C sources of the repositories in GADUGI_GIT_DIR."""
import os
import re
import subprocess
import tempfile

from bench.common import Server, figure

MOST, ASKED = 6000, 500
FUNCTION = re.compile(r"^/\*+\s*\n?(?P<comment>(?:(?!\*/).)*?)\*/\n(?P<code>[A-Za-z_][^\n;{}#]*(?:\n[^\n;{}#]*){0,4}\([^;{}#]*\)\s*\n\{\n.*?^\})",
                      re.S | re.M)


def functions(git_dir):
    """(file, first sentence of its comment, code) of every function that has one."""
    git = ["git", "--git-dir", git_dir]
    names = subprocess.run(git + ["ls-tree", "-r", "--name-only", "HEAD"], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = []
    for name in names.splitlines():
        if not name.endswith(".c") or len(found) >= MOST:
            continue
        source = subprocess.run(git + ["show", "HEAD:" + name], stdout=subprocess.PIPE, encoding="utf-8", errors="replace").stdout
        for m in FUNCTION.finditer(source):
            words = re.sub(r"\s*\n\s*\*?\s*", " ", m["comment"]).strip(" *")
            sentence = re.split(r"(?<=[a-z)])\. ", words)[0]
            if len(sentence.split()) >= 4 and "opyright" not in words:
                found.append((name, sentence, m["code"][:4000]))
    return found[:MOST]


def measure(git_dir):
    found = functions(git_dir)
    asked = found[::max(1, len(found) // ASKED)][:ASKED]
    first = ten = reciprocal = 0.0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        server.begin()
        for at in range(0, len(found), 100):
            server.tool("remember", memories=[{"text": code, "kind": "code", "session": name} for name, _, code in found[at:at + 100]])
        for name, sentence, _ in asked:
            hits = [m["session"] for m in server.tool("recall", query=sentence, limit=10)["memories"]]
            place = next((i for i, h in enumerate(hits) if h == name), None)
            first += place == 0
            ten += place is not None
            reciprocal += 0 if place is None else 1 / (place + 1)
        server.end()
    n = len(asked)
    if n:
        figure("the file of the function that a comment describes, %s, %d functions, first / among ten / MRR (%d questions)" % (
            os.path.basename(os.path.normpath(git_dir).removesuffix("/repo").removesuffix("/.git")), len(found), n),
            "%.1f / %.1f / %.1f" % (100 * first / n, 100 * ten / n, 100 * reciprocal / n), "-", "-")


for git_dir in filter(None, os.environ.get("GADUGI_GIT_DIR", "").split(":")):
    measure(git_dir)
