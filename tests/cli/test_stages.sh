#!/bin/sh
# Tasks in stages: each an agent, gates, a verdict, an approval; sent back, killed, resumed.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
mkdir .gadugi .gadugi/workflows
cat >agent.sh <<'X'
#!/bin/sh
# Does what its stage asks; what it was told is kept for the test.
here=$(dirname "$0")
cat >"$here/told.$GADUGI_TASK_ID.${GADUGI_STAGE:-none}"
echo "$GADUGI_TASK_ID ${GADUGI_STAGE:-none} $GADUGI_ATTEMPT ${WHO:-demo}" >>"$here/calls"
case $GADUGI_STAGE in
implement) echo "$GADUGI_ATTEMPT" >>"$GADUGI_TASK_ID.txt"; echo "made in attempt $GADUGI_ATTEMPT" >"$GADUGI_STAGE_FOLDER/note.md" ;;
review)
	case $GADUGI_TASK_ID in
	twice*) [ "$(wc -l <"$GADUGI_TASK_ID.txt")" -ge 2 ] && verdict=pass || verdict=fail ;;
	never*) verdict=fail ;;
	mute*) exit 0 ;;
	line*) echo 'looks good'; echo 'VERDICT: pass'; exit 0 ;;
	*) verdict=pass ;;
	esac
	echo 'line 1 is not enough' >"$GADUGI_STAGE_FOLDER/note.md"
	echo $verdict >"$GADUGI_STAGE_FOLDER/verdict" ;;
hold) touch "$here/holding"; while [ ! -e "$here/go" ]; do sleep 0.02; done; echo held >>held.txt ;;
respond) echo answered >>"$GADUGI_TASK_ID.txt" ;;
*) echo "${GADUGI_STAGE:-plain}" >>"$GADUGI_TASK_ID.log" ;;
esac
X
printf '#!/bin/sh\nWHO=second exec "$(dirname "$0")/agent.sh"\n' >second.sh
chmod +x agent.sh second.sh
printf 'told.*\ncalls\nholding\ngo\n' >.gitignore
git add . && git -c user.name=T -c user.email=t@e commit -qm agent
cat >.gadugi/config <<'X'
agents:
  demo: {command: [./agent.sh], writable: [.]}
  second: {command: [./second.sh], writable: [.]}
defaults: {agent: demo, retries: 0}
gates:
  - {name: short, command: [sh, -c, '! grep -q 1 short.txt'], when: run, baseline: false, reruns: 0}
X
cat >.gadugi/workflows/own.yaml <<'X'
about: two hands and a look
stages:
  - {name: implement, prompt: Make it.}
  - {name: review, agent: second, prompt: Look at it., verdict: true, back: implement, rounds: 2}
  - {name: respond, prompt: Answer., approval: true}
X
cat >.gadugi/workflows/held.yaml <<'X'
stages:
  - {name: implement, prompt: Make it.}
  - {name: hold, prompt: Hold it.}
  - {name: respond, prompt: Answer.}
X
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
kill_runner() { # kill the run's runner, wait until that is seen
	kill -9 "$(cut -d' ' -f1 ".gadugi/runs/$id/lock")"
	i=0
	while runs show && [ "$(value state)" != interrupted ] && [ $i -lt 200 ]; do
		sleep 0.02
		i=$((i + 1))
	done
}
attempts() { # attempts TASK: stage:state of each
	printf '%s' "$out" | python3 -c '
import json, sys
t = json.load(sys.stdin)["tasks"][int(sys.argv[1])]
print(" ".join("%s:%s" % (a.get("stage"), a["state"]) for a in t["attempts"]))' "$1"
}
stages() { # stages TASK: name:state of each
	printf '%s' "$out" | python3 -c '
import json, sys
t = json.load(sys.stdin)["tasks"][int(sys.argv[1])]
print(" ".join("%s:%s" % (s["name"], s["state"]) for s in t["stages"]))' "$1"
}

# --- the one that ships with the program
orchestrate '{"tasks":[{"id":"one","title":"One","description":"Say it."},{"id":"plain","title":"P","workflow":"none"}],"workflow":"implement-review","waitSeconds":60}'
is a_task_in_stages_succeeds succeeded "$(value state)"
is each_stage_is_an_attempt 'implement:staged review:staged respond:merged' "$(attempts 0)"
is the_stages_are_shown 'implement:passed review:passed respond:passed' "$(stages 0)"
is all_stages_work_is_merged '1 answered' "$(git show "$(value branch):one.txt" | tr '\n' ' ' | sed 's/ $//')"
is a_task_may_go_without_stages 'None:merged' "$(attempts 1)"
has a_stage_is_told_the_task 'Say it.' "$(cat told.one.review)"
has a_stage_is_told_what_it_is 'Stage 2 of 3: review' "$(cat told.one.review)"
has a_stage_is_told_what_was_said 'made in attempt 1' "$(cat told.one.review)"
has a_stage_is_asked_for_its_verdict 'Write your verdict' "$(cat told.one.review)"
hasnt words_between_stages_are_not_merged .gadugi "$(git ls-tree -r --name-only "$(value branch)")"
is no_worktree_is_left 1 "$(git worktree list | wc -l)"

# --- sent back, by a workflow of the project with an agent of its own
orchestrate '{"tasks":[{"id":"twice1","title":"T","workflow":"own"}]}'
until_state twice1 gating
runs show
is a_review_sends_the_work_back 'implement:staged review:returned implement:staged review:staged respond:result' "$(attempts 0)"
has it_is_told_why 'line 1 is not enough' "$(cat told.twice1.implement)"
is the_stages_own_agent_does_it 'twice1 review 2 second' "$(grep -m1 'twice1 review 2' calls)"
is what_waits_is_told approval "$(value tasks.0.waitsFor)"
has how_to_approve_is_told "gadugi approve $id twice1" "$(value tasks.0.cause)"
run "$gadugi" approve "$id" nobody
ends an_unknown_task_cannot_be_approved 1
kill_runner
is what_waits_is_told_while_nobody_runs_it approval "$(value tasks.0.waitsFor)"
run "$gadugi" approve "$id" twice1
ends an_approval_takes_up_the_run 0
runs wait '"waitSeconds":60'
is what_was_approved_is_merged succeeded "$(value state)"
is no_stage_was_repeated 5 "$(value tasks.0.attempts | grep -o '"number"' | wc -l)"
run "$gadugi" approve "$id" twice1
ends to_approve_twice_is_as_once 0
orchestrate '{"tasks":[{"id":"never1","title":"N","workflow":"own"}],"waitSeconds":60}'
is it_is_sent_back_only_so_often failed "$(value tasks.0.state)"
has the_last_word_is_told 'sent the work back 2 times' "$(value tasks.0.cause)"
is the_rounds_were_two 2 "$(attempts 0 | grep -o returned | wc -l)"
orchestrate '{"tasks":[{"id":"mute1","title":"M","workflow":"own"}],"waitSeconds":60}'
has no_verdict_is_no_pass 'without a verdict' "$(value tasks.0.cause)"
orchestrate '{"tasks":[{"id":"line1","title":"L","workflow":"implement-review"}],"waitSeconds":60}'
is the_last_line_may_be_the_verdict succeeded "$(value state)"

# --- a stage that passed is not repeated by a runner that takes over
rm -f go holding
orchestrate '{"tasks":[{"id":"kept1","title":"K","workflow":"held"}]}'
until_state kept1 running; i=0
while [ ! -e holding ] && [ $i -lt 500 ]; do sleep 0.02; i=$((i + 1)); done
kill_runner
is where_it_stood_is_shown 'implement:passed hold:running respond:pending' "$(stages 0)"
touch go
runs resume '"waitSeconds":60'
runs wait '"waitSeconds":60'
is a_killed_runner_costs_one_stage 'implement:staged hold:lost hold:staged respond:merged' "$(attempts 0)"
is its_work_is_there_once '1 answered' "$(git show "$(value branch):kept1.txt" | tr '\n' ' ' | sed 's/ $//')"

# --- a task that asks for approval
orchestrate '{"tasks":[{"id":"ask1","title":"A","approval":true},{"id":"after","title":"B","dependsOn":["ask1"]}]}'
until_state ask1 gating
runs show
is it_is_not_merged_before null "$(value tasks.0.commit)"
is what_needs_it_waits_too pending "$(value tasks.1.state)"
run "$gadugi" approve "$id"
ends all_that_waits_can_be_approved_at_once 0
runs wait '"waitSeconds":60'
is it_is_merged_then succeeded "$(value state)"
run "$gadugi" approve "$id"
ends nothing_waits_any_more 1
orchestrate '{"tasks":[{"id":"ask2","title":"A","approval":true}]}'
until_state ask2 gating
run "$gadugi" cancel "$id" ask2
runs wait '"waitSeconds":60'
is to_refuse_is_to_cancel cancelled "$(value tasks.0.state)"
is what_was_refused_is_kept plain "$(git show "$(value tasks.0.attempts.0.savedRef):ask2.log")"
orchestrate '{"tasks":[{"id":"ask3","title":"A","approval":true},{"id":"b","title":"B","dependsOn":["ask3"]},{"id":"c","title":"C","dependsOn":["b"]}]}'
until_state ask3 gating
run "$gadugi" skip "$id" b
ends a_task_can_be_skipped_by_command 0
"$gadugi" approve "$id" ask3 >/dev/null
runs wait '"waitSeconds":60'
is what_needs_a_skipped_task_goes_on succeeded "$(value tasks.2.state)"

# --- mistakes
printf 'stages:\n  - {name: a, prompt: x, back: b}\n' >.gadugi/workflows/wrong.yaml
orchestrate '{"tasks":[{"id":"x","title":"X","workflow":"wrong"}]}'
has a_mistake_says_where "wrong.yaml:2:" "$err"
orchestrate '{"tasks":[{"id":"x","title":"X","workflow":"nope"}]}'
has an_unknown_workflow_lists_those_there_are 'held, own, wrong, eleven-phases, implement-review' "$(echo "$err" | sed 's/own, held/held, own/')"
printf 'stages:\n  - {name: a, prompt: x, gates: [nogate]}\n' >.gadugi/workflows/wrong.yaml
orchestrate '{"tasks":[{"id":"x","title":"X","workflow":"wrong"}]}'
has an_unknown_gate_of_a_stage_is_named "nogate" "$err"
printf 'stages:\n  - {name: implement, prompt: x}\n  - {name: respond, prompt: y, gates: [short], back: implement, rounds: 1}\n' >.gadugi/workflows/gated.yaml
orchestrate '{"tasks":[{"id":"short","title":"X","workflow":"gated"}],"gates":[],"waitSeconds":60}'
is a_gate_of_a_stage_can_send_back 'implement:staged respond:returned implement:staged respond:failed' \
	"$(attempts 0)"
orchestrate '{"tasks":[{"id":"all","title":"X","workflow":"eleven-phases"}],"waitSeconds":60}'
is the_eleven_phases_are_eleven 11 "$(value tasks.0.attempts | grep -o '"number"' | wc -l)"
is they_end_well succeeded "$(value state)"
finish
