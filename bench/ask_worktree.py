"""How long until a worktree is ready, beside git's own?"""
import os
import re
import subprocess
import tempfile
import time

from bench.common import figure

mode = os.path.basename(os.environ["BUILD"])
program = os.path.abspath("build/%s/bench/worktree" % mode)
subprocess.run(["make", "--no-print-directory", "MODE=" + mode, "build/%s/bench/worktree" % mode], check=True, stdout=subprocess.DEVNULL)
rounds = 3


def repository(files):
    """One commit of that many files of 1 KB in folders of 200, as d0/f0 ..."""
    folder = tempfile.mkdtemp()
    git = lambda *words, **kw: subprocess.run(("git", "-c", "gc.auto=0", "-c", "user.name=B", "-c", "user.email=b@example.org", *words), cwd=folder, check=True, stdout=subprocess.DEVNULL, **kw)
    git("init", "-q", "-b", "main")
    for i in range(files):
        path = "%s/d%d" % (folder, i % 50)
        os.makedirs(path, exist_ok=True)
        with open("%s/f%d" % (path, i // 50), "w") as f:
            f.write(("file %d\n" % i) * (1024 // len("file %d\n" % i)))
    with open(folder + "/.git/info/exclude", "a") as f:
        f.write(".gadugi/\n")
    git("add", ".")
    git("commit", "-q", "-m", "files")
    git("gc", "-q")
    return folder


def by_git(folder):
    best = 1e9
    for i in range(rounds):
        path = "%s/.gadugi/git-%d" % (folder, i)
        begin = time.monotonic()
        subprocess.run(("git", "worktree", "add", "--quiet", "--detach", path, "main"), cwd=folder, check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.monotonic() - begin)
    return best * 1000


for files in (1000, 10000):
    folder = repository(files)
    git_ms = by_git(folder)
    out = subprocess.run([program, folder, str(rounds)], check=True, stdout=subprocess.PIPE, text=True).stdout
    add, reuse, commit, merge, refresh = (float(x) for x in re.findall(r"[0-9.]+(?= ms)", out))
    figure("new worktree of %s files (git worktree add: %.0f ms)" % (format(files, ","), git_ms), "%.0f ms, %.2fx" % (add, add / git_ms), "1.0x", "1.0x")
    figure("the same from the warm pool, 500 files changed", "%.0f ms, %.2fx" % (refresh, refresh / git_ms), "1.0x", "0.3x")
    figure("the same by the git program, as filters and sparse trees need it", "%.0f ms, %.2fx" % (reuse, reuse / git_ms), "1.0x", "-")
    figure("commit of 500 files left in a worktree of %s" % format(files, ","), "%.0f ms" % commit, "-", "-")
    figure("merge of 500 changed files in %s" % format(files, ","), "%.2f ms" % merge, "-", "-")
