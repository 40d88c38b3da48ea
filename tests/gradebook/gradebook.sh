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

say()
{
	printf 'gradebook: %s\n' "$*" >&2
}
die()
{
	say "$@"
	exit 125
}

build=$(cd "$1" && pwd) || exit 125
class=$(cd -- "$2" && pwd -P) || die "CLASS: cannot enter $2"
out=$(realpath -m -- "${3:-$class.grades}") || exit 125
cd "$(dirname "$0")/../.." || exit 125
kit=$PWD
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
	if [ -s "$run/array" ]; then
		array=$(cut -d';' -f1 "$run/array")
		scancel "$array"
		# Those that still run write to what is removed below.
		while [ "$(squeue -h -j "$array" 2>/dev/null)" ]; do
			sleep 1
		done
	fi
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
hash=$(cat "$build/grade/kit")
[ "$hash" ] || die "the kit is not built: make grader"
roster=${ROSTER:-$class/roster.csv}
[ -n "${ROSTER-}" ] || [ -f "$roster" ] || roster=/dev/null
if [ -d "$roster" ] || [ ! -r "$roster" ]; then
	die "ROSTER: cannot read $roster"
fi
jq -n --rawfile roster "$roster" --rawfile states /dev/null \
	--slurpfile results /dev/null -f tests/gradebook/class.jq >/dev/null \
	2>"$run/why" || die "ROSTER: $roster: $(sed 's/^jq: error ([^)]*): //' \
	"$run/why")"

# The files that are looked at: of that stage, but the last one takes all.
last=$(tail -n 1 "$build/grade/stages" | cut -d' ' -f1)
known=$(awk -v stage="$stage" -v last="$last" '
	stage == "" || stage == last || stage == $1 {
		for (i = 3; i <= NF; i++) print $1 "/" $i }' "$build/grade/stages")

# key_of JOB: what its points depend on
key_of()
{
	{
		echo "$hash $stage ${SEED-} ${JUDGE_IN-}"
		awk -F '\t' '{ print $1, $2, $3, $3 == "taken" ? "" : $4 }' \
			"$1/files"
		cd "$1/src" && find . -type f -exec sha256sum {} + | sort
	} | sha256sum | cut -d' ' -f1
}

# why_not NAME: it cannot be a student's; nothing: it can
why_not()
{
	case $1 in
	*[[:cntrl:]]*) echo "a control character is in its name" ;;
	gradebook.csv | gradebook.html | class.json | canvas.csv | moodle.csv | \
		joblog | roster.csv) echo "a file of the gradebook is called that" ;;
	*[!\ -~]*)
		if [ "$(printf %s "$1" | jq -Rrj .)" != "$1" ]; then
			echo "its name is not UTF-8"
		elif printf %s "$1" | jq -eR 'test("[\\p{Cc}\u202a-\u202e\u2066-\u2069]")' \
			>/dev/null; then
			echo "a control character is in its name"
		fi
		;;
	esac
	if [ -e "$out/$1" ] && [ ! -d "$out/$1" ]; then
		echo "OUT has a file that is called that"
	fi
}

# Each folder gets a number, by which all that follows calls it.
number=0
refused=0
ignored=0
some=
for path in "$class"/* "$class"/.[!.]* "$class"/..?*; do
	name=${path##*/}
	if [ -L "$path" ] || [ ! -d "$path" ] || [ "$name" = __MACOSX ] ||
		[ "${name#.}" != "$name" ]; then
		[ -e "$path" ] || [ -L "$path" ] || continue
		[ "$name" != roster.csv ] || continue
		ignored=$((ignored + 1))
		[ $ignored -gt 3 ] || some="$some${some:+, }$name"
		continue
	fi
	why=$(why_not "$name")
	if [ "$why" ]; then
		say "refused: $(printf %s "$name" | tr '[:cntrl:]\200-\377' '?'):" \
			"$why; give it another name"
		refused=$((refused + 1))
		continue
	fi
	number=$((number + 1))
	job=$run/$number
	mkdir "$job" "$job/src" || die "OUT: cannot write to $run"
	printf '%s\n' "$name" >"$job/name"
	# shellcheck disable=SC2086 # names are words
	if ! "$build/grade/collect" "$path" "$job/src" $known >"$job/files" \
		2>"$job/why"; then
		say "$name: $(head -n 1 "$job/why")"
		continue
	fi
	key_of "$job" >"$job/key"
	if cmp -s "$job/key" "$out/$name/graded" &&
		grep -qs '"ten-stages/1"' "$out/$name/results.json"; then
		: >"$job/graded"
	else
		printf '%s\t%s\n' "$number" "$name" >>"$run/todo"
	fi
	[ ! -e "$job/graded" ] || rm -rf "$job/src" "$job/files"
done
if [ $ignored -gt 0 ]; then
	[ $ignored -le 3 ] || some="$some and $((ignored - 3)) more"
	say "ignored, for they are no student's folders: $(printf %s "$some" |
		tr '[:cntrl:]' '?')"
fi
[ $((number + refused)) -gt 0 ] || die "$class: there is no student's folder in it"
: >>"$run/todo"
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

# with_parallel: all of $run/todo
with_parallel()
{
	parallel --version 2>/dev/null | grep -q '^GNU parallel' ||
		die "GNU parallel is not installed: make deps, or apt-get" \
			"install parallel"
	[ -e "$out/joblog" ] || printf 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n' >"$out/joblog"
	set -- --joblog "+$out/joblog" --colsep '\t' --trim n \
		--termseq TERM,10000,KILL,1000
	[ ! -t 2 ] || set -- "$@" --bar
	[ -z "${JOBS-}" ] || set -- "$@" --jobs "$JOBS"
	if [ -n "${HOSTS-}" ]; then
		command -v rsync >/dev/null ||
			die "HOSTS: rsync is not installed: apt-get install rsync"
		# One that cannot be reached leaves its share to the others.
		set -- "$@" --sshlogin "$HOSTS" --retries 3 --workdir ... \
			--transferfile '{1}' --return '{1}/out' --cleanup \
			--env CC --env CFLAGS --env LDFLAGS --env SEED \
			--env BUILD_IN --env JUDGE_IN --env TIME_FACTOR
		there=${KIT:-$kit}
		built=$there/build
		[ -n "${KIT-}" ] || built=$build
	else
		there=$kit
		built=$build
	fi
	mkfifo "$run/done" || exit 125
	(
		cd "$run" || exit 125
		# What somebody has set up for other work is none of ours; what
		# parallel finds out about this machine is there the next time.
		unset PARALLEL
		PARALLEL_HOME=$build/grade/parallel
		mkdir -p "$PARALLEL_HOME" 2>/dev/null && [ -w "$PARALLEL_HOME" ] ||
			PARALLEL_HOME=$run/parallel
		mkdir -p "$PARALLEL_HOME"
		export PARALLEL_HOME
		exec parallel --plain --will-cite "$@" -q \
			sh "$there/tests/gradebook/student.sh" "$built" "$run" \
			"$hash" "$stage" '{1}' '{2}' <todo 8>&-
	) >"$run/done" &
	runner=$!
	while IFS= read -r finished; do
		tell "$finished"
	done <"$run/done"
	wait "$runner"
	runner=
}

# with_slurm: all of $run/todo, in arrays of as many as Slurm takes
with_slurm()
{
	command -v sbatch >/dev/null ||
		die "SLURM: sbatch is not installed: apt-get install slurm-client"
	most=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')
	most=${most:-1001}
	first=0
	while [ $first -lt "$todo" ]; do
		count=$((todo - first))
		[ $count -lt "$most" ] || count=$((most - 1))
		sbatch --parsable --wait "--array=1-$count${JOBS:+%$JOBS}" \
			tests/gradebook/array.sh "$kit" "$run/todo" $first \
			"$build" "$run" "$hash" "$stage" >"$run/array" 8>&- &
		runner=$!
		while kill -0 $runner 2>/dev/null; do
			sleep 1
			for some in "$run"/*/out/status; do
				some=${some%/out/status}
				tell "${some##*/}"
			done
		done
		wait $runner
		runner=
		rm -f "$run/array"
		first=$((first + count))
	done
}

if [ "$todo" -gt 0 ]; then
	say "$todo of $number to be graded"
	began=$(date +%s)
	if [ -n "${SLURM-}" ]; then
		with_slurm
	else
		with_parallel
	fi
	take_all
fi

# How each of them stands, for what is made of it.
failed=$refused
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
broken=
(cd "$out" && sed -n '/^not graded/!s|^[a-z]*	\(.*\)|./\1/results.json|p' \
	"$run/states" | tr '\n' '\0' | xargs -0r jq -c '{results: ., id:
	(input_filename | ltrimstr("./") | rtrimstr("/results.json"))}') \
	>"$run/results" || broken=1

# make FILE COMMAND...: OUT/FILE, whole or not at all
make_file()
{
	made=$1
	shift
	if "$@" >"$run/made" && mv "$run/made" "$out/$made"; then
		return
	fi
	say "cannot make $out/$made"
	broken=1
}
make_file .class jq -n --rawfile roster "$roster" --rawfile states "$run/states" \
	--slurpfile results "$run/results" -f tests/gradebook/class.jq
if [ -z "$broken" ]; then
	mv "$out/.class" "$run/class"
	make_file class.json jq 'map(select(.state == "graded") | del(.state))' \
		"$run/class"
	make_file gradebook.csv jq -r -L tests/export -f tests/gradebook/csv.jq "$run/class"
	for system in canvas moodle; do
		# Those of an earlier class are not to pass for points of this.
		if [ "$(cat "$out/class.json")" = "[]" ]; then
			rm -f "$out/$system.csv"
		else
			make_file "$system.csv" sh tests/export/export.sh \
				"$system" "$out/class.json"
		fi
	done
	make_file gradebook.html jq -r -L tests/grade --arg title "$(basename "$class")" \
		--rawfile look tests/look.css \
		--rawfile style tests/gradebook/style.css \
		-f tests/gradebook/page.jq "$run/class"
fi
say "$number students, $done_now graded now, $failed not graded;" \
	"$out/gradebook.html"
[ -z "$broken" ] || exit 1
[ "$failed" -eq 0 ]
