#!/bin/sh
# Each fuzzer for so many seconds, beginning with its corpus: tests/fuzz/run.sh BUILD_DIR SECONDS
# ONLY=word takes those whose name has the word in it. What makes one fall over is kept in BUILD_DIR/found.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$1
seconds=${2:-60}
work=$(mktemp -d "${TMPDIR:-/tmp}/gadugi-fuzz.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$build/found"
failed=0 ran=0
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	case $name in *"${ONLY:-}"*) ;; *) continue ;; esac
	mkdir -p "$work/$name"
	[ ! -d "tests/fuzz/corpus/${name#fuzz_}" ] || cp -r "tests/fuzz/corpus/${name#fuzz_}/." "$work/$name/"
	ran=$((ran + 1))
	if "$build/tests/fuzz/$name" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1500 \
		-artifact_prefix="$build/found/$name-" "$work/$name" >"$work/$name.log" 2>&1; then
		echo "ok $name: $(sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\).*/\1 runs in \2 s/p' "$work/$name.log")"
	else
		failed=1
		echo "not ok $name"
		tail -n 40 "$work/$name.log" | sed 's/^/    /'
	fi
done
[ "$failed" = 0 ] && [ "$ran" -gt 0 ]
