#!/bin/sh
# A project's configuration, what is said of its mistakes, and trust in it.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1

run "$gadugi" doctor
ends doctor_is_content_without_a_configuration 0
has doctor_says_how_to_add_an_agent 'agents: {claude: {preset: claude}}' "$out"
mkdir .gadugi
echo 'agents: {me: {command: [sh, -c, true]}}' >.gadugi/config
run "$gadugi" doctor
has an_own_file_is_trusted '1 agents, 0 gates' "$out"
has doctor_finds_the_agents_program 'agent me' "$out"
echo 'agents: {me: {command: [no-such-program]}}' >.gadugi/config
run "$gadugi" doctor
ends doctor_fails_when_an_agent_cannot_run 1
has doctor_names_the_program "'no-such-program'" "$out"
echo 'agnets: {}' >.gadugi/config
run "$gadugi" doctor
ends doctor_fails_on_a_mistake 1
has a_mistake_has_its_place "/.gadugi/config:1:1: there is no 'agnets' here; is it 'agents'?" "$out"
is doctor_says_so_in_json false "$("$gadugi" doctor --json | python3 -c 'import json, sys; print(str(json.load(sys.stdin)["ok"]).lower())')"

rm .gadugi/config
run "$gadugi" trust
ends there_must_be_something_to_trust 1
printf 'agents: {me: {command: [./agent.sh, -x]}, s: {preset: shell}}\ngates: [{name: t, command: [make, test]}]\nsetup: [npm, ci]\n' >elsewhere
ln -s ../elsewhere .gadugi/config
run "$gadugi" doctor
has a_link_is_not_trusted "its commands are left out" "$out"
run "$gadugi" trust
ends trusting_works 0
has trusting_shows_the_agents "agent me: $tmp/p/agent.sh -x" "$out"
has trusting_shows_the_gates "gate t: make test" "$out"
has trusting_shows_the_setup "setup: npm ci" "$out"
has trusting_shows_shells "agent s: the command of each task" "$out"
run "$gadugi" doctor
hasnt a_trusted_file_defines_commands "left out" "$out"
run "$gadugi" trust
has trusting_twice_is_as_once "trusted already" "$out"
echo '# changed' >>elsewhere
run "$gadugi" doctor
has a_change_needs_trust_again "left out" "$out"

# What came with a repository is read before it is trusted.
rm -r .gadugi && mkdir .gadugi
echo 'agents: {me: {command: [sh]}}' >.gadugi/config
run "$gadugi" doctor
has an_untracked_file_is_trusted '1 agents' "$out"
git add -f .gadugi/config
run "$gadugi" doctor
has a_tracked_file_is_not 'is tracked by git: its commands are left out' "$out"
git -c user.name=T -c user.email=t@example.org commit -q -m config
git clone -q . "$tmp/clone"
run "$gadugi" doctor --root "$tmp/clone"
has neither_is_that_of_a_clone 'is tracked by git: its commands are left out' "$out"
run "$gadugi" trust
run "$gadugi" doctor
has it_is_once_trusted '1 agents' "$out"
run "$gadugi" doctor --root "$tmp/clone"
has trust_does_not_go_to_another_place 'left out' "$out"
git worktree add -q "$tmp/tree"
run "$gadugi" doctor --root "$tmp/tree"
has a_worktree_is_the_same_project '1 agents' "$out"
finish
