#!/bin/sh
# Memory from the command line: what is stored in one call is there in the next; in and out; git.
set -u
work=$(mktemp -d) || exit 1
cd "$work" || exit 1
say() { # say RESULT NAME
	if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; fi
}
git() { command git -c user.name=Ann -c user.email=ann@example.org -c init.defaultBranch=main "$@"; }
git init -q repo && cd repo || exit 1

id=$("$GADUGI" remember "the parser is written by hand" --entity parser --json |
	sed 's/.*"stored":\["\([a-z0-9]*\)".*/\1/')
"$GADUGI" recall "who wrote the parsers" | grep -q "written by hand"
say $? "what one process stored another recalls"

"$GADUGI" remember "the parser is generated" --entity parser --supersedes "$id" >"$work/out"
"$GADUGI" recall parser --json >"$work/out"
grep -q generated "$work/out" && ! grep -q "by hand" "$work/out"
say $? "what was superseded is hidden"

"$GADUGI" forget nosuchid >"$work/out" 2>&1
[ $? = 1 ] && grep -q nosuchid "$work/out"
say $? "an unknown id is named and the exit status is 1"

"$GADUGI" memory export --output "$work/all.jsonl" >/dev/null && cd "$work" && git init -q other &&
	cd other && "$GADUGI" memory import "$work/all.jsonl" | grep -q '^stored  *2$' &&
	"$GADUGI" memory export >"$work/again.jsonl" && cmp -s "$work/all.jsonl" "$work/again.jsonl"
say $? "an export taken over elsewhere exports the same"

"$GADUGI" memory import nosuchfile >"$work/out" 2>&1
[ $? = 1 ] && grep -q nosuchfile "$work/out"
say $? "a file that is not there is named"

cd "$work/repo" || exit 1
mkdir src
for n in 1 2 3; do
	echo $n >src/cache.c
	echo $n >src/cache.h
	git add . && git commit -qm "cache: evict the oldest entry $n"
done
echo x >src/net.c && git add . && git commit -qm "net: time out after a while"
"$GADUGI" memory git >"$work/out" && grep -q '^stored  *4$' "$work/out"
say $? "the history becomes memory"
"$GADUGI" recall "evicting entries" --json >"$work/out"
grep -q '"entities":\[.*{"name":"src/cache.[ch]","type":"file"}' "$work/out"
say $? "a task leads to the files that such work touched before"
"$GADUGI" memory git | grep -q '^duplicates  *4$'
say $? "taking the history again stores nothing twice"

"$GADUGI" memory tidy >"$work/out" 2>&1
[ $? = 1 ] && grep -q "no rule" "$work/out"
say $? "without a rule tidying says how to write one"
printf 'memory: {keep: [{kind: commit, most: 1}]}\n' >.gadugi/config
"$GADUGI" memory tidy --dry-run >"$work/out" && grep -q '^3 would be forgotten' "$work/out" &&
	[ "$(grep -c '^forget ' "$work/out")" = 3 ] && "$GADUGI" memory stats | grep -q '^expired  *0$'
say $? "tidying shows what would go and changes nothing"
"$GADUGI" memory tidy --confirm >"$work/out" && grep -q '^3 forgotten' "$work/out" &&
	"$GADUGI" memory stats | grep -q '^expired  *3$'
say $? "with --confirm it goes"
cd / && rm -rf "$work"
