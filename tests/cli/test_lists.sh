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

printf 'agents: {demo: {command: [./agent.sh, --fast]}, big: {preset: claude}}\ndefaults: {agent: demo}\n' >.gadugi/config
run "$gadugi" agents
has configured_agents_are_listed_with_their_command 'agent.sh --fast' "$out"
has the_one_taken_by_default_is_told yes "$(echo "$out" | grep '^demo')"
has so_are_those_of_files 'reviewer' "$out"
run "$gadugi" agents --json
has programs_see_them_too '"preset":"claude"' "$out"
rm .gadugi/agents/reviewer.md
run "$gadugi" agents
has they_are_listed_alone 'claude' "$out"

run "$gadugi" recipes --root "$root" --json
is the_recipes_of_this_repository_are_there 12 "$(echo "$out" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["recipes"]))')"
run "$gadugi" recipes validate --root "$root"
ends they_are_valid 0
finish
