#!/bin/sh
# The main job from the command line: tasks run, are merged, fail, are told of.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
mkdir .gadugi
cat >agent.sh <<'X'
#!/bin/sh
prompt=$(cat)
echo "working on $GADUGI_TASK_ID"
case $GADUGI_TASK_ID in
fail*) echo 'it broke'; exit 3 ;;
flaky*) [ "$GADUGI_ATTEMPT" -ge 2 ] || exit 1 ;;
idle*) exit 0 ;;
slow*) sleep 60 & sleep 60 ;;
both*) echo "$GADUGI_TASK_ID" >both.txt; exit 0 ;;
esac
printf '%s\n' "$prompt" >"$GADUGI_TASK_ID.txt"
X
chmod +x agent.sh
cat >.gadugi/config <<'X'
agents:
  demo: {command: [./agent.sh]}
  missing: {command: [no-such-program-anywhere]}
defaults: {agent: demo}
X
git add agent.sh && git -c user.name=T -c user.email=t@e commit -qm agent
value() { # value KEY: of the JSON in $out, a path like tasks.0.state
	printf '%s' "$out" | python3 -c '
import json, sys
v = json.load(sys.stdin)
for k in sys.argv[1].split("."):
    v = v[int(k)] if isinstance(v, list) else v.get(k)
print(json.dumps(v) if isinstance(v, (dict, list, bool)) or v is None else v)' "$1" 2>/dev/null
}
orchestrate() {
	run "$gadugi" call orchestrate "$1"
}

cat >plan.json <<'X'
{"title": "small", "tasks": [
 {"id": "one", "title": "First", "description": "Write *exactly* this."},
 {"id": "two", "title": "Second"},
 {"id": "last", "title": "Third", "dependsOn": ["one", "two"]}]}
X
head=$(git rev-parse HEAD)
orchestrate '{"path":"plan.json","waitSeconds":60}'
ends a_run_that_succeeds_ends_with_0 0
is the_run_succeeded succeeded "$(value state)"
is every_task_succeeded 3 "$(value counts.succeeded)"
branch=$(value branch)
id=$(value runId)
is the_branch_is_named_after_the_run "gadugi/$id" "$branch"
is all_work_is_on_the_branch 'agent.sh last.txt one.txt two.txt' \
	"$(git ls-tree --name-only "$branch" | tr '\n' ' ' | sed 's/ $//')"
has the_description_reaches_the_agent_word_for_word 'Write *exactly* this.' "$(git show "$branch:one.txt")"
has a_task_is_told_what_those_before_it_did 'one: First - changed 1 file: one.txt' \
	"$(git show "$branch:last.txt")"
is the_checkout_is_not_moved "$head" "$(git rev-parse HEAD)"
is the_checkout_is_not_touched '?? plan.json' "$(git status --porcelain)"
is no_worktree_is_left 1 "$(git worktree list | wc -l)"
run "$gadugi" call runs "{\"action\":\"log\",\"runId\":\"$id\",\"taskId\":\"one\"}"
has output_is_kept 'working on one' "$(value log)"
run "$gadugi" call runs "{\"action\":\"show\",\"runId\":\"$id\",\"taskId\":\"last\"}"
is a_task_names_its_commit "$(git rev-parse "$branch")" "$(value commit)"
run "$gadugi" call runs '{"action":"list"}'
is runs_are_listed "$id" "$(value runs.0.runId)"
has memory_knows_of_the_run "$id" "$("$gadugi" call recall '{"query":"run of plan small succeeded"}')"

orchestrate '{"tasks":[{"id":"fail1","title":"F"},{"id":"after","title":"A","dependsOn":["fail1"]},{"id":"flaky1","title":"X"}],"waitSeconds":60}'
is a_failed_task_fails_the_run failed "$(value state)"
is what_needs_it_is_skipped 1 "$(value counts.skipped)"
is a_retry_saves_what_fails_once 1 "$(value counts.succeeded)"
has the_cause_holds_what_the_agent_said_last 'exit code 3: it broke' "$(value tasks.0.cause)"
has being_skipped_has_a_cause "needs 'fail1'" "$(value tasks.1.cause)"

orchestrate '{"tasks":[{"id":"idle1","title":"I"}],"waitSeconds":60}'
is nothing_to_change_is_a_success succeeded "$(value state)"
is nothing_changed_has_no_commit null "$(value tasks.0.commit)"
has nothing_changed_is_noted no-change "$out"

orchestrate '{"tasks":[{"id":"both1","title":"B1"},{"id":"both2","title":"B2"}],"waitSeconds":60}'
is one_of_two_is_merged 1 "$(value counts.succeeded)"
is a_conflict_is_its_own_state 1 "$(value counts.conflicted)"
has a_conflict_names_the_file 'both.txt' "$out"
has a_conflict_names_the_other_task "by task 'both" "$out"

orchestrate '{"tasks":[{"id":"slow1","title":"S"}],"timeoutSeconds":1,"retries":0,"waitSeconds":60}'
is a_task_over_its_time_is_timed_out 1 "$(value counts.timed_out)"

orchestrate '{"tasks":[{"id":"slow1","title":"S"},{"id":"after","title":"A","dependsOn":["slow1"]}]}'
id=$(value runId)
run "$gadugi" call runs "{\"action\":\"cancel\",\"runId\":\"$id\",\"waitSeconds\":60}"
is a_cancelled_run_is_cancelled cancelled "$(value state)"
is all_its_tasks_are_cancelled 2 "$(value counts.cancelled)"
run "$gadugi" call runs "{\"action\":\"cancel\",\"runId\":\"$id\"}"
ends to_cancel_twice_is_as_once 0

orchestrate '{"tasks":[]}'
ends an_empty_plan_fails 1
orchestrate '{"tasks":[{"id":"a","title":"A","dependsOn":["b"]},{"id":"b","title":"B","dependsOn":["a"]}]}'
has a_cycle_is_refused 'dependency-cycle' "$err"
orchestrate '{"tasks":[{"id":"a","title":"A"}],"agent":"demoo"}'
has an_unknown_agent_is_named "demoo" "$err"
has the_known_agents_are_named "demo" "$err"
orchestrate '{"tasks":[{"id":"a","title":"A"}],"agent":"missing","waitSeconds":60}'
has a_program_that_is_not_there_is_named "no-such-program-anywhere" "$(value tasks.0.cause)"
orchestrate '{"tasks":[{"id":"a","title":"A"}],"gates":["nogate"]}'
has an_unknown_gate_is_named "nogate" "$err"
orchestrate '{}'
has nothing_to_run_is_told "'planId', 'path' and 'tasks'" "$err"
run "$gadugi" call runs '{"action":"show","runId":"r0"}'
has an_unknown_run_is_named "'r0'" "$err"
run "$gadugi" call runs '{"action":"show"}'
has a_run_is_asked_for "'runId'" "$err"

echo changed >>agent.sh
echo new >new.txt
orchestrate '{"tasks":[{"id":"clean","title":"C"}],"waitSeconds":60}'
has uncommitted_changes_are_told_of 'dirty-checkout' "$out"
is uncommitted_changes_stay ' M agent.sh?? new.txt?? plan.json' "$(git status --porcelain | tr -d '\n')"
orchestrate '{"tasks":[{"id":"clean","title":"C"}],"merge":"into"}'
has a_dirty_checkout_is_not_merged_into 'uncommitted changes' "$err"
git checkout -q agent.sh && rm new.txt plan.json
orchestrate '{"tasks":[{"id":"into1","title":"C"}],"merge":"into","waitSeconds":60}'
is a_clean_checkout_is_moved_when_asked "$(value head)" "$(git rev-parse HEAD)"
is its_files_are_there yes "$([ -f into1.txt ] && echo yes)"

orchestrate '{"tasks":[{"id":"a","title":"A"}],"dryRun":true}'
ends a_dry_run_works 0
has a_dry_run_shows_the_prompt '# A' "$(value firstPrompt)"

is each_batch_has_its_checkpoint "$(git rev-parse "$branch")" "$("$gadugi" call runs "{\"action\":\"show\",\"runId\":\"${branch#gadugi/}\"}" |
	python3 -c 'import json,sys; c = json.load(sys.stdin)["checkpoints"]; print(c[1]["commit"] if len(c) == 2 else c)')"

touch .gadugi/no && rm -rf .gadugi/worktrees && mv .gadugi/no .gadugi/worktrees # a file where worktrees should go
orchestrate '{"tasks":[{"id":"fb1","title":"1"},{"id":"fb2","title":"2"},{"id":"fb3","title":"3"}],"waitSeconds":60}'
is without_worktrees_the_tasks_run_all_the_same succeeded "$(value state)"
is without_worktrees_it_is_one_after_the_other sequential "$(value mode)"
has the_fallback_is_recorded fell-back "$out"
is their_files_are_in_the_checkout 'fb1.txt fb2.txt fb3.txt' "$(echo fb?.txt)"
orchestrate '{"tasks":[{"id":"fb4","title":"4"}],"waitSeconds":60}'
is nothing_of_the_users_is_mixed_with_it failed "$(value state)"
rm -f fb?.txt .gadugi/worktrees

mkdir ../plain && cd ../plain && mkdir .gadugi && cp ../p/.gadugi/config .gadugi && cp ../p/agent.sh . || exit 1
orchestrate '{"tasks":[{"id":"one","title":"One"}],"waitSeconds":60}'
is outside_git_tasks_share_the_folder succeeded "$(value state)"
has outside_git_is_told_of not-a-repository "$out"
is outside_git_files_stay_in_place yes "$([ -f one.txt ] && echo yes)"
orchestrate '{"tasks":[{"id":"one","title":"One"}],"mode":"worktree"}'
has worktrees_outside_git_are_refused 'is not a git repository' "$err"
repo ../empty && rm -rf ../empty/.git && git init -q ../empty && cd ../empty && mkdir .gadugi && cp ../p/.gadugi/config .gadugi
orchestrate '{"tasks":[{"id":"one","title":"One"}]}'
has a_repository_without_commit_is_refused 'no commit yet' "$err"
finish
