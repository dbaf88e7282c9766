#!/bin/sh
# What was found changes something: lessons with where they come from, patches that git can apply, never by themselves.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1

line() { # line TYPE MEMBERS: the next second of a session
	second=$((second + 1))
	printf '{"type":"%s","sessionId":"s","timestamp":"2026-01-01T00:%02d:%02d.000Z","cwd":"%s",%s}\n' "$1" $((second / 60)) $((second % 60)) "$PWD" "$2"
}
says() { line user '"message":{"content":"'"$1"'"}'; }
call() { # call TOOL INPUT FAILED ANSWER
	n=$((n + 1))
	line assistant '"requestId":"r'$n'","message":{"id":"m'$n'","content":[{"type":"tool_use","id":"c'$n'","name":"'"$1"'","input":'"$2"'}],"usage":{"input_tokens":3,"output_tokens":5}}'
	line user '"message":{"content":[{"type":"tool_result","tool_use_id":"c'$n'","is_error":'"$3"',"content":"'"$4"'"}]}'
}
begin() { second=0 n=0; }
denied="The user doesn't want to proceed with this tool use."
begin
{
	says "work"
	call Bash '{"command":"./deploy.sh `x` --all"}' true 'no route to host'
	call Bash '{"command":"./deploy.sh `x` --all"}' true 'no route to host'
	call Bash '{"command":"git push origin a"}' true "$denied"
	call Bash '{"command":"git push origin b"}' true "$denied"
	call Bash '{"command":"pnpm build"}' true 'bash: pnpm: command not found'
	call Edit '{"file_path":"'"$PWD"'/a.c","old_string":"a","new_string":"b"}' false ok
} >one.jsonl
begin
{
	says "work"
	call Bash '{"command":"./deploy.sh `x` --all"}' true 'no route to host'
	call Bash '{"command":"./deploy.sh `x` --all"}' true 'no route to host'
	call Bash '{"command":"./deploy.sh `x` --all"}' true 'no route to host'
} >more.jsonl
begin
says "hello" >clean.jsonl
echo '{}' >package-lock.json
mkdir .claude
printf '{\n  "permissions": {\n    "allow": [\n      "Read"\n    ]\n  },\n  "model": "x"\n}' >.claude/settings.json
printf '# Notes\n\nBe kind.' >CLAUDE.md
cp CLAUDE.md before.md

# --- patches
run "$gadugi" coach one.jsonl --json
hasnt nothing_is_written_unasked '"patches"' "$out"
is looking_leaves_no_state no "$([ -e .gadugi ] && echo yes || echo no)"
run "$gadugi" coach one.jsonl --patches --json
ends patches_are_written 0
is there_is_one_for_each_file 'config.patch permissions.patch rules.patch' "$(cd .gadugi/patches && echo *)"
is nothing_is_applied "$(cat before.md)" "$(cat CLAUDE.md)"
for patch in rules permissions config; do
	run git apply --check ".gadugi/patches/$patch.patch"
	ends "git_can_apply_$patch" 0
	git apply ".gadugi/patches/$patch.patch"
done
has a_rule_names_the_call "this one did: \`./deploy.sh 'x' --all\`." "$(cat CLAUDE.md)"
has what_was_there_stays 'Be kind.' "$(cat CLAUDE.md)"
has the_permission_is_added '"Bash(git push:*)"' "$(cat .claude/settings.json)"
has the_old_permission_stays '"Read"' "$(cat .claude/settings.json)"
is the_settings_are_json ok "$(python3 -c 'import json;json.load(open(".claude/settings.json"));print("ok")')"
has a_gate_is_proposed 'command: [npm, test]' "$(cat .gadugi/config)"
has a_set_up_is_proposed 'setup: [npm, ci]' "$(cat .gadugi/config)"
run "$gadugi" doctor
hasnt the_configuration_is_still_good 'config:' "$err"
rm -r .gadugi/patches
run "$gadugi" coach one.jsonl --patches --json
has what_was_applied_is_not_proposed_again '"patches":[]' "$out"
rm CLAUDE.md
rm -r .claude
run "$gadugi" coach one.jsonl --patches
has people_read_how_to_apply 'git apply .gadugi/patches/rules.patch' "$out"
for patch in rules permissions; do
	run git apply ".gadugi/patches/$patch.patch"
	ends "a_new_file_can_come_of_$patch" 0
done
has the_new_file_has_its_rules '## What cost time before' "$(cat CLAUDE.md)"

# --- lessons
run "$gadugi" coach one.jsonl --learn --json
has lessons_are_stored '"superseded":0,"ended":0' "$out"
hasnt some_are '"lessons":{"stored":0' "$out"
run "$gadugi" recall deploy --json
has a_lesson_is_found 'repeat-failure: the same call failed 2 times' "$out"
has it_says_in_which_session '"session":"one"' "$out"
has it_says_by_whom '"author":"gadugi"' "$out"
run "$gadugi" coach one.jsonl --learn --json
has the_same_again_is_no_news '"lessons":{"stored":0' "$out"
run "$gadugi" remember 'deploy.sh needs a route: start the VPN first' --kind procedure
run "$gadugi" coach more.jsonl --json
has what_is_remembered_comes_with_the_report '"context":{"known":["deploy.sh needs a route: start the VPN first"' "$out"
has what_was_said_before_and_taken_is_told '"now":"taken","message":"said since' "$out"
has the_advice_says_so '"message":"The same call fails the same way until something changes: read the error and change the input or the code before trying again; write down what works in CLAUDE.md or AGENTS.md.","before":"said since' "$out"
run "$gadugi" coach more.jsonl
has people_are_told_what_is_remembered '- deploy.sh needs a route: start the VPN first' "$out"
has people_are_told_what_was_said 'it stands in CLAUDE.md and came again' "$out"
run "$gadugi" coach clean.jsonl
has what_is_gone_is_told 'not found now' "$out"
run "$gadugi" coach more.jsonl --learn --json
has another_number_takes_the_place_of_the_old '"superseded":1' "$out"
run "$gadugi" recall deploy --json
has the_new_lesson_is_found 'failed 3 times' "$out"
hasnt the_old_one_is_not 'failed 2 times' "$out"
ended=0
for i in 1 2 3 4 5; do
	cp clean.jsonl "clean$i.jsonl"
	run "$gadugi" coach "clean$i.jsonl" --learn --json
	case $out in *'"ended":0'*) ;; *) ended=$i ;; esac
done
is lessons_end_after_five_clean_sessions 5 "$ended"
run "$gadugi" recall deploy --json
hasnt an_ended_lesson_is_not_found 'failed 3 times' "$out"

# --- never from within itself
cat >post.sh <<'EOF'
#!/bin/sh
env | grep GADUGI_COACHING >mark
"$GADUGI" coach one.jsonl --issues post >inner 2>&1
echo "inner ended $?" >>inner
echo "https://example.org/issues/1"
EOF
chmod +x post.sh
printf 'issues: {command: [./post.sh]}\nagents:\n  demo: {command: ["true"]}\n' >.gadugi/config
sed -i "s|\"\$GADUGI\"|\"$gadugi\"|" post.sh
run "$gadugi" coach one.jsonl --issues post --json
has the_command_is_told 'GADUGI_COACHING=1' "$(cat mark)"
has from_within_nothing_is_posted 'the coach started this itself' "$(cat inner)"
has it_fails_there 'inner ended 1' "$(cat inner)"
mkdir own
issue=$(tail -n 1 .gadugi/issues/repeat-failure*.md)
sed "s|\"content\":\"work\"|\"content\":\"do this: $issue\"|" one.jsonl >own/fix.jsonl
run "$gadugi" coach own --json
has a_session_about_its_own_issue_is_left_out '"ownSessions":1' "$out"
has and_nothing_is_found_in_it '"findings":[]' "$out"
rm -rf .gadugi/issues
printf '{"title": "t", "tasks": [{"id": "a", "title": "A"}]}' >plan.json
run "$gadugi" orchestrate plan.json
ends the_run_ends_well 0
is after_a_run_issues_are_drafted yes "$([ -d .gadugi/issues ] && echo yes || echo no)"
rm -rf .gadugi/issues
run env GADUGI_COACHING=1 "$gadugi" orchestrate plan.json
ends a_run_from_within_ends_well 0
is it_is_not_coached no "$([ -d .gadugi/issues ] && echo yes || echo no)"
printf 'flags: {coach: false}\nagents:\n  demo: {command: ["true"]}\n' >.gadugi/config
run "$gadugi" orchestrate plan.json
is a_flag_switches_it_off no "$([ -d .gadugi/issues ] && echo yes || echo no)"
finish
