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
is nothing_is_created no "$([ -e .gadugi ] && echo yes || echo no)"
finish
