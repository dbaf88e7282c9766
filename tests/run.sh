#!/bin/sh
# Runs kinds of tests and ends with one line: N passed, N failed, N skipped.
#
#   tests/run.sh BUILD_DIR KIND...
#
# unit, fault and io are cmocka programs, tests/KIND/test_*.c. The other kinds are scripts,
# tests/KIND/test_*.sh or .py, that print `ok NAME`, `not ok NAME` or `skip NAME: why` a line
# and are given the program in GADUGI and the build folder in BUILD. Every test gets a
# temporary folder of its own (TMPDIR), which is removed, and a time limit.
set -u
build=$1
shift
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
case $build in /*) ;; *) build=$root/$build ;; esac
export BUILD="$build" GADUGI="$build/gadugi"
export GIT_CONFIG_NOSYSTEM=1 NO_COLOR=1 LC_ALL=C.UTF-8
unset CLAUDE_PROJECT_DIR GADUGI_RUN_ID XDG_CONFIG_HOME XDG_DATA_HOME 2>/dev/null
limit=${TEST_LIMIT_S:-300}
work=$(mktemp -d "${TMPDIR:-/tmp}/gadugi-tests.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
passed=0 failed=0 skipped=0
results=$build/results # what all of them said, for tests/recipes.py
: >"$results"

one() { # one NAME COMMAND...
	name=$1
	shift
	mkdir -p "$work/tmp" "$work/home"
	TMPDIR="$work/tmp" HOME="$work/home" timeout -k 10 "$limit" "$@" >"$work/out" 2>&1 </dev/null
	rc=$?
	rm -rf "${work:?}/tmp" "${work:?}/home"
	p=$(grep -cE '^ok |^\[       OK \]' "$work/out")
	f=$(grep -cE '^not ok |^\[  FAILED  \] [a-zA-Z_0-9]+$' "$work/out")
	s=$(grep -cE '^skip |^\[  SKIPPED \] [a-zA-Z_0-9]+$' "$work/out")
	# cmocka lists failed and skipped tests again at its end: count each once
	if grep -q '^\[==========\]' "$work/out"; then
		f=$(grep -E '^\[  FAILED  \] [a-zA-Z_0-9]+$' "$work/out" | sort -u | wc -l)
		s=$(grep -E '^\[  SKIPPED \] [a-zA-Z_0-9]+$' "$work/out" | sort -u | wc -l)
	fi
	if [ "$rc" != 0 ] && [ "$f" = 0 ]; then
		f=1
		[ "$rc" = 124 ] && echo "time limit of $limit s" >>"$work/out"
	fi
	if [ "$rc" = 0 ] && [ $((p + f + s)) = 0 ]; then
		f=1
		echo "ran no test" >>"$work/out"
	fi
	cat "$work/out" >>"$results"
	if [ "$f" = 0 ]; then echo "ok $name ($p)"; else echo "not ok $name"; fi >>"$results"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	if [ "$f" != 0 ]; then
		echo "FAILED $name (exit $rc)"
		grep -vE '^ok |^\[ RUN|^\[       OK' "$work/out" | tail -n 60 | sed 's/^/    /'
	else
		grep -E '^skip ' "$work/out" | sed 's/^/    /'
		echo "ok $name ($p)"
	fi
}

for kind in "$@"; do
	for file in tests/"$kind"/test_*; do
		[ -e "$file" ] || continue
		[ -z "${ONLY:-}" ] || case $file in *"$ONLY"*) ;; *) continue ;; esac
		case $file in
		*.c)
			program=$build/${file%.c}
			if [ -n "${VALGRIND:-}" ]; then
				one "$file" valgrind -q --error-exitcode=9 --leak-check=full --suppressions=tests/valgrind.supp "$program"
			else
				one "$file" "$program"
			fi ;;
		*.sh) one "$file" sh "$file" ;;
		*.py) one "$file" python3 -B "$file" ;;
		esac
	done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
