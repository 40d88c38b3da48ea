#!/bin/sh
# submission.sh FILE [STAGE] - your files, of all stages or of one, to hand in
#
# FILE is a .tar.gz, or a .zip for an upload form that takes nothing else; it has
# the files that are known as STAGE/FILE, which is what make grade looks for.
# shellcheck source=tests/loop/common.sh
. "${0%/*}/common.sh"

out=$1
case $out in
-*) out=./$out ;;
esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# objection FILE: why it is left out; nothing: it is taken. Whoever grades it
# takes no others either.
objection()
{
	if [ -L "$1" ]; then
		echo "a symbolic link"
	elif [ ! -e "$1" ]; then
		echo "it is not there"
	elif [ ! -f "$1" ]; then
		echo "not a regular file"
	elif [ ! -r "$1" ]; then
		echo "it cannot be read"
	elif [ "$(wc -c <"$1")" -gt 262144 ]; then
		echo "larger than 256 KiB"
	fi
}

# state FILE STAGE: how far it is
state()
{
	if starter_of "$1" | cmp -s - "$1"; then
		echo "as it was given out"
	elif ! passed "$2"; then
		echo "its stage is not passed"
	elif [ -n "$(find "$1" -newer "$B/progress/$2")" ]; then
		echo "changed since its stage was passed: make judges it again"
	else
		echo "its stage is passed"
	fi
}

for stage in ${2:-$stages}; do
	for file in $(files_of "$stage"); do
		name=${file#stages/}
		why=$(objection "$file")
		if [ -n "$why" ]; then
			echo "$name is left out: $why" >>"$work/left-out"
			continue
		fi
		mkdir -p "$work/submission/$stage" &&
			cp "$file" "$work/submission/$stage" || exit 1
		printf '  %-28s %s\n' "$name" "$(state "$file" "$stage")" \
			>>"$work/list"
	done
done
if [ ! -e "$work/list" ]; then
	sed 's/^/submission: /' "$work/left-out" >&2
	echo "submission: there is nothing to hand in" >&2
	exit 2
fi
mkdir -p "$(dirname "$out")" &&
	sh tests/tools/archive.sh "$work/submission" "$out" || exit 2
echo "$out has"
cat "$work/list"
[ ! -e "$work/left-out" ] || sed "s/^/${yellow}warning: /; s/\$/$plain/" \
	"$work/left-out"
untouched=$(grep -c 'as it was given out$' "$work/list")
[ "$untouched" -eq 0 ] || echo "${yellow}warning: no points for what is as it" \
	"was given out: $untouched of $(wc -l <"$work/list") files$plain"
exit 0
