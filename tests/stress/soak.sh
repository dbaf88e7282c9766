#!/bin/sh
# Runs for long: a runner killed again and again, attempts that go wrong. tests/stress/soak.sh BUILD_DIR
# KILLS is how many times the runner is killed; each run has 200 tasks, the one with faults 1,000.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/release}
case $build in /*) ;; *) build=$(pwd)/$build ;; esac
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/gadugi-soak.XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
export TMPDIR BUILD="$build" GADUGI="$build/gadugi"
TASKS=1000 python3 -B tests/crash/test_faults.py
KILLS=${KILLS:-100} TASKS=200 python3 -B tests/crash/test_runner.py
