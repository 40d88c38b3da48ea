#!/bin/sh
# starters.sh [--write] - that stages/ has what solutions/ leaves out; TAP
#
# With --write the student's files in stages/ are made anew. Nothing that
# somebody works on is safe from that: it is for those who change a solution.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh

for solution in solutions/*/*.c; do
	starter=stages/${solution#solutions/}
	awk -f tests/tools/starter.awk "$solution" >"$work/made" || exit 1
	if [ "${1-}" != --write ]; then
		ok "$starter is what its solution leaves" \
			diff "$starter" "$work/made"
	elif ! cmp -s "$work/made" "$starter"; then
		cat "$work/made" >"$starter" || exit 1
	fi
done
[ "${1-}" = --write ] || done_testing
