#!/bin/sh
# Before a commit: what is staged is formatted, keeps to the layers and sizes, and passes its tests.
# `make hooks` puts it in place; `git commit --no-verify` goes past it.
set -eu
cd "$(git rev-parse --show-toplevel)"
# Hooks run with git's own variables set; a test that makes a repository must not see them.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX

staged=$(git diff --cached --name-only --diff-filter=ACMR)
sources=$(echo "$staged" | grep -E '^(server|handlers|tests|bench)/.*\.[ch]$' || true)
[ -n "$staged" ] || exit 0

if [ -n "$sources" ] && command -v clang-format >/dev/null 2>&1; then
	# shellcheck disable=SC2086 # a list of names without blanks
	clang-format --dry-run -Werror $sources || { echo "'make fmt' formats them" >&2; exit 1; }
fi
make --no-print-directory layers sizes
if [ -n "$sources" ]; then
	make --no-print-directory -j2 all tests-built
	sh tests/run.sh build/release unit
fi
