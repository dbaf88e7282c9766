# Sourced by the tests here: what they share.
# shellcheck shell=sh

# have FOLDER PACKAGE...: install the packages into GADUGI_HOSTS/FOLDER unless they are there.
have() {
	folder=$GADUGI_HOSTS/$1
	shift
	if ! command -v npm >/dev/null 2>&1; then
		echo "skip clients from npm: there is no npm"
		exit 0
	fi
	wanted=$*
	[ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ] && return
	mkdir -p "$folder"
	[ -e "$folder/package.json" ] || echo '{"private": true}' >"$folder/package.json"
	# shellcheck disable=SC2086 # a list of words
	if ! npm --prefix "$folder" install --silent --no-audit --no-fund $wanted >"$folder/log" 2>&1; then
		echo "skip $wanted: npm cannot install it"
		exit 0
	fi
	echo "$wanted" >"$folder/installed"
}
