#!/bin/sh
# find-busybox.sh - print the path of a static busybox
#
# BUSYBOX=PATH names one; else the usual commands are tried.  It must be
# static: inside a container there is no dynamic loader to find.
# Exit status: 0 found, 1 not.
set -eu

# A program that needs a dynamic loader names it in an INTERP header.
is_static()
{
	headers=$(LC_ALL=C readelf -lW "$1" 2>/dev/null) || return 1
	case $headers in
	*INTERP*) return 1 ;;
	esac
}

if ! command -v readelf >/dev/null; then
	echo "find-busybox: readelf: not found (package binutils)" >&2
	exit 1
fi

if [ -n "${BUSYBOX:-}" ]; then
	if ! is_static "$BUSYBOX"; then
		echo "find-busybox: BUSYBOX=$BUSYBOX: not a static program" >&2
		exit 1
	fi
	echo "$BUSYBOX"
	exit
fi

# An ordinary user's PATH often lacks the sbin directories.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
for name in busybox.static busybox-static busybox; do
	path=$(command -v "$name") || continue
	if is_static "$path"; then
		echo "$path"
		exit
	fi
done
echo "find-busybox: no static busybox here: install busybox-static" \
	"(apt, apk) or busybox (dnf, pacman), or give BUSYBOX=PATH" >&2
exit 1
