#!/bin/sh
# Whole runs where worktrees are not plain: bare, sparse, with submodules, filters, extensions, set-up, ignored
# files; the next worktree made while agents work; what agents do to the user's checkout.
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
config() { # config DIR [MORE]: an agent that shows what it sees and leaves a file
	mkdir -p "$1/.gadugi"
	cat >"$1/.gadugi/config" <<X
agents:
  demo: {command: [$tmp/agent.sh], writable: [$tmp]}
defaults: {agent: demo, retries: 0}
$2
X
}
cat >agent.sh <<'X'
#!/bin/sh
cat >/dev/null
here=$(dirname "$0")
ls -A | tr '\n' ' '
case $GADUGI_TASK_ID in
empty*) git -c user.name=A -c user.email=a@b commit -q --allow-empty -m nothing; exit 0 ;;
bump*) cd lib && echo more >more.txt && git add . && git -c user.name=A -c user.email=a@b commit -qm more; exit ;;
hold*) touch "$here/holding"; i=0; while [ ! -e "$here/go" ] && [ $i -lt 1000 ]; do sleep 0.02; i=$((i + 1)); done ;;
sub*) echo "[$(cat lib/part.txt)]" ;;
large*)
	echo "old $(wc -c <old.bin) new $(cat new.bin 2>/dev/null | wc -c)"
	head -c 300000 /dev/zero | tr '\0' 'y' >new.bin
	;;
upper*) echo "[$(cat shout.up)]"; echo later >more.up ;;
top*) sed -i 's/1/one/' lines ;;
end*) sed -i 's/5/five/' lines ;;
env*) echo "[$(cat .env) $(cat ready)]" ;;
branch*) git -C "$here/touched" branch meddled ;;
stash*) git -C "$here/touched" -c user.name=T -c user.email=t@e stash -q ;;
index*) git -C "$here/touched" add new.txt ;;
head*) git -C "$here/touched" checkout -q -b elsewhere ;;
file*) echo meddled >>"$here/touched/kept.txt" ;;
esac
echo "$GADUGI_TASK_ID" >"$GADUGI_TASK_ID.txt"
X
chmod +x agent.sh
one='{"tasks":[{"id":"a","title":"A"},{"id":"b","title":"B","dependsOn":["a"]}],"waitSeconds":60}'

# --- a bare repository
repo plain && git clone -q --bare plain bare.git && config bare.git && cd bare.git || exit 1
orchestrate "$one"
is a_bare_repository_will_do succeeded "$(value state)"
is its_branch_has_the_work 'a.txt b.txt' "$(git ls-tree --name-only "$(value branch)" | tr '\n' ' ' | sed 's/ $//')"
cd ..

# --- a sparse checkout
repo sparse && cd sparse && mkdir in out && echo 1 >in/1 && echo 2 >out/2 && commit && git sparse-checkout set in && config . || exit 1
orchestrate "$one"
is a_sparse_checkout_will_do succeeded "$(value state)"
is what_is_left_out_is_not_lost 'a.txt b.txt in out' "$(git ls-tree --name-only "$(value branch)" | tr '\n' ' ' | sed 's/ $//')"
runs log '"taskId":"a"'
hasnt an_agent_sees_only_what_is_in_it ' out ' "$(value log)"
cd ..

# --- submodules
repo part && cd part && echo the part >part.txt && commit && cd .. && repo whole && cd whole || exit 1
git -c protocol.file.allow=always submodule --quiet add "$tmp/part" lib && commit && config .
orchestrate '{"tasks":[{"id":"sub1","title":"S"},{"id":"b","title":"B","dependsOn":["sub1"]}],"waitSeconds":60}'
is submodules_will_do succeeded "$(value state)"
is a_submodule_stays_what_it_is commit "$(git ls-tree "$(value branch)" lib | awk '{print $2}')"
runs log '"taskId":"sub1"'
has its_files_are_there '[the part]' "$(value log)"
before=$(git -C lib rev-parse HEAD)
orchestrate '{"tasks":[{"id":"bump1","title":"B"}],"waitSeconds":60}'
is work_in_a_submodule_is_work succeeded "$(value state)"
bumped=$(git rev-parse "$(value branch):lib")
hasnt it_is_a_commit_of_its_own "$before" "$bumped"
is that_can_be_had_from_the_users_submodule more "$(git -C lib cat-file blob "$bumped:more.txt")"
is which_is_otherwise_as_it_was "$before $before" "$(git -C lib rev-parse HEAD) $(git ls-tree HEAD lib | awk '{print $3}')"
is no_worktree_is_left_of_it 1 "$(git worktree list | wc -l)"
cd ..

# --- commits that change nothing
repo hollow && cd hollow && config . || exit 1
orchestrate '{"tasks":[{"id":"empty1","title":"E"}],"waitSeconds":60}'
is commits_that_change_nothing_are_no_failure succeeded "$(value state)"
has they_are_kept_in_a_ref nothing "$(git log -1 --format=%s "$(value tasks.0.attempts.0.savedRef)")"
is and_leave_no_worktree 1 "$(git worktree list | wc -l)"
cd ..

# --- filters, as LFS is one
repo filtered && cd filtered || exit 1
git config filter.up.clean 'tr a-z A-Z' && git config filter.up.smudge 'tr A-Z a-z' && git config filter.up.required true
echo '*.up filter=up' >.gitattributes && echo hello >shout.up && commit && config .
orchestrate '{"tasks":[{"id":"upper1","title":"U"}],"waitSeconds":60}'
is filters_will_do succeeded "$(value state)"
is they_are_applied_on_the_way_in LATER "$(git cat-file blob "$(value branch):more.up")"
runs log '"taskId":"upper1"'
has they_are_applied_on_the_way_out '[hello]' "$(value log)"
cd ..

# --- shallow clones
repo deep && cd deep && for n in 1 2 3; do printf '1\n2\n3\n4\n5\n' >lines && echo $n >n && commit; done && cd .. || exit 1
git clone -q --depth 1 "file://$tmp/deep" shallow && cd shallow && config . || exit 1
orchestrate '{"tasks":[{"id":"top1","title":"T"},{"id":"end1","title":"E"},{"id":"b","title":"B","dependsOn":["top1","end1"]}],"merge":"into","waitSeconds":60}'
is a_shallow_clone_will_do succeeded "$(value state)"
is its_merges_are_those_of_git 'one 2 3 4 five' "$(tr '\n' ' ' <lines | sed 's/ $//')"
is and_no_worktree_is_left_there 1 "$(git worktree list | wc -l)"
cd ..
# --- the real git-lfs: agents see the content, the branch has pointers, what they add is kept in its store
if command -v git-lfs >/dev/null 2>&1; then
	repo large && cd large && git lfs install --local >/dev/null || exit 1
	git lfs track '*.bin' >/dev/null && head -c 200000 /dev/zero | tr '\0' 'x' >old.bin && commit && config . || exit 1
	is lfs_keeps_a_pointer 'version https://git-lfs' "$(git show HEAD:old.bin | head -n 1 | cut -c 1-23)"
	orchestrate '{"tasks":[{"id":"large","title":"A"},{"id":"largely","title":"B","dependsOn":["large"]}],"waitSeconds":60}'
	is lfs_will_do succeeded "$(value state)"
	branch=$(value branch)
	runs log '"taskId":"large"'
	has an_agent_has_the_content 'old 200000' "$(value log)"
	runs log '"taskId":"largely"'
	has the_next_one_has_what_it_added 'new 300000' "$(value log)"
	is what_it_added_is_a_pointer 'version https://git-lfs' "$(git show "$branch:new.bin" | head -n 1 | cut -c 1-23)"
	is whose_content_is_kept 300000 "$(git show "$branch:new.bin" | git lfs smudge 2>/dev/null | wc -c | tr -d ' ')"
	is the_pointer_before_is_as_it_was "$(git rev-parse HEAD:old.bin)" "$(git rev-parse "$branch:old.bin")"
	git merge -q "$branch" >/dev/null 2>&1
	is merged_it_is_content 300000 "$(wc -c <new.bin | tr -d ' ')"
	cd ..
else
	echo 'skip lfs_will_do: git-lfs is not installed'
fi

# --- extensions of the repository
for extension in 'worktreeConfig true' 'relativeWorktrees true' 'preciousObjects true'; do
	name=${extension% *}
	repo "x$name" && cd "x$name" && echo 1 >one && commit && git config core.repositoryFormatVersion 1 && config . || exit 1
	# shellcheck disable=SC2086
	git config "extensions.$name" ${extension#* }
	orchestrate "$one"
	is "extensions_$name" succeeded "$(value state)"
	cd ..
done

# --- ignored files that are wanted, and a set-up command
repo fitted && cd fitted || exit 1
printf '.env\nready\n' >.gitignore && echo .env >.worktreeinclude && commit && echo secret >.env
config . 'setup: [sh, -c, "echo set up >ready; echo x >>$HOME/setups"]'
orchestrate '{"tasks":[{"id":"env1","title":"E"},{"id":"env2","title":"F","dependsOn":["env1"]}],"waitSeconds":60}'
is set_up_worktrees_will_do succeeded "$(value state)"
runs log '"taskId":"env2"'
has ignored_files_and_the_set_up_are_there '[secret set up]' "$(value log)"
is it_is_set_up_once_for_each_worktree 1 "$(wc -l <"$HOME/setups")"
config . 'setup: [sh, -c, "echo cannot; exit 3"]'
orchestrate '{"tasks":[{"id":"a","title":"A"}],"waitSeconds":60}'
has a_set_up_that_fails_is_told_of 'cannot' "$(value tasks.0.cause)"
cd ..

# --- the next one while agents work
repo ahead && cd ahead && echo 1 >one && commit || exit 1
made() { # is there a worktree that was made ahead, whole?
	ls -d .gadugi/worktrees/gadugi-*-ahead-* >/dev/null 2>&1 && ! ls .gadugi/worktrees/.making-* >/dev/null 2>&1
}
hold='{"tasks":[{"id":"hold1","title":"H"},{"id":"next1","title":"N"}],"jobs":1}'
for on in true false; do
	config . "flags: {ahead: $on}"
	rm -f ../go ../holding
	orchestrate "$hold"
	i=0
	most=$([ $on = true ] && echo 1000 || echo 50) # one second is enough to see that nothing comes
	until made || [ $i -ge "$most" ]; do
		[ ! -e ../holding ] || i=$((i + 1))
		sleep 0.02
	done
	touch ../go
	runs wait '"waitSeconds":60'
	used=$(value tasks.1.attempts.0.worktree | grep -c -- -ahead-)
	[ $on = true ] && is the_next_worktree_is_made_while_agents_work 1 "$used"
	[ $on = false ] && is that_can_be_switched_off 0 "$used"
done
is none_is_left_over 1 "$(git worktree list | wc -l)"
cd ..

# --- what is the user's, where nothing confines agents
repo touched && cd touched && echo mine >kept.txt && commit && config . 'flags: {confine: false}' || exit 1
for what in branch:meddled stash:stash index:index head:HEAD file:kept.txt; do
	echo changed >kept.txt && echo new >new.txt
	orchestrate "{\"tasks\":[{\"id\":\"${what%:*}1\",\"title\":\"T\"}],\"waitSeconds\":60}"
	is "who_touches_the_${what%:*}_fails" failed "$(value tasks.0.state)"
	has "the_${what%:*}_is_named" "${what#*:}" "$(value tasks.0.cause)"
	git checkout -q -f main 2>/dev/null
	git branch -q -D meddled elsewhere 2>/dev/null
	git stash drop -q 2>/dev/null
	git reset -q --hard
done
echo changed >kept.txt
orchestrate '{"tasks":[{"id":"good1","title":"G"}],"waitSeconds":60}'
is who_touches_nothing_succeeds succeeded "$(value state)"
is the_users_changes_are_still_there changed "$(cat kept.txt)"
finish
