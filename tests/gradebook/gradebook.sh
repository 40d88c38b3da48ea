#!/bin/sh
# gradebook.sh BUILD CLASS [OUT [STAGE]] - grades a class, and keeps its book
#
# Each folder in CLASS is somebody's submission. OUT ("" or none: CLASS.grades)
# has a folder of the same name for each, with results.json, build.log and
# grade.log, and of the class gradebook.csv, gradebook.html, class.json (those
# who are graded, as tests/export takes them), canvas.csv, moodle.csv, and joblog
# (GNU parallel's). Only what has changed since it was last graded is graded
# again. From the environment, beside what grade.sh takes from it:
#
#	JOBS	as many at a time (on each machine); else one a processor
#	HOSTS	other machines, as parallel --sshlogin has them; ":" is this one
#	KIT	where the kit is on those, if not where it is here
#	SLURM	if not empty: a Slurm array in place of GNU parallel
#	ROSTER	a CSV file with the columns id, name, email (CLASS/roster.csv)
#
# Exits 0 when all are graded, 1 when some could not be, 125 when nothing could
# be done. Interrupted, it keeps what is graded; called again, it goes on.
set -u
umask 022
export LC_ALL=C

# shellcheck source=tests/gradebook/say.sh
. "$(dirname "$0")/say.sh"

build=$(cd "$1" && pwd) || exit 125
class=$(cd -- "$2" && pwd -P) || die "CLASS: cannot enter $2"
out=$(realpath -m -- "${3:-$class.grades}") || exit 125
cd "$(dirname "$0")/../.." || exit 125
stage=${4-}
case $out/ in
"$class"/*) die "OUT must not be in CLASS: it would be a student's" ;;
esac
case $class/ in
"$out"/*) die "OUT must not have CLASS in it" ;;
esac
case ${JOBS-} in
*[!0-9]* | 0*) die "JOBS=$JOBS: not a number of gradings" ;;
esac
mkdir -p -- "$out" || die "OUT: cannot make $out"
command exec 8>"$out/.lock" || die "OUT: cannot write to $out"
flock -n 8 || die "somebody is at work on $out"
run=
runner=
done_now=0
interrupted=

# take N: what has been found out about that submission, to its place. The key
# comes last: without it nothing there counts.
take()
{
	job=$run/$1
	[ -e "$job/out/status" ] || return 0
	name=$(cat "$job/name")
	home=$out/$name
	# Nothing of an earlier grading is to pass for one of this.
	mkdir -p "$home" && rm -f "$home/graded" &&
		for file in results.json build.log grade.log; do
			rm -f "$home/$file" || return 1
			[ ! -e "$job/out/$file" ] ||
				mv "$job/out/$file" "$home/$file" || return 1
		done || return 1
	code=$(cat "$job/out/status")
	rm -f "$job/out/status"
	: >"$job/taken"
	done_now=$((done_now + 1))
	if ! score=$(jq -er 'select(.schema == "ten-stages/1") |
		"\(.score) of \(.max_score) points"' "$home/results.json" \
		2>/dev/null); then
		score="there are no results"
	elif [ "$code" = 0 ]; then
		cp "$job/key" "$home/graded.new" &&
			mv "$home/graded.new" "$home/graded" || return 1
		: >"$job/graded"
	else
		score="$score, but not all could be judged"
		: >"$job/incomplete"
	fi
}

# take_all: those that have come to their end; false if one cannot be put there
take_all()
{
	for some in "$run"/*/out/status; do
		[ -e "$some" ] || continue
		some=${some%/out/status}
		take "${some##*/}" || return 1
	done
}

# shellcheck disable=SC2317 # the trap calls it
finish()
{
	status=$?
	trap '' INT TERM HUP
	[ -n "$run" ] || exit $status
	if [ -n "$runner" ]; then
		kill -INT "$runner"
		wait "$runner"
	fi 2>/dev/null
	if take_all; then
		rm -rf "$run"
	else
		say "OUT: cannot write to $out: what is graded is in $run"
	fi
	[ -z "$interrupted" ] ||
		say "interrupted, with $done_now graded: call it again to go on"
	exit $status
}
trap finish EXIT
trap 'interrupted=1; exit 130' INT
trap 'interrupted=1; exit 143' TERM HUP

# What was killed outright has left what it had done. Each has a folder of its
# own: a grading that outlived it finds none, and not somebody else's.
for run in "$out"/.run.*; do
	[ ! -d "$run" ] || { take_all && rm -rf "$run"; }
done
run=
done_now=0
run=$(mktemp -d "$out/.run.XXXXXX") || die "OUT: cannot make $out/.run"
[ -s "$build/grade/kit" ] || die "the kit is not built: make grader"
cp "$build/grade/kit" "$run/kit" || die "OUT: cannot write to $run"
roster=${ROSTER:-$class/roster.csv}
[ -n "${ROSTER-}" ] || [ -f "$roster" ] || roster=/dev/null
if [ -d "$roster" ] || [ ! -r "$roster" ]; then
	die "ROSTER: cannot read $roster"
fi
cat "$roster" >"$run/roster" || die "OUT: cannot write to $run"
# The book is made last; a roster that cannot be read is told of before.
jq -n --rawfile roster "$run/roster" --rawfile states /dev/null \
	--slurpfile results /dev/null -f tests/gradebook/class.jq >/dev/null \
	2>"$run/why" || die "ROSTER: $roster: $(sed 's/^jq: error ([^)]*): //' \
	"$run/why")"
sh tests/gradebook/choose.sh "$build" "$class" "$out" "$run" "$stage" || exit
todo=$(wc -l <"$run/todo")

# left: how long the rest will take, by what it has taken so far
left()
{
	[ $done_now -lt "$todo" ] || return
	left=$((($(date +%s) - began) * (todo - done_now) / done_now))
	if [ $left -lt 100 ]; then
		echo ", about $left s left"
	else
		echo ", about $(((left + 30) / 60)) min left"
	fi
}

# tell N: takes it, and says so; on a terminal parallel's bar does
tell()
{
	[ -e "$run/$1/out/status" ] || return
	take "$1" || die "OUT: cannot write to $out"
	if [ ! -t 2 ] || [ -n "${SLURM-}" ]; then
		say "[$done_now/$todo] $name: $score$(left)"
	fi
}

students=$(find "$run" -mindepth 1 -maxdepth 1 -type d | wc -l)
if [ "$todo" -gt 0 ]; then
	say "$todo of $students to be graded"
	began=$(date +%s)
	mkfifo "$run/done" || die "OUT: cannot write to $run"
	if [ -n "${SLURM-}" ]; then
		set -- tests/gradebook/slurm.sh "$build" "$run" "$stage"
	else
		set -- tests/gradebook/parallel.sh "$build" "$out" "$run" "$stage"
	fi
	# It is to hear of SIGINT, which a shell has ignored in the background,
	# and not to keep the lock.
	env --default-signal=INT sh "$@" >"$run/done" 8>&- &
	runner=$!
	while IFS= read -r finished; do
		tell "$finished"
	done <"$run/done"
	wait "$runner"
	status=$?
	runner=
	[ $status -ne 125 ] || exit 125
	take_all || die "OUT: cannot write to $out"
fi

# How each of them stands, for what is made of it.
failed=$(wc -l <"$run/refused")
for job in "$run"/*/name; do
	[ -e "$job" ] || continue
	job=${job%/name}
	name=$(cat "$job/name")
	state=graded
	if [ ! -e "$job/graded" ]; then
		failed=$((failed + 1))
		state="not graded"
		[ ! -e "$job/incomplete" ] || state=incomplete
		if [ -e "$job/taken" ]; then
			say "$name: $state: $(grep -v ' points' \
				"$out/$name/grade.log" | tail -n 1)"
		elif [ ! -s "$job/why" ]; then
			say "$name: $state: no grading has come to its end"
		fi
	fi
	printf '%s\t%s\n' "$state" "$name"
done >"$run/states"
book=0
sh tests/gradebook/book.sh "$(basename "$class")" "$out" "$run" || book=$?
say "$students students, $done_now graded now, $failed not graded;" \
	"$out/gradebook.html"
[ $((failed + book)) -eq 0 ]
