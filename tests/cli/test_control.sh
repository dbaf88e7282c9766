#!/bin/sh
# Every verb, by tool, by command and by signal: asked twice it does what it does when asked once.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
mkdir .gadugi
cat >agent.sh <<'X'
#!/bin/sh
cat >/dev/null
here=$(dirname "$0")
case $GADUGI_TASK_ID in
broken*) [ -e "$here/fixed" ] || exit 7 ;;
esac
case $GADUGI_TASK_ID in
until* | broken*) while [ ! -e "$here/go" ]; do sleep 0.02; done ;; # the test says when
esac
echo "$GADUGI_TASK_ID $GADUGI_ATTEMPT" >"$GADUGI_TASK_ID.txt"
X
chmod +x agent.sh
cat >.gadugi/config <<'X'
agents: {demo: {command: [./agent.sh]}}
defaults: {agent: demo, retries: 0, jobs: 2}
X
printf 'go\nfixed\n' >.gitignore
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
	rm -f go fixed
	run "$gadugi" call orchestrate "{\"tasks\":$1}"
	id=$(value runId)
}
runs() { # runs ACTION [MORE]
	run "$gadugi" call runs "{\"action\":\"$1\",\"runId\":\"$id\"${2:+,$2}}"
}
until_event() { # until_event TOPIC
	"$gadugi" call events "{\"action\":\"list\",\"topic\":\"$1\",\"waitSeconds\":30}" |
		grep -q seq
}
# ask HOW VERB [TASK]: twice
ask() {
	for _ in 1 2; do
		case $1 in
		tool) runs "$2" ${3:+"\"taskId\":\"$3\""} ;;
		command) run "$gadugi" "$2" "$id" ${3:+"$3"} ;;
		signal)
			case $2 in pause) name=TSTP ;; resume) name=CONT ;; cancel) name=INT ;; esac
			run kill -s $name "$pid"
			;;
		esac
		[ "$rc" = 0 ] || broken "$1: $2 is taken" "exit $rc" "$err"
	done
}
states() { # of the tasks, in order
	runs show
	printf '%s' "$out" | python3 -c 'import json, sys; print(*[t["state"] for t in json.load(sys.stdin)["tasks"]])'
}
attempts() {
	runs show
	printf '%s' "$out" | python3 -c 'import json, sys; print(*[len(t["attempts"]) for t in json.load(sys.stdin)["tasks"]])'
}

for how in tool command signal; do
	orchestrate '[{"id":"until1","title":"U"},{"id":"next","title":"N","dependsOn":["until1"]}]'
	until_event "task.$id.until1.running"
	runs show
	pid=$(value runnerPid)
	ask $how pause
	until_event "run.$id.paused"
	touch go
	until_event "task.$id.next.ready"
	is "$how: a pause, twice, starts nothing more" 'succeeded ready' "$(states)"
	case $how in # resume by command follows the run to its end, and the second finds it over
	command) "$gadugi" resume "$id" --detach >/dev/null 2>&1 || "$gadugi" resume "$id" >/dev/null 2>&1 ;;
	*) ask $how resume && until_event "run.$id.succeeded" ;;
	esac
	runs wait '"waitSeconds":60'
	is "$how: resumed, twice, it ends well" 'succeeded 1 1' "$(value state) $(attempts)"

	orchestrate '[{"id":"until1","title":"U"},{"id":"next","title":"N","dependsOn":["until1"]}]'
	until_event "task.$id.until1.running"
	runs show
	pid=$(value runnerPid)
	ask $how cancel
	runs wait '"waitSeconds":60'
	is "$how: a cancel, twice, ends the run once" 'cancelled' "$(value state)"
	is "$how: all its tasks with it" 'cancelled cancelled' "$(states)"
	is "$how: no process is left" '' "$(grep -lsz "GADUGI_RUN_ID=$id" /proc/[0-9]*/environ)"
	is "$how: one end is told" 1 "$("$gadugi" events --topic "run.$id.cancelled" --after 0 --limit 100 | wc -l)"
done

for how in tool command; do
	orchestrate '[{"id":"until1","title":"U"},{"id":"until2","title":"V"},{"id":"after","title":"A","dependsOn":["until1"]},{"id":"other","title":"O","dependsOn":["until2"]}]'
	until_event "task.$id.until2.running"
	until_event "task.$id.until1.running"
	ask $how cancel until1
	until_event "task.$id.until1.cancelled"
	ask tool skip other
	until_event "task.$id.other.skipped"
	touch go
	runs wait '"waitSeconds":60'
	is "$how: one task is cancelled, one skipped, each once" 'cancelled succeeded skipped skipped' "$(states)"

	orchestrate '[{"id":"broken1","title":"B"},{"id":"until1","title":"U"},{"id":"after","title":"A","dependsOn":["broken1"]}]'
	until_event "task.$id.broken1.failed"
	touch fixed
	ask $how retry broken1
	touch go
	runs wait '"waitSeconds":60'
	is "$how: a retry, twice, is one more attempt" 'succeeded 2 1 1' "$(value state) $(attempts)"

	orchestrate '[{"id":"broken1","title":"B"}]'
	runs wait '"waitSeconds":60'
	touch fixed
	ask $how retry broken1
	touch go
	runs wait '"waitSeconds":60'
	is "$how: so is one that takes up a run that has ended" 'succeeded 2' "$(value state) $(attempts)"
done

orchestrate '[{"id":"until1","title":"U"},{"id":"next","title":"N","dependsOn":["until1"]}]'
until_event "task.$id.until1.running"
runs show
pid=$(value runnerPid)
kill -KILL "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
runs show
is "a run without its runner is interrupted" interrupted "$(value state)"
run "$gadugi" cancel "$id"
has "cancelling it says what comes" 'cancel' "$out"
hasnt "and not that one should wait for its work" "wait with action" "$out"
runs wait '"waitSeconds":60'
is "an interrupted run can be cancelled" cancelled "$(value state)"
run "$gadugi" cancel "$id"
ends "and again" 0
finish
