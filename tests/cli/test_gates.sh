#!/bin/sh
# Gates: the base first, each result, each batch, the run; halves when several break one; flaky ones.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
mkdir .gadugi
here=$(pwd)
cat >agent.sh <<X
#!/bin/sh
# While the gate is shut, the first one's result stands before it and the others come behind.
cat >/dev/null
[ "\$GADUGI_TASK_ID" = a ] || while [ -e $here/shut ] && [ ! -s $here/calls ]; do sleep 0.02; done
echo "\$GADUGI_TASK_ID" >"\$GADUGI_TASK_ID.txt"
X
cat >gate.sh <<'X'
#!/bin/sh
# gate.sh WHAT: looks at the files of the folder it is started in; what steers it lies beside it.
here=$(dirname "$0")
echo "$1" >>"$here/calls"
case $1 in
task)
	while [ -e "$here/shut" ]; do sleep 0.02; done # the test opens it
	for f in bad*.txt; do [ ! -e "$f" ] || { echo "found $f"; exit 3; }; done ;;
batch) [ ! -e wrong1.txt ] || { echo 'a wrong batch'; exit 4; } ;;
flaky) [ ! -e "$here/shaky" ] || { rm "$here/shaky"; echo 'not today'; exit 5; } ;;
red) [ ! -e red.txt ] || { echo 'red as can be'; exit 6; } ;;
esac
X
chmod +x agent.sh gate.sh
printf 'calls\nshut\nshaky\n' >.gitignore
git add . && git -c user.name=T -c user.email=t@e commit -qm agent
config() { # config GATES
	cat >.gadugi/config <<X
agents:
  demo: {command: [./agent.sh]}
defaults: {agent: demo, retries: 0}
gates: [$1]
X
	: >calls
}
gate() { # gate NAME WHEN [MORE]
	printf '{name: %s, command: [%s/gate.sh, %s], when: %s%s}' "$1" "$here" "$1" "$2" "${3:+, $3}"
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
calls() { # calls WHAT: how often that gate was run
	grep -c "^$1\$" calls
}
files() { # files: of the run's branch that a task has made
	git ls-tree --name-only "$(value branch)" | grep 'txt$' | tr '\n' ' ' | sed 's/ $//'
}

# --- several results break a gate together: halves find the one
config "$(gate task task 'baseline: false')"
touch shut
orchestrate '{"tasks":[{"id":"a","title":"A"},{"id":"b","title":"B"},{"id":"bad1","title":"Bad"},{"id":"c","title":"C"},{"id":"d","title":"D"},{"id":"e","title":"E"}],"jobs":6}'
for task in a b bad1 c d e; do until_state $task merging; done
rm shut
runs wait '"waitSeconds":60'
is the_one_that_breaks_the_gate_fails failed "$(value tasks.2.state)"
has its_cause_is_the_gate "gate 'task' did not pass (exit code 3" "$(value tasks.2.cause)"
is all_the_others_are_merged 5 "$(value counts.succeeded)"
is what_breaks_it_is_not_there 'a.txt b.txt c.txt d.txt e.txt' "$(files)"
has several_were_tried_together '"passed": false' "$(value gates)"

# --- each batch
config "$(gate batch batch)"
orchestrate '{"tasks":[{"id":"one","title":"1"},{"id":"two","title":"2","dependsOn":["one"]},{"id":"three","title":"3","dependsOn":["two"]}],"waitSeconds":60}'
is a_run_whose_batches_pass_succeeds succeeded "$(value state)"
is the_gate_is_run_on_the_base_and_after_each_batch 4 "$(calls batch)"
is each_batch_is_a_checkpoint 3 "$(value checkpoints | grep -o '"batch"' | wc -l)"
orchestrate '{"tasks":[{"id":"one","title":"1"},{"id":"wrong1","title":"W","dependsOn":["one"]},{"id":"three","title":"3","dependsOn":["wrong1"]},{"id":"four","title":"4","dependsOn":["three"]}],"waitSeconds":60}'
is a_batch_that_does_not_pass_fails_the_run failed "$(value state)"
has the_batch_and_the_gate_are_named "batch 2: gate 'batch' did not pass (exit code 4, twice): a wrong batch" "$(value cause)"
is what_had_not_begun_is_left_out skipped "$(value tasks.3.state)"
is a_batch_that_does_not_pass_is_no_checkpoint 1 "$(value checkpoints | grep -o '"batch"' | wc -l)"
has the_output_is_kept 'a wrong batch' "$(value gates)"
run "$gadugi" runs "$id" --log --gate batch
is a_gates_output_can_be_read 'a wrong batch' "$out"
run "$gadugi" runs "$id" --log --gate nogate
has a_gate_that_was_not_run_is_told_of "gate 'nogate' has not been run" "$err"
runs resume '"waitSeconds":60'
is resume_looks_at_it_again failed "$(value state)"

# --- a flaky one
config "$(gate flaky task)"
touch shaky
orchestrate '{"tasks":[{"id":"one","title":"1"}],"redBase":true,"waitSeconds":60}'
is a_flaky_gate_stops_nobody succeeded "$(value state)"
has a_flaky_gate_is_told_of "gate 'flaky' failed and passed on the same files" "$(value findings)"
is its_first_outcome_is_kept false "$(value tasks.0.gates.0.passed)"
is its_second_outcome_is_kept true "$(value tasks.0.gates.1.passed)"
is both_are_marked true "$(value tasks.0.gates.1.flaky)"
config "$(gate flaky task 'reruns: 0')"
touch shaky
orchestrate '{"tasks":[{"id":"one","title":"1"}],"redBase":true,"waitSeconds":60}'
is without_reruns_it_fails_at_once failed "$(value state)"
is it_was_run_once 1 "$(calls flaky)"
runs resume '"waitSeconds":60'
has a_later_outcome_on_the_same_tree_tells_it "flaky-gate" "$(value findings)"

# --- the base
echo red >red.txt && git add red.txt && git -c user.name=T -c user.email=t@e commit -qm red
config "$(gate red task)"
orchestrate '{"tasks":[{"id":"one","title":"1"},{"id":"two","title":"2","dependsOn":["one"]}],"waitSeconds":60}'
is nothing_starts_on_a_red_base failed "$(value state)"
has it_says_that_the_base_is_red 'the base is red' "$(value cause)"
has it_says_which_gate 'red as can be' "$(value cause)"
is no_attempt_was_made '[]' "$(value tasks.0.attempts)"
is all_tasks_are_left_out 2 "$(value counts.skipped)"
git rm -q red.txt && git -c user.name=T -c user.email=t@e commit -qm green
orchestrate '{"tasks":[{"id":"one","title":"1"}],"waitSeconds":60}'
is a_green_base_is_begun_on succeeded "$(value state)"
orchestrate '{"tasks":[{"id":"one","title":"1"}],"base":"HEAD~1","redBase":true,"waitSeconds":60}'
is a_red_base_is_begun_on_when_told_to 1 "$(value tasks.0.attempts | grep -o '"number"' | wc -l)"
config "$(gate red run), $(gate task task 'baseline: false')"
orchestrate '{"tasks":[{"id":"one","title":"1"}],"base":"HEAD~1","waitSeconds":60}'
is a_gate_of_the_run_need_not_hold_at_first 1 "$(value counts.succeeded)"
is a_gate_may_be_left_out_of_the_first_look 1 "$(calls task)"

# --- the base is looked at in vain: the run is cancelled meanwhile
config "$(gate task task)"
touch shut
orchestrate '{"tasks":[{"id":"one","title":"1"}]}'
runs cancel '"waitSeconds":30'
is a_run_is_cancelled_while_its_base_is_looked_at cancelled "$(value state)"
rm -f shut
finish
