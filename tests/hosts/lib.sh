# Sourced by the tests here: what they share. They set `here`, the top of the tree, and read `status`, `url` and `work`.
# shellcheck shell=sh disable=SC2034,SC2154

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

# What a scripted model does with the server `g` in every host; shown.py looks at the results.
steps='[{"tool":"remember","input":{"text":"the build uses make"}},
 {"tool":"recall","input":{"query":"build"}},
 {"tool":"recall","input":{"qury":"build"}},
 {"tool":"decompose","input":{"document":"# Plan\n\n1. First (1h)\n2. Second (2h)\n"}},
 {"tool":"orchestrate","input":{"tasks":[{"id":"a","title":"A"},{"id":"b","title":"B","dependsOn":["a"]}],"waitSeconds":60}},
 {"tool":"coach","input":{}}]'

# project FOLDER: a repository with a commit and an agent that leaves a file.
project() {
	mkdir -p "$1/.gadugi"
	git -C "$1" init -q
	git -C "$1" -c user.name=t -c user.email=t@t commit -q --allow-empty -m start
	printf 'agents:\n  quick: {command: [sh, -c, "touch $GADUGI_TASK_ID"], prompt: stdin}\ndefaults: {agent: quick}\n' >"$1/.gadugi/config"
}

# model FOLDER: start the scripted model; its address is in $url, its process in $model.
model() {
	node "$here/tests/hosts/model.mjs" "$1/port" "$1/seen" "$steps" &
	model=$!
	tries=0
	until [ -s "$1/port" ]; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || break
		sleep 0.05
	done
	url=http://127.0.0.1:$(cat "$1/port")
}

# host NAME COMMAND...: run a host in a new project with nothing of this user's around it.
host() {
	name=$1
	shift
	(cd "$work/project" && env -i PATH="$PATH" HOME="$work" TERM=xterm LANG=C.UTF-8 timeout 200 "$@" </dev/null >"$work/out" 2>&1) || true
	kill $model
	wait $model 2>/dev/null || true
	python3 -B "$here/tests/hosts/shown.py" "$name" "$work/seen" || {
		status=1
		tail -c 3000 "$work/out"
	}
	rm -rf "$work"
}

# new_host: a folder with a project and a model for the next host.
new_host() {
	work=$(mktemp -d)
	project "$work/project"
	model "$work"
}
