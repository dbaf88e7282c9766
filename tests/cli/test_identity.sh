#!/bin/sh
# A project is known by its first commit: memories follow it there, and to wherever it is moved.
. tests/lib/shell.sh
cd "$tmp" && git init -q -b main p && cd p || exit 1
identity() {
	cat "$1/.gadugi/identity"
}
first_commit() {
	git -c user.name=T -c user.email=t@example.org commit -q --allow-empty -m first
}

"$gadugi" remember 'told before the first commit' >/dev/null
has before_the_first_commit_it_is_made_up l "$(identity .)"
run "$gadugi" recall told before
has it_is_found_before_the_first_commit 'told before the first commit' "$out"
first_commit
run "$gadugi" recall told before
has it_is_found_after_the_first_commit 'told before the first commit' "$out"
"$gadugi" remember 'told after the first commit' >/dev/null
is after_the_first_commit_it_is_that_commit "$(git rev-parse HEAD)" "$(identity .)"
run "$gadugi" recall told first commit --scope project
has both_are_found_before 'told before' "$out"
has both_are_found_after 'told after' "$out"

git clone -q . "$tmp/clone"
"$gadugi" remember --root "$tmp/clone" 'told in a clone' >/dev/null
is a_clone_has_the_same_identity "$(identity .)" "$(identity "$tmp/clone")"
mv "$tmp/clone" "$tmp/elsewhere"
run "$gadugi" recall --root "$tmp/elsewhere" told
has moving_loses_nothing 'told in a clone' "$out"
git clone -q --depth 1 "file://$tmp/p" "$tmp/shallow"
"$gadugi" remember --root "$tmp/shallow" 'x' >/dev/null
has a_shallow_clone_does_not_guess l "$(identity "$tmp/shallow")"

mkdir "$tmp/plain"
"$gadugi" remember --root "$tmp/plain" 'outside of git' >/dev/null
(cd "$tmp/plain" && git init -q -b main && first_commit)
run "$gadugi" recall --root "$tmp/plain" outside
has a_folder_that_becomes_a_repository_keeps_its_memory 'outside of git' "$out"
finish
