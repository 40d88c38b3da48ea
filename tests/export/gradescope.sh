#!/bin/sh
# gradescope.sh OUT [STAGE] - the autograder for Gradescope: OUT, a zip file
#
# The kit as it is committed, answers and tests with it: a teacher uploads it, and
# students do not get to see it. The same commit gives the same file. VISIBILITY
# and LIMIT come from the environment.
set -u

fail()
{
	echo "gradescope: $*" >&2
	exit 1
}

case $1 in
/*) out=$1 ;;
*) out=$PWD/$1 ;;
esac
stage=${2-}
visibility=${VISIBILITY:-visible}
limit=${LIMIT:-540}
case $visibility in
visible | hidden | after_due_date | after_published) ;;
*) fail "VISIBILITY=$visibility: one of visible, hidden, after_due_date," \
	"after_published" ;;
esac
case $limit in
'' | 0* | *[!0-9]*) fail "LIMIT=$limit: seconds are wanted" ;;
esac
cd "$(dirname "$0")/../.." || exit 1
why=$(git rev-parse --verify HEAD 2>&1 >/dev/null) ||
	fail "the kit is taken from git: $(echo "$why" | head -n 1)"
[ -z "$(git status --porcelain)" ] ||
	echo "gradescope: what is not committed is left out" >&2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
umask 022
printf 'STAGE=%s\nVISIBILITY=%s\nLIMIT=%s\n' "$stage" "$visibility" "$limit" \
	>"$work/settings" || fail "cannot write $work/settings"
# What stands outside of the kit there is as it is committed, too.
ours=tests/export/gradescope
git archive HEAD $ours | tar -C "$work" -xf - || fail "cannot take $ours"
# A zip file has local times.
TZ=UTC git archive --format=zip -o "$work/zip" \
	--add-file="$work/$ours/setup.sh" \
	--add-file="$work/$ours/run_autograder" \
	--add-file="$work/settings" --prefix=kit/ HEAD ||
	fail "cannot pack the kit"
cp "$work/zip" "$out" 2>/dev/null || fail "cannot write $out"
