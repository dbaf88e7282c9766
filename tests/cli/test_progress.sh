#!/bin/sh
# Running a plan from the command line: progress, exit status, looking, steering.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
mkdir .gadugi
cat >.gadugi/config <<'CONFIG'
agents: {shell: {preset: shell}}
defaults: {agent: shell, jobs: 2, retries: 0}
CONFIG
cat >good.json <<'PLAN'
{"title": "good", "tasks": [
 {"id": "one", "title": "First", "command": ["sh", "-c", "echo first says hello; echo 1 > one.txt"]},
 {"id": "two", "title": "Second", "dependsOn": ["one"], "command": ["sh", "-c", "cat one.txt > two.txt"]}]}
PLAN
cat >bad.json <<'PLAN'
{"title": "bad", "tasks": [
 {"id": "fails", "title": "Fails", "command": ["sh", "-c", "echo the reason; test -e ../../../../let-it-pass && echo now > ok.txt"]},
 {"id": "after", "title": "After", "dependsOn": ["fails"], "command": ["sh", "-c", "echo done > after.txt"]}]}
PLAN

run "$gadugi" orchestrate good.json --dry-run
ends a_dry_run_ends_with_0 0
has a_dry_run_says_what_would_be '2 tasks would run, 2 at once; nothing was started' "$out"
run "$gadugi" runs
has nothing_was_started 'no runs yet' "$out"

run "$gadugi" orchestrate good.json
ends a_run_that_succeeds_ends_with_0 0
has each_task_gets_a_line 'one: succeeded after' "$out"
has the_end_of_each_task_is_told 'two: succeeded after' "$out"
has the_outcome_is_told 'succeeded: 2 of 2 tasks in' "$out"
has the_branch_is_told 'the results are on the branch gadugi/' "$out"
hasnt there_are_no_escapes_without_a_terminal "$(printf '\033')" "$out"
good=$(echo "$out" | sed -n 's/^run \(r[a-z0-9]*\) succeeded.*/\1/p')
run "$gadugi" runs
has the_run_is_listed "$good" "$out"
has the_list_counts_tasks '2/2' "$out"
run "$gadugi" runs "$good"
has a_run_is_shown 'First' "$out"
run "$gadugi" runs "$good" one
has a_task_is_shown 'succeeded' "$out"
run "$gadugi" runs "$good" one --log
has a_log_is_shown 'first says hello' "$out"
run "$gadugi" runs "$good" --watch
has watching_a_finished_run_shows_its_end 'succeeded: 2 of 2' "$out"
run "$gadugi" runs "$good" --json
is the_json_has_the_state succeeded "$(echo "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])')"
run "$gadugi" runs r0000000000000000
ends an_unknown_run_fails 1
run "$gadugi" runs --watch
ends watching_needs_a_run 2
run "$gadugi" runs "$good" --log
ends a_log_needs_a_task 2

run "$gadugi" orchestrate bad.json
ends a_run_that_fails_ends_with_1 1
has the_failed_task_is_named 'failed  fails' "$out"
has the_skipped_task_is_named 'skipped  after' "$out"
has what_to_do_next_is_told 'again: gadugi resume r' "$out"
bad=$(echo "$out" | sed -n 's/^again: gadugi resume \(.*\)/\1/p')
run "$gadugi" runs "$bad" fails --log
has the_reason_is_in_the_log 'the reason' "$out"
run "$gadugi" orchestrate bad.json --json
ends json_does_not_change_the_exit_status 1
is json_is_all_that_is_printed failed "$(echo "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])')"

run "$gadugi" orchestrate good.json --detach
ends detaching_works 0
is detaching_prints_only_the_id 17 "${#out}"
run "$gadugi" runs "$out" --watch
has a_detached_run_goes_on_by_itself 'succeeded: 2 of 2' "$out"
is a_plan_comes_from_stdin 0 "$("$gadugi" orchestrate - <good.json >/dev/null 2>&1; echo $?)"
cp good.json "$tmp/outside.json"
run "$gadugi" orchestrate "$tmp/outside.json"
ends a_plan_from_outside_the_project_is_run 0
plan=$("$gadugi" decompose good.json --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["planId"])')
run "$gadugi" orchestrate "$plan"
ends a_saved_plan_is_run_by_its_id 0

echo '{"title": "long", "tasks": [{"id": "wait", "title": "Wait", "command": ["sleep", "600"]}]}' >long.json
run "$gadugi" orchestrate long.json --detach
long=$out
run "$gadugi" pause "$long"
ends pausing_works 0
run "$gadugi" cancel "$long"
ends cancelling_works 0
run "$gadugi" runs "$long" --watch
ends a_cancelled_run_ends_with_1 1
has a_cancelled_run_says_so "run $long cancelled" "$out"

run "$gadugi" orchestrate nowhere.md
ends a_plan_that_is_not_there_fails 1
has a_plan_that_is_not_there_is_named 'nowhere.md' "$err"
run "$gadugi" orchestrate good.json --agent nobody
ends an_unknown_agent_fails 1
has the_known_agents_are_named 'shell' "$err"
run "$gadugi" orchestrate good.json --jobs 0
ends a_number_out_of_range_fails 1
has a_number_out_of_range_is_named "'jobs'" "$err"
echo '{"title": "round", "tasks": [{"id": "a", "title": "A", "dependsOn": ["b"]}, {"id": "b", "title": "B", "dependsOn": ["a"]}]}' >round.json
run "$gadugi" decompose round.json
ends a_plan_with_errors_ends_with_1 1
has a_plan_with_errors_is_printed_whole 'dependency-cycle' "$out"
run "$gadugi" orchestrate round.json
ends a_plan_with_errors_is_not_run 1
finish
