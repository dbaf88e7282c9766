"""At a terminal the person is asked before what cannot be taken back; without one --confirm is wanted, as ever."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from terminal import GADUGI, on_terminal  # noqa: E402

AGENT = "#!/bin/sh\ncat >/dev/null\necho half >half.txt\nexit 1\n"


def asked(words, answer):
    """Run on a terminal; give the answer when it asks. What was shown, and the exit status."""
    return on_terminal(words, until=b"[y/N] ", then=lambda pid, fd: os.write(fd, answer))


def call(tool, **args):
    p = subprocess.run([GADUGI, "call", tool, json.dumps(args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return json.loads(p.stdout) if p.stdout else p.stderr.decode()


def git(*words):
    return subprocess.run(["git", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def is_there(ref):
    return git("rev-parse", "-q", "--verify", ref).returncode == 0


def failed_work():
    """A run with work that was kept: the words of its discard, and the ref."""
    run = call("orchestrate", tasks=[{"id": "broken", "title": "B"}], waitSeconds=60)
    return ["discard", run["runId"], "broken"], run["tasks"][0]["attempts"][0]["savedRef"]


def what_would_be_lost_is_thrown_away_only_after_a_yes():
    words, ref = failed_work()
    for answer in (b"n\n", b"\n", b"no, y\n", b"\x04", b"yy\n", b"x" * 200 + b"y\n"):
        out, rc = asked(words, answer)
        assert ref in out and "[y/N] " in out and rc == 1 and "not done" in out, (answer, rc, out)
        assert is_there(ref), answer
    out, rc = asked(words, b"y\n")
    assert rc == 0 and not is_there(ref), (rc, out)
    words, ref = failed_work()
    out, rc = asked(words, b"YES\n")
    assert rc == 0 and not is_there(ref), (rc, out)


def to_interrupt_the_question_is_no_yes():
    words, ref = failed_work()
    out, rc = asked(words, b"\x03")
    assert rc != 0 and is_there(ref), (rc, out)
    out, rc = on_terminal(words, until=b"[y/N] ", then=lambda pid, fd: os.kill(pid, signal.SIGTERM))
    assert rc != 0 and is_there(ref), (rc, out)


def who_confirms_on_the_line_is_not_asked():
    words, ref = failed_work()
    out, rc = on_terminal(words + ["--confirm"])
    assert rc == 0 and "[y/N]" not in out and not is_there(ref), (rc, out)


def without_a_terminal_nobody_is_asked():
    words, ref = failed_work()
    for extra in ([], ["--json"]):
        done = subprocess.run([GADUGI, *words, *extra], input="y\n", capture_output=True, text=True)
        assert "[y/N]" not in done.stdout + done.stderr and "confirm" in done.stdout, done
        assert is_there(ref)
    out, rc = on_terminal(words + ["--json"])
    assert "[y/N]" not in out and is_there(ref), out


def a_purge_is_asked_about_with_what_it_deletes():
    kept = [call("remember", text="frames are cut at %d MiB" % n)["stored"][0] for n in (16, 32)]
    kept = [k if isinstance(k, str) else k["id"] for k in kept]
    out, rc = asked(["forget", kept[0], "--purge"], b"n\n")
    assert rc == 1 and "for good" in out and "16 MiB" in out and "32 MiB" not in out, (rc, out)
    assert kept[0] in json.dumps(call("recall", query="frames"))
    out, rc = asked(["forget", kept[0], "--purge"], b"y\n")
    assert rc == 0 and kept[0] not in json.dumps(call("recall", query="frames")), (rc, out)
    out, rc = asked(["forget", "--query", "frames are cut"], b"\n")
    assert rc == 1 and "would go" in out and kept[1] in json.dumps(call("recall", query="frames")), (rc, out)
    out, rc = asked(["forget", "--query", "frames are cut"], b"y\n")
    assert rc == 0 and kept[1] not in json.dumps(call("recall", query="frames")), (rc, out)


def tidying_shows_first_and_asks_then():
    for n in range(3):
        call("remember", text="note number %d of a kind" % n, kind="scrap")
    with open(".gadugi/config", "a") as f:
        f.write("memory: {keep: [{kind: scrap, most: 1}]}\n")
    out, rc = on_terminal(["memory", "tidy", "--dry-run"])
    assert rc == 0 and "[y/N]" not in out and "2 would be forgotten" in out, (rc, out)
    out, rc = asked(["memory", "tidy"], b"n\n")
    assert rc == 1 and "2 would be forgotten" in out and "nothing was changed" in out, (rc, out)
    out, rc = asked(["memory", "tidy"], b"y\n")
    assert rc == 0 and "2 forgotten" in out, (rc, out)
    out, rc = on_terminal(["memory", "tidy"])
    assert rc == 0 and "[y/N]" not in out, (rc, out)


def main():
    failed = False
    folder = tempfile.mkdtemp(dir=os.environ.get("TMPDIR"))
    os.chdir(folder)
    git("init", "-q", "-b", "main")
    git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "first")
    os.mkdir(".gadugi", 0o700)
    with open("agent.sh", "w") as f:
        f.write(AGENT)
    os.chmod("agent.sh", 0o755)
    with open(".gadugi/config", "w") as f:
        f.write("agents: {demo: {command: [%s/agent.sh]}}\ndefaults: {retries: 0}\n" % folder)
    for test in (what_would_be_lost_is_thrown_away_only_after_a_yes, to_interrupt_the_question_is_no_yes,
                 who_confirms_on_the_line_is_not_asked, without_a_terminal_nobody_is_asked,
                 a_purge_is_asked_about_with_what_it_deletes, tidying_shows_first_and_asks_then):
        try:
            test()
            print("ok", test.__name__)
        except Exception:
            failed = True
            print("not ok", test.__name__)
            traceback.print_exc()
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(failed)


main()
