#!/bin/sh
# reset.sh STAGE - the student's files as they were given out
#
# What it replaces is kept beside it, as FILE.kept-1, -2 ...
# shellcheck source=tests/loop/common.sh
. "${0%/*}/common.sh"

starter=$(mktemp) || exit 1
trap 'rm -f "$starter"' EXIT
trap 'exit 1' HUP INT TERM
for file in $(files_of "$1"); do
	starter_of "$file" >"$starter" || exit 1
	if cmp -s "$starter" "$file"; then
		echo "$file is as it was given out"
		continue
	fi
	number=1
	while [ -e "$file.kept-$number" ]; do
		number=$((number + 1))
	done
	if [ -e "$file" ]; then
		cp -p "$file" "$file.kept-$number" || exit 1
		echo "$file is new again. This brings back what it was:"
		echo "  cp $file.kept-$number $file"
	else
		echo "$file is there again"
	fi
	cat "$starter" >"$file" || exit 1
done
rm -f "$B/progress/$1" "$B/hints/$1".* "$B"/*/verdicts/"$1".failed
