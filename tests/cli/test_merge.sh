#!/bin/sh
# Results that conflict, by policy; and what becomes of the run's branch: left, merged into, a pull request.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
mkdir .gadugi
cat >agent.sh <<'X'
#!/bin/sh
here=$(dirname "$0")
prompt=$(cat)
case $prompt in
*'A conflict to resolve'*)
	printf '%s\n' "$prompt" >"$here/told"
	[ ! -e "$here/sloppy" ] || exit 0 # leaves the markers
	sort -u both.txt | grep -v '^[<=>|]' >sorted; mv sorted both.txt
	exit 0 ;;
esac
printf '%s\n' "$prompt" >"$here/prompt.$GADUGI_TASK_ID"
case $GADUGI_TASK_ID in
both*) echo "by $GADUGI_TASK_ID" >both.txt ;;
until*) while [ ! -e "$here/go" ]; do sleep 0.02; done ;;
esac
echo "$GADUGI_TASK_ID" >"$GADUGI_TASK_ID.txt"
X
cat >gh.sh <<'X'
#!/bin/sh
# Stands in for gh: says what it was told, then as it is told itself.
here=$(dirname "$0")
printf '%s\n' "$@" >"$here/gh.words"
for file; do :; done
cp "$file" "$here/gh.body"
case $(cat "$here/gh.how") in
opens) echo "https://example.org/pull/7" ;;
there) echo "a pull request already exists: https://example.org/pull/7" >&2; exit 1 ;;
fails) echo "not logged in" >&2; exit 4 ;;
silent) ;;
esac
X
chmod +x agent.sh gh.sh
printf 'told\nprompt.*\nsloppy\ngo\ngh.*\n!gh.sh\n' >.gitignore
git add . && git -c user.name=T -c user.email=t@e commit -qm agent
config() { # config [MORE DEFAULTS] [MORE]
	cat >.gadugi/config <<X
agents:
  demo: {command: [./agent.sh], writable: [.]}
defaults: {agent: demo, retries: 0$1}
$2
X
}
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
of_loser() { # of_loser KEY: of the one of the first two tasks that met a conflict
	printf '%s' "$out" | python3 -c '
import json, sys
for t in json.load(sys.stdin)["tasks"][:2]:
    if t.get("conflicts"):
        v = t
        for k in sys.argv[1].split("."):
            v = v[int(k)] if isinstance(v, list) else v.get(k)
        print(v)' "$1"
}
two='{"id":"both1","title":"First hand","description":"Write both ONE."},{"id":"both2","title":"Second hand","description":"Write both TWO."}'

# --- left for the person: the default
config
orchestrate "{\"tasks\":[$two,{\"id\":\"other\",\"title\":\"O\"}],\"waitSeconds\":60}"
is a_conflict_is_left_for_the_person 1 "$(value counts.conflicted)"
is the_others_go_on 2 "$(value counts.succeeded)"
is the_file_is_told both.txt "$(of_loser conflicts.0.path)"
has the_other_task_is_told both "$(of_loser conflicts.0.task)"
has how_is_told 'both added' "$(of_loser conflicts.0.how)"
is the_work_is_kept "by $(of_loser id)" "$(git show "$(of_loser attempts.0.savedRef):both.txt")"

# --- given to an agent
config ', conflicts: agent'
orchestrate "{\"tasks\":[$two,{\"id\":\"after\",\"title\":\"A\",\"dependsOn\":[\"both1\",\"both2\"]}],\"waitSeconds\":60}"
is an_agent_resolves_it succeeded "$(value state)"
branch=$(value branch)
is both_sides_are_there 'by both1 by both2' "$(git show "$branch:both.txt" | tr '\n' ' ' | sed 's/ $//')"
is the_resolving_attempt_says_so 1 "$(of_loser attempts.1.resolves)"
is the_first_attempt_conflicted conflicted "$(of_loser attempts.0.state)"
has the_agent_is_told_the_file '- both.txt: both added, by task' "$(cat told)"
has the_agent_is_told_its_own_task "Write both" "$(sed -n '1,/A conflict/p' told)"
has the_agent_is_told_the_others_task "Write both" "$(sed -n '/A conflict/,$p' told)"
is the_merge_has_both_as_parents 2 "$(git rev-list --parents -n 1 "$(of_loser commit)" | wc -w | awk '{print $1 - 1}')"
is the_first_work_is_in_the_history 0 "$(git merge-base --is-ancestor "$(git rev-parse "$(of_loser attempts.0.savedRef)")" "$branch"; echo $?)"
is nothing_lies_about 1 "$(git worktree list | wc -l)"
touch sloppy
orchestrate "{\"tasks\":[$two],\"waitSeconds\":60}"
is markers_left_behind_are_no_resolution 1 "$(value counts.conflicted)"
has the_marked_file_is_named "conflict markers are left in 'both.txt'" "$(of_loser cause)"
is no_marker_gets_merged 0 "$(git show "$(value branch):both.txt" | grep -c '<<<')"
rm sloppy
runs resume '"waitSeconds":60'
is a_later_resume_resolves_it succeeded "$(value state)"

# --- stop
config ', conflicts: stop, jobs: 3'
rm -f go
orchestrate "{\"tasks\":[$two,{\"id\":\"until1\",\"title\":\"U\"},{\"id\":\"after\",\"title\":\"A\",\"dependsOn\":[\"until1\"]}]}"
until_state '*' conflicted
touch go
runs wait '"waitSeconds":60'
is a_conflict_ends_the_run failed "$(value state)"
has its_cause_is_the_conflict 'cannot be merged: both.txt' "$(value cause)"
is what_was_under_way_is_merged succeeded "$(value tasks.2.state)"
is nothing_more_was_started skipped "$(value tasks.3.state)"
orchestrate '{"tasks":[{"id":"a","title":"A"}],"conflicts":"guess"}'
has an_unknown_policy_is_refused 'agent, person, stop' "$err"

# --- what those before it did reaches the prompt through a resume
config ''
rm -f go
orchestrate '{"tasks":[{"id":"first","title":"F"},{"id":"until2","title":"U"},{"id":"last","title":"L","dependsOn":["first","until2"]}]}'
until_state first succeeded
kill -9 "$(cut -d' ' -f1 ".gadugi/runs/$id/lock")"
touch go
i=0
while runs show && [ "$(value state)" != interrupted ] && [ $i -lt 200 ]; do
	sleep 0.02
	i=$((i + 1))
done
runs resume
runs wait '"waitSeconds":60'
has earlier_merges_are_told_after_a_resume 'first: F - changed 1 file: first.txt (+1 -0)' "$(cat prompt.last)"

# --- a pull request
orchestrate '{"tasks":[{"id":"a","title":"A"}],"merge":"pr"}'
has without_a_command_it_says_what_to_configure 'pullRequest: {push: [git, push, origin], command: [gh, pr, create]}' "$err"
git init -q --bare ../remote.git && git remote add origin ../remote.git
config '' "pullRequest: {push: [git, push, -q, origin], command: [$(pwd)/gh.sh, pr, create]}"
echo opens >gh.how
orchestrate '{"tasks":[{"id":"pr1","title":"Make it"}],"merge":"pr","waitSeconds":60}'
is a_run_ends_with_its_pull_request succeeded "$(value state)"
is the_link_is_what_the_command_printed https://example.org/pull/7 "$(value pullRequest)"
is the_branch_was_pushed "$(git rev-parse "$(value branch)")" "$(git -C ../remote.git rev-parse "$(value branch)")"
is the_command_is_told_branch_base_and_title "pr create --head $(value branch) --base main --title tasks --body-file" \
	"$(head -n 9 gh.words | tr '\n' ' ' | sed 's/ $//')"
has the_body_names_the_tasks '**pr1**: Make it' "$(cat gh.body)"
echo there >gh.how
orchestrate '{"tasks":[{"id":"pr2","title":"P"}],"merge":"pr","waitSeconds":60}'
is one_that_is_there_already_is_found https://example.org/pull/7 "$(value pullRequest)"
echo fails >gh.how
orchestrate '{"tasks":[{"id":"pr3","title":"P"}],"merge":"pr","waitSeconds":60}'
is no_link_is_invented null "$(value pullRequest)"
has a_failure_is_told 'not logged in' "$(value findings)"
echo silent >gh.how
orchestrate '{"tasks":[{"id":"pr4","title":"P"}],"merge":"pr","waitSeconds":60}'
has a_command_that_prints_no_link_is_told 'printed no link' "$(value findings)"
git remote remove origin
orchestrate '{"tasks":[{"id":"pr5","title":"P"}],"merge":"pr","waitSeconds":60}'
has a_push_that_fails_is_told "'git' " "$(value findings)"
finish
