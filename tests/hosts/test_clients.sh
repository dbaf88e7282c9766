#!/bin/sh
# The official clients from npm: the first SDK, and the second client in its three modes.
set -eu
. tests/hosts/lib.sh
: "${GADUGI_HOSTS:?run tests/hosts/run.sh}"
have sdk @modelcontextprotocol/sdk@1.32.2 @modelcontextprotocol/client@2.4.0
cp tests/hosts/clients.mjs "$GADUGI_HOSTS/sdk/clients.mjs"
status=0
for mode in sdk legacy auto pin; do
	timeout 120 node "$GADUGI_HOSTS/sdk/clients.mjs" "$mode" "$GADUGI" "$BUILD/gadugi-fixtures" || status=1
done
exit $status
