#!/bin/sh
# archive.sh DIR FILE - what is in DIR as FILE, which ends in .tar.gz or .zip
#
# The same files give the same bytes, whoever packs them, where and when: sorted,
# nobody's, and all of one time, SOURCE_DATE_EPOCH or the first second of 2000.
# DIR gets these times and permissions too.
set -eu
export LC_ALL=C TZ=UTC

fail()
{
	echo "archive: $*" >&2
	exit 1
}

case $2 in
*.tar.gz | *.tgz | *.zip) ;;
*) fail "$2: expected a name that ends in .tar.gz or .zip" ;;
esac
[ ! -d "$2" ] || fail "$2: a folder"
case $2 in
*.zip) command -v zip >/dev/null || fail "$2: zip is not installed" ;;
*) command -v cpio >/dev/null || fail "$2: cpio is not installed" ;;
esac
# The traps first: a signal that comes during mktemp waits for its end.
work=
half=
trap '[ -z "$work" ] || rm -rf "$work"; [ -z "$half" ] || rm -f "$half"' EXIT
trap 'exit 1' HUP INT TERM
work=$(mktemp -d) || exit 1

chmod -R u+rwX,go+rX,go-w "$1"
find "$1" -exec touch -d "@${SOURCE_DATE_EPOCH:-946684800}" {} +
(cd "$1" && find . -mindepth 1 | sed 's,^\./,,' | sort) >"$work/list"
case $2 in
*.zip)
	(cd "$1" && zip -q -X -9 "$work/new.zip" -@) <"$work/list" ||
		fail "$2: zip fails"
	mv "$work/new.zip" "$work/new"
	;;
*)
	(cd "$1" && cpio -o -H ustar --quiet --reproducible -R 0:0) \
		<"$work/list" >"$work/tar" || fail "$2: cpio fails"
	gzip -n -9 <"$work/tar" >"$work/new" || fail "$2: gzip fails"
	;;
esac
# Half of it would pass for all, and one of before is better than none.
if [ -e "$2" ] && [ ! -f "$2" ]; then
	why=$(cp "$work/new" "$2" 2>&1) || fail "$2: ${why##*: }"
else
	half=$2.new.$$
	why=$({ cp "$work/new" "$half" && mv -f "$half" "$2"; } 2>&1) ||
		fail "$2: ${why##*: }"
fi
