#!/bin/sh
# grade.sh BUILD COUNTS [STAGE] - what grading a class costs
#
# Grades classes of as many submissions as each of COUNTS says, all of them the
# kit's own answers, one of them a processor at a time. The CPU time of each is
# compared with that in the first class: a grader whose work grew with the class
# would show. JUDGE_IN=here|vm as for make grade.
#
# Exits 0, 1 when a class could not be graded, 125 when nothing could be done.
set -u
build=$(cd "$1" && pwd) || exit 125
counts=$2
stage=${3-}
cd "$(dirname "$0")/../.." || exit 125
for count in $counts; do
	case $count in
	*[!0-9]* | 0*)
		echo "bench-grade: $count: not a number of submissions" >&2
		exit 125
		;;
	esac
done
# One of them a processor, here: what is divided by below.
unset JOBS HOSTS SLURM
# The traps first: a signal that comes during mktemp waits for its end.
work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d) || exit 125

# class N: of that many; no two are the same
class()
{
	for n in $(seq "$1"); do
		mkdir -p "$work/class$1/s$n" &&
			cp -r solutions/. "$work/class$1/s$n" || exit 125
		for file in "$work/class$1/s$n"/*/*.c; do
			echo "/* $n */" >>"$file"
		done
	done
}

# counted NAME: of the class, by reap
counted()
{
	sed -n "s/^$1 //p" "$work/stats"
}

uptime()
{
	cut -d' ' -f1 /proc/uptime
}

echo "${stage:-all ten stages}, on $(nproc) processors:"
first=
for count in $counts; do
	class "$count"
	began=$(uptime)
	if ! "$build/reference/reap" --stats sh tests/gradebook/gradebook.sh \
		"$build" "$work/class$count" "$work/grades$count" \
		${stage:+"$stage"} >"$work/log" 2>"$work/stats"; then
		tail -n 20 "$work/log" "$work/stats" >&2
		exit 1
	fi
	ended=$(uptime)
	right=$(jq -s 'map(select(.score == .max_score)) | length' \
		"$work/grades$count"/*/results.json)
	each=$(awk "BEGIN { print ($(counted user_usec) + \
		$(counted system_usec)) / 1e6 / $count }")
	awk -v count="$count" -v right="$right" -v cores="$(nproc)" \
		-v wall="$(echo "$began $ended" | awk '{ print $2 - $1 }')" \
		-v each="$each" -v first="${first:-$each}" \
		-v peak="$(counted maxrss_kib)" 'BEGIN {
		printf "%6d submissions: %7.1f s, %5.2f a minute and core; " \
			"each %.2f s of CPU time (%.2f of the first); largest " \
			"process %d MiB; %d with full points\n", count, wall,
			count * 60 / wall / cores, each, each / first,
			peak / 1024, right }'
	first=${first:-$each}
	rm -rf "$work/class$count" "$work/grades$count"
done
