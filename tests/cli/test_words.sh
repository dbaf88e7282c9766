#!/bin/sh
# What the command line understands, and what it says when it does not.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1

run "$gadugi" help
ends help_is_there 0
has help_lists_commands 'events' "$out"
has help_names_the_server 'serve' "$out"
run "$gadugi" --help
ends the_help_option_is_as_good 0
run "$gadugi" version
ends the_version_is_told 0
is the_version_has_three_numbers 'gadugi 0.3.0' "$out"
run "$gadugi" --version
is the_version_option_is_as_good 'gadugi 0.3.0' "$out"

run "$gadugi" evnts
ends an_unknown_command_is_a_usage_error 2
has the_nearest_command_is_named "is it 'events'?" "$err"
is nothing_is_printed_for_an_unknown_command '' "$out"
run "$gadugi" events --folow
ends an_unknown_option_is_a_usage_error 2
has the_nearest_option_is_named "is it '--follow'?" "$err"
run "$gadugi" events --after
has a_missing_value_is_named "'--after' needs a value" "$err"
run "$gadugi" events --after soon
has a_value_that_is_no_number_is_named "'--after' must be a number, not 'soon'" "$err"
run "$gadugi" version more
ends too_many_words_are_a_usage_error 2
run "$gadugi" call
has too_few_words_are_told "'call' needs more words" "$err"
run "$gadugi" events "$(printf 'a\377')"
has words_that_are_not_utf8_are_refused 'not UTF-8' "$err"

for command in $("$gadugi" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	[ "$command" = serve ] && continue
	run "$gadugi" help "$command"
	has "help_of_${command}_shows_its_usage" "usage: gadugi $command" "$out"
done

run "$gadugi" serve now
ends the_server_takes_no_words 2
run "$gadugi" --http nowhere
ends what_is_no_address_is_said 1
has the_address_is_named "nowhere" "$err"

run "$gadugi" --root /nowhere/at/all events
ends a_root_that_is_not_there_fails 1
has a_root_that_is_not_there_is_named "'/nowhere/at/all'" "$err"
mkdir -p "$tmp/q"
run "$gadugi" --root "$tmp/q" events publish a.b
ends the_root_can_be_chosen_before_the_command 0
run "$gadugi" events --json --root="$tmp/q"
has the_root_can_be_chosen_after_the_command '"topic":"a.b"' "$out"
finish
