"""
Transcripts: NAME.in is sent line by line to the server, NAME.out is what must come back.

NAME.in      lines as they are sent. A first line `# fixtures` asks for the fixture server.
             A line `# wait` goes on when all answers expected so far have come.
NAME.out     one JSON value a line. The string "..." stands for anything; a key "..." in
             an object lets it have more members. Answers may come in another order than
             written unless a `# wait` stands between their requests; messages without an
             id must come in the order written.
"""
import sys
sys.path.insert(0, "tests/lib")
from mcp import *
import glob


def same(want, got):
    if want == "...":
        return True
    if isinstance(want, dict) and isinstance(got, dict):
        more = "..." in want
        keys = set(want) - {"..."}
        return (keys <= set(got) if more else keys == set(got)) and all(same(want[k], got[k]) for k in keys)
    if isinstance(want, list) and isinstance(got, list):
        return len(want) == len(got) and all(same(w, g) for w, g in zip(want, got))
    return type(want) is type(got) and want == got


def blocks(path):
    """The lines of a file, parted at `# wait`; other comments are passed over."""
    out = [[]]
    for line in open(path, "rb"):
        if line.startswith(b"# wait"):
            out.append([])
        elif not line.startswith(b"#") and line.strip():
            out[-1].append(line)
    return out


def play(path):
    want = [[json.loads(l) for l in b] for b in blocks(path[:-3] + ".out")]
    sent = blocks(path)
    assert len(want) == len(sent), "as many `# wait` in both files"
    program = FIXTURES if open(path).readline().strip() == "# fixtures" else GADUGI
    folder = os.path.join(os.environ["TMPDIR"], os.path.basename(path))
    os.mkdir(folder)
    with Server([program], cwd=folder) as s:
        for lines, expected in zip(sent, want):
            s.raw(b"".join(lines))
            left = list(expected)
            for _ in expected:
                got = s.read()
                for i, w in enumerate(left):
                    if same(w, got):
                        del left[i]
                        break
                    if "id" not in w and "id" not in got and not isinstance(w, list):
                        raise AssertionError("out of order\n  got  %s\n  want %s" % (json.dumps(got), json.dumps(w)))
                else:
                    raise AssertionError("unexpected\n  got  %s\n  want %s" % (
                        json.dumps(got, ensure_ascii=False)[:600], "\n   or  ".join(json.dumps(w) for w in left)))
            s.quiet()
        s.p.stdin.close()
        assert s.rest() == [] or "subscriptions/listen" in open(path).read()
        assert s.p.wait(LIMIT) == 0
    assert os.listdir(folder) == [] or "remember" in open(path).read(), "files were left: %s" % os.listdir(folder)


def test(path):
    def one():
        play(path)
    one.__name__ = "transcript " + os.path.basename(path)[:-3]
    return one


run([test(p) for p in sorted(glob.glob("tests/wire/transcripts/*.in"))])
