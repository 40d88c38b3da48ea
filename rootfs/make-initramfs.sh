#!/bin/sh
# make-initramfs.sh OUT ROOTFS VMDIR - pack the initramfs of the VM
#
# OUT gets the root filesystem ROOTFS as it is, with everything in it owned
# by root (and student's home by student), and in /.vm what only the boot
# needs: init and, from VMDIR, pid1 and the kernel modules.  It stays uncompressed:
# the guest is often emulated, and there unpacking costs more than reading.
set -eu

fail()
{
	echo "make-initramfs: $*" >&2
	exit 1
}

if [ $# -ne 3 ]; then
	echo "usage: make-initramfs.sh OUT ROOTFS VMDIR" >&2
	exit 2
fi
out=$1 rootfs=$2 vmdir=$3
here=$(cd "$(dirname "$0")" && pwd)
[ -x "$rootfs/bin/busybox" ] || fail "$rootfs: not a root filesystem"
[ -f "$vmdir/modules.list" ] || fail "$vmdir/modules.list: not found"

umask 022
# The traps first: a signal that comes during mktemp waits for its end.
tmp=
new=
trap '[ -z "$tmp" ] || rm -rf "$tmp"; [ -z "$new" ] || rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM
tmp=$(mktemp -d "${TMPDIR:-/tmp}/initramfs.XXXXXX")

boot=$tmp/boot/.vm
mkdir -p "$boot/modules"
cp "$here/init" "$boot/init"
cp "$vmdir/pid1" "$boot/pid1" || fail "$vmdir/pid1: not built"
cp "$vmdir/modules.list" "$boot/modules"
while read -r module; do
	cp "$vmdir/modules/$module" "$boot/modules" ||
		fail "$vmdir/modules/$module: cannot copy it"
done <"$vmdir/modules.list"
find "$boot" -type d -exec chmod 755 {} +
find "$boot" -type f -exec chmod 644 {} +
chmod 755 "$boot/init" "$boot/pid1"
find "$tmp/boot" -exec touch -d "@${SOURCE_DATE_EPOCH:-0}" {} +

# pack DIR UID:GID NAME [FIND-ARGUMENT]... - add NAME under DIR to the archive
pack()
{
	dir=$1 owner=$2
	shift 2
	(cd "$dir" && find "$@" -print0) >"$tmp/names"
	(cd "$dir" && "$here/pack.sh" "$owner") \
		<"$tmp/names" >>"$tmp/initramfs"
}
pack "$rootfs" 0:0 . -path ./home/student -prune -o
pack "$rootfs" 1000:1000 home/student
pack "$tmp/boot" 0:0 .vm

mkdir -p "$(dirname "$out")"
new=$(mktemp "$out.XXXXXX")
cp "$tmp/initramfs" "$new"
chmod 644 "$new"
mv "$new" "$out"
