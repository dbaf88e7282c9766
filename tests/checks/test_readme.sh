#!/bin/sh
# README says what the program does: commands, tools, settings, targets, files.
. tests/lib/shell.sh
readme=$root/README.md
cd "$tmp" && repo p && cd p || exit 1

section() { # the lines from a marker to the next blank-line-and-heading
	sed -n "/<!-- $1/,/^## /p" "$readme"
}

# Commands: both ways.
for command in $("$gadugi" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	[ "$command" = serve ] || has "readme_shows_$command" "gadugi $command" "$(section commands)"
done
for command in $(grep -o 'gadugi [a-z][a-z]*' "$readme" | cut -d ' ' -f 2 | sort -u); do
	case $command in
	serve | gives | for | is) continue ;;
	esac
	run "$gadugi" help "$command"
	ends "${command}_in_readme_is_a_command" 0
done

# Tools: the same ones in the same order.
offered=$(printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}' \
	'{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}' | "$gadugi" serve | python3 -c 'import json, sys
print("\n".join(tool["name"] for line in sys.stdin for tool in json.loads(line)["result"].get("tools", [])))')
is readme_lists_the_tools "$offered" "$(section tools | sed -n 's/^| `\([a-z]*\)` .*/\1/p')"

# Settings: the example is accepted, and holds every key there is.
mkdir .gadugi
section config | sed -n '/^```yaml/,/^```$/p' | sed '1d;$d' >.gadugi/config
printf '#!/bin/sh\n' >agent.sh && chmod +x agent.sh
run "$gadugi" doctor
has the_example_is_accepted '3 agents, 2 gates' "$out"
cp .gadugi/config example
keys_under() { # what the program knows, out of its own complaint about a key that cannot be
	printf '%s\n' "$1" >.gadugi/config
	"$gadugi" doctor --json | sed -n 's/.*known are \([a-zA-Z, ]*\).*/\1/p' | tr -d ','
}
for place in 'zzzzzzzz: 1' 'agents: {a: {zzzzzzzz: 1}}' 'defaults: {zzzzzzzz: 1}' 'gates: [{zzzzzzzz: 1}]' \
	'budget: {zzzzzzzz: 1}' 'prices: [{zzzzzzzz: 1}]' 'flags: {zzzzzzzz: 1}' 'memory: {zzzzzzzz: 1}' 'memory: {permissions: [{zzzzzzzz: 1}]}' \
	'memory: {keep: [{zzzzzzzz: 1}]}'; do
	keys=$(keys_under "$place")
	if [ -z "$keys" ]; then
		broken "settings_are_known_at $place" "no list of keys in: $("$gadugi" doctor --json)"
	fi
	for key in $keys; do
		has "the_example_has_$key" "$key:" "$(cat example)"
	done
done

# Targets and files.
for target in $(grep -o 'make [a-z][a-z]*' "$readme" "$root/CONTRIBUTING.md" | sed 's/.*make //' | sort -u); do
	has "make_knows_$target" "$target" "$(sed -n '/^\.PHONY/,/[^\\]$/p' "$root/Makefile") all"
done
for file in $(grep -o '](\([^)#:]*\))' "$readme" | sed 's/](\(.*\))/\1/'); do
	is "readme_links_to_$file" yes "$([ -e "$root/$file" ] && echo yes || echo no)"
done
for folder in $(grep -o '`\(server\|tests\|handlers\|bench\)/[a-z]*`' "$root/CONTRIBUTING.md" | tr -d '`' | sort -u); do
	is "contributing_names_$folder" yes "$([ -d "$root/$folder" ] && echo yes || echo no)"
done

# Figures: what make bench wrote, or none.
figures=$(sed -n '/<!-- figures/,/<!-- \/figures/p' "$readme" | sed '1d;$d')
if [ -e "$root/bench/figures.md" ]; then
	is figures_are_those_of_make_bench "$(cat "$root/bench/figures.md")" "$figures"
else
	has figures_are_not_made_up 'No figures yet' "$figures"
fi
finish
