#!/bin/sh
# No object may call what STYLE bans: nm names what each leaves to the linker.
#
#   tests/banned.sh OBJECTS AND ARCHIVES
set -eu
banned='strcpy strcat sprintf vsprintf strncpy strncat strtok gets atoi atol atof system popen localtime ctime
asctime gmtime strerror rand srand random mktemp tmpnam tempnam alloca'
# With _FORTIFY_SOURCE the compiler writes __strcpy_chk for strcpy.
# shellcheck disable=SC2086 # a list of words
pattern=$(printf '%s\n' $banned | sed 's/.*/^&$|^__&_chk$/' | paste -sd '|')
found=$(nm -A -u "$@" | awk '{ print $NF, $1 }' | sed 's/@[^ ]*//' |
	awk -v pattern="$pattern" '$1 ~ pattern { print "  " $1 " in " $2 }' | sort -u)
if [ -n "$found" ]; then
	echo "banned functions are called:"
	echo "$found"
	exit 1
fi
