#!/bin/sh
# take-kernel.sh VMLINUZ MODULES OUTDIR - take from a kernel what the VM needs
#
# MODULES is the kernel's /lib/modules/RELEASE.  The empty OUTDIR gets
#   vmlinuz       the kernel as packaged
#   vmlinux       x86-64: the same unpacked, where it can be booted so
#   modules/      the modules the VM needs and what those depend on (.ko)
#   modules.list  their file names in the order to load them
set -eu

# What the VM cannot do without, as modules or built in.
wanted="virtio_pci virtio_console overlay veth"

fail()
{
	echo "take-kernel: $*" >&2
	exit 1
}

# number FILE OFFSET BYTES - the little-endian number there
number()
{
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# magic FILE OFFSET BYTES - these bytes in hexadecimal
magic()
{
	od -An -v -t x1 -j "$2" -N "$3" "$1" 2>/dev/null | tr -d ' \n'
}

# is_bzimage FILE - it says "HdrS"
is_bzimage()
{
	[ "$(magic "$1" 514 4)" = 48647253 ]
}

# has_pvh FILE - an ELF kernel with the note (0x12) that holds its PVH entry
has_pvh()
{
	LC_ALL=C readelf -n "$1" 2>/dev/null | grep -q 0x00000012
}

# is_kernel FILE - a bzImage, an arm64 Image ("ARM\x64"), that in gzip, or ELF
is_kernel()
{
	is_bzimage "$1" ||
		[ "$(magic "$1" 56 4)" = 41524d64 ] ||
		[ "$(magic "$1" 0 2)" = 1f8b ] ||
		has_pvh "$1"
}

# unpack FILE - by its first bytes, to standard output
unpack()
{
	case $(magic "$1" 0 4) in
	1f8b*) gzip -dc <"$1" ;;
	fd377a58) xz -dc <"$1" ;;
	28b52ffd) zstd -dcq <"$1" ;;
	02214c18 | 04224d18) lz4 -dcq <"$1" ;;
	*) cat "$1" ;;
	esac
}

# make_vmlinux BZIMAGE OUT - what a bzImage unpacks itself to.  QEMU boots it
# through its PVH entry, which saves an emulated machine a third of a second.
# The offsets are those of the kernel's Documentation/arch/x86/boot.rst.
make_vmlinux()
{
	# The payload follows the set-up sectors; its last four bytes are the
	# length it unpacks to, which the tools may call trailing garbage.
	start=$((($(number "$1" 497 1) + 1) * 512 + $(number "$1" 584 4)))
	length=$(number "$1" 588 4)
	tail -c "+$((start + 1))" "$1" | head -c "$length" >"$2.payload"
	unpack "$2.payload" >"$2" 2>/dev/null || :
	size=$(number "$2.payload" $((length - 4)) 4)
	rm -f "$2.payload"
	if [ "$(wc -c <"$2")" -ne "$size" ] || ! has_pvh "$2"; then
		rm -f "$2"
	fi
}

# add_module NAME - copy it, after what it depends on, and list it.  (A
# function's own arguments are all that is local here.)
add_module()
{
	case $added in *" $1 "*) return ;; esac
	# File names use - or _ as their author liked.
	pattern=$(echo "$1" | sed 's/[-_]/[-_]/g')
	file=$(find "$modules/kernel" -name "$pattern.ko*" | head -n 1)
	if [ -z "$file" ]; then
		# No list of what is built in: the boot will tell.
		if [ -r "$modules/modules.builtin" ] &&
			! grep -q "/$pattern\.ko$" "$modules/modules.builtin"
		then
			fail "$modules: has no $1, nor is it built in"
		fi
		return 0
	fi
	unpack "$file" >"$out/modules/$1.ko" || fail "$file: cannot unpack it"
	[ "$(magic "$out/modules/$1.ko" 0 4)" = 7f454c46 ] ||
		fail "$file: not a module"
	for depend in $(tr '\0' '\n' <"$out/modules/$1.ko" |
		LC_ALL=C sed -n 's/^depends=//p' | tr , ' '); do
		add_module "$depend"
	done
	added="$added$1 "
	echo "$1.ko" >>"$out/modules.list"
}

if [ $# -ne 3 ]; then
	echo "usage: take-kernel.sh VMLINUZ MODULES OUTDIR" >&2
	exit 2
fi
modules=$2 out=$3
is_kernel "$1" || fail "$1: not a kernel"
[ -d "$modules/kernel" ] || fail "$modules: no modules there"

umask 022
mkdir -p "$out/modules"
cp "$1" "$out/vmlinuz"
# A packaged kernel may be readable by its owner alone.
chmod 644 "$out/vmlinuz"
if is_bzimage "$1"; then
	make_vmlinux "$1" "$out/vmlinux"
fi
: >"$out/modules.list"
added=" "
for module in $wanted; do
	add_module "$module"
done
