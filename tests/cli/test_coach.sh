#!/bin/sh
# Coaching from the command line: sessions are read, issues drafted once, posted only by a command.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1

user() { # user TEXT: what a person says
	printf '{"type":"user","sessionId":"s","timestamp":"2026-01-01T00:00:0%s.000Z","message":{"content":"%s"}}\n' "$1" "$2"
}
fails() { # fails SECOND ID: a command that fails
	printf '{"type":"assistant","sessionId":"s","timestamp":"2026-01-01T00:00:0%s.000Z","requestId":"%s","message":{"id":"%s","content":[{"type":"tool_use","id":"%s","name":"Bash","input":{"command":"./build.sh all"}}],"usage":{"input_tokens":3,"output_tokens":5}}}\n' "$1" "$2" "$2" "$2"
	printf '{"type":"user","sessionId":"s","timestamp":"2026-01-01T00:00:0%s.500Z","message":{"content":[{"type":"tool_result","tool_use_id":"%s","is_error":true,"content":"no such target; token=ghp_abcdefghijklmnopqrstuvwxyz0123456789"}]}}\n' "$1" "$2"
}
{ user 0 "build it"; fails 1 a; fails 2 b; } >one.jsonl
{ user 0 "build it"; } >clean.jsonl

run "$gadugi" coach
ends without_runs_there_is_nothing_to_coach 1
has it_says_what_to_give 'path' "$err"
run "$gadugi" coach one.jsonl --json
ends a_session_is_coached 0
has its_numbers_are_there '"toolErrors":2' "$out"
has its_finding_is_there '"code":"repeat-failure"' "$out"
has its_line_is_there '"line":2' "$out"
hasnt a_secret_is_not_shown 'ghp_abcdef' "$out"
is looking_creates_nothing no "$([ -e .gadugi ] && echo yes || echo no)"
run "$gadugi" coach one.jsonl
has people_read_a_summary '1 session, 1 turn, 2 calls (2 failed)' "$out"
has people_read_the_findings 'repeat-failure: the same call failed 2 times' "$out"
has people_read_where 'one.jsonl:2 no such target' "$out"
run "$gadugi" coach clean.jsonl
has people_read_that_nothing_is_wrong 'nothing stands out' "$out"
run "$gadugi" coach clean.jsonl --json
has a_clean_session_has_no_findings '"findings":[]' "$out"
run "$gadugi" coach nowhere.jsonl
ends a_file_that_is_not_there_fails 1
has it_is_named 'nowhere.jsonl' "$err"
run "$gadugi" call coach '{"since": "yesterday"}'
ends a_time_that_is_none_fails 1
run "$gadugi" call coach '{"runId": "r1", "path": "x"}'
ends a_run_and_a_path_do_not_go_together 1

sessions=$tmp/claude/projects/$(pwd -P | sed 's/[^a-zA-Z0-9]/-/g')
mkdir -p "$sessions"
cp one.jsonl "$sessions/s1.jsonl"
run env CLAUDE_CONFIG_DIR="$tmp/claude" "$gadugi" coach --since 2026-01-01 --json
has the_sessions_of_the_project_are_found '"sessions":1' "$out"
run env CLAUDE_CONFIG_DIR="$tmp/claude" "$gadugi" coach --since 2026-06-01
ends sessions_that_ended_before_are_none 1

run "$gadugi" coach one.jsonl --issues draft --json
has a_draft_is_a_draft '"state":"drafted"' "$out"
hasnt a_draft_has_no_link '"link"' "$out"
is there_is_one_draft 1 "$(ls .gadugi/issues | wc -l)"
has it_says_what_happened 'failed 2 times' "$(cat .gadugi/issues/*)"
has it_says_where 'one.jsonl:2' "$(cat .gadugi/issues/*)"
hasnt a_secret_is_not_written 'ghp_abcdef' "$(cat .gadugi/issues/*)"
cp one.jsonl two.jsonl
run "$gadugi" coach two.jsonl --issues draft --json
is the_same_finding_is_the_same_issue 1 "$(ls .gadugi/issues | wc -l)"

run "$gadugi" coach one.jsonl --issues post
ends posting_without_a_command_fails 1
has it_says_how_to_configure_one 'issues: {command:' "$err"
cat >post.sh <<'EOF'
#!/bin/sh
[ -e fail ] && { echo "not logged in" >&2; exit 3; }
[ -e silent ] && exit 0
printf '%s\n' "$@" >posted
echo "Creating issue"
echo "https://example.org/issues/7"
EOF
chmod +x post.sh
printf 'issues: {command: [./post.sh, create], labels: [coach, time]}\n' >.gadugi/config
touch fail
run "$gadugi" coach one.jsonl --issues post --json
has a_failed_command_leaves_a_draft '"state":"drafted"' "$out"
has its_reason_is_told 'not logged in' "$out"
hasnt no_link_is_invented '"link"' "$out"
rm fail
touch silent
run "$gadugi" coach one.jsonl --issues post --json
has a_command_without_a_link_leaves_a_draft '"state":"drafted"' "$out"
rm silent
run "$gadugi" coach one.jsonl --issues post --json
has a_posted_issue_is_posted '"state":"posted"' "$out"
has its_link_is_what_the_command_printed '"link":"https://example.org/issues/7"' "$out"
has the_command_got_the_title '--title' "$(cat posted)"
has the_command_got_the_labels 'coach,time' "$(cat posted)"
rm posted
run "$gadugi" coach one.jsonl --issues post --json
has a_posted_issue_keeps_its_link '"link":"https://example.org/issues/7"' "$out"
is it_is_not_posted_again no "$([ -e posted ] && echo yes || echo no)"

for n in 1 2 3 4 5; do
	cp clean.jsonl "clean$n.jsonl"
	"$gadugi" coach "clean$n.jsonl" --issues draft >/dev/null
done
run "$gadugi" coach one.jsonl --json
hasnt looking_posts_nothing '"state"' "$out"

# A run: five tasks, one of them three times as slow as the others.
cat >agent.sh <<'EOF'
#!/bin/sh
case $GADUGI_TASK_ID in t3) sleep 0.9 ;; t4) sleep 0.1 ;; *) sleep 0.3 ;; esac
echo "$GADUGI_TASK_ID" >"done-$GADUGI_TASK_ID"
EOF
chmod +x agent.sh
mkdir -p .gadugi
printf 'agents:\n  demo: {command: [%s/agent.sh]}\ndefaults: {agent: demo, jobs: 2}\n' "$PWD" >.gadugi/config
cat >plan.json <<'EOF'
{"title": "five", "tasks": [{"id": "t1", "title": "One", "estimateMinutes": 10},
 {"id": "t2", "title": "Two", "estimateMinutes": 10, "dependsOn": ["t1"]},
 {"id": "t3", "title": "Three", "estimateMinutes": 10, "dependsOn": ["t2"]},
 {"id": "t4", "title": "Four", "estimateMinutes": 10},
 {"id": "t5", "title": "Five", "estimateMinutes": 10, "dependsOn": ["t3"]}]}
EOF
run "$gadugi" orchestrate plan.json
ends the_run_succeeds 0
run "$gadugi" coach --json
ends the_last_run_is_coached 0
has its_speedup_is_measured '"speedup":' "$out"
has the_slow_task_is_named '"code":"critical-path-slip"' "$out"
has it_is_the_right_one "'t3' delayed the run" "$out"
has the_chain_is_told '"criticalChain":[{"task":"t1"' "$out"
coached=$out
run "$gadugi" runs --json
id=$(printf '%s' "$out" | sed -n 's/.*"runId": *"\([^"]*\)".*/\1/p' | head -n 1)
run "$gadugi" coach "$id" --json
is a_run_is_coached_by_its_id "$coached" "$out"
run "$gadugi" coach
has people_read_what_it_waited_for 'what it waited for: t1' "$out"

# Evidence of a run can be looked up in the log: the event with which its task ended.
event=$(printf '%s' "$coached" | python3 -c 'import json, sys
print(*{p["event"] for f in json.load(sys.stdin)["findings"] for p in f["evidence"] if p.get("task") == "t3"})')
run "$gadugi" call events "{\"action\": \"list\", \"after\": $((event - 1)), \"limit\": 1}"
has evidence_names_the_event_of_its_task "\"topic\":\"task.$id.t3.succeeded\"" "$(printf '%s' "$out" | tr -d ' ')"
finish
