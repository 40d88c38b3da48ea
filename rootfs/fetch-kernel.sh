#!/bin/sh
# fetch-kernel.sh OUTDIR - get the kernel that the VM boots
#
# Downloads this distribution's kernel package and unpacks it; nothing is
# installed and no root is needed.  OUTDIR gets
#   vmlinuz       the kernel as packaged
#   vmlinux       x86-64: the same unpacked, where it can be booted so
#   modules/      the modules the VM needs and what those depend on (.ko)
#   modules.list  their file names in the order to load them
#   VERSION       the release, then where it came from
# A complete OUTDIR is left alone.
#
# KERNEL=/path/to/vmlinuz takes that kernel instead, and its modules from
# MODULES=/lib/modules/RELEASE (where not given: by the kernel's release).
set -eu

# What the VM cannot do without, as modules or built in.
wanted="virtio_pci virtio_console overlay veth"

fail()
{
	echo "fetch-kernel: $*" >&2
	exit 1
}

# no_kernel WHY - a kernel cannot be had here: say how to give one
no_kernel()
{
	for candidate in /boot/vmlinuz-* /lib/modules/*/vmlinuz; do
		if [ -r "$candidate" ]; then
			fail "$1; give one, for example KERNEL=$candidate"
		fi
	done
	fail "$1; give one: KERNEL=/path/to/vmlinuz MODULES=/lib/modules/RELEASE"
}

# --- by package manager: leave the unpacked packages under $tmp/root --------

# apt_get ARG..., apt_cache ARG... - with our own package lists once $lists
# is set: the system's may be missing or out of date, and only root may
# renew those.
apt_run()
{
	command=$1
	shift
	if [ -n "$lists" ]; then
		set -- -o Dir::State="$lists" -o Dir::Cache="$lists" \
			-o Dir::State::status=/var/lib/dpkg/status "$@"
	fi
	"$command" -q -o APT::Sandbox::User=root "$@"
}

apt_download()
{
	arch=$(dpkg --print-architecture)
	for meta in "linux-image-cloud-$arch" linux-image-virtual \
		"linux-image-$arch"; do
		image=$(apt_run apt-cache depends "$meta" 2>/dev/null |
			sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)/\1/p' |
			head -n 1)
		[ -z "$image" ] || break
	done
	[ -n "$image" ] || return 1
	packages=$image
	# Ubuntu's image package holds the kernel alone.
	modules=linux-modules-${image#linux-image-}
	if apt_run apt-cache show "$modules" >/dev/null 2>&1; then
		packages="$image $modules"
	fi
	# shellcheck disable=SC2086 # a list of names
	(cd "$tmp" && apt_run apt-get download $packages) >>"$log" 2>&1
}

fetch_apt()
{
	lists=
	if ! apt_download; then
		lists=$tmp/apt
		mkdir -p "$lists/lists/partial" "$lists/archives/partial"
		apt_run apt-get update >>"$log" 2>&1 || return 1
		apt_download || return 1
	fi
	for package in "$tmp"/*.deb; do
		dpkg-deb -x "$package" "$tmp/root" || return 1
	done
	rm -rf "$tmp"/*.deb "$tmp/apt"
}

fetch_dnf()
{
	packages="kernel-core kernel-modules-core"
	# shellcheck disable=SC2086 # a list of names
	(cd "$tmp" && dnf -y download $packages) >>"$log" 2>&1 || return 1
	for package in "$tmp"/*.rpm; do
		rpm2cpio "$package" >"$tmp/cpio" &&
			(cd "$tmp/root" && cpio -idm --quiet) <"$tmp/cpio" ||
			return 1
	done
	rm -f "$tmp"/*.rpm "$tmp/cpio"
}

fetch_apk()
{
	packages=linux-virt
	apk fetch -q -o "$tmp" "$packages" >>"$log" 2>&1 || return 1
	for package in "$tmp"/*.apk; do
		tar -xzf "$package" -C "$tmp/root" 2>>"$log" || return 1
	done
	rm -f "$tmp"/*.apk
}

fetch_pacman()
{
	packages=linux
	url=$(pacman -Sp --print-format %l "$packages" 2>>"$log" |
		sed -n '/linux-[0-9]/p' | head -n 1)
	[ -n "$url" ] || return 1
	curl -fsSL -o "$tmp/package" "$url" 2>>"$log" || return 1
	zstd -dc "$tmp/package" | tar -xf - -C "$tmp/root" || return 1
	rm -f "$tmp/package"
}

# --- what is in a kernel ----------------------------------------------------

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

# is_kernel FILE - a bzImage ("HdrS"), an arm64 Image ("ARM\x64"), gzip or ELF
is_kernel()
{
	[ "$(magic "$1" 514 4)" = 48647253 ] ||
		[ "$(magic "$1" 56 4)" = 41524d64 ] ||
		[ "$(magic "$1" 0 2)" = 1f8b ] ||
		[ "$(magic "$1" 0 4)" = 7f454c46 ]
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

# release FILE - which release a bzImage is (Documentation/x86/boot.rst)
release()
{
	[ "$(magic "$1" 514 4)" = 48647253 ] || return 0
	tail -c "+$((512 + $(number "$1" 526 2) + 1))" "$1" | head -c 128 |
		tr '\0' '\n' | sed -n '1s/ .*//p'
}

# make_vmlinux BZIMAGE OUT - what a bzImage unpacks itself to.  QEMU boots it
# through its PVH entry, which saves an emulated machine a third of a second.
make_vmlinux()
{
	[ "$(magic "$1" 514 4)" = 48647253 ] || return 0
	# The payload follows the set-up sectors; its last four bytes are the
	# length it unpacks to, which the tools may call trailing garbage.
	start=$((($(number "$1" 497 1) + 1) * 512 + $(number "$1" 584 4)))
	length=$(number "$1" 588 4)
	tail -c "+$((start + 1))" "$1" | head -c "$length" >"$tmp/payload"
	unpack "$tmp/payload" >"$2" 2>/dev/null || :
	size=$(number "$tmp/payload" $((length - 4)) 4)
	# 0x12: the note that holds the PVH entry's address.
	if [ "$(wc -c <"$2")" -ne "$size" ] ||
		! LC_ALL=C readelf -n "$2" 2>/dev/null | grep -q 0x00000012; then
		rm -f "$2"
	fi
	rm -f "$tmp/payload"
}

# add_module NAME - copy it, after what it depends on, and list it.  (A
# function's own arguments are all that is local here.)
add_module()
{
	case $added in *" $1 "*) return ;; esac
	# File names use - or _ as their author liked.
	pattern=$(echo "$1" | sed 's/[-_]/[-_]/g')
	file=$(find "$modules" -name "$pattern.ko*" 2>/dev/null | head -n 1)
	if [ -z "$file" ]; then
		if [ -r "$modules/modules.builtin" ] &&
			! grep -q "/$pattern\.ko$" "$modules/modules.builtin"; then
			fail "$modules: has no module $1, nor is it built in"
		fi
		return
	fi
	unpack "$file" >"$new/modules/$1.ko" ||
		fail "$file: cannot unpack it"
	[ "$(magic "$new/modules/$1.ko" 0 4)" = 7f454c46 ] ||
		fail "$file: not a module"
	for depend in $(tr '\0' '\n' <"$new/modules/$1.ko" |
		sed -n 's/^depends=//p' | tr , ' '); do
		add_module "$depend"
	done
	added="$added$1 "
	echo "$1.ko" >>"$new/modules.list"
}

# --- the work ---------------------------------------------------------------

# complete DIR - it holds all that this script promises, from this source
complete()
{
	[ -s "$1/VERSION" ] && [ -s "$1/vmlinuz" ] &&
		[ -f "$1/modules.list" ] || return 1
	while read -r module; do
		[ -s "$1/modules/$module" ] || return 1
	done <"$1/modules.list"
	if [ -n "${KERNEL:-}" ]; then
		[ "$(sed -n 2p "$1/VERSION")" = "$KERNEL ${MODULES:-}" ] &&
			cmp -s "$KERNEL" "$1/vmlinuz"
	fi
}

if [ $# -ne 1 ]; then
	echo "usage: fetch-kernel.sh OUTDIR" >&2
	exit 2
fi
umask 022
if complete "$1"; then
	exit
fi
mkdir -p "$1" || fail "$1: cannot make it"
out=$(cd "$1" && pwd)
# A folder of OUTDIR itself, so that the last step is a rename.
tmp=$(mktemp -d "$out/fetch.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
log=$tmp/log
new=$tmp/new
mkdir "$tmp/root" "$new" "$new/modules"

if [ -n "${KERNEL:-}" ]; then
	vmlinuz=$KERNEL
	[ -r "$vmlinuz" ] || fail "KERNEL=$vmlinuz: cannot read it"
	modules=${MODULES:-/lib/modules/$(release "$vmlinuz")}
	[ -d "$modules/kernel" ] ||
		fail "KERNEL=$vmlinuz: no modules in $modules; give MODULES=DIR"
	source="$KERNEL ${MODULES:-}"
else
	for manager in apt dnf apk pacman none; do
		command -v "$manager" >/dev/null && break
	done
	[ "$manager" != none ] ||
		no_kernel "no package manager known here to get a kernel with"
	echo "fetch-kernel: downloading the kernel package" >&2
	if ! "fetch_$manager"; then
		tail -n 3 "$log" >&2
		no_kernel "$manager: cannot download a kernel"
	fi
	# shellcheck disable=SC2086 # a list of names
	source=$(echo $packages)
	for vmlinuz in "$tmp"/root/boot/vmlinuz* \
		"$tmp"/root/lib/modules/*/vmlinuz \
		"$tmp"/root/usr/lib/modules/*/vmlinuz none; do
		[ ! -f "$vmlinuz" ] || break
	done
	for modules in "$tmp"/root/lib/modules/*/kernel \
		"$tmp"/root/usr/lib/modules/*/kernel none; do
		[ ! -d "$modules" ] || break
	done
	modules=${modules%/kernel}
	if [ "$vmlinuz" = none ] || [ "$modules" = none ]; then
		fail "$source: no kernel and modules in it"
	fi
fi
is_kernel "$vmlinuz" || fail "$vmlinuz: not a kernel"

cp "$vmlinuz" "$new/vmlinuz"
if [ "$(uname -m)" = x86_64 ]; then
	make_vmlinux "$new/vmlinuz" "$new/vmlinux"
fi
added=" "
: >"$new/modules.list"
for module in $wanted; do
	add_module "$module"
done
{ basename "$modules" && echo "$source"; } >"$new/VERSION"
find "$new" -type d -exec chmod 755 {} +
find "$new" -type f -exec chmod 644 {} +

# VERSION goes first and comes last: without it nothing is complete.
rm -rf "$out/VERSION" "$out/modules" "$out/vmlinux"
for name in modules modules.list vmlinux vmlinuz VERSION; do
	[ ! -e "$new/$name" ] || mv -f "$new/$name" "$out/$name"
done
