#!/bin/sh
# vm-accel.sh VMDIR - print how QEMU should run the VM here: kvm or tcg
#
# That /dev/kvm can be opened proves little: where the host is a virtual
# machine itself, a guest may hang in it.  So a guest is booted, under a time
# limit, once for each boot of the host; VMDIR/accel holds the verdict and
# the boot that it is for.
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

# boots ACCEL SECS: a guest comes up; 124 when it has not within that time
boots()
{
	VMDIR=$vmdir ACCEL=$1 "$here/vm.sh" --timeout "$2" -- true \
		</dev/null >/dev/null 2>&1
}
vmdir=$1
accel=kvm
# Longer than this, and emulation is as good.
boots kvm 4 || {
	[ $? -eq 124 ] || boots tcg 60 || {
		# Where none comes up at all, that says nothing about KVM.
		echo tcg
		exit
	}
	accel=tcg
}
printf '%s\n' "$accel" "$boot" >"$tmp"
chmod 644 "$tmp"
mv "$tmp" "$cache"
echo "$accel"
