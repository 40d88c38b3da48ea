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

# keep_log: what the compiler said, to OUT; text, and not too much of it
keep_log()
{
	head -c 100000 "$work/log" | inert >"$out/build.log" ||
		cannot "cannot write $out/build.log"
}

# inert: what somebody else's program may have said, as text
inert()
{
	jq -Rr -L tests/grade 'include "inert"; inert'
}

# last_words: those of what has failed
last_words()
{
	tail -n 3 "$work/judge.log" | inert >&2
}

# plan: the tests that there are, to work/planned
plan()
{
	jq -c --arg wanted "$wanted" '.stage as $stage |
		select($wanted | split(" ") | any(. == $stage))' \
		"$build/grade/planned" >"$work/planned" || exit 125
}

# named NAME FILE: its lines, with the name and a tab before each
named()
{
	while IFS= read -r line || [ "$line" ]; do
		printf '%s\t%s\n' "$1" "$line"
	done <"$2"
}

# gather: OUT/results.json from what there is. Often: without many processes
gather()
{
	for planned in $wanted; do
		named "$planned" "$work/$planned.why" >&3
		[ ! -e "$work/$planned.results" ] ||
			named "$planned" "$work/$planned.results" >&4
	done 3>"$work/why" 4>"$work/seen"
	jq -n --slurpfile planned "$work/planned" --rawfile seen "$work/seen" \
		--rawfile why "$work/why" --rawfile no_whole "$work/no-whole" \
		--argjson seed "$SEED" -L tests/grade -f tests/grade/results.jq \
		>"$work/results.json" &&
		cp "$work/results.json" "$out/results.json.new" &&
		mv "$out/results.json.new" "$out/results.json" && return
	cannot "cannot write $out/results.json"
}

# heard_all STAGE: its gate has said something of each test; else says of which not
heard_all()
{
	jq -r --arg stage "$1" 'select(.stage == $stage).name' "$work/planned" |
		sort >"$work/names"
	jq -rR 'fromjson? | objects | .name' "$work/$1.results" | sort -u |
		comm -23 "$work/names" - >"$work/unheard"
	[ -s "$work/unheard" ] || return 0
	say "$1: its gate has ended without a word of" \
		"$(tr '\n' ' ' <"$work/unheard")in" \
		"$(wc -l <"$work/$1.results") lines"
	return 1
}

# tell STAGE: its points, to whoever looks
tell()
{
	# What skips a test for that has not judged it.
	if grep -qs '"skipped".*"message":"the sandbox does not start here' \
		"$work/$1.results"; then
		say "$1: the sandbox does not start for some of its tests"
		status=1
	fi
	gather
	say "$1: $(jq -r --arg stage "$1" '.stages[] | select(.stage == $stage) |
		"\(.score) of \(.max_score) points"
		+ if .built then "" else ": \(.tests[0].message)" end' \
		"$out/results.json")"
}

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

# compile_in_vm STAGE...: where no box starts. One boot for all of them
compile_in_vm()
{
	words="BUILD_BY=box CC='$CC' CFLAGS='$CFLAGS' LDFLAGS='$LDFLAGS' BUILD_SECONDS=120"
	: >"$work/vm"
	sh rootfs/vm.sh --timeout 900 --memory 1024 --out "$work/vm" \
		--add "$build/reference:/kit/reference" \
		--add "$build/tests/obj/drivers:/kit/tests/obj/drivers" \
		--add "$build/grade:/kit/grade" \
		--add tests/grade/build.sh:/kit/build.sh \
		--add tests/grade/stages.sh:/kit/stages.sh \
		--add "$work/src:/submitted/src" --add "$work/files:/submitted/files" -- \
		"cd /submitted && $words sh /kit/build.sh /kit /submitted $* &&
			rm -rf src made/*.o && tar -cf \"\$VM_OUT\" ./*" \
		>"$work/vm.log" 2>&1 </dev/null 9<&- &
	echo $! >"$work/vm.pid"
	wait $!
	rm "$work/vm.pid"
	tar -C "$work" --no-same-owner -xf "$work/vm" && return
	say "the VM that compiles has failed"
	mv "$work/vm.log" "$work/judge.log"
	last_words
	return 1
}

# build_in_vm STAGE...: a machine may fail; it is given two chances
build_in_vm()
{
	say "no box starts here: the VM compiles it, which takes a while"
	compile_in_vm "$@" || compile_in_vm "$@"
}

# vm_script STAGE...: what is run in the VM, and told of to $VM_OUT
vm_script()
{
	# Tests take longer in there.
	echo "export TIME_FACTOR=$(awk "BEGIN { print 4 * ${TIME_FACTOR:-1} }")"
	for judged; do
		whole=
		[ "$judged" != "$last" ] || [ ! -e "$made/whole/box" ] ||
			whole='--whole /kit/made/whole/box'
		echo "echo begin $judged >>\"\$VM_OUT\""
		echo "/kit/gates/$judged --seed $SEED $whole \\"
		echo "	--program /kit/made/$judged/$(program_of "$judged") \\"
		echo "	--driver /kit/made/$judged/driver --probe /kit/probe \\"
		echo "	--rootfs /kit/rootfs --results \"\$VM_OUT\""
		echo "[ \$? -gt 1 ] || echo end $judged >>\"\$VM_OUT\""
	done
}

# without WORD WORDS...: the WORDS but for that one
without()
{
	one=$1
	shift
	for word; do
		[ "$word" = "$one" ] || printf '%s ' "$word"
	done
}

# judge_in_vm STAGE...: all of them in one boot, if it lasts so long. Leaves
# those that are still to be judged in $left, and in $begun the one that the VM
# ended with, or else one of which not all has come.
# shellcheck disable=SC2086 # names are words
judge_in_vm()
{
	vm_script "$@" >"$work/script"
	left=$*
	begun=
	cut_short=
	rm -f "$work/vm" && mkfifo "$work/vm" &&
		command exec 9<>"$work/vm" || exit 125
	{
		sh rootfs/vm.sh --timeout 1800 --silence 300 --memory 512 \
			--out "$work/vm" --add "$build/rootfs:/kit/rootfs" \
			--add "$build/tests/probe:/kit/probe" \
			--add "$build/tests/gates:/kit/gates" \
			--add "$made:/kit/made" --add "$work/script:/kit/script" \
			-- '. /kit/script' >"$work/judge.log" 2>&1 </dev/null \
			9<&- &
		echo $! >"$work/vm.pid"
		wait
		rm -f "$work/vm.pid"
		echo over >&9
	} &
	while IFS= read -r line <&9; do
		case $line in
		"begin "*)
			begun=${line#begin }
			: >"$work/$begun.results"
			;;
		"end "*)
			if heard_all "$begun"; then
				left=$(without "$begun" $left)
			else
				cut_short=$begun
			fi
			tell "$begun"
			begun=
			;;
		over) break ;;
		*) printf '%s\n' "$line" >>"$work/$begun.results" ;;
		esac
	done
	wait
	exec 9<&-
	begun=${begun:-$cut_short}
}

# judge_there STAGE...: in the VM. A machine may fail; what it ended with, be it
# a stage or its own start, is given two chances.
# shellcheck disable=SC2086 # names are words
judge_there()
{
	left=$*
	failures=
	while [ "$left" ]; do
		judge_in_vm $left
		[ "$left" ] || break
		last_words
		failure=${begun:-start}
		case " $failures " in
		*" $failure "*) status=1 ;;
		*)
			say "the VM has failed ($failure), and is started again"
			failures="$failures $failure"
			continue
			;;
		esac
		[ "$begun" ] || break
		left=$(without "$begun" $left)
		tell "$begun"
	done
}

wanted=${only:-$stages}
# The last one takes all of them.
needed=$wanted
case " $wanted " in
*" $last "*) needed=$stages ;;
esac
mkdir "$work/src" "$made" || exit 125
if [ "${COLLECTED-}" ]; then
	cp -R "$submission/." "$work/src" && cp "$COLLECTED" "$work/files" ||
		exit 125
else
	# shellcheck disable=SC2046 # names are words
	"$build/grade/collect" "$submission" "$work/src" $(while read -r \
		stage _ files; do
		case " $needed " in
		*" $stage "*) ;;
		*) continue ;;
		esac
		for file in $files; do echo "$stage/$file"; done
	done <"$build/grade/stages") >"$work/files" || exit 125
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
