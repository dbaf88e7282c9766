#!/bin/sh
# Making gadugi known to hosts: the right file, nothing else in it touched, and back again.
. tests/lib/shell.sh
cd "$tmp" && repo p && cd p || exit 1
unset CLAUDE_CONFIG_DIR CODEX_HOME XDG_DATA_HOME XDG_CONFIG_HOME

file_of() {
	case $1 in
	claude-code) echo "$HOME/.claude.json" ;;
	vscode) echo "$HOME/.config/Code/User/mcp.json" ;;
	neovim) echo "$HOME/.local/share/nvim/site/pack/gadugi/start/gadugi/lua/gadugi.lua" ;;
	codex) echo "$HOME/.codex/config.toml" ;;
	gemini) echo "$HOME/.gemini/settings.json" ;;
	opencode) echo "$HOME/.config/opencode/opencode.json" ;;
	esac
}

for host in claude-code vscode neovim codex gemini opencode; do
	file=$(file_of $host)
	run "$gadugi" install $host --dry-run
	ends "${host}_can_be_tried_dry" 0
	dry=$out
	is "${host}_dry_writes_nothing" no "$([ -e "$file" ] && echo yes || echo no)"
	run "$gadugi" install $host
	ends "${host}_is_installed" 0
	is "${host}_file_is_as_announced" "$dry" "$(cat "$file")"
	before=$(cat "$file")
	run "$gadugi" install $host
	has "${host}_twice_is_as_once" 'already' "$out"
	is "${host}_twice_changes_nothing" "$before" "$(cat "$file")"
	run "$gadugi" uninstall $host
	ends "${host}_is_taken_out" 0
	is "${host}_leaves_no_file_of_its_own" no "$([ -e "$file" ] && echo yes || echo no)"
	run "$gadugi" uninstall $host
	ends "${host}_can_be_taken_out_twice" 0
	is "nothing_is_left_beside_${host}" '' "$(find "$(dirname "$file")" -name '*gadugi-new')"
done

for host in claude-code vscode gemini opencode; do
	"$gadugi" install $host >/dev/null
	if python3 -c 'import json, sys
entry = json.load(open(sys.argv[1]))[sys.argv[2]]["gadugi"]
command = entry["command"] if isinstance(entry["command"], list) else [entry["command"]] + entry["args"]
assert command[-1] == "serve", command
assert command[0].endswith("gadugi"), command' "$(file_of $host)" "$(case $host in vscode) echo servers ;; opencode) echo mcp ;; *) echo mcpServers ;; esac)"; then
		passed "${host}_starts_the_server"
	else
		broken "${host}_starts_the_server" "$(cat "$(file_of $host)")"
	fi
done

echo '{"big": 12345678901234567890, "mcpServers": {"other": {"command": "x"}}}' >"$HOME/.claude.json"
chmod 600 "$HOME/.claude.json"
"$gadugi" install claude-code >/dev/null
has other_settings_keep_their_digits '"big": 12345678901234567890' "$(cat "$HOME/.claude.json")"
has other_servers_stay '"other": {"command": "x"}' "$(cat "$HOME/.claude.json")"
is the_files_mode_is_kept 600 "$(stat -c %a "$HOME/.claude.json")"
"$gadugi" uninstall claude-code >/dev/null
is taking_it_out_leaves_the_rest '{"big": 12345678901234567890, "mcpServers": {"other": {"command": "x"}}}' "$(tr -d '\n' <"$HOME/.claude.json" | sed 's/  */ /g')"
echo 'no json' >"$HOME/.claude.json"
run "$gadugi" install claude-code
ends a_file_that_is_no_json_is_left_alone 1
is a_file_that_is_no_json_is_unchanged 'no json' "$(cat "$HOME/.claude.json")"
rm "$HOME/.claude.json"

mkdir "$HOME/dotfiles" && echo '{}' >"$HOME/dotfiles/claude.json"
ln -s dotfiles/claude.json "$HOME/.claude.json"
"$gadugi" install claude-code >/dev/null
is a_linked_file_stays_a_link yes "$([ -L "$HOME/.claude.json" ] && echo yes)"
has a_linked_file_is_written_where_it_is gadugi "$(cat "$HOME/dotfiles/claude.json")"

run "$gadugi" install claude-code --project
has a_project_file_can_be_chosen "$tmp/p/.mcp.json" "$out"
run "$gadugi" install neovim --project
ends a_host_without_project_files_says_so 1
run "$gadugi" install claudecode
has the_nearest_host_is_named "is it 'claude-code'?" "$err"
run "$gadugi" install
ends installing_nowhere_is_a_usage_error 2
has the_hosts_are_listed opencode "$err"
finish
