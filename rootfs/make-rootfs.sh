#!/bin/sh
# make-rootfs.sh OUTDIR - build the busybox root filesystem in OUTDIR
#
# The same busybox and the same skeleton give the same tree, whoever builds
# it and under whatever umask.  Everything in it may be read by everybody: the
# uid that uses it is often not the uid that built it.  OUTDIR is replaced
# whole, and only by a finished tree.
# BUSYBOX=PATH chooses the busybox (see find-busybox.sh).
set -eu

if [ $# -ne 1 ]; then
	echo "usage: make-rootfs.sh OUTDIR" >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
busybox=$("$here/find-busybox.sh")
busybox=$(realpath "$busybox")

umask 022
mkdir -p "$(dirname "$1")"
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
# The traps first: a signal that comes during mktemp waits for its end.
tmp=
# shellcheck disable=SC2317 # the trap calls it
finish()
{
	[ -n "$tmp" ] || return
	[ -e "$out" ] || [ ! -e "$tmp/old" ] || mv -T "$tmp/old" "$out"
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
# A sibling, so that the renames at the end stay within one filesystem.
tmp=$(mktemp -d "$out.XXXXXX")
root=$tmp/new
mkdir "$root"

cd "$root"
for dir in bin dev etc home home/student mnt proc root run sbin sys tmp \
	usr usr/bin usr/sbin var var/tmp; do
	mkdir "$dir"
done
cp -R "$here/skeleton/." .
cp "$busybox" bin/busybox

# Links are relative: they hold wherever the tree is mounted.
{ bin/busybox --list-full 2>/dev/null ||
	bin/busybox --list | sed 's,^,bin/,'; } >"$tmp/applets"
while read -r applet; do
	case $applet in
	bin/busybox | linuxrc) ;;
	bin/*) ln -s busybox "$applet" ;;
	sbin/*) ln -s ../bin/busybox "$applet" ;;
	usr/bin/* | usr/sbin/*) ln -s ../../bin/busybox "$applet" ;;
	esac
done <"$tmp/applets"
if [ ! -e bin/sh ]; then
	echo "make-rootfs: $busybox: has no sh applet" >&2
	exit 1
fi

# cp took over the modes of a checkout, which follow somebody's umask.
find . -type d -exec chmod 755 {} +
find . -type f -exec chmod 644 {} +
chmod 755 bin/busybox
chmod 1777 tmp var/tmp
find . -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
cd /

if [ -e "$out" ]; then
	mv "$out" "$tmp/old"
fi
# -T: another one may have made it meanwhile.
mv -T "$root" "$out"
