#!/bin/sh
# Agents and recipes as tables for people and JSON for programs.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1

run "$gadugi" agents
has no_agents_are_said 'there are no agents here' "$out"
run "$gadugi" recipes
has no_recipes_are_said 'there are no recipes here' "$out"
mkdir -p .gadugi/agents
printf -- '---\nname: reviewer\ndescription: reads changes\n---\nRead them.\n' >.gadugi/agents/reviewer.md
run "$gadugi" agents
ends agents_are_listed 0
has an_agent_is_a_row 'reviewer' "$(echo "$out" | sed -n 2p)"
has the_columns_have_names 'description' "$(echo "$out" | head -n 1)"
run "$gadugi" agents show reviewer
has an_agent_is_shown 'description: reads changes' "$out"
run "$gadugi" agents show nobody
ends an_unknown_agent_fails 1
run "$gadugi" agents dance
ends an_unknown_action_fails 1
has the_actions_are_listed 'list' "$err"

run "$gadugi" recipes --root "$root" --json
is the_recipes_of_this_repository_are_there 12 "$(echo "$out" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["recipes"]))')"
run "$gadugi" recipes validate --root "$root"
ends they_are_valid 0
finish
