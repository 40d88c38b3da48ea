#!/bin/sh
# fetch-kernel.sh OUTDIR - get the kernel that the VM boots
#
# Downloads this distribution's kernel package and unpacks it; nothing is
# installed and no root is needed.  OUTDIR gets what take-kernel.sh takes of
# it, and VERSION: the release, then where it came from.  An OUTDIR that is
# complete is left alone.
#
# KERNEL=/path/to/vmlinuz takes that kernel instead, with the modules in
# MODULES=/lib/modules/RELEASE (by default found by the kernel's name).
set -eu

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

# Each fetch_MANAGER leaves the unpacked packages in $tmp/tree, their names
# in $packages and what the manager said in $log.

# apt COMMAND ARG... - with package lists of our own once $lists is set: the
# system's may be missing or out of date, and only root may renew those
apt()
{
	command=$1
	shift
	if [ -n "$lists" ]; then
		set -- -o Dir::State="$lists" -o Dir::State::lists=lists \
			-o Dir::State::status=/var/lib/dpkg/status \
			-o Dir::Cache="$lists" "$@"
	fi
	"$command" -q -o APT::Sandbox::User=root -o Acquire::Retries=1 \
		-o Acquire::http::Timeout=20 "$@" 2>>"$log"
}

apt_download()
{
	arch=$(dpkg --print-architecture 2>>"$log")
	# Debian's small kernel for VMs, Ubuntu's, Debian's large one.
	for meta in "linux-image-cloud-$arch" linux-image-virtual \
		"linux-image-$arch"; do
		packages=$(apt apt-cache depends "$meta" |
			sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)/\1/p' |
			head -n 1)
		[ -z "$packages" ] || break
	done
	[ -n "$packages" ] || return 1
	# Ubuntu has the modules in a package of their own.
	modules=linux-modules-${packages#linux-image-}
	if apt apt-cache show "$modules" >/dev/null; then
		packages="$packages $modules"
	fi
	# shellcheck disable=SC2086 # a list of names
	(cd "$tmp" && apt apt-get download $packages >>"$log")
}

fetch_apt()
{
	lists=
	if ! apt_download; then
		lists=$tmp/apt
		mkdir -p "$lists/lists/partial" "$lists/archives/partial"
		apt apt-get update >>"$log" || return 1
		apt_download || return 1
	fi
	for package in "$tmp"/*.deb; do
		dpkg-deb -x "$package" "$tmp/tree" 2>>"$log" || return 1
	done
}

fetch_dnf()
{
	packages="kernel-core kernel-modules-core"
	# shellcheck disable=SC2086 # a list of names
	(cd "$tmp" && dnf -y download $packages) >>"$log" 2>&1 || return 1
	for package in "$tmp"/*.rpm; do
		rpm2cpio "$package" >"$tmp/cpio" || return 1
		(cd "$tmp/tree" && cpio -idm --quiet) <"$tmp/cpio" || return 1
	done
}

fetch_apk()
{
	packages=linux-virt
	apk fetch -q -o "$tmp" "$packages" >>"$log" 2>&1 || return 1
	for package in "$tmp"/*.apk; do
		tar -xzf "$package" -C "$tmp/tree" 2>>"$log" || return 1
	done
}

fetch_pacman()
{
	packages=linux
	# Only root may have pacman download; anybody may ask for the address.
	url=$(pacman -Sp --print-format %l "$packages" 2>>"$log" |
		grep '/linux-[0-9]') || return 1
	curl -fsSL -o "$tmp/package" "$url" 2>>"$log" || return 1
	zstd -dcq "$tmp/package" >"$tmp/tar" || return 1
	tar -xf "$tmp/tar" -C "$tmp/tree" || return 1
}

# is_complete DIR - it has all that this script promises, of this KERNEL and
# these MODULES
is_complete()
{
	[ -s "$1/VERSION" ] && [ -s "$1/vmlinuz" ] &&
		[ -f "$1/modules.list" ] || return 1
	while read -r module; do
		[ -s "$1/modules/$module" ] || return 1
	done <"$1/modules.list"
	[ -z "${KERNEL:-}" ] || cmp -s "$KERNEL" "$1/vmlinuz" || return 1
	[ -z "${KERNEL:+${MODULES:-}}" ] ||
		[ "$(basename "$MODULES")" = "$(head -n 1 "$1/VERSION")" ]
}

if [ $# -ne 1 ]; then
	echo "usage: fetch-kernel.sh OUTDIR" >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
umask 022
if is_complete "$1"; then
	exit
fi
mkdir -p "$1" || fail "$1: cannot make it"
out=$(cd "$1" && pwd)
# Inside OUTDIR, so that the last step is a rename.
# The traps first: a signal that comes during mktemp waits for its end.
tmp=
trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
tmp=$(mktemp -d "$out/fetch.XXXXXX")
log=$tmp/log
mkdir "$tmp/tree"

if [ -n "${KERNEL:-}" ]; then
	[ -r "$KERNEL" ] || fail "KERNEL=$KERNEL: cannot read it"
	vmlinuz=$(realpath "$KERNEL")
	# /boot/vmlinuz-RELEASE or /lib/modules/RELEASE/vmlinuz
	case $vmlinuz in
	*/vmlinuz) modules=${vmlinuz%/vmlinuz} ;;
	*) modules=/lib/modules/${vmlinuz##*/vmlinuz-} ;;
	esac
	modules=${MODULES:-$modules}
	[ -d "$modules/kernel" ] ||
		fail "KERNEL=$KERNEL: no modules in $modules; give MODULES=DIR"
	source=$KERNEL
else
	if [ -s /var/lib/dpkg/status ]; then
		manager=apt
	else
		for manager in dnf apk pacman none; do
			! command -v "$manager" >/dev/null || break
		done
	fi
	[ "$manager" != none ] ||
		no_kernel "none of apt, dnf, apk and pacman is here"
	echo "fetch-kernel: downloading a kernel package ($manager)" >&2
	if ! "fetch_$manager"; then
		tail -n 3 "$log" >&2
		no_kernel "$manager: cannot download a kernel package"
	fi
	source=$packages
	for vmlinuz in "$tmp"/tree/boot/vmlinuz* \
		"$tmp"/tree/lib/modules/*/vmlinuz \
		"$tmp"/tree/usr/lib/modules/*/vmlinuz; do
		[ ! -f "$vmlinuz" ] || break
	done
	for modules in "$tmp"/tree/lib/modules/*/kernel \
		"$tmp"/tree/usr/lib/modules/*/kernel; do
		[ ! -d "$modules" ] || break
	done
	modules=${modules%/kernel}
	if [ ! -f "$vmlinuz" ] || [ ! -d "$modules" ]; then
		no_kernel "$source: no kernel with modules in it"
	fi
fi

"$here/take-kernel.sh" "$vmlinuz" "$modules" "$tmp/new"
{ basename "$modules" && echo "$source"; } >"$tmp/new/VERSION"

# VERSION goes first and comes last: without it nothing is complete. make looks
# for vmlinuz.
rm -rf "$out/VERSION" "$out/modules" "$out/vmlinux" "$out/vmlinuz"
for name in modules modules.list vmlinux vmlinuz VERSION; do
	[ ! -e "$tmp/new/$name" ] || mv -fT "$tmp/new/$name" "$out/$name"
done
