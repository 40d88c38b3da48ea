#!/bin/sh
# vm-add.sh STAGE ROOTFS SRC:DEST - copy a file or folder to where vm.sh packs it
# from
#
# STAGE stands for the guest's root, which has what is in ROOTFS, too.  Modes are
# kept; a link named as SRC is followed, links inside a folder stay links.
set -eu

fail()
{
	echo "vm.sh: --add $spec: $*" >&2
	exit 1
}

stage=$1 rootfs=$2 spec=$3
src=${spec%:*} dest=${spec##*:}
[ "$src" != "$spec" ] || fail "not SRC:DEST"
[ -e "$src" ] || fail "$src: not found"
case $dest/ in
[!/]* | /) fail "$dest: not the absolute path of a file" ;;
*//* | */./* | */../*) fail "$dest: has //, . or .. in it" ;;
/dev/* | /proc/* | /sys/* | /.vm/*) fail "$dest: mounted over in the guest" ;;
esac

umask 022
if [ -d "$src" ]; then
	mkdir -p "$stage$dest"
	cp -RPp "$src/." "$stage$dest"
else
	[ ! -d "$rootfs$dest" ] || fail "$dest: a folder in the guest"
	mkdir -p "$stage$(dirname "$dest")"
	cp -p "$src" "$stage$dest"
fi
