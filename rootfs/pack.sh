#!/bin/sh
# pack.sh UID:GID - make an archive, as the kernel takes it for an initramfs
#
# Reads the names of files, ended by NUL, relative to the working directory;
# writes a cpio archive (newc) to standard output.  Every file belongs to
# UID:GID in it, whoever owns it here: no root needed.  The same files give
# the same bytes.  Archives may be concatenated; the later file wins.
set -eu

LC_ALL=C sort -z |
	cpio --null -o -H newc --quiet --reproducible -R "${1:-0:0}"
