#!/bin/sh
# soak.sh BUILD N [STAGE] - the gates, or that of STAGE, on the reference and on
# every other right answer, N times, while all processors are kept busy by
# something else
#
# JOBS rounds run at a time, or as many as there are processors. Whatever fails
# has failed falsely. Exits 0 when nothing did in all N. Interrupted, it says what
# it has seen so far.
set -u
build=$1
rounds=$2
stage=${3-}
cd "$(dirname "$0")/.." || exit 1
at_once=${JOBS:-$(nproc)}
for number in "$rounds" "$at_once"; do
	case $number in
	*[!0-9]* | 0* | '')
		echo "soak: $number: not a number of rounds" >&2
		exit 125
		;;
	esac
done
work=$(mktemp -d) || exit 1
started=

# total: "rounds runs failures", of all rounds that are over
total()
{
	awk '{ runs += $1; failures += $2 }
		END { print NR, runs + 0, failures + 0 }' "$work/over"
}

# tell: the last line
tell()
{
	[ ! -t 1 ] || echo
	total | {
		read -r over runs failures
		echo "$over rounds, $runs runs of a gate, $failures false failures"
	}
}

# shellcheck disable=SC2317 # the trap calls it
finish()
{
	# shellcheck disable=SC2086 # process ids are words
	[ -z "$started" ] || kill $started 2>/dev/null
	wait
	rm -rf "$work"
}

# judge ROUND: the number of runs and of failures to over, and what has failed
judge()
{
	sh tests/answers/check.sh "$build" "${stage:+$stage/}reference" \
		"${stage:+$stage/}right" >"$work/$1" &
	check=$!
	wait $check
	check=
	good=$(grep -c '^ok ' "$work/$1")
	bad=$(grep -c '^not ok ' "$work/$1")
	# What ended early has judged nothing more.
	grep -q '^1\.\.' "$work/$1" || bad=$((bad + 1))
	sed -n '/^not ok /,/^ok /{/^ok /!p}' "$work/$1"
	rm -f "$work/$1"
	echo "$((good + bad)) $bad" >>"$work/over"
}

# lane FIRST: every round from there whose turn it is
lane()
{
	check=
	trap '[ -z "$check" ] || kill "$check"; wait; exit 1' TERM
	for round in $(seq "$1" "$at_once" "$rounds"); do
		judge "$round"
		[ ! -t 1 ] || total | {
			read -r over runs failures
			printf '\r%d of %d rounds: %d runs, %d false failures ' \
				"$over" "$rounds" "$runs" "$failures"
		}
	done
}

: >"$work/over"
trap finish EXIT
trap 'tell && exit 130' INT TERM
for _ in $(seq "$(nproc)"); do
	"$build/tests/probe" spin soak &
	started="$started $!"
done
lanes=
for first in $(seq "$at_once"); do
	lane "$first" &
	lanes="$lanes $!"
	started="$started $!"
done
# shellcheck disable=SC2086 # process ids are words
wait $lanes
tell
total | {
	read -r over runs failures
	[ "$over" -eq "$rounds" ] && [ "$runs" -gt 0 ] && [ "$failures" -eq 0 ]
}
