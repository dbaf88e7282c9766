#!/bin/sh
# Many calls, cancels, waits and ends at once. Give it a build: tests/stress/run.sh build/tsan
# STRESS_S is how long, in seconds.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/release}
case $build in /*) ;; *) build=$(pwd)/$build ;; esac
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/gadugi-stress.XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
export TMPDIR BUILD="$build" GADUGI="$build/gadugi"
python3 -B tests/stress/calls.py
