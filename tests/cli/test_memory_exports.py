"""What memory exports is read back by parsers of the formats: GraphML as XML, Cypher token by token, JSONL by gadugi."""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
import json

GADUGI = os.environ["GADUGI"]
NAMES = ["Ann's <team> & \"co\"", "back\\slash\\", "lines\nand\ttabs", "日本語 “quotes”", "} -- // ; MATCH (n) DETACH DELETE n"]
TEXTS = ["it's {text: 'nested'}", "ends with a backslash\\", "<![CDATA[x]]> &amp; \u200b", "two\nlines\r\nthree", "plain"]


def gadugi(folder, *words, text=None):
    return subprocess.run([GADUGI] + list(words), cwd=folder, input=text, check=True, stdout=subprocess.PIPE,
                          encoding="utf-8").stdout


def fill(folder):
    memories = [{"text": t, "entity": n, "session": "s", "relations": [{"type": "is 'next' to", "to": NAMES[(i + 1) % len(NAMES)]}],
                 "validFrom": "2026-01-01T00:00:00Z"} for i, (n, t) in enumerate(zip(NAMES, TEXTS))]
    stored = json.loads(gadugi(folder, "call", "remember", "-", text=json.dumps({"memories": memories})))["stored"]
    gadugi(folder, "forget", stored[4])
    return stored


def graphml(folder, stored):
    root = xml.fromstring(gadugi(folder, "memory", "export", "--format", "graphml"))
    ns = {"g": "http://graphml.graphdrawing.org/xmlns"}
    keys = {k.get("id") for k in root.findall("g:key", ns)}
    nodes = {n.get("id"): {d.get("key"): d.text for d in n.findall("g:data", ns)} for n in root.findall(".//g:node", ns)}
    edges = root.findall(".//g:edge", ns)
    assert all(d.get("key") in keys for d in root.iter("{%s}data" % ns["g"])), "a key that was not declared"
    assert all(e.get("source") in nodes and e.get("target") in nodes for e in edges), "an edge into nothing"
    for id, text in zip(stored, TEXTS):
        assert nodes[id]["text"] == text, (nodes[id], text)
    assert sorted(n["label"] for id, n in nodes.items() if id.startswith("e:")) == sorted(NAMES)
    told = [{d.get("key"): d.text for d in e.findall("g:data", ns)} for e in edges]
    assert len([t for t in told if t["label"] == "about"]) == 5
    told = [t for t in told if t["label"] != "about"]
    assert sorted(t["memory"] for t in told) == sorted(stored), told
    assert len([t for t in told if "expiredAt" in t]) == 1 and "expiredAt" in nodes[stored[4]]


TOKEN = re.compile(r"""\s+ | (?P<string>'(?:[^'\\]|\\.)*') | (?P<word>[A-Za-z_][A-Za-z_0-9]*) | (?P<number>[0-9][0-9.e+-]*)
                       | (?P<mark><-|->|-|\+=|=|[(){}\[\]:,;.])""", re.X | re.S)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'"}


def tokens(text):
    at = 0
    while at < len(text):
        m = TOKEN.match(text, at)
        assert m, "no Cypher at: %r" % text[at:at + 60]
        at = m.end()
        if m.lastgroup:
            yield m.lastgroup, m.group(m.lastgroup)


def cypher(folder, stored):
    statements, strings, depth = [[]], [], []
    for kind, token in tokens(gadugi(folder, "memory", "export", "--format", "cypher")):
        if token in ("(", "[", "{"):
            depth.append({"(": ")", "[": "]", "{": "}"}[token])
        elif token in (")", "]", "}"):
            assert depth.pop() == token, "brackets"
        if token == ";" and kind == "mark":
            assert not depth, "a statement ends inside brackets"
            statements.append([])
            continue
        if kind == "string":
            token = re.sub(r"\\(.)", lambda m: ESCAPES[m.group(1)], token[1:-1], flags=re.S)
            strings.append(token)
        statements[-1].append((kind, token))
    assert statements.pop() == [] and not depth
    begins = [s[0][1] for s in statements]
    assert set(begins) == {"CREATE", "MERGE", "MATCH"}, begins
    assert begins.count("CREATE") == 2 and begins.count("MATCH") == 5, begins
    for s in statements:
        assert s[0][1] != "CREATE" or s[1][1] == "CONSTRAINT", s
        assert s[0][1] != "MATCH" or [t for _, t in s].count("MERGE") == 1, s
    for text in TEXTS + NAMES + stored:
        assert text in strings, text
    words = {t for s in statements for k, t in s if k == "word"}
    assert not words & {"DELETE", "DETACH", "REMOVE", "CALL", "LOAD"}, words


def jsonl(folder, stored):
    with tempfile.TemporaryDirectory() as other:
        before = gadugi(folder, "memory", "export")
        relations = [json.loads(line) for line in before.splitlines() if '"type":"relation"' in line]
        assert sorted(r["memory"] for r in relations) == sorted(stored) and all("createdAt" in r for r in relations)
        gadugi(other, "memory", "import", "-", text=before)
        assert gadugi(other, "memory", "export") == before
        gadugi(other, "memory", "import", "-", text=before)
        assert gadugi(other, "memory", "export") == before, "a second import changed something"


failed = 0
with tempfile.TemporaryDirectory() as folder:
    stored = fill(folder)
    for test in (graphml, cypher, jsonl):
        try:
            test(folder, stored)
            print("ok memory_export_%s_is_read_back" % test.__name__, flush=True)
        except (AssertionError, subprocess.CalledProcessError, xml.ParseError, KeyError) as problem:
            print("not ok memory_export_%s_is_read_back: %r" % (test.__name__, problem), flush=True)
            failed = 1
sys.exit(failed)
