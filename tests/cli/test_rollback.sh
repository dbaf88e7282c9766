#!/bin/sh
# Back to a checkpoint: the branch, its tags, what is left behind; worktrees that lie about, by name.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
mkdir .gadugi
cat >agent.sh <<'X'
#!/bin/sh
here=$(dirname "$0")
cat >/dev/null
case $GADUGI_TASK_ID in
until*) touch "$here/holding"; while [ ! -e "$here/go" ]; do sleep 0.02; done ;;
nest*) git init -q inner && touch inner/file ;;
esac
echo "$GADUGI_ATTEMPT" >>"$GADUGI_TASK_ID.txt"
X
chmod +x agent.sh
printf 'go\nholding\n' >.gitignore
git add . && git -c user.name=T -c user.email=t@e commit -qm agent
printf 'agents:\n  demo: {command: [./agent.sh], writable: [.]}\ndefaults: {agent: demo, retries: 0}\n' >.gadugi/config
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
	id=$(value runId)
}
runs() { # runs ACTION [MORE]
	run "$gadugi" call runs "{\"action\":\"$1\",\"runId\":\"$id\"${2:+,$2}}"
}
until_state() { # until_state TASK STATE: wait for it, by events
	"$gadugi" call events "{\"action\":\"list\",\"topic\":\"task.$id.$1.$2\",\"waitSeconds\":30}" >/dev/null
}
three='{"id":"a","title":"A"},{"id":"b","title":"B","dependsOn":["a"]},{"id":"c","title":"C","dependsOn":["b"]}'

# --- tags, when they are wanted
orchestrate "{\"tasks\":[$three],\"waitSeconds\":60}"
is no_tags_unless_they_are_asked_for '' "$(git tag)"
orchestrate "{\"tasks\":[$three],\"tags\":true,\"waitSeconds\":60}"
branch=$(value branch)
head=$(value head)
second=$(value checkpoints.1.commit)
is each_batch_has_its_tag "gadugi/$id/batch-1 gadugi/$id/batch-2 gadugi/$id/batch-3" "$(git tag | tr '\n' ' ' | sed 's/ $//')"
is a_tag_is_annotated tag "$(git cat-file -t "gadugi/$id/batch-2")"
is a_tag_is_at_its_checkpoint "$second" "$(git rev-parse "gadugi/$id/batch-2^{commit}")"
is the_checkpoint_names_it "gadugi/$id/batch-2" "$(value checkpoints.1.tag)"

# --- back
here=$(git rev-parse HEAD)
git checkout -q "$branch"
run "$gadugi" rollback "$id" 2
ends a_branch_somebody_works_on_is_not_moved 1
has that_is_said 'is checked out' "$err"
is nothing_was_done_by_halves succeeded "$(runs show && value state)"
git checkout -q main
run "$gadugi" rollback "$id" 2
ends a_run_can_be_rolled_back 0
is the_branch_is_at_the_checkpoint "$second" "$(git rev-parse "$branch")"
is what_is_left_behind_is_in_a_ref "$head" "$(git rev-parse "refs/gadugi/$id/+left-behind/1")"
has where_is_told "refs/gadugi/$id/+left-behind/1" "$out"
is the_checkout_is_not_touched "$here main" "$(git rev-parse HEAD) $(git rev-parse --abbrev-ref HEAD)"
is the_tag_of_a_batch_that_is_gone_is_gone "gadugi/$id/batch-1 gadugi/$id/batch-2" "$(git tag | tr '\n' ' ' | sed 's/ $//')"
runs show
is what_was_merged_since_is_cancelled 'succeeded succeeded cancelled' "$(value tasks.0.state) $(value tasks.1.state) $(value tasks.2.state)"
has its_cause_names_the_ref "+left-behind/1" "$(value tasks.2.cause)"
is the_checkpoints_after_it_are_gone 2 "$(value checkpoints | grep -o '"batch"' | wc -l)"
run "$gadugi" rollback "$id" 2
ends to_roll_back_twice_is_as_once 0
runs resume '"waitSeconds":60'
runs wait '"waitSeconds":60'
is resume_does_the_rest_anew succeeded "$(value state)"
is only_that_was_done_again '1 1 2' "$(value tasks.0.attempts | grep -o '"number"' | wc -l) $(value tasks.1.attempts | grep -o '"number"' | wc -l) $(value tasks.2.attempts | grep -o '"number"' | wc -l)"
is it_is_there_once 2 "$(git show "$branch:c.txt")"
run "$gadugi" rollback "$id" 9
has an_unknown_batch_is_told 'no checkpoint of batch 9; it has 3' "$err"
run "$gadugi" rollback "$id" x
ends a_batch_is_a_number 2
git branch -f "$branch" "$here"
run "$gadugi" rollback "$id" 1
has a_branch_moved_by_others_is_left_alone 'moved by somebody else' "$err"
orchestrate '{"tasks":[{"id":"until1","title":"U"}]}'
until_state until1 running
run "$gadugi" rollback "$id" 1
has a_run_that_goes_on_is_not_rolled_back 'goes on' "$err"

# --- worktrees that lie about
run "$gadugi" call runs '{"action":"list"}'
is those_of_a_live_run_do_not_lie_about null "$(value worktrees)"
name=$(basename "$(echo .gadugi/worktrees/gadugi-*until1*)")
run "$gadugi" discard "$name" -y
has one_in_use_is_not_discarded 'goes on' "$err"
touch go
runs wait '"waitSeconds":60'
orchestrate '{"tasks":[{"id":"nest1","title":"N"}],"waitSeconds":60}'
run "$gadugi" call runs '{"action":"list"}'
is what_lies_about_is_listed dirty "$(value worktrees.0.class)"
is it_is_told_whose_it_was "$id nest1" "$(value worktrees.0.runId) $(value worktrees.0.taskId)"
name=$(value worktrees.0.name)
run "$gadugi" runs
has the_list_shows_it "$name" "$out"
run "$gadugi" discard "${name}x"
has a_wrong_name_tells_the_nearest "did you mean '$name'" "$err"
run "$gadugi" discard "$name"
has first_it_says_what_would_be_lost 'would be lost for good' "$out"
is nothing_is_lost_yet yes "$([ -d ".gadugi/worktrees/$name" ] && echo yes)"
run "$gadugi" discard "$name" --confirm
is then_it_is_gone no "$([ -d ".gadugi/worktrees/$name" ] && echo yes || echo no)"
run "$gadugi" call runs '{"action":"list"}'
is nothing_lies_about_any_more null "$(value worktrees)"
finish
