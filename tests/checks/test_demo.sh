#!/bin/sh
# make demo, an hour of the plan being a moment: it works with nothing at home and leaves nothing.
. tests/lib/shell.sh
before=$(git -C "$root" status --porcelain 2>/dev/null)
run env HOME= XDG_CONFIG_HOME= TMPDIR="$tmp" DEMO_HOUR_S=0.02 GADUGI="$gadugi" sh "$root/tests/demo.sh"
ends the_demo_works 0
is the_demo_has_no_complaints '' "$err"
has it_says_that_the_agent_is_a_stand_in 'is a stand-in' "$out"
has it_says_how_to_choose_a_real_one 'preset: claude' "$out"
has it_shows_the_critical_path 'longest path 5 h 30 min' "$out"
has it_shows_the_ceiling 'at most' "$out"
has it_shows_the_graph 'graph TD' "$out"
has it_runs_all_tasks 'succeeded: 12 of 12 tasks' "$out"
has it_merges 'merged into main: 12 commits, 12 files' "$out"
has the_release_came_last 'alerts dashboard guide ingest package page parser protocol rules simulator storage' "$out"
has it_measures 'possible at most' "$out"
has it_remembers 'remembered m' "$out"
has it_recalls 'was built by run r' "$(echo "$out" | sed -n '/gadugi recall/,$p')"
has it_coaches 'what it waited for' "$(echo "$out" | sed -n '/gadugi coach/,$p')"
has it_ends_with_the_line_for_claude_code 'claude mcp add gadugi -- ' "$(echo "$out" | tail -n 1)"
is it_leaves_no_folder '' "$(find "$tmp" -mindepth 1 -maxdepth 1 ! -name .out ! -name .err ! -name home)"
is it_leaves_the_clone_as_it_was "$before" "$(git -C "$root" status --porcelain 2>/dev/null)"
finish
