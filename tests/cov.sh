#!/bin/sh
# Coverage of server/ and handlers/ by all quick tests; fails under the thresholds.
#
#   tests/cov.sh BUILD_DIR      (a build with MODE=cov)
set -eu
build=$1
if ! command -v gcovr >/dev/null 2>&1; then
	echo "make cov needs gcovr: apt-get install gcovr" >&2
	exit 1
fi
find "$build" -name '*.gcda' -delete
# without optimisation everything takes longer
export TEST_LIMIT_S="${TEST_LIMIT_S:-1200}"
sh tests/run.sh "$build" unit fault io wire cli crash checks
mkdir -p "$build/report"
# What was measured is kept where tests/checks/test_coverage.py reads it, commit it with what it measured.
gcovr --root . --object-directory "$build" --filter 'server/' --filter 'handlers/' \
	--exclude-throw-branches --gcov-ignore-parse-errors --json-summary "$build/report/coverage.json" "$build" >/dev/null
python3 -B tests/coverage.py measured "$build/report/coverage.json" >tests/coverage.tsv
gcovr --root . --object-directory "$build" --filter 'server/' --filter 'handlers/' \
	--exclude-throw-branches --gcov-ignore-parse-errors \
	--html-details "$build/report/index.html" --txt "$build/report/coverage.txt" \
	--fail-under-line 85 --fail-under-branch 70 --print-summary "$build" ||
	{ echo "see $build/report/coverage.txt and index.html" >&2; exit 1; }
