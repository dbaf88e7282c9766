#!/bin/sh
# What the house is held to is really held: each check finds what is planted.
. tests/lib/shell.sh
top=$root
unset ONLY VALGRIND 2>/dev/null

# Layers: the sources pass, and an include that goes the wrong way does not.
cd "$top" || exit 1
# shellcheck disable=SC2046 # a list of files
run awk -f tests/layers.awk $(git ls-files 'server/*.[ch]' 'handlers/*.[ch]')
ends folders_include_only_what_they_may 0
mkdir -p "$tmp/server/base"
printf '#include "store/db.h"\n' >"$tmp/server/base/wrong.c"
cd "$tmp" || exit 1
run awk -f "$top/tests/layers.awk" server/base/wrong.c
ends an_include_that_goes_up_is_found 1
cd "$top" || exit 1

# Warnings are errors, with both compilers.
flags=$(make -pn 2>/dev/null | sed -n 's/^WARN := //p' | head -n 1)
has warnings_are_errors -Werror "$flags"
printf 'int f(void);\nint f(void)\n{\n\tint unused;\n\treturn 1;\n}\n' >"$tmp/warns.c"
warns() { # warns COMPILER NAME
	if command -v "$1" >/dev/null 2>&1; then
		# shellcheck disable=SC2086 # a list of words
		run "$1" -std=c11 $flags -c -o "$tmp/warns.o" "$tmp/warns.c"
		has "$2" 'unused' "$err"
		is "$2: badly" no "$([ $rc = 0 ] && echo yes || echo no)"
	else
		echo "skip $2: it is not installed"
	fi
}
warns gcc a_warning_fails_the_build_with_gcc
warns clang a_warning_fails_the_build_with_clang

# A test that says nothing has not passed.
mkdir -p "$tmp/house/tests/quiet" "$tmp/house/build"
cp tests/run.sh "$tmp/house/tests/"
printf '#!/bin/sh\nexit 0\n' >"$tmp/house/tests/quiet/test_nothing.sh"
run sh "$tmp/house/tests/run.sh" "$tmp/house/build" quiet
ends tests_that_ran_nothing_fail 1
has it_is_said 'ran no test' "$out"
printf '#!/bin/sh\necho "ok something"\nexit 3\n' >"$tmp/house/tests/quiet/test_nothing.sh"
run sh "$tmp/house/tests/run.sh" "$tmp/house/build" quiet
ends a_test_that_ends_badly_fails 1

# A package for Debian holds a program that runs.
if command -v dpkg-shlibdeps >/dev/null 2>&1; then
	run sh tests/deb.sh "$BUILD" 1.2.3 "$tmp/deb"
	ends a_debian_package_is_made 0
	package=$out
	run dpkg-deb -f "$package" Depends
	has it_needs_what_is_opened_late_too 'libgit2' "$out"
	dpkg-deb -x "$package" "$tmp/unpacked"
	run "$tmp/unpacked/usr/bin/gadugi" version
	has its_program_runs 'gadugi' "$out"
else
	echo 'skip a_debian_package_is_made: dpkg-dev is not installed'
fi

finish
