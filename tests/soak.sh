#!/bin/sh
# soak.sh BUILD N - the gates on the reference and on every other right answer,
# N times, while all processors are kept busy by something else
#
# Whatever fails has failed falsely. Exits 0 when nothing did. Interrupted, it
# says what it has seen so far.
set -u
build=$1
rounds=$2
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
busy=
check=
round=0
runs=0
failures=0

# tell: the last line
tell()
{
	[ ! -t 1 ] || echo
	echo "$round rounds, $runs runs of a gate, $failures false failures"
}

finish()
{
	# shellcheck disable=SC2086 # process ids are words
	[ -z "$busy$check" ] || kill $busy $check
	wait
	rm -rf "$work"
}
trap finish EXIT
trap 'round=$((round - 1)) && tell && exit 130' INT TERM

for _ in $(seq "$(nproc)"); do
	"$build/tests/probe" spin soak &
	busy="$busy $!"
done
for round in $(seq "$rounds"); do
	sh tests/answers/check.sh "$build" reference right >"$work/out" &
	check=$!
	wait $check
	check=
	runs=$((runs + $(grep -c '^ok ' "$work/out")))
	bad=$(grep -c '^not ok ' "$work/out")
	# What ended early has judged nothing more.
	grep -q '^1\.\.' "$work/out" || bad=$((bad + 1))
	runs=$((runs + bad))
	failures=$((failures + bad))
	sed -n '/^not ok /,/^ok /{/^ok /!p}' "$work/out"
	[ ! -t 1 ] || printf '\rround %d of %d: %d runs, %d false failures ' \
		"$round" "$rounds" "$runs" "$failures"
done
tell
[ $runs -gt 0 ] && [ $failures -eq 0 ]
