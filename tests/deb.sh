#!/bin/sh
# deb.sh BUILD VERSION FOLDER: make a Debian package of the program in BUILD; its name is printed.
set -eu
build=$1 version=$2 to=$3
arch=$(dpkg --print-architecture)
work=$(mktemp -d "${TMPDIR:-/tmp}/gadugi-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
doc=$work/root/usr/share/doc/gadugi

# Libraries that are opened only when they are needed; the program names their files.
opened=
for file in $(grep -aoE 'lib(git2|microhttpd)\.so\.[0-9.]*[0-9]' "$build/gadugi" | sort -u); do
	package=$(dpkg -S "*/$file" | sed 's/:.*//;q')
	case $file in
	libgit2*) opened="$opened, $package" ;;
	*) recommended="${recommended:+$recommended, }$package" ;;
	esac
done
install -D -m 755 "$build/gadugi" "$work/root/usr/bin/gadugi"
strip --strip-unneeded "$work/root/usr/bin/gadugi"
install -D -m 644 LICENSE "$doc/copyright"
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
install -m 644 README.md "$doc/README.md"
mkdir -p "$work/debian" "$work/root/DEBIAN"
printf 'Source: gadugi\n\nPackage: gadugi\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/gadugi 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
size=$(du -ks "$work/root/usr" | cut -f1)
cat >"$work/root/DEBIAN/control" <<X
Package: gadugi
Version: $version
Architecture: $arch
Maintainer: The gadugi developers <gadugi@localhost>
Installed-Size: $size
Depends: $depends$opened, git
Recommends: ${recommended:-}
Section: devel
Priority: optional
Description: gives any coding assistant a team
 An MCP server and command line that turns a plan into a checked task graph, runs
 its tasks in parallel with agents in isolated git worktrees, remembers across
 sessions, and learns from every finished run.
X
[ -n "${recommended:-}" ] || sed -i '/^Recommends: $/d' "$work/root/DEBIAN/control"
mkdir -p "$to"
dpkg-deb --root-owner-group --build "$work/root" "$to/gadugi_${version}_$arch.deb" >&2
echo "$to/gadugi_${version}_$arch.deb"
