#!/bin/sh
# Asks the questions of bench/ and shows the figures; each with its floor and goal.
#
#   bench/run.sh BUILD_DIR [QUESTION...]     all: ask_*.py in this folder
#
# A question prints lines `figure|WHAT|VALUE|FLOOR|GOAL`. With all of them asked the table, under the
# machine and the commit, is left in bench/figures.md and put into README.md.
set -eu
build=$1
shift
cd "$(dirname "$0")/.."
root=$(pwd)
case $build in /*) ;; *) build=$root/$build ;; esac
export BUILD="$build" GADUGI="$build/gadugi" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null NO_COLOR=1
unset CLAUDE_PROJECT_DIR GADUGI_RUN_ID XDG_CONFIG_HOME XDG_DATA_HOME 2>/dev/null || true
work=$(mktemp -d "${TMPDIR:-/tmp}/gadugi-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
whole=no
if [ $# = 0 ]; then
	whole=yes
	for file in bench/ask_*.py; do
		name=${file#bench/ask_}
		set -- "$@" "${name%.py}"
	done
fi

for name in "$@"; do
	mkdir -p "$work/tmp" "$work/home"
	echo "asking: $name" >&2
	TMPDIR="$work/tmp" HOME="$work/home" PYTHONPATH="$root" python3 -B "bench/ask_$name.py" >>"$work/lines" || {
		echo "bench/ask_$name.py failed" >&2
		exit 1
	}
	rm -rf "${work:?}/tmp" "${work:?}/home"
done

cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
system=$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain 2>/dev/null)" ] || commit="$commit, changed"
{
	echo "$(getconf _NPROCESSORS_ONLN) x ${cpu:-unknown}, $system, Linux $(uname -r | cut -d - -f 1); commit $commit."
	echo
	echo '| what | measured | floor | goal |'
	echo '|---|---|---|---|'
	sed -n 's/^figure|\(.*\)|\(.*\)|\(.*\)|\(.*\)$/| \1 | \2 | \3 | \4 |/p' "$work/lines"
} >"$work/figures.md"
cat "$work/figures.md"
[ "$whole" = yes ] || exit 0
cp "$work/figures.md" bench/figures.md
awk -v file=bench/figures.md '
	/<!-- \/figures/ { inside = 0 }
	!inside { print }
	/<!-- figures/ { inside = 1; while ((getline line < file) > 0) print line }' README.md >"$work/README.md"
cp "$work/README.md" README.md
echo "kept in bench/figures.md and README.md" >&2
