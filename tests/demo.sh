#!/bin/sh
# The main job on a small plan in a scratch repository: decompose, run with four workers, merge,
# remember, recall, coach. The agent is a stand-in; everything else is what you get.
#
#   DEMO_HOUR_S   how many seconds an estimated hour takes (1)
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
gadugi=${GADUGI:-$here/build/gadugi}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/gadugi-demo.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
unset CLAUDE_PROJECT_DIR GADUGI_RUN_ID GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
# Nothing of yours is read or written: the demo has a home of its own.
export HOME="$scratch/home" XDG_CONFIG_HOME="$scratch/home/.config" GIT_CONFIG_NOSYSTEM=1
export DEMO_HOUR_S="${DEMO_HOUR_S:-1}"
mkdir -p "$HOME"

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
say() {
	printf '\n%s== %s%s\n\n' "$bold" "$*" "$plain"
}
show() { # the command as you would type it, then what it does
	printf '%s$ gadugi' "$bold"
	printf ' %s' "$@"
	printf '%s\n' "$plain"
	"$gadugi" "$@"
}

say "A scratch repository with a plan of 12 tasks"
git init -q -b main "$scratch/station"
cd "$scratch/station"
cp "$here/tests/demo/PLAN.md" .
git add PLAN.md
git -c user.name=Demo -c user.email=demo@example.org commit -q -m 'the plan'
plan=$(git rev-parse HEAD)
mkdir -p .gadugi
cat >.gadugi/config <<CONFIG
agents:
  demo: {command: ["$here/tests/demo/agent.sh"], environment: [DEMO_HOUR_S]}
defaults: {agent: demo, jobs: 4}
CONFIG
sed 's/^/    /' PLAN.md
echo
echo "The agent of this demo is a stand-in: a script that sleeps $DEMO_HOUR_S s for each hour of an estimate and"
echo "writes a file. With a real one the configuration would say: agents: {claude: {preset: claude}}"

say "Decompose: tasks, order, critical path, and the speedup that no number of workers can beat"
show decompose PLAN.md --workers 4
say "The same as a graph"
show decompose PLAN.md --format mermaid

say "Run it: each task in its own worktree, as soon as what it needs is merged"
show orchestrate PLAN.md --jobs 4 --merge into
run=$("$gadugi" runs --json | sed 's/.*"runId":"\([^"]*\)".*/\1/')
echo
results=$(git rev-list --count --no-merges "$plan..main")
echo "merged into main: $results commits, $(find work -name '*.md' | wc -l) files"
echo "the release began when these were merged:"
sed -n 's/.*Finished before: /    /p' work/release.md

say "Measured against the bound"
"$gadugi" runs "$run" --json | "$here/tests/demo/figures.sh"

say "Remember it, and find it again"
show remember "The weather station was built by run $run: $results commits merged into main" --kind decision
show recall how was the weather station built

say "What the coach says about the run"
show coach "$run"

cd "$here"
rm -rf "$scratch"
say "The scratch repository is gone. To use gadugi in Claude Code, say in your own project:"
if command -v gadugi >/dev/null 2>&1; then
	echo "claude mcp add gadugi -- gadugi serve"
else
	echo "claude mcp add gadugi -- $here/build/gadugi serve"
fi
