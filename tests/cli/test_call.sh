#!/bin/sh
# Any tool by name with JSON arguments, from the line, a file or standard input.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1

run "$gadugi" call events '{"action":"publish","topic":"one.a"}'
ends a_call_that_works_ends_with_0 0
is the_answer_is_json '{"seq":1}' "$out"
echo '{"action":"publish","topic":"one.b"}' >args.json
run "$gadugi" call events @args.json
is arguments_come_from_a_file '{"seq":2}' "$out"
is arguments_come_from_stdin '{"seq":3}' "$(sed s/one.b/one.c/ args.json | "$gadugi" call events -)"
run "$gadugi" call events '{"action":"nothing"}'
ends a_wrong_argument_fails 1
has a_wrong_argument_is_named "'action' must be one of" "$err"
is nothing_is_printed_on_failure '' "$out"
run "$gadugi" call events '{"action":"list","limti":1}'
has the_nearest_argument_is_named "'limit'" "$err"
run "$gadugi" call events '{"action":'
ends arguments_that_are_not_json_are_a_usage_error 2
run "$gadugi" call events '[]'
ends arguments_that_are_no_object_are_a_usage_error 2
run "$gadugi" call evens
ends an_unknown_tool_fails 1
has the_nearest_tool_is_named "is it 'events'?" "$err"
run "$gadugi" call events @nowhere.json
has a_file_that_is_not_there_is_named "cannot open 'nowhere.json'" "$err"
finish
