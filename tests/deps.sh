#!/bin/sh
# Installs what building and testing needs (Debian, Ubuntu), or lists it. Says what it does.
set -eu
need='gcc make pkg-config git python3 ca-certificates libcjson-dev libsqlite3-dev libyaml-dev
libprotobuf-c-dev protobuf-c-compiler libcmark-gfm-dev libcmark-gfm-extensions-dev libutf8proc-dev
libstemmer-dev uthash-dev libgit2-dev libmicrohttpd-dev libcmocka-dev strace git-lfs'
missing=
if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
	for tool in gcc pkg-config git python3 protoc-c; do
		command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
	done
	for lib in libcjson sqlite3 yaml-0.1 libprotobuf-c libcmark-gfm libutf8proc libgit2 libmicrohttpd cmocka; do
		pkg-config --exists "$lib" 2>/dev/null || missing="$missing $lib"
	done
	[ -z "$missing" ] && exit 0
	echo "gadugi needs what is missing here:$missing" >&2
	echo "This is no Debian or Ubuntu, so install the equivalents of:" >&2
	echo "$need" >&2
	exit 1
fi
for package in $need; do
	dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -q '^installed$' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "these packages are missing and neither root nor sudo is at hand; install them:$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # both are lists of words
$as_root apt-get -qq update >/dev/null && $as_root apt-get -qq -y install --no-install-recommends $missing >/dev/null
