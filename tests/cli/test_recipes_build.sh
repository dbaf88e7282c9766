#!/bin/sh
# From recipes to proven code: only what changed is built again, by an agent; what a person changed is
# kept; and there is a way back.
. tests/lib/shell.sh
recipe() { # recipe NAME NEEDS
	mkdir -p "recipes/$1"
	cat >"recipes/$1/requirements.md" <<-EOF
		# The part $1

		Says its name.

		### PART-1 MUST The part $1 says its name

		- Criterion: its output is \`$1\` and what it needs says
		- Test: tests/$1.sh: says_$1
	EOF
	printf '# How\n\nA script parts/%s.sh that prints its name, and runs those it needs.\n' "$1" >"recipes/$1/design.md"
	printf '{"name": "%s", "dependencies": [%s],\n "files": ["parts/%s.sh"], "gates": [["sh", "tests/%s.sh"]]}\n' \
		"$1" "$2" "$1" "$1" >"recipes/$1/dependencies.json"
}
commit() {
	git add -A && git -c user.name=t -c user.email=t@t commit -qm "$1"
}
# What implement would build, in a row.
would() {
	run "$gadugi" recipes implement --dry-run --json "$@"
	printf '%s' "$out" | python3 -c 'import json, sys
print(" ".join(sorted("%s:%s" % (b["recipe"], b["state"]) for b in json.load(sys.stdin)["build"])))'
}
cd "$tmp" && repo p && cd p || exit 1

# A new recipe is there to be filled in, and not sound before it is.
run "$gadugi" recipes new Word
ends a_bad_name_is_no_recipe 1
run "$gadugi" recipes new word --needs lettr
ends an_unknown_need_is_refused 1
run "$gadugi" recipes new word
ends a_new_recipe_is_written 0
has its_files_are_named recipes/word/dependencies.json "$out"
run "$gadugi" recipes validate word
ends it_is_not_sound_before_it_is_filled_in 1
has what_is_missing_has_its_line 'recipes/word/requirements.md:7:1: error: WORD-1 is a placeholder' "$out"
run "$gadugi" recipes implement
ends what_is_not_sound_is_not_implemented 1
run "$gadugi" recipes new word
ends nothing_is_overwritten_by_a_new_one 1
run "$gadugi" recipes new line --needs word
has its_needs_are_in_it '"dependencies": ["word"]' "$(cat recipes/line/dependencies.json)"

# The agent reads its task and writes test and part; like any agent it may not know what was asked of others.
recipe word ''
recipe line '"word"'
recipe page '"line"'
recipe ink ''
mkdir tests parts && touch tests/.keep parts/.keep
cat >agent.sh <<'EOF'
#!/bin/sh
name=$GADUGI_TASK_ID
cat >>"$AGENT_SAW"
[ -e "tests/$name.sh" ] || printf '#!/bin/sh\nsh parts/%s.sh | grep -q "^%s" && echo "ok says_%s" || { echo "not ok says_%s"; exit 1; }\n' \
	"$name" "$name" "$name" "$name" >"tests/$name.sh"
{
	cat "parts/$name.sh" 2>/dev/null
	printf 'echo %s\n' "$name"
} >"parts/$name.new" && mv "parts/$name.new" "parts/$name.sh"
EOF
chmod +x agent.sh
printf '.gadugi\nagent.sh\n' >.gitignore
mkdir -p .gadugi
export AGENT_SAW="$tmp/saw"
config() {
	printf 'agents:\n  demo: {command: [%s/agent.sh], environment: [AGENT_SAW], writable: [%s]}\n%sdefaults: {agent: demo, jobs: 2}\n' \
		"$PWD" "$tmp" "$1" >.gadugi/config
}
config '  shell: {preset: shell}
'
commit recipes
is all_of_it_is_new 'ink:new line:new page:new word:new' "$(would)"
run "$gadugi" recipes implement
ends recipes_are_implemented 0
has what_is_built_is_said 'build page (new)' "$out"
run "$gadugi" call runs '{"action": "list"}'
id=$(printf '%s' "$out" | sed -n 's/.*"runId": *"\([^"]*\)".*/\1/p')
run "$gadugi" call runs "{\"action\": \"show\", \"runId\": \"$id\"}"
has gates_were_tasks_of_the_run '"id":"page.gate-1"' "$out"
has the_agent_was_given_the_test_to_begin_with 'not ok says_word' "$(cat "$AGENT_SAW")"
run "$gadugi" recipes
has it_is_not_merged_yet unmerged "$out"
run "$gadugi" recipes implement
ends nothing_has_to_be_built 0
has its_branch_is_named "is built on branch gadugi/$id" "$out"
has it_says_that_nothing_was_built 'nothing was built' "$out"
git merge -q "gadugi/$id" >/dev/null
run "$gadugi" recipes implement --json
ends nothing_changed 0
has then_nothing_is_built '"tasks":0' "$out"
has all_are_up_to_date '"upToDate":["ink","line","page","word"]' "$out"
run "$gadugi" call runs '{"action": "list"}'
is and_no_run_is_made 1 "$(printf '%s' "$out" | grep -o '"runId"' | wc -l)"

# One changes: exactly those that need it are built again.
echo 'More of it.' >>recipes/line/design.md
is a_change_brings_its_dependents 'line:changed page:changed' "$(would)"
git checkout -q recipes
is a_change_taken_back_is_none '' "$(would)"
echo 'More of it.' >>recipes/ink/design.md
is a_leaf_that_nobody_needs_comes_alone 'ink:changed' "$(would)"
is what_was_not_asked_for_is_not_built '' "$(would page)"
is force_builds_what_has_not_changed 'line:changed page:changed word:changed' "$(would --force page | sed 's/:[a-z]*/:changed/g')"
git checkout -q recipes
is a_dry_run_stores_nothing 1 "$("$gadugi" call runs '{"action": "list"}' | grep -o '"runId"' | wc -l)"

# What a person changed is said, told to the agent, and still there afterwards.
echo 'echo by hand' >>parts/line.sh
echo 'More of it.' >>recipes/line/design.md
commit 'by hand'
: >"$AGENT_SAW"
run "$gadugi" recipes implement line
ends it_is_built_again 0
has what_a_person_changed_is_said 'changed by hand: parts/line.sh (of line)' "$out"
has the_agent_is_told_to_keep_it 'keep these changes:

- parts/line.sh' "$(cat "$AGENT_SAW")"
id=$("$gadugi" call runs '{"action": "list", "limit": 1}' | sed -n 's/.*"runId": *"\([^"]*\)".*/\1/p')
git merge -q "gadugi/$id" >/dev/null
has it_is_still_there 'echo by hand' "$(cat parts/line.sh)"
is only_dependents_are_left_to_build 'page:changed' "$(would)"

# History, and the way back.
run "$gadugi" recipes history line
is each_build_is_remembered 2 "$(printf '%s' "$out" | grep -c 'built')"
echo 'echo later' >>parts/line.sh
run "$gadugi" recipes rollback line
ends what_was_changed_since_is_not_taken_back 1
has it_says_what_was_changed "'parts/line.sh' was changed since" "$err"
git checkout -q parts
run "$gadugi" recipes rollback line --dry-run
has a_dry_run_says_what_would_be 'would be restored: parts/line.sh' "$out"
is and_does_nothing '' "$(git status --porcelain)"
run "$gadugi" recipes rollback line
ends a_build_is_taken_back 0
is its_files_are_as_before 'echo line
echo by hand' "$(cat parts/line.sh)"
is nothing_else_is_touched ' M parts/line.sh' "$(git status --porcelain)"
run "$gadugi" recipes history line
has it_is_remembered 'rolled back' "$out"
is it_has_to_be_built_again 'line:changed page:changed' "$(would page)"
run "$gadugi" events --after 0 --topic 'recipe.#' --json
has each_is_an_event 'recipe.line.rolled-back' "$out"
has and_each_build_too 'recipe.line.implemented' "$out"
run "$gadugi" recipes rollback nix
ends an_unknown_recipe_has_nothing_to_take_back 1

# Two at once build it once.
"$gadugi" recipes implement page --json >"$tmp/first" 2>&1 &
first=$!
"$gadugi" recipes implement page --json >"$tmp/second" 2>&1
wait $first
is two_at_once_start_one_run 1 "$(cat "$tmp/first" "$tmp/second" | grep -c '"runId"')"
has the_other_is_told_which "is building 'line'" "$(cat "$tmp/first" "$tmp/second")"
id=$("$gadugi" call runs '{"action": "list", "limit": 1}' | sed -n 's/.*"runId": *"\([^"]*\)".*/\1/p')
run "$gadugi" call runs "{\"action\": \"wait\", \"runId\": \"$id\", \"waitSeconds\": 60}"

# A gate that fails is a build that failed; without leave no gate of a recipe is run.
sed -i 's/"tests\/ink.sh"/"-c", "exit 3"/' recipes/ink/dependencies.json
commit gate
run "$gadugi" recipes implement ink
ends a_failed_gate_fails_the_run 1
is it_is_not_built 'ink:failed' "$(would ink)"
config ''
run "$gadugi" recipes implement ink
ends without_leave_the_gate_is_not_run 0
has which_is_said 'gate not run: sh -c exit 3 (ink)' "$out"
has with_what_to_do 'shell: {preset: shell}' "$out"

# Outside git nothing tells what a build changed; that is said, and no file is touched.
mkdir -p "$tmp/plain/.gadugi" "$tmp/plain/tests" "$tmp/plain/parts" && cp agent.sh "$tmp/plain" && cd "$tmp/plain" || exit 1
config ''
recipe lone ''
run "$gadugi" recipes implement lone
ends without_git_it_is_built_too 0
before=$(cat parts/lone.sh)
run "$gadugi" recipes rollback lone
ends and_taken_back 0
has but_not_its_files_which_is_said 'they stay as they are' "$out"
is so_they_do "$before" "$(cat parts/lone.sh)"
is only_the_state_is_taken_back 'lone:new' "$(would lone)"
finish
