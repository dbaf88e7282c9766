#!/bin/sh
# What editors/ holds is what `gadugi install` writes, and it works in the editor that is here.
. tests/lib/shell.sh
unset CLAUDE_CONFIG_DIR CODEX_HOME XDG_DATA_HOME XDG_CONFIG_HOME
mkdir "$tmp/bin" && ln -s "$gadugi" "$tmp/bin/gadugi"
PATH=$tmp/bin:$PATH
export PATH GADUGI="$gadugi"

same_as_installed() { # same_as_installed HOST FILE
	if [ "$(gadugi install "$1" --dry-run)" = "$(cat "$root/editors/$2")" ]; then
		passed "editors_has_what_is_installed_for_$1"
	else
		broken "editors_has_what_is_installed_for_$1" "$(gadugi install "$1" --dry-run)"
	fi
	has "editors_readme_names_$1" "\`$1\`" "$(cat "$root/editors/README.md")"
}
same_as_installed claude-code claude-code/.mcp.json
same_as_installed vscode vscode/mcp.json
same_as_installed neovim neovim/lua/gadugi.lua
same_as_installed codex codex/config.toml
same_as_installed gemini gemini/settings.json
same_as_installed opencode opencode/opencode.json

if command -v nvim >/dev/null 2>&1; then
	repo "$tmp/p" && cd "$tmp/p" || exit 1
	timeout 60 nvim --headless -u NONE --cmd "set rtp^=$root/editors/neovim" -c "luafile $root/tests/checks/neovim.lua" -c 'qa!' 2>"$tmp/nvim.err" </dev/null
	is neovim_ends_well 0 $?
	is neovim_has_no_complaints '' "$(tr -d '\r' <"$tmp/nvim.err" | sed '/^$/d')"
	grep -q '^ok' "$tmp/nvim.err" && cat "$tmp/nvim.err"
else
	echo "skip neovim: nvim is not installed"
fi
finish
