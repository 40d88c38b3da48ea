#!/bin/sh
# starters.sh [--write] - that stages/ has what solutions/ leaves out; TAP
#
# With --write the student's files in stages/ are made anew. Nothing that
# somebody works on is safe from that: it is for those who change a solution.
set -u
cd "$(dirname "$0")/.." || exit 1
count=0
made=$(mktemp) || exit 1
trap 'rm -f "$made"' EXIT
trap 'exit 1' HUP INT TERM

for solution in solutions/*/*.c; do
	starter=stages/${solution#solutions/}
	awk -f tests/tools/starter.awk "$solution" >"$made" || exit 1
	if [ "${1-}" = --write ]; then
		cmp -s "$made" "$starter" || cat "$made" >"$starter" || exit 1
		continue
	fi
	count=$((count + 1))
	if difference=$(diff "$starter" "$made" 2>&1); then
		echo "ok $count - $starter"
	else
		echo "not ok $count - $starter is not what its solution leaves"
		echo "$difference" | sed 's/^/# /'
	fi
done
[ "${1-}" = --write ] || echo "1..$count"
