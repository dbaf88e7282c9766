#!/bin/sh
# A run's JSON on standard input to its figures, measured, in words.
set -eu
json=$(cat)
number() { # the first number under a key
	printf '%s' "$json" | grep -o "\"$1\":[0-9.]*" | head -n 1 | cut -d : -f 2
}
awk -v work="$(number workMs)" -v wall="$(number wallMs)" -v bound="$(number lowerBoundMs)" 'BEGIN {
	printf "work done:       %6.2f s (sum of the run times of all tasks)\n", work / 1000
	printf "wall time:       %6.2f s (from the first start to the last merge)\n", wall / 1000
	printf "speedup:         %6.2fx\n", work / wall
	printf "possible at most %6.2fx (no schedule of these run times on 4 workers ends before %.2f s)\n",
		work / bound, bound / 1000
	printf "reached:         %6.1f %% of it\n", 100 * bound / wall
}'
