#!/bin/sh
# The log of events from the command line: a JSON object a line, published and followed.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1

run "$gadugi" events
ends nothing_stored_is_no_failure 0
is nothing_stored_prints_nothing '' "$out"
is looking_creates_nothing no "$([ -e .gadugi ] && echo yes || echo no)"
run "$gadugi" events publish build.done '{"target": "all"}'
is publishing_prints_the_number 1 "$out"
"$gadugi" events publish build.failed >/dev/null
"$gadugi" events publish test.done >/dev/null
run "$gadugi" events
is each_event_is_a_line 3 "$(echo "$out" | wc -l)"
for key in seq topic type time source payload; do
	has "an_event_has_its_$key" "\"$key\":" "$(echo "$out" | head -n 1)"
done
has the_payload_is_an_object '"payload":{"target":"all"}' "$out"
run "$gadugi" events --topic 'build.*'
is a_topic_chooses 2 "$(echo "$out" | wc -l)"
run "$gadugi" events --after 2
has only_what_came_after '"seq":3' "$out"
hasnt nothing_before '"seq":2' "$out"
run "$gadugi" events -n 1
has the_newest_come_without_after '"seq":3' "$out"
is a_limit_holds 1 "$(echo "$out" | wc -l)"
run "$gadugi" events --json
has the_tools_answer_has_its_last_number '"lastSeq":3' "$out"
run "$gadugi" events publish 'bad topic'
ends a_topic_that_is_none_fails 1
run "$gadugi" events publish
ends publishing_without_a_topic_is_a_usage_error 2
run "$gadugi" events publish a.b '{"x":'
ends a_payload_that_is_not_json_is_a_usage_error 2

# A follower prints what is there already, then what comes, and ends at the second line here.
mkfifo pipe
"$gadugi" events --follow --after 2 >pipe &
follower=$!
exec 3<pipe
read -r first <&3
"$gadugi" events publish late.one >/dev/null
read -r second <&3
kill "$follower" 2>/dev/null
wait "$follower" 2>/dev/null
exec 3<&-
has a_follower_begins_after_a_number '"seq":3' "$first"
has a_follower_gets_what_comes '"topic":"late.one"' "$second"
finish
