#!/bin/sh
# Plans from the command line: the table, other forms, exit status, and what is wrong with them.
. tests/lib/shell.sh
plans=$(pwd)/tests/plans
cd "$tmp" && repo p && cd p || exit 1
cp "$plans/observatory.md" plan.md
run "$gadugi" decompose plan.md
ends a_sound_plan_ends_well 0
has the_figures_stand_on_top 'at most 1.70x with any number' "$out"
has every_task_is_a_row 'control-room' "$out"
has what_is_wrong_has_its_line 'warning line 6: a speedup of 3x to 5x is promised' "$out"
run "$gadugi" --json decompose plan.md --workers 1
ends json_ends_well 0
has one_worker_takes_all_the_time '"makespanMinutes":4080' "$(printf %s "$out" | tr -d ' \t\n')"
run "$gadugi" decompose plan.md --format mermaid
has mermaid_is_a_graph 'graph TD' "$out"
run "$gadugi" decompose plan.md --format markdown
has markdown_is_a_plan '## Batch 6' "$out"
printf '%s\n' "$out" >again.md
run "$gadugi" decompose again.md
ends what_was_written_reads_back 0
has it_has_the_same_figures '68 h of work; longest path 40 h' "$out"
printf '| ID | Task | Depends on |\n|--|--|--|\n| A | Lay | B |\n| B | Dry | A |\n' >ring.md
run "$gadugi" decompose ring.md
ends a_cycle_ends_badly 1
has the_whole_plan_is_shown_all_the_same 'Lay' "$out"
has the_cycle_is_told_in_words "2 tasks wait for each other: 'B' waits for 'A' waits for 'B' again" "$out"
printf 'nothing to do here\n' >none.md
run "$gadugi" decompose none.md
ends no_plan_is_an_error 1
has what_was_looked_for_is_said 'no task found' "$err"
printf 'a\0b' >binary.md
run "$gadugi" decompose binary.md
ends binary_is_an_error 1
run "$gadugi" decompose missing.md
ends a_missing_file_is_an_error 1
has it_is_named 'missing.md' "$err"
run "$gadugi" decompose
ends no_file_is_wrong_usage 2
run sh -c "'$gadugi' decompose - <plan.md"
ends a_plan_may_come_through_a_pipe 0
cat >remarks.md <<'PLAN'
# Remarks

- [ ] T1: one (1h)
- [ ] T2: two (2h, depends on T1)
- [ ] T3: three (after T2; 30 min)
- [ ] T4: four, estimate: 3h, blocked by T3
PLAN
run "$gadugi" decompose remarks.md
ends two_remarks_in_a_bracket_are_two 0
has so_the_times_are_those_of_the_remarks '6 h 30 min of work; longest path 6 h 30 min' "$out"
has and_what_is_left_is_the_title 'T4    four  ' "$out"
finish
