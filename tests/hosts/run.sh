#!/bin/sh
# Real clients and hosts against the server: tests/hosts/run.sh BUILD_DIR
# They are installed from npm at first use, into GADUGI_HOSTS.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/release}
GADUGI_HOSTS=${GADUGI_HOSTS:-${XDG_CACHE_HOME:-$HOME/.cache}/gadugi-hosts}
mkdir -p "$GADUGI_HOSTS"
export GADUGI_HOSTS
exec sh tests/run.sh "$build" hosts
