# common.sh - what the scripts of the loop share; to be sourced
# shellcheck shell=sh disable=SC2034 # what is set here is used elsewhere
#
# B, the build directory, FILES, the student's, as STAGE/FILE, UNLOCK and
# HANDOUT come from make. Progress is plain files:
# progress/STAGE is there when its gate was passed, hints/STAGE.TASK says how
# many of a task's hints were read.
set -u
cd "${0%/*}/../.." || exit 1
B=${B:-build}
# The places of a make -j are for the makes that it calls itself.
case ${MAKEFLAGS:-} in
*-j*) MAKEFLAGS=$(echo "$MAKEFLAGS" |
	sed 's/ -j[0-9]*//; s/ --jobserver-[^ ]*//') ;;
esac
MAKE="${MAKE:-make} --no-print-directory B=$B"
tree=student
[ -z "${UNLOCK:-}" ] || tree=unlocked

bold='' dim='' green='' yellow='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	escape=$(printf '\033')
	bold="${escape}[1m" dim="${escape}[2m" plain="${escape}[0m"
	green="${escape}[32m" yellow="${escape}[33m" red="${escape}[31m"
fi

# Lines of a table are cut there, and prose is folded.
width=
[ ! -t 1 ] || width=$(stty size 2>/dev/null </dev/tty | cut -d' ' -f2)
[ "${width:-0}" -gt 40 ] || width=1000

stages=$(cd stages && echo [01][0-9]-*)

# say WORD...: a paragraph
say()
{
	echo "$*" | fold -s -w 78 | sed 's/ *$//'
}

# title_of STAGE: what the first line of its lesson calls it
title_of()
{
	title=$(sed -n '1s/^# Stage [0-9]*: //p' "stages/$1/README.md" \
		2>/dev/null)
	echo "${title:-$1}"
}

# files_of STAGE: the student's, as paths
files_of()
{
	for file in $FILES; do
		case $file in
		"$1"/*) echo "stages/$file" ;;
		esac
	done
}

# starter_of FILE: one of these as it was given out. A handout has no answer to
# make it of, and brings it along.
starter_of()
{
	if [ -n "${HANDOUT:-}" ]; then
		cat "tests/starters/${1#stages/}"
		return
	fi
	awk -f tests/tools/starter.awk "solutions/${1#stages/}"
}

passed()
{
	[ -e "$B/progress/$1" ]
}

# The first stage that was not passed; nothing when all were.
current_stage()
{
	for stage in $stages; do
		passed "$stage" || { echo "$stage" && return; }
	done
}

# The stage to go on with. With UNLOCK=1 a class may have started anywhere: then
# it is the first that was begun and is not passed, or else the one after the
# last that is passed.
open_stage()
{
	if [ -z "${UNLOCK:-}" ]; then
		current_stage
		return
	fi
	next=
	for stage in $stages; do
		if passed "$stage"; then
			next=
		elif begun "$stage"; then
			echo "$stage"
			return
		else
			next=${next:-$stage}
		fi
	done
	echo "${next:-$(current_stage)}"
}

# begun STAGE: one of its files is not as it was given out
begun()
{
	for file in $(files_of "$1"); do
		starter_of "$file" | cmp -s - "$file" || return 0
	done
	return 1
}

# prepare STAGE: what judges it, which is no business of the student's
prepare()
{
	set -- "$B/tests/gates/$1" "$B/tests/probe" "$B/tests/doctor" \
		"$B/rootfs.stamp" "$B/tests/obj/drivers/$1.o"
	[ -e "tests/drivers/${1##*/}.c" ] || set -- "$1" "$2" "$3" "$4"
	$MAKE -q "$@" 2>/dev/null && return
	echo "${dim}building what judges ${1##*/} ...$plain"
	$MAKE -s -j"$(nproc)" QUIET=1 "$@"
}

# build_and_judge STAGE: makes its verdict again where that is needed. What the
# compiler says comes to the screen. False when there is no verdict: it is marked
# as failed when the stage does not build, else as unjudged.
build_and_judge()
{
	verdict=$B/$tree/verdicts/$1
	mkdir -p "$B/$tree/verdicts"
	rm -f "$verdict.failed"
	: >"$verdict.unjudged"
	# make would go on with what it was compiled to.
	for file in $(files_of "$1"); do
		[ -e "$file" ] || { echo "$file is not there" && return 1; }
	done
	prepare "$1" || return 1
	can=
	if [ ! -e "$B/vm/initramfs.cpio" ]; then
		"$B/tests/doctor" --build "$B" --can "$1" >/dev/null
		can=$?
		case $can in
		1 | 3) $MAKE "$B/vm/initramfs.cpio" || return 1 ;;
		esac
	fi
	rm -f "$verdict.unjudged"
	KIT_CAN=$can $MAKE -s "$verdict" && return
	[ -e "$verdict.unjudged" ] || : >"$verdict.failed"
	return 1
}

# show_warnings STAGE: what the compiler has said of its files as they are
show_warnings()
{
	for file in $(files_of "$1"); do
		said=$B/student/obj/${file#stages/}
		cat "${said%.c}.o.said" 2>/dev/null
	done | if [ -n "$plain" ]; then cat; else sed 's/\x1b\[[0-9;]*[mK]//g'; fi
}

# points_of STAGE: "7 of 10", from its verdict
points_of()
{
	awk '/^[^ ]*: [0-9]+ of [0-9]+ points$/ { got += $2; all += $4 }
		END { printf "%d of %d\n", got, all }' "$B/$tree/verdicts/$1"
}

# all_passed STAGE: every point of its gate, those of the VM too
all_passed()
{
	most=$(most_of "$1")
	[ "$(points_of "$1")" = "$most of $most" ]
}

most_of()
{
	"$B/tests/gates/$1" --list | awk -F '\t' '{ all += $2 }
		END { print all }'
}

# remember STAGE: that it was passed, or that it is no more
remember()
{
	mkdir -p "$B/progress"
	if all_passed "$1"; then
		points_of "$1" >"$B/progress/$1"
	else
		rm -f "$B/progress/$1"
	fi
}

# show_tests STAGE: a line for each test
show_tests()
{
	sed -n 's/^  \(pass\|FAIL\|skip\|left\) /&/p' "$B/$tree/verdicts/$1" |
		grep -v '^  left' | cut -c1-"$width" | sed "s/^  pass/  ${green}pass${plain}/
			s/^  FAIL/  ${red}FAIL${plain}/
			s/^  skip/  ${yellow}skip${plain}/"
}

# first_failure STAGE: the name of the first test that did not pass
first_failure()
{
	awk '$1 == "FAIL" || $1 == "skip" { print $3; exit }' \
		"$B/$tree/verdicts/$1"
}

# show_failure STAGE TEST: what was run, expected and seen
show_failure()
{
	awk -v test="$2" '
		/^  (pass|FAIL|skip|left) / { on = $3 == test; next }
		/^[^ ]/ { on = 0 }
		on { sub(/^        /, ""); print }' "$B/$tree/verdicts/$1"
}

# wrap: prose of a failure, which a terminal would break within a word; not what
# was run, to be copied
wrap()
{
	awk -v width="$width" '
		match($0, /^ *(saw: |[0-9]+ is )/) {
			margin = $0
			sub(/[^ ].*/, "", margin)
			margin = margin "       "
			while (length() > width) {
				least = length(margin) > 20 ? length(margin) : 20
				for (at = width + 1; at > least; at--)
					if (substr($0, at, 1) == " ")
						break
				if (at <= least) # a word longer than that
					break
				print substr($0, 1, at - 1)
				$0 = margin substr($0, at + 1)
			}
		}
		{ print }'
}

# task_of STAGE TEST: the number of the task that its failure is about
task_of()
{
	show_failure "$1" "$2" | sed -n 's/^    task:  \([0-9]*\) of .*/\1/p'
}

# todo_of STAGE: "TODO 2 of spawn.c", the first one that still waits for an
# answer: what the gate finds before all are answered is often its doing
todo_of()
{
	for file in $(files_of "$1"); do
		sed -n '/^[[:space:]]*\(\/\/\|\/\*\|\*\)/d
			s/.*\<todo\(_exit\)\{0,1\}(\([0-9]*\).*/TODO \2 of /p' \
			"$file" 2>/dev/null | sed "s/\$/$(basename "$file")/"
	done | sort -s -n -k 2,2 | head -n 1
}

# task_at STAGE: the number of the task that comes next; 1 before any verdict
task_at()
{
	if ! begun "$1" || [ ! -e "$B/$tree/verdicts/$1" ]; then
		echo 1
		return
	fi
	task=$(todo_of "$1" | cut -d' ' -f2)
	task=${task:-$(task_of "$1" "$(first_failure "$1")")}
	[ "${task:-0}" != 0 ] || task=1
	echo "$task"
}

# hints_seen STAGE TASK: how many were read
hints_seen()
{
	cat "$B/hints/$1.$2" 2>/dev/null || echo 0
}

# helps STAGE: what make hint does for its task
helps()
{
	hint="make${UNLOCK:+ UNLOCK=1} hint"
	if [ "$(hints_seen "$1" "$(task_at "$1")")" -lt 3 ]; then
		echo "$hint helps, one step at a time"
	else
		echo "$hint has its three hints again"
	fi
}

# next STAGE: the one thing to do
next()
{
	if [ -z "$1" ]; then
		say "All ten stages are yours. $B/$tree/box run $B/rootfs sh is a" \
			"container, and every line that makes it is in your files."
		return
	fi
	for file in $(files_of "$1"); do
		[ -e "$file" ] && continue
		say "Next: $file is not there. make reset STAGE=${1%%-*} brings" \
			"it back as it was given out."
		return
	done
	if [ -e "$B/$tree/verdicts/$1.failed" ]; then
		say "Next: make it compile. The first error above is the one to" \
			"mend; the others often go with it."
		return
	fi
	if ! begun "$1"; then
		say "Next: stage $1, ${bold}$(title_of "$1")${plain}. Read" \
			"stages/$1/README.md, then do TODO 1 in" \
			"$(files_of "$1" | xargs grep -l 'TODO 1:' | head -n 1)."
		[ -z "${UNLOCK:-}" ] || say "Or begin another one: with" \
			"UNLOCK=1 each can be the first."
		return
	fi
	if [ -e "$B/$tree/verdicts/$1.unjudged" ]; then
		say "Next: make doctor. The judge has failed, not your program:" \
			"what it says is above, and doctor knows what cures most" \
			"of that."
		return
	fi
	todo=$(todo_of "$1")
	if [ -n "$todo" ]; then
		say "Next: $bold$todo$plain. $(helps "$1");" \
			"stages/$1/README.md says it all."
		return
	fi
	if [ ! -e "$B/$tree/verdicts/$1" ]; then
		say "Next: make${UNLOCK:+ UNLOCK=1} check-${1%%-*}. Stage $1 is" \
			"begun, and was not judged yet."
		return
	fi
	say "Next: $bold$(first_failure "$1")$plain, task $(task_at "$1") of" \
		"stages/$1/README.md. $(helps "$1")."
}
