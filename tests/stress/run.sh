#!/bin/sh
# Many calls, cancels, waits and ends at once; a run whose attempts go wrong. Give it a build: tests/stress/run.sh build/tsan
# STRESS_S is how long, in seconds.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/release}
case $build in /*) ;; *) build=$(pwd)/$build ;; esac
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/gadugi-stress.XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
export TMPDIR BUILD="$build" GADUGI="$build/gadugi"
python3 -B tests/stress/calls.py
TASKS=${TASKS:-100} TIMEOUT_S=20 python3 -B tests/crash/test_faults.py
