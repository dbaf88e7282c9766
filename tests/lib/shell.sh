# shellcheck shell=sh disable=SC2034 # what is set here is used by the tests
# shell.sh - for tests written as scripts: `. tests/lib/shell.sh`.
#
#   run COMMAND...        runs it; its output is in $out, its errors in $err, its exit in $rc
#   is NAME EXPECTED GOT  one test: two texts are the same
#   has NAME PART TEXT    one test: the text holds the part
#   hasnt NAME PART TEXT  one test: it does not
#   ends NAME RC          one test: the last run ended with that exit status
#   repo DIR              a git repository with one commit, made there
#
# Every test file ends with `finish`. $tmp is a folder of its own, the working folder at the start.
root=$(pwd)
gadugi=${GADUGI:-$root/build/gadugi}
tmp=${TMPDIR:-/tmp}/shell-test.$$
mkdir -p "$tmp" || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
export XDG_CONFIG_HOME="$tmp/xdg" HOME="$tmp/home" GIT_CONFIG_GLOBAL=/dev/null
mkdir -p "$HOME"
failed=0

run() {
	"$@" >"$tmp/.out" 2>"$tmp/.err" </dev/null
	rc=$?
	out=$(cat "$tmp/.out")
	err=$(cat "$tmp/.err")
}

passed() {
	echo "ok $1"
}

broken() {
	echo "not ok $1"
	failed=1
	shift
	for line in "$@"; do
		printf '%s\n' "$line" | sed 's/^/    /'
	done
}

is() {
	if [ "$2" = "$3" ]; then
		passed "$1"
	else
		broken "$1" "expected: $2" "got:      $3"
	fi
}

has() {
	case $3 in
	*"$2"*) passed "$1" ;;
	*) broken "$1" "wanted:   $2" "in:       $3" ;;
	esac
}

hasnt() {
	case $3 in
	*"$2"*) broken "$1" "unwanted: $2" "in:       $3" ;;
	*) passed "$1" ;;
	esac
}

ends() {
	if [ "$rc" = "$2" ]; then
		passed "$1"
	else
		broken "$1" "exit status $rc, not $2" "output: $out" "errors: $err"
	fi
}

repo() {
	git init -q -b main "$1" &&
		git -C "$1" -c user.name=Test -c user.email=test@example.org commit -q --allow-empty -m first
}

finish() {
	exit $failed
}
