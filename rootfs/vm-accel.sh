#!/bin/sh
# vm-accel.sh VMDIR - print how QEMU should run the VM here: kvm or tcg
#
# That /dev/kvm can be opened proves little: where the host is a virtual
# machine itself, a guest may hang in it.  So a guest is booted, under a time
# limit, once for each boot of the host; VMDIR/accel holds the verdict and
# the boot that it is for. What fails in another way than by coming up or not
# says nothing about KVM, and is not kept.
set -eu

if [ $# -ne 1 ]; then
	echo "usage: vm-accel.sh VMDIR" >&2
	exit 2
fi
cache=$1/accel
here=$(cd "$(dirname "$0")" && pwd)

if ! { true <>/dev/kvm; } 2>/dev/null; then
	echo tcg
	exit
fi
boot=$(cat /proc/sys/kernel/random/boot_id)
if [ -r "$cache" ] && [ "$(sed -n 2p "$cache")" = "$boot" ]; then
	sed -n 1p "$cache"
	exit
fi
# The traps first: a signal that comes during mktemp waits for its end.
tmp=
trap '[ -z "$tmp" ] || rm -f "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
# A verdict that cannot be kept would cost its time at every start.
tmp=$(mktemp "$cache.XXXXXX" 2>/dev/null) || { echo tcg && exit; }

status=0
# Longer than this, and emulation is as good.
VMDIR=$1 ACCEL=kvm "$here/vm.sh" --timeout 4 -- true </dev/null >/dev/null 2>&1 ||
	status=$?
case $status in
0) accel=kvm ;;
124) accel=tcg ;;
*) echo tcg && exit ;;
esac
printf '%s\n' "$accel" "$boot" >"$tmp"
chmod 644 "$tmp"
mv "$tmp" "$cache"
echo "$accel"
