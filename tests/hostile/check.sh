#!/bin/sh
# check.sh BUILD [NAME]... - what hostile and odd submissions score; TAP
#
# A case is a piece of C that is put at the end of a student's file of a stage
# ("Stage: "): of the starter, the solution, or in the place of all that is in it
# ("Base: starter", "solution", "nothing"). "Score: " is what it deserves; what
# steals has a base by which it would have another one if it could. "Time: " is a
# TIME_FACTOR of its own, for what looks at the time limits. "Outside: " is a file
# of this machine that is not to be made. With "Needs: limits" it is judged only
# where memory and processes can be limited, which the grader sees to; the others
# are judged here, where that is possible, for it is sooner done. In the end
# nothing that any of them has started is there any more.
#
# Exits 0 when all is as it should be, 1 when something is not, 125 when a NAME is
# no case.
set -u
cd "$(dirname "$0")/../.." || exit 1

# field NAME FILE
field()
{
	sed -n "s/^ \* $1: //p" "$2"
}

# outside CASE: what it has made out here
outside()
{
	made=$(field Outside "$1")
	[ -z "$made" ] || ls -d "$made" 2>/dev/null
}

# judge CASE: its score to work/NAME.score
judge()
{
	name=$(basename "$1" .c)
	stage=$(field Stage "$1")
	mkdir "$work/$name"
	for file in solutions/"$stage"/*.c; do
		[ "$(field Base "$1")" = solution ] ||
			file=stages/$stage/$(basename "$file")
		cp "$file" "$work/$name"
	done
	file=$work/$name/$(basename "$file")
	[ "$(field Base "$1")" != nothing ] || : >"$file"
	cat "$1" >>"$file"
	[ "$(field Needs "$1")" = limits ] || [ ! -e "$work/here" ] ||
		export JUDGE_IN=here
	# What never comes need not be waited for so long.
	[ "$(field Score "$1")" != 0 ] || export TIME_FACTOR=0.1
	factor=$(field Time "$1")
	[ -z "$factor" ] || export TIME_FACTOR="$factor"
	sh tests/grade/grade.sh "$build" "$work/$name" "$work/$name.out" \
		"$stage" >"$work/$name.log" 2>&1
	echo $? >"$work/$name.status"
}

# What xargs below starts.
if [ "$1" = --one ]; then
	work=$2
	build=$3
	judge "$4"
	exit 0
fi
# All that is started from here on and left alone becomes a child of reap.
if [ "$1" != --below-reap ]; then
	exec "$1/reference/reap" sh tests/hostile/check.sh --below-reap "$@"
fi
build=$2
shift 2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
for name; do
	if ! ls tests/hostile/*/"$name.c" >/dev/null 2>&1; then
		echo "hostile: $name: no such case" >&2
		exit 125
	fi
done
for case in tests/hostile/*/*.c; do
	[ $# -eq 0 ] || case " $* " in
	*" $(basename "$case" .c) "*) ;;
	*) continue ;;
	esac
	echo "$case"
done >"$work/cases"
unset JUDGE_IN SEED
"$build/tests/doctor" --build "$build" --can 01-fork-exec >/dev/null &&
	: >"$work/here"
# Each of them waits for something now and then.
xargs -r -P $(($(nproc) + 1)) -L 1 sh tests/hostile/check.sh --one "$work" \
	"$build" <"$work/cases"
count=0
bad=
while read -r case; do
	name=$(basename "$case" .c)
	count=$((count + 1))
	score=$(jq -r .score "$work/$name.out/results.json")
	status=$(cat "$work/$name.status")
	if [ "$score" = "$(field Score "$case")" ] && [ "$status" = 0 ] &&
		[ -z "$(outside "$case")" ]; then
		echo "ok $count - ${case#tests/hostile/}"
		continue
	fi
	bad=1
	echo "not ok $count - ${case#tests/hostile/}: $score points," \
		"expected $(field Score "$case"); status $status" \
		"$(outside "$case")"
	sed 's/^/# /' "$work/$name.log"
	jq -r '.stages[].tests[] | "# \(.status) \(.name): \(.message)"' \
		"$work/$name.out/results.json"
done <"$work/cases"
count=$((count + 1))
children=$(tr ' ' '\n' <"/proc/$PPID/task/$PPID/children")
left=$(echo "$children" | grep -vx "$$")
if ! echo "$children" | grep -qx "$$"; then
	bad=1
	echo "not ok $count - whether a process is left cannot be seen"
elif [ "$left" ]; then
	bad=1
	echo "not ok $count - processes are left"
	for process in $left; do
		echo "# $process: $(tr '\0' ' ' <"/proc/$process/cmdline")"
		kill -KILL "$process"
	done
else
	echo "ok $count - no process is left"
fi
echo "1..$count"
[ -z "$bad" ]
