#!/bin/sh
# Recipes from the command line: a table, the graph, and mistakes as editors understand them.
. tests/lib/shell.sh
recipe() { # recipe NAME NEEDS
	mkdir -p "recipes/$1"
	printf '# %s\n\nOne of two.\n\n### A-1 MUST Hold\n\n- Criterion: 1\n- Test: t.sh\n' "$1" >"recipes/$1/requirements.md"
	printf '# How\n\nBy a table, one row for each thing to know.\n' >"recipes/$1/design.md"
	printf '{"name": "%s",\n "dependencies": [%s]}\n' "$1" "$2" >"recipes/$1/dependencies.json"
}
cd "$tmp" && repo p && cd p || exit 1
run "$gadugi" recipes
ends no_recipes_are_an_empty_list 0
run "$gadugi" recipes validate
ends validating_nothing_fails 1
recipe one ''
recipe two '"one"'
run "$gadugi" recipes
has each_recipe_is_a_row two "$out"
run "$gadugi" recipes graph
has the_graph_is_a_table '    2  two     one' "$out"
run "$gadugi" recipes validate
ends sound_recipes_end_well 0
has how_many_there_are_is_said '2 recipes with 2 requirements: sound' "$out"
recipe two '"onee"'
run "$gadugi" recipes validate
ends an_error_ends_badly 1
has it_has_file_line_and_column "recipes/two/dependencies.json:2:19: error: no recipe is called 'onee'; did you mean 'one'?" "$out"
run "$gadugi" recipes show three
ends an_unknown_recipe_fails 1
run "$gadugi" recipes burn
ends an_unknown_action_fails 1
has the_actions_are_named validate "$err"
is looking_creates_nothing no "$([ -e .gadugi ] && echo yes || echo no)"

# From recipes to code that its tests show: planned, implemented by an agent, verified.
recipe two '"one"'
cat >t.sh <<'EOF'
#!/bin/sh
[ -e made-one ] && [ -e made-two ] && echo "ok both_are_made" || echo "not ok both_are_made"
EOF
chmod +x t.sh
for name in one two; do sed -i 's/^- Test: .*/- Test: t.sh: both_are_made/' "recipes/$name/requirements.md"; done
git add . && git -c user.name=t -c user.email=t@t commit -qm recipes
run "$gadugi" recipes plan
ends recipes_become_a_plan 0
has its_tasks_are_in_order 'one' "$out"
has it_can_be_run 'orchestrate with planId p' "$out"
run "$gadugi" recipes verify
ends without_gates_nothing_is_verified 1
has it_says_what_is_missing 'gates:' "$err"
cat >agent.sh <<'EOF'
#!/bin/sh
touch "made-$GADUGI_TASK_ID"
EOF
chmod +x agent.sh
printf 'agents:\n  demo: {command: [%s/agent.sh]}\ndefaults: {agent: demo, jobs: 2}\n' "$PWD" >.gadugi/config
run "$gadugi" recipes implement --json
ends recipes_are_implemented 0
id=$(printf '%s' "$out" | sed -n 's/.*"runId": *"\([^"]*\)".*/\1/p')
run "$gadugi" call runs "{\"action\": \"wait\", \"runId\": \"$id\", \"waitSeconds\": 60}"
has its_run_succeeds '"state":"succeeded"' "$out"
run git show --name-only --format= "gadugi/$id"
printf 'gates: [{name: tests, command: [./t.sh]}]\n' >.gadugi/config
run "$gadugi" recipes verify
ends what_is_not_there_is_not_met 1
has it_is_told_which 'not met A-1 (MUST)' "$out"
has and_why 't.sh: both_are_made: failed' "$out"
git merge -q "gadugi/$id" >/dev/null 2>&1
run "$gadugi" recipes verify
ends what_its_tests_show_is_met 0
run "$gadugi" recipes verify --matrix
has each_requirement_has_its_tests_and_results '| two | A-1 Hold | MUST | yes | t.sh: both_are_made: passed |' "$out"
has all_are_met '2 of 2 requirements met, by 1 results of tests' "$out"
run "$gadugi" events --after 0 --topic 'recipe.*.verified' --json
has a_verification_is_an_event '"proved"' "$out"
printf 'gates: [{name: tests, command: [./t.sh]}, {name: red, command: [sh, -c, exit 4]}]\n' >.gadugi/config
run "$gadugi" recipes verify
ends a_gate_that_fails_is_not_sound 1
has it_is_named 'gate red: failed' "$out"
printf 'gates: [{name: tests, command: [./t.sh]}]\n' >.gadugi/config
printf '{"name": "one", "dependencies": [],\n "files": ["src"]}\n' >recipes/one/dependencies.json
mkdir src && printf 'int one(void)\n{\n\treturn 1; /* TODO: two */\n}\n' >src/one.c
run "$gadugi" recipes verify
ends what_is_left_for_later_is_not_sound 1
has it_has_its_place 'src/one.c:3:15: left for later: return 1; /* TODO: two */' "$out"
rm src/one.c
echo 'not ok both_are_made' >said
run "$gadugi" recipes verify --results said
ends results_may_come_from_a_file 1
finish
