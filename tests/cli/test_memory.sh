#!/bin/sh
# Remembering, finding and forgetting from the command line.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1

run "$gadugi" recall
ends nothing_remembered_is_no_failure 0
has nothing_remembered_is_said 'nothing is remembered yet' "$out"
run "$gadugi" remember 'The parser refuses broken frames' --kind decision --entity parser
ends remembering_works 0
has remembering_tells_the_id 'remembered m' "$out"
id=${out#remembered }
run "$gadugi" remember The parser refuses broken frames --kind decision --entity parser
has the_same_again_is_told "known already: $id" "$out"
run "$gadugi" recall why does the parser refuse frames
has recalling_finds_it 'The parser refuses broken frames' "$out"
has recalling_says_why 'parser' "$(echo "$out" | tail -n 1)"
run "$gadugi" recall parser --json
is the_answer_is_json "$id" "$(echo "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["memories"][0]["id"])')"
run "$gadugi" recall parser --kind lesson
has a_kind_chooses 'nothing is remembered about that' "$out"
printf 'from a file\nwith two lines' >note
"$gadugi" remember @note >/dev/null
run "$gadugi" recall two lines
has a_file_can_be_remembered 'with two lines' "$out"
run "$gadugi" forget
ends forgetting_nothing_is_a_usage_error 2
run "$gadugi" forget --query parser
has a_query_only_shows_what_would_go "would go: $id" "$out"
has a_query_says_how_to_do_it '--confirm does it' "$out"
run "$gadugi" forget m0000000000000000
ends an_unknown_id_fails 1
run "$gadugi" forget "$id"
has forgetting_tells_what_went "no longer valid $id" "$out"
run "$gadugi" recall parser refuses
hasnt what_was_forgotten_is_not_found "$id" "$out"
run "$gadugi" remember 'x' --importance 7
ends a_value_out_of_range_fails 1
has a_value_out_of_range_is_named "'importance'" "$err"
finish
