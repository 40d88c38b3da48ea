#!/bin/sh
# graded.sh BUILD [STAGE[/ANSWER]]... - what make grade makes of the other
# answers; TAP
#
# Each is handed in as a submission of its stage alone; with the kit's own answers
# to the others in the last stage, which takes all of them. A right one, and the
# reference, is to get 10 points; a starter 0; of a wrong one the test that it
# names is to fail, and what has passed is to be its score. Without names: of
# each stage the first wrong answer. Environment: as of grade.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1

# test_of STAGE ANSWER: the one that is to fail it
test_of()
{
	sed -n '1s/^Test: //p' "tests/answers/$1/$2.patch"
}

# deserved STAGE ANSWER RESULTS: whether it got what it deserves
deserved()
{
	# shellcheck disable=SC2016 # $test is jq's
	case $2 in
	reference | right/*) filter='.score == 10' ;;
	starter) filter='.score == 0' ;;
	*) filter='.stages[0].tests | any(.name == $test and
		.status == "failed" and .points == 0)' ;;
	esac
	jq -e --arg test "$(case $2 in wrong/*) test_of "$1" "$2" ;; esac)" \
		".max_score == 10 and .stages[0].built and ($filter) and .score ==
		([.stages[0].tests[] | select(.status == \"passed\").points] |
		add // 0)" "$3" >/dev/null
}

last=$(cd tests/answers && printf '%s\n' [0-9]* | tail -n 1)

# judge STAGE/ANSWER: a line of TAP, and what is to be said of it
judge()
{
	stage=${1%%/*}
	answer=${1#*/}
	out=$work/$(echo "$1" | tr / .)
	from=$build/answers/$1/src
	if [ "$stage" = "$last" ]; then
		from=$work/$(echo "$1" | tr / .).src
		mkdir "$from" && cp solutions/*/*.c "$from" &&
			cp "$build/answers/$1"/src/*.c "$from"
	fi
	# They are trusted; but who has one id cannot see all of it here.
	in=here
	if [ "$(id -u)" -ne 0 ] && sed -n 2p "tests/answers/$1.patch" \
		2>/dev/null | grep -qx 'Needs: root'; then
		in=vm
	fi
	# A mistake in a race may not show each time: three chances.
	for _ in 1 2 3; do
		JUDGE_IN=${JUDGE_IN:-$in} sh tests/grade/grade.sh "$build" \
			"$from" "$out" "$stage" \
			>"$out.log" 2>&1 || break
		if deserved "$stage" "$answer" "$out/results.json"; then
			echo "ok - $1"
			return
		fi
		case $answer in
		wrong/*) ;;
		*) break ;;
		esac
	done
	echo "not ok - $1"
	sed 's/^/# /' "$out.log"
	jq -r '.stages[].tests[] | "# \(.status) \(.name): \(.message)"' \
		"$out/results.json"
}

# What xargs below starts; one answer at a time to the screen.
if [ "$1" = --one ]; then
	work=$2
	build=$3
	judge "$4" >"$work/$(echo "$4" | tr / .).tap" 2>&1
	cat "$work/$(echo "$4" | tr / .).tap"
	exit 0
fi
build=$1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
for dir in tests/answers/[0-9]*/; do
	stage=$(basename "$dir")
	if [ $# -eq 0 ]; then
		first=$(cd "$dir" && set -- wrong/*.patch && echo "$1")
		echo "$stage/${first%.patch}"
		continue
	fi
	echo "$stage/starter"
	echo "$stage/reference"
	(cd "tests/answers" && printf '%s\n' "$stage"/right/* \
		"$stage"/wrong/*.patch | sed 's/\.patch$//')
done >"$work/all"
for name; do
	grep -x -e "$name" -e "$name/.*" "$work/all" || echo "$name"
done >"$work/wanted"
[ $# -gt 0 ] || cp "$work/all" "$work/wanted"
xargs -P "$(nproc)" -L 1 sh tests/answers/graded.sh --one "$work" "$build" \
	<"$work/wanted" | tee "$work/told"
echo "1..$(wc -l <"$work/wanted")"
[ "$(grep -c '^ok ' "$work/told")" -eq "$(wc -l <"$work/wanted")" ]
