#!/bin/sh
# grade.sh BUILD SUBMISSION OUT [STAGE] - points for what somebody has handed in
#
# Takes the files that the course knows from SUBMISSION, builds them where no
# answer and no test can be seen, and has the gates judge each stage standing on
# the reference modules; one test of the last stage takes a box that is made of
# the submission alone. All is judged here if memory and processes can be limited
# here, else in the VM; JUDGE_IN=here in the environment does without limits of
# memory, for who trusts the submission, and JUDGE_IN=vm takes the VM. Built it
# is in boxes here, or by chroot, or, where nobody can do either, in the VM, which
# takes longer; BUILD_IN=vm takes that. With COLLECTED=FILE, SUBMISSION is what
# collect has made of one, and FILE its lines.
#
# OUT/results.json is valid at any moment and has what is known so far;
# OUT/build.log what the compiler said. Exits 0 when it has graded, whatever the
# score, 1 when something could not be judged, 125 when there are no results. CC,
# CFLAGS, LDFLAGS and SEED come from make.
set -u
umask 022

# say WORD...: a line to whoever called
say()
{
	printf 'grade: %s\n' "$*" >&2
}

# cannot WORD...: it is not the submission that has failed
cannot()
{
	say "$@"
	exit 125
}

build=$(cd "$1" && pwd) || exit 125
mkdir -p -- "$3" && out=$(cd -- "$3" && pwd) || exit 125
# Those of another grading are not to pass for results of this one.
rm -f "$out/results.json" || exit 125
submission=$(cd -- "$2" && pwd) || cannot "SUBMISSION: cannot enter $2"
only=${4-}
case ${JUDGE_IN-} in
'' | here | vm) ;;
*) cannot "JUDGE_IN=$JUDGE_IN: here or vm" ;;
esac
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=tests/grade/stages.sh
. tests/grade/stages.sh
# shellcheck source=tests/grade/outcome.sh
. tests/grade/outcome.sh
# shellcheck source=tests/grade/in-vm.sh
. tests/grade/in-vm.sh
SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -dc 0-9)}
# 0 is what the gates' random numbers would stay at.
case $SEED in
*[!0-9]* | ????????????????*) cannot "SEED=$SEED: not a number of up to 15 digits" ;;
*[1-9]*) SEED=${SEED#"${SEED%%[1-9]*}"} ;;
*) SEED=1 ;;
esac
export SEED
work=$(mktemp -d) || exit 125
# box and the VM take SOURCE:TARGET.
case $build$work in
*:*)
	rmdir "$work"
	cannot "a colon in the path of the kit or in TMPDIR: $build, $work"
	;;
esac
made=$work/made

# Who is interrupted leaves no VM behind.
# shellcheck disable=SC2317 # the trap calls it
finish()
{
	[ ! -s "$work/vm.pid" ] || kill "$(cat "$work/vm.pid")"
	rm -rf "$work"
}
# ended STATUS: what is known by then is kept
# shellcheck disable=SC2317
ended()
{
	trap '' INT TERM HUP
	[ -e "$work/no-whole" ] || exit "$1"
	for planned in $wanted; do
		case $(cat "$work/$planned.why") in
		"it was not judged yet" | "it could not be judged")
			echo "the grading ended before it" \
				>"$work/$planned.why"
			;;
		esac
	done
	gather
	exit "$1"
}
trap finish EXIT
trap 'ended 130' INT
trap 'ended 143' TERM HUP
status=0

# judge_here STAGE...: one after the other
judge_here()
{
	for judged; do
		WHOLE=
		[ "$judged" != "$last" ] || [ ! -e "$made/whole/box" ] ||
			WHOLE=$made/whole/box
		export WHOLE
		sh tests/judge.sh "$build" "$judged" "$work/$judged.results" \
			"$made/$judged/$(program_of "$judged")" \
			"$made/$judged/driver" >"$work/judge.log" 2>&1
		if [ $? -gt 1 ]; then
			last_words
			status=1
		elif ! heard_all "$judged"; then
			status=1
		fi
		tell "$judged"
	done
}

wanted=${only:-$stages}
# shellcheck disable=SC2086 # names are words
needed=$(needed_for $wanted)
mkdir "$work/src" "$made" || exit 125
if [ "${COLLECTED-}" ]; then
	cp -R "$submission/." "$work/src" && cp "$COLLECTED" "$work/files" ||
		exit 125
else
	# shellcheck disable=SC2046,SC2086 # names are words
	"$build/grade/collect" "$submission" "$work/src" $(paths_of $needed) \
		>"$work/files" || exit 125
fi
for stage in $wanted; do
	echo "it was not judged yet" >"$work/$stage.why" || exit 125
done
true >"$work/no-whole" && true >"$work/log" && true >"$out/build.log" || exit 125
plan
gather
ready=
# built STAGE: or not; told if it is one that counts
built()
{
	case " $wanted " in
	*" $1 "*) ;;
	*) return ;;
	esac
	keep_log
	if [ -e "$work/$1.built" ]; then
		ready="$ready $1"
	else
		tell "$1"
	fi
}
BUILD_BY=
[ "${BUILD_IN-}" = vm ] ||
	BUILD_BY=$(sh tests/grade/build.sh "$build" --can 2>"$work/judge.log")
export BUILD_BY
# shellcheck disable=SC2086 # names are words
if [ "$BUILD_BY" ]; then
	for stage in $needed; do
		if ! sh tests/grade/build.sh "$build" "$work" "$stage"; then
			status=1
			# What it says is kept if there is no room for more.
			if [ ! -e "$work/$stage.built" ] &&
				echo "it could not be built" >"$work/why"; then
				mv "$work/why" "$work/$stage.why"
			fi
		fi
		built "$stage"
	done
elif build_in_vm $needed; then
	for stage in $needed; do built "$stage"; done
else
	status=1
fi
for stage in $ready; do
	echo "it could not be judged" >"$work/$stage.why"
done
case ${JUDGE_IN-} in
here) place=0 ;;
vm) place=1 ;;
*)
	"$build/tests/doctor" --build "$build" --limits >"$work/judge.log" 2>&1
	place=$?
	;;
esac
# shellcheck disable=SC2086 # names are words
case $place in
0) judge_here $ready ;;
1) judge_there $ready ;;
*)
	say "$(cat "$work/judge.log")"
	status=1
	;;
esac
gather
say "$(jq -r '"\(.score) of \(.max_score) points"' "$out/results.json"), in" \
	"$out/results.json"
exit $status
