#!/bin/sh
# Agents ask, tell and write from inside a task, where the project's own files are closed to them.
set -u
. tests/lib/shell.sh

# Agents may write to the temporary folder, so a project there would prove nothing.
place=$(mktemp -d "$(dirname "$gadugi")/ask.XXXXXX") || exit 1
trap 'rm -rf "$place" "$tmp"' EXIT
cd "$place" || exit 1
git init -q -b main
git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m first
mkdir -m 700 .gadugi
cat >.gadugi/config <<'C'
agents: {one: {command: [./agent.sh]}}
memory:
  permissions:
    - {actor: 'agent:one', read: [project], write: [project]}
    - {actor: '*', read: ['*'], write: ['*']}
C
cat >plan.json <<'P'
{"title": "t", "tasks": [{"id": "a", "title": "do a"}]}
P
cat >agent.sh <<A
#!/bin/sh
{
	"$gadugi" ask --option yes --option no 'Shall I?'
	echo "asked \$?"
	"$gadugi" ask --timeout 1 'Is there anybody?'
	echo "silence \$?"
	"$gadugi" events publish build.done '{"n": 9007199254740993}'
	"$gadugi" call agents '{"action": "board", "name": "notes", "text": "one"}'
	"$gadugi" call agents '{"action": "board", "name": "notes", "text": "two", "version": 0}'
	echo "conflict \$?"
	"$gadugi" call agents '{"action": "board", "name": "notes"}'
	"$gadugi" recall anything
	echo "recalled \$?"
	"$gadugi" remember --kind decision --author user 'frames are cut at sixteen MiB'
	echo "remembered \$?"
	"$gadugi" remember --scope global 'everybody shall know'
	echo "elsewhere \$?"
	"$gadugi" recall --json where are frames cut
	"$gadugi" recall zebra
	GADUGI_AGENT=other "$gadugi" recall zebra
	echo "zebras looked for"
	"$gadugi" call agents '{"action": "stop", "name": "x"}'
	echo "stopped \$?"
} 2>&1
A
chmod +x agent.sh

"$gadugi" remember --scope agent:other 'the zebra is striped' >/dev/null
"$gadugi" orchestrate plan.json --detach >run.id 2>&1
# the question is an event: wait for it, then answer
question=$("$gadugi" events --follow --after 0 --topic 'agent.a.question' --limit 1 |
	sed -n 's/.*"questionId":"\([^"]*\)".*/\1/p')
is a_question_from_inside_a_task_is_there_for_others 0 "$([ -n "$question" ]; echo $?)"
"$gadugi" agents questions >questions 2>&1
is it_is_listed_with_its_run_and_options 1 "$(grep -c 'Shall I?' questions)"
"$gadugi" agents answer "$question" maybe >refused 2>&1
is an_answer_that_is_none_of_the_options_is_refused 1 "$?"
"$gadugi" agents answer "$question" yes >/dev/null
run=$(sed -n 's/.*\(r1[a-z0-9]*\).*/\1/p' run.id | head -n 1)
"$gadugi" call runs "{\"action\": \"wait\", \"runId\": \"$run\", \"waitSeconds\": 60}" >state
is the_task_succeeded 1 "$(grep -c '"state":"succeeded"' state)"
cat .gadugi/runs/"$run"/a/*.log >log
is the_answer_reaches_the_agent 1 "$(grep -c ' yes$' log)"
is an_answer_is_success 1 "$(grep -c 'asked 0$' log)"
is a_timeout_is_said_and_is_no_answer 1 "$(grep -c 'nobody answered in time' log)"
is a_timeout_is_no_success 1 "$(grep -c 'silence 1$' log)"
"$gadugi" events --topic build.done --json >told
is an_agent_publishes_with_all_digits 1 "$(grep -c '"n":9007199254740993' told)"
is and_says_who_it_is 1 "$(grep -c '"source":"agent:a"' told)"
is a_whiteboard_is_written 2 "$(grep -c '"board":"notes","runId":"[^"]*","version":1,"author":"a"' log)"
is a_write_over_another_is_refused 1 "$(grep -c 'conflict 1$' log)"
is what_is_remembered_can_be_read 1 "$(grep -c 'recalled 0$' log)"
is an_agent_remembers_from_inside 1 "$(grep -c 'remembered 0$' log)"
case $place in # where agents may write, they go past the mailbox, and say themselves who they are
/tmp/* | /var/tmp/* | "$TMPDIR"/*)
	echo 'skip what_it_remembered_says_who_in_which_run_and_task: the build is in a temporary folder'
	finish ;;
esac
is an_agent_recalls_what_it_remembered 1 "$(grep -c 'frames are cut at sixteen MiB.*"author":"one"' log)"
is what_it_may_not_write_is_refused 1 "$(grep -c 'elsewhere 1$' log)"
is and_says_who_may_not 1 "$(grep -c "agent:one. may not write memories of scope .global" log)"
is what_it_may_not_read_is_not_found 0 "$(grep -c 'striped' log)"
"$gadugi" call recall '{"query": "frames cut"}' >kept
is what_it_remembered_says_who_in_which_run_and_task 1 "$(grep -c "\"author\":\"one\".*\"run\":\"$run\",\"task\":\"a\"" kept)"
is agents_are_not_stopped_from_inside 1 "$(grep -c 'stopped 1$' log)"
is no_mailbox_is_left 0 "$(find .gadugi/mail -type f 2>/dev/null | wc -l | tr -d ' ')"
finish
