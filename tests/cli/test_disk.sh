#!/bin/sh
# A disk that is full and one that may only be read: clear words, and what is there stays readable.
# Needs a mount namespace of its own; where the system gives none the test is skipped.
set -u
if [ "${1:-}" != inside ]; then
	if ! unshare -rm true 2>/dev/null; then
		echo "skip disks: no mount namespace to be had here"
		exit 0
	fi
	exec unshare -rm sh "$0" inside
fi
. tests/lib/shell.sh

mkdir "$tmp/small" && mount -t tmpfs -o size=700k tmpfs "$tmp/small" || exit 1
cd "$tmp/small" || exit 1
run "$gadugi" remember "the first fact of all"
ends "there is room for a first memory" 0
n=0 rc=0
while [ "$rc" = 0 ] && [ "$n" -lt 200 ]; do
	n=$((n + 1))
	run "$gadugi" remember "fact $n $(head -c 3000 /dev/urandom | od -An -tx1 | tr -d ' \n')"
done
ends "a full disk is a failure" 1
has "and is called one" "disk is full" "$err"
has "and says what became of the rest" "nothing was changed" "$err"
run "$gadugi" recall "first fact of all"
ends "what was stored before is found" 0
has "word for word" "the first fact of all" "$out"
run "$gadugi" doctor
has "and the database is whole" "whole" "$out"
cd "$tmp" && umount "$tmp/small"

mkdir "$tmp/fixed" && mount -t tmpfs -o size=5m tmpfs "$tmp/fixed" || exit 1
cd "$tmp/fixed" || exit 1
run "$gadugi" remember "written while it could be"
ends "a disk that can be written is" 0
mount -o remount,ro "$tmp/fixed"
run "$gadugi" remember "too late"
ends "a read-only disk is a failure" 1
has "and is called one" "read-only" "$err"
run "$gadugi" recall "written while"
ends "reading goes on" 0
has "with all that was there" "written while it could be" "$out"
run "$gadugi" runs
ends "an empty list is no failure there" 0
cd "$tmp" && umount "$tmp/fixed"
finish
