#!/bin/sh
# The server that --compat stands in for, from npm: the same calls, the same answers.
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have memory @modelcontextprotocol/server-memory@2026.8.31
exec timeout 300 python3 -B tests/hosts/server_memory.py "$GADUGI_HOSTS/memory/node_modules/@modelcontextprotocol/server-memory/dist/index.js"
