#!/bin/sh
# check.sh BUILD [STAGE[/ANSWER] | KIND]... - other answers before the gates;
# TAP. KIND: starter, reference, right or wrong.
#
# A right answer, and the reference, is to have every point. A wrong one names,
# in the first line of its patch ("Test: NAME"), the test that is to fail it;
# that test alone is run, and has to. A starter is to have no point. What cannot
# be judged on this machine is judged in the VM, all of it in one boot; so is,
# for an ordinary user, what takes a sandbox with more than one id to be seen
# ("Needs: root" in the second line).
set -u
cd "$(dirname "$0")/../.." || exit 1

# Every answer that there is, built or not: a line "STAGE ANSWER PROGRAM TEST",
# TEST "-" for all of them.
list()
{
	for dir in tests/answers/[0-9]*/; do
		stage=$(basename "$dir")
		program=$(cat "$build/answers/$stage/reference/built")
		echo "$stage starter $program -"
		echo "$stage reference $program -"
		for answer in "$dir"right/*/; do
			echo "$stage right/$(basename "$answer") $program -"
		done
		for patch in "$dir"wrong/*.patch; do
			test=$(sed -n '1s/^Test: \([a-z_0-9]*\)$/\1/p' "$patch")
			echo "$stage wrong/$(basename "$patch" .patch) $program" \
				"${test:-none}"
		done
	done
}

# wanted LIST ARGUMENT...: the lines that the arguments name; all without.
wanted()
{
	from=$1
	shift
	[ $# -gt 0 ] || { cat "$from" && return; }
	for pattern; do
		awk -v pattern="$pattern" '$1 == pattern || $2 == pattern ||
			index($2, pattern "/") == 1 ||
			index($1 "/" $2, pattern) == 1' "$from"
	done | sort -u
}

# Where the gate of each stage runs: here, in the VM, or its limits there.
look_around()
{
	cut -d' ' -f1 "$work/list" | sort -u | while read -r stage; do
		"$build/tests/doctor" --build "$build" --can "$stage" >/dev/null
		echo $? >"$work/$stage.where"
	done
}

# where_of STAGE ANSWER
where_of()
{
	if [ "$(id -u)" -ne 0 ] && sed -n 2p \
		"tests/answers/$1/$2.patch" 2>/dev/null | grep -qx 'Needs: root'; then
		echo 1
	else
		cat "$work/$1.where"
	fi
}

# judge_here STAGE ANSWER PROGRAM TEST: what of it can be judged here
judge_here()
{
	name=$(echo "$1.$2" | tr / .)
	dir=$build/answers/$1/$2
	gate=$build/tests/gates/$1
	test=$4
	: >"$work/$name.results"
	[ -e "$dir/built" ] || return 0
	[ "$(where_of "$1" "$2")" -ne 1 ] || return 0
	set -- --possible --program "$dir/$3" --rootfs "$build/rootfs" \
		--probe "$build/tests/probe" --results "$work/$name.results"
	[ ! -e "$dir/driver" ] || set -- "$@" --driver "$dir/driver"
	# What a wrong answer never does need not be waited for so long.
	[ "$test" = - ] || set -- "$@" --test "$test"
	[ "$test" = - ] || export TIME_FACTOR="${TIME_FACTOR:-0.5}"
	# A mistake in a race may not show each time: it has three chances, and
	# expect() tells when it took more than one.
	for _ in 1 2 3; do
		"$gate" "$@" >"$work/$name.out" 2>&1 </dev/null || return 0
		[ "$test" != - ] || return 0
	done
}

# sets_limits STAGE TEST
sets_limits()
{
	"$build/tests/gates/$1" --list | awk -F '\t' -v test="$2" \
		'$1 == test && $5 == "limits" { found = 1 }
		END { exit !found }'
}

# What of the list the VM is to judge.
choose_for_vm()
{
	while read -r stage answer program test; do
		where=$(where_of "$stage" "$answer")
		[ "$where" -ne 0 ] || continue
		# The one test that counts is run here.
		[ "$where" -ne 3 ] || [ "$test" = - ] ||
			sets_limits "$stage" "$test" || continue
		[ -e "$build/answers/$stage/$answer/built" ] || continue
		echo "$stage $answer $program $test $where"
	done <"$work/list"
}

# boot_vm FILE: what is in FILE in one VM. Verdicts to files of their own: what
# runs here at the same time writes to others.
boot_vm()
{
	count=0
	set -- "$1"
	: >"$work/script"
	while read -r stage answer program test where; do
		dir=$build/answers/$stage/$answer
		name=$(echo "$stage.$answer" | tr / .)
		rm -f "$work/$name.vm"
		count=$((count + 1))
		factor=4
		# What a wrong answer never does need not be waited for so long.
		[ "$test" = - ] || factor=1
		words="--program /kit/$count/$program --probe /kit/probe"
		words="$words --rootfs /kit/rootfs --results \$VM_OUT"
		[ "$where" -ne 3 ] || words="$words --limits"
		[ "$test" = - ] || words="$words --test $test"
		set -- "$@" --add "$dir/$program:/kit/$count/$program" \
			--add "$build/tests/gates/$stage:/kit/gate-$stage"
		if [ -e "$dir/driver" ]; then
			set -- "$@" --add "$dir/driver:/kit/$count/driver"
			words="$words --driver /kit/$count/driver"
		fi
		{
			echo "echo answer $name >>\$VM_OUT"
			tries="1 2 3"
			[ "$test" != - ] || tries=1
			echo "for try in $tries; do TIME_FACTOR=$factor \\"
			echo "/kit/gate-$stage $words || break; done"
			echo "echo judged $stage $answer >>\$VM_OUT"
		} >>"$work/script"
	done <"$1"
	shift
	: >"$work/vm"
	sh rootfs/vm.sh --timeout 3000 --memory 512 --out "$work/vm" \
		--add "$build/rootfs:/kit/rootfs" \
		--add "$build/tests/probe:/kit/probe" \
		--add "$work/script:/kit/script" "$@" \
		-- '. /kit/script' >"$work/vm.log" 2>&1 &
	echo $! >"$work/vm.pid"
	wait $!
	case $? in
	124 | 125) tail -n 5 "$work/vm.log" | sed 's/^/# /' ;;
	esac
	rm -f "$work/vm.pid"
	# To each answer its own.
	awk -v work="$work" '
		/^answer / { to = work "/" $2 ".vm"; next }
		/^judged / { print $2, $3 >>(work "/judged"); next }
		{ print >>to }' "$work/vm"
}

# A machine may fail: what it has not judged then is given two more chances.
judge_in_vm()
{
	choose_for_vm >"$work/left"
	: >"$work/judged"
	for _ in 1 2 3; do
		[ -s "$work/left" ] || return 0
		boot_vm "$work/left"
		awk 'FILENAME == ARGV[1] { judged[$1, $2] = 1; next }
			!judged[$1, $2]' "$work/judged" "$work/left" >"$work/more"
		mv "$work/more" "$work/left"
	done
}

# expect STAGE ANSWER PROGRAM TEST: TAP from the verdicts
expect()
{
	name=$(echo "$1.$2" | tr / .)
	results=$work/$name.results
	[ ! -e "$work/$name.vm" ] || cat "$work/$name.vm" >>"$results"
	points=$(jq -s 'map(.points) | add // 0' "$results")
	most=$(jq -s 'map(.max_points) | add // 0' "$results")
	tests=$(wc -l <"$results")
	deserved=
	case $2 in
	starter) [ "$points" != 0 ] || [ "$most" != 10 ] || deserved=yes ;;
	reference | right/*)
		[ "$points" != 10 ] || [ "$most" != 10 ] || deserved=yes
		;;
	wrong/*)
		[ "$(tail -n 1 "$results" | jq -r .status)" != failed ] ||
			deserved=yes
		;;
	esac
	if [ "$deserved" ]; then
		echo "ok - $1 $2"
		case $2 in
		wrong/*) [ "$tests" -eq 1 ] ||
			echo "# it took $4 $tests tries to fail it" ;;
		esac
		return
	fi
	if [ ! -e "$build/answers/$1/$2/built" ]; then
		echo "not ok - $1 $2: it was not built"
		return
	fi
	echo "not ok - $1 $2: $points of $most points in $tests tests"
	case $2 in
	wrong/*) echo "# $4 is to fail it" ;;
	starter) jq -r 'select(.status == "passed") |
		"# passed: \(.name)"' "$results" ;;
	*) jq -r 'select(.status != "passed") |
		"# \(.name): \(.message)"' "$results" ;;
	esac
}

# What xargs below starts: one answer, in the same place.
if [ "$1" = --one ]; then
	work=$2
	build=$3
	shift 3
	judge_here "$@"
	exit 0
fi

build=$1
shift
work=$(mktemp -d) || exit 1
here=
# Who is told to end starts no more gates, and leaves no VM.
# shellcheck disable=SC2317 # the trap calls it
finish()
{
	trap '' HUP INT TERM
	# shellcheck disable=SC2086 # none, or two
	[ -z "$here" ] || kill $here
	[ ! -s "$work/vm.pid" ] || kill "$(cat "$work/vm.pid")"
	wait
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
list >"$work/all"
wanted "$work/all" "$@" >"$work/list"
look_around
judge_in_vm &
here=$!
# Each gate runs several tests at once by itself.
xargs -r -P "$(nproc)" -L 1 sh tests/answers/check.sh --one "$work" \
	"$build" <"$work/list" &
here="$here $!"
wait
here=
while read -r stage answer program test; do
	expect "$stage" "$answer" "$program" "$test"
done <"$work/list"
echo "1..$(wc -l <"$work/list")"
