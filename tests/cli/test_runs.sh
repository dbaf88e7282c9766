#!/bin/sh
# Steering runs: pause, resume, cancel, retry, skip, discard; gates; what fails and how it is told.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
mkdir .gadugi
cat >agent.sh <<'X'
#!/bin/sh
cat >/dev/null
here=$(dirname "$0")
case $GADUGI_TASK_ID in
until*) while [ ! -e "$here/go" ]; do sleep 0.02; done ;; # the test says when
broken*) echo half >half.txt; [ -e "$here/fixed" ] || exit 7 ;;
bad*) [ -e "$here/fixed" ] || { echo bad >bad.txt; exit 0; } ;;
daemon*) (setsid sleep 300 &) ;;
escape*) echo gone >"$here/escaped.txt" ;;
secret*) env ;;
esac
echo "$GADUGI_TASK_ID $GADUGI_ATTEMPT" >"$GADUGI_TASK_ID.txt"
X
chmod +x agent.sh
cat >.gadugi/config <<'X'
agents:
  demo: {command: [./agent.sh]}
defaults: {agent: demo, retries: 0}
gates:
  - {name: not-bad, command: [sh, -c, "echo looking; test ! -e bad.txt"], when: task}
  - {name: whole, command: [sh, -c, "test -e one.txt"], when: run}
X
printf 'go\nfixed\nescaped.txt\n' >.gitignore
git add agent.sh .gitignore && git -c user.name=T -c user.email=t@e commit -qm agent
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

# --- gates
orchestrate '{"tasks":[{"id":"one","title":"One"},{"id":"bad1","title":"Bad"},{"id":"after","title":"A","dependsOn":["bad1"]}],"waitSeconds":60}'
is a_gate_that_does_not_pass_fails_the_task failed "$(value tasks.1.state)"
has the_gate_is_named "gate 'not-bad'" "$(value tasks.1.cause)"
is a_gate_stops_only_what_breaks_it succeeded "$(value tasks.0.state)"
is what_did_not_pass_is_not_on_the_branch '' "$(git ls-tree --name-only "$(value branch)" bad.txt)"
is the_work_is_kept_in_a_ref 'bad.txt' \
	"$(git diff-tree --name-only --no-commit-id -r "$(value tasks.1.attempts.0.savedRef)" | tr '\n' ' ' | sed 's/ $//')"
touch fixed
runs retry '"taskId":"bad1","waitSeconds":60'
is a_retry_takes_up_the_finished_run succeeded "$(value state)"
is a_retry_runs_only_what_had_not_succeeded 1 "$(value tasks.0.attempts | grep -o '"number"' | wc -l)"
is the_second_attempt_is_the_second 2 "$(value tasks.1.attempts | grep -o '"number"' | wc -l)"
is the_gate_of_the_run_was_run true "$(value gates.0.passed)"
rm fixed
orchestrate '{"tasks":[{"id":"two","title":"Two"}],"waitSeconds":60}'
is a_gate_of_the_run_can_fail_it failed "$(value state)"
has it_says_so 'a gate of the run' "$(value cause)"
orchestrate '{"tasks":[{"id":"bad2","title":"Bad"}],"gates":[],"waitSeconds":60}'
is no_gates_when_none_are_wanted succeeded "$(value state)"

# --- pause, resume
rm -f go
orchestrate '{"tasks":[{"id":"until1","title":"U"},{"id":"one","title":"O","dependsOn":["until1"]}]}'
until_state until1 running
runs pause
runs pause
ends to_pause_twice_is_as_once 0
touch go
until_state until1 succeeded
runs show
is a_paused_run_is_paused paused "$(value state)"
is nothing_starts_while_it_is_paused ready "$(value tasks.1.state)"
runs resume '"waitSeconds":60'
is it_goes_on_when_asked succeeded "$(value state)"

# --- cancel and skip one task
rm -f go
orchestrate '{"tasks":[{"id":"until1","title":"U"},{"id":"x","title":"X","dependsOn":["until1"]},{"id":"until2","title":"V"},{"id":"one","title":"O","dependsOn":["y"]},{"id":"y","title":"Y","dependsOn":["until2"]}]}'
until_state until1 running
runs cancel '"taskId":"until1"'
until_state until1 cancelled
runs skip '"taskId":"y"'
until_state y skipped
touch go
runs wait '"waitSeconds":60'
is one_task_is_cancelled cancelled "$(value tasks.0.state)"
has what_needs_it_is_skipped 'was cancelled' "$(value tasks.1.cause)"
is a_skipped_task_holds_nothing_up succeeded "$(value tasks.3.state)"
has being_skipped_on_request_is_told 'somebody asked' "$(value tasks.4.cause)"
runs skip '"taskId":"one"'
has what_is_done_cannot_be_skipped 'is succeeded' "$err"
runs cancel '"taskId":"onne"'
has the_nearest_task_is_named "did you mean 'one'" "$err"
runs cancel
ends a_run_that_has_ended_cannot_be_cancelled 1

# --- failed work is kept, shown and thrown away by name
orchestrate '{"tasks":[{"id":"broken1","title":"B"}],"waitSeconds":60}'
ref=$(value tasks.0.attempts.0.savedRef)
is what_a_failed_attempt_left_is_in_a_ref half "$(git show "$ref:half.txt")"
runs discard '"taskId":"broken1"'
has discarding_says_first_what_would_be_lost "$ref" "$(value message)"
is nothing_is_lost_without_confirmation yes "$(git rev-parse -q --verify "$ref" >/dev/null && echo yes)"
runs discard '"taskId":"broken1","confirm":true'
is it_is_gone_when_confirmed no "$(git rev-parse -q --verify "$ref" >/dev/null && echo yes || echo no)"
runs discard '"taskId":"broken1","confirm":true'
ends there_is_nothing_more_to_discard 1
touch fixed
runs resume '"waitSeconds":60'
is resume_tries_a_failed_run_again 1 "$(value counts.succeeded)"

# --- agents are kept to themselves
orchestrate '{"tasks":[{"id":"daemon1","title":"D"}],"gates":[],"waitSeconds":60}'
is a_daemon_ends_with_its_task '' "$(grep -lsz "GADUGI_RUN_ID=$id" /proc/[0-9]*/environ)"
apart=$(mktemp -d "${BUILD:-$root/build}/apart.XXXXXX") # temporary folders may be written by everyone
trap 'rm -rf "$tmp" "$apart"' EXIT
case $apart in
/tmp/* | /var/tmp/* | "$TMPDIR"/*) echo 'skip writes_are_confined: the build is in a temporary folder' ;;
*)
	here=$(pwd)
	cp -R . "$apart/p" && cd "$apart/p" && rm -rf .gadugi/gadugi.db* .gadugi/runs
	orchestrate '{"tasks":[{"id":"escape1","title":"E"}],"gates":[],"waitSeconds":60}'
	if "$gadugi" doctor 2>&1 | grep -q 'Landlock confines'; then
		is writes_are_confined no "$([ -e escaped.txt ] && echo yes || echo no)"
	else
		has no_confinement_is_told_of not-confined "$out"
	fi
	cd "$here" || exit 1
	;;
esac
cp .gadugi/config config.kept
echo 'flags: {confine: false}' >>.gadugi/config
sed -i 's|^secret|meddle*) git -C "$here" branch meddled ;;\nsecret|' agent.sh
orchestrate '{"tasks":[{"id":"meddle1","title":"M"},{"id":"good1","title":"G"}],"gates":[],"jobs":1,"waitSeconds":60}'
is who_touches_the_users_branches_fails failed "$(value tasks.0.state)"
has what_was_touched_is_named meddled "$(value tasks.0.cause)"
is who_does_not_is_merged succeeded "$(value tasks.1.state)"
mv config.kept .gadugi/config
SOME_SECRET=hush run "$gadugi" call orchestrate '{"tasks":[{"id":"secret1","title":"S"}],"gates":[],"waitSeconds":60}'
id=$(value runId)
runs log '"taskId":"secret1"'
hasnt variables_nobody_allowed_stay_out SOME_SECRET "$(value log)"
has an_agent_knows_its_task 'GADUGI_TASK_ID=secret1' "$(value log)"

# --- disks that do not take it
if [ "$(id -u)" != 0 ]; then
	chmod a-w .gadugi
	orchestrate '{"tasks":[{"id":"one","title":"O"}]}'
	has a_read_only_folder_is_told_of 'cannot' "$err"
	chmod u+w .gadugi
fi
finish
