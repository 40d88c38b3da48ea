#!/bin/sh
# student.sh BUILD RUN KIT STAGE N NAME - one submission of a class
#
# What is to be graded is N, in the directory we are in or else in RUN: N/src
# and N/files, as collect makes them. Leaves N/out: what grade.sh leaves, what it
# said, grade.log, and its exit status, `status`. KIT is what the kit is to be
# that judges here (grade/kit), for nobody is to be judged by another one; NAME is
# for those who read. Run by GNU parallel, here or on another machine, or by
# Slurm.
set -u
copy=
if [ -d "$5" ]; then
	[ "$PWD" = "$2" ] || copy=$PWD
else
	cd "$2" || exit 125
fi
dir=$PWD/$5
cd "$(dirname "$0")/../.." || exit 125
if [ "$(cat "$1/grade/kit")" != "$3" ]; then
	echo "gradebook: $6: the kit in $PWD of $(uname -n) is another one, or" \
		"not built: copy it there anew, and make grader" >&2
	exit 125
fi
# Cut off, it is not graded, and what another machine has of it goes.
cut=
trap 'cut=1' HUP INT TERM
rm -rf "$dir/out"
mkdir "$dir/out" || exit 125
COLLECTED=$dir/files sh tests/grade/grade.sh "$1" "$dir/src" "$dir/out" \
	${4:+"$4"} >"$dir/out/grade.log" 2>&1
status=$?
# What has ended the grader may not have come to us yet: it is for both.
case $status in
129 | 130 | 143) cut=1 ;;
esac
if [ "$cut" ]; then
	[ -z "$copy" ] || rm -rf "$copy"
	exit 143
fi
echo $status >"$dir/out/status"
# Whoever reads our output takes in what is there.
echo "$5"
exit $status
