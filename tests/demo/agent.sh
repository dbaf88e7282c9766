#!/bin/sh
# A stand-in for a coding agent: it reads its prompt, takes as long as the plan estimates (an hour
# is $DEMO_HOUR_S seconds), and writes one file that tells what it found finished when it began.
set -eu
prompt=$(cat)
task=$GADUGI_TASK_ID
hours=$(awk -F '|' -v task="$task" '{ gsub(/ /, "", $2) } $2 == task { sub(/ *h */, "", $5); print $5 + 0 }' PLAN.md)
before=$(find work -name '*.md' 2>/dev/null | sort | sed 's|work/\(.*\)\.md|\1|' | paste -sd ' ' -)
echo "$task: reading a prompt of $(printf '%s' "$prompt" | wc -c) bytes"
sleep "$(awk -v hours="$hours" -v second="${DEMO_HOUR_S:-1}" 'BEGIN { print hours * second }')"
mkdir -p work
{
	echo "# $task"
	echo
	echo "Done by the demo agent in attempt $GADUGI_ATTEMPT. Finished before: ${before:-nothing}."
} >"work/$task.md"
echo "$task: wrote work/$task.md"
