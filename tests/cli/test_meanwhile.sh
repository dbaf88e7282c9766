#!/bin/sh
# What the user has and does in his checkout while a run goes on: other branches, files that git ignores, git gc.
. tests/lib/shell.sh
cd "$tmp" || exit 1
value() { # value KEY: of the JSON in $out, a path like tasks.0.state
	printf '%s' "$out" | python3 -c '
import json, sys
v = json.load(sys.stdin)
for k in sys.argv[1].split("."):
    v = v[int(k)] if isinstance(v, list) else v.get(k)
print(json.dumps(v) if isinstance(v, (dict, list, bool)) or v is None else v)' "$1" 2>/dev/null
}
orchestrate() {
	run "$gadugi" call orchestrate "$1"
	id=$(value runId)
}
runs() { # runs ACTION [MORE]
	run "$gadugi" call runs "{\"action\":\"$1\",\"runId\":\"$id\"${2:+,$2}}"
}
commit() { # commit everything there is
	git add -A . && git -c user.name=T -c user.email=t@e commit -qm files
}
config() {
	mkdir -p .gadugi && cat >.gadugi/config <<X
agents:
  demo: {command: [$tmp/agent.sh], writable: [$tmp]}
defaults: {agent: demo, retries: 0}
X
}
cat >agent.sh <<'X'
#!/bin/sh
cat >/dev/null
here=$(dirname "$0")
pwd >>"$here/starts"
case $GADUGI_TASK_ID in
hold*) touch "$here/holding"; i=0; while [ ! -e "$here/go" ] && [ $i -lt 3000 ]; do sleep 0.02; i=$((i + 1)); done ;;
secret*) echo agent >.env; git add -f .env; git -c user.name=A -c user.email=a@b commit -qm secret ;;
esac
echo "$GADUGI_TASK_ID" >"$GADUGI_TASK_ID.txt"
X
chmod +x agent.sh
held() { # wait for the agent that holds
	i=0
	until [ -e "$tmp/holding" ] || [ $i -ge 3000 ]; do
		sleep 0.02
		i=$((i + 1))
	done
}

# --- another branch is checked out by the end
repo branches && cd branches && echo 1 >one && commit && git branch feature && config || exit 1
was=$(git rev-parse main)
orchestrate '{"tasks":[{"id":"hold1","title":"H"}],"merge":"into"}'
held
git checkout -q feature
touch ../go
runs wait '"waitSeconds":60'
is the_run_has_succeeded_all_the_same succeeded "$(value state)"
is the_branch_he_went_to_is_left_alone "$was" "$(git rev-parse feature)"
is so_is_the_one_he_left "$was" "$(git rev-parse main)"
has he_is_told_what_to_do 'merge branch' "$out"
cd ..

# --- the whole project is copied while a run goes on, and the copy of the run is resumed
repo first && cd first && echo 1 >one && commit && config || exit 1
rm -f ../go ../holding ../starts
orchestrate '{"tasks":[{"id":"hold1","title":"H"}]}'
held
cp -r ../first ../second && cd ../second || exit 1
runs resume
i=0
until grep -q /second/ ../starts || [ $i -ge 3000 ]; do
	sleep 0.02
	i=$((i + 1))
done
touch ../go
runs wait '"waitSeconds":60'
is the_copy_of_the_run_succeeds succeeded "$(value state)"
cd ../first || exit 1
runs wait '"waitSeconds":60'
is the_run_itself_is_not_touched_by_that 'succeeded merged' "$(value state) $(value tasks.0.attempts.0.state)"
is each_worked_in_its_own 'first second' "$(sed "s,$tmp/,,; s,/.*,," ../starts | tr '\n' ' ' | sed 's/ $//')"
cd ..

# --- a file that git ignores, and that a task has made too
repo ignored && cd ignored && echo .env >.gitignore && commit && config && echo mine >.env || exit 1
orchestrate '{"tasks":[{"id":"secret1","title":"S"}],"merge":"into","waitSeconds":60}'
is the_run_with_that_file_has_succeeded succeeded "$(value state)"
is what_git_ignores_is_not_written_over mine "$(cat .env)"
has the_file_in_the_way_is_named '.env' "$(printf '%s' "$out" | grep -o 'left alone[^"]*')"
cd ..

# --- worktrees can be made, but not these files in them
repo unfit && cd unfit && git config filter.no.smudge false && git config filter.no.required true || exit 1
echo '*.bin filter=no' >.gitattributes && git config filter.no.clean cat && echo 1 >x.bin && commit && config
orchestrate '{"tasks":[{"id":"a","title":"A"}],"waitSeconds":60}'
is a_checkout_that_fails_fails_the_task failed "$(value tasks.0.state)"
is no_agent_was_let_into_the_users_checkout '' "$(git status --porcelain)"
cd ..

# --- what git gc does beside packing, again and again: locks of refs and HEADs, folders and entries removed
repo packed && cd packed && echo 1 >one && commit && config || exit 1
rm -f ../go ../holding ../packed.times
(
	while [ ! -e ../stop ]; do
		git pack-refs --all --prune && echo x >>../packed.times
		git reflog expire --all
		git worktree prune
		find .git/objects -type d -empty ! -name pack ! -name info -delete
	done >/dev/null 2>&1
) &
packer=$!
tasks='' n=0
while [ $n -lt 40 ]; do
	n=$((n + 1))
	tasks="$tasks${tasks:+,}{\"id\":\"t$n\",\"title\":\"T\"}"
done
orchestrate "{\"tasks\":[$tasks],\"jobs\":4,\"waitSeconds\":120}"
touch ../stop
wait $packer
is a_run_goes_on_while_refs_are_packed succeeded "$(value state)"
is with_all_of_its_work 40 "$(git ls-tree --name-only "$(value branch)" | grep -c '^t')"
is they_were_packed_meanwhile yes "$([ "$(wc -l <../packed.times)" -gt 2 ] && echo yes)"
is what_is_left_is_whole '' "$(git fsck --no-dangling 2>&1)"
cd ..
finish
