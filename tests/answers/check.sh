#!/bin/sh
# check.sh BUILD [STAGE[/ANSWER] | KIND]... - other answers before the gates;
# TAP. KIND: starter, reference, right or wrong.
#
# A right answer, and the reference, is to have every point. A wrong one names,
# in the first line of its patch ("Test: NAME"), the test that is to fail it;
# that test alone is run, and has to. A starter is to have no point. What cannot
# be judged on this machine is judged in the VM, all of it in one boot, and with
# JUDGE_IN=vm in the environment all that there is; so is, for an ordinary user,
# what takes a sandbox with more than one id to be seen ("Needs: root" in the
# second line).
set -u
cd "$(dirname "$0")/../.." || exit 1

# Every answer that there is, built or not: a line "STAGE ANSWER PROGRAM TEST",
# TEST "-" for all of them.
list()
{
	for dir in tests/answers/[0-9]*/; do
		stage=$(basename "$dir")
		read -r program <"$build/answers/$stage/reference/built"
		echo "$stage starter $program -"
		echo "$stage reference $program -"
		for answer in "$dir"right/*/; do
			answer=${answer%/}
			echo "$stage right/${answer##*/} $program -"
		done
		awk -v stage="$stage" -v program="$program" 'FNR == 1 {
			test = /^Test: [a-z_0-9]*$/ ? $2 : "none"
			answer = FILENAME
			gsub(/^.*\/|\.patch$/, "", answer)
			print stage, "wrong/" answer, program, test
		}' "$dir"wrong/*.patch
	done
}

# wanted ARGUMENT...: of the lines that come in those that the arguments name;
# all without.
wanted()
{
	awk -v arguments="$*" 'BEGIN { count = split(arguments, names, " ") }
		count == 0 { print }
		{
			for (i = 1; i <= count; i++)
				if ($1 == names[i] || $2 == names[i] ||
				    index($2, names[i] "/") == 1 ||
				    index($1 "/" $2, names[i]) == 1) {
					print
					next
				}
		}'
}

# where_stages: what the gate of each stage can do here (doctor --can), and, of
# one whose limits are judged in the VM, what tests set limits
where_stages()
{
	cut -d' ' -f1 | sort -u | while read -r stage; do
		where=1
		[ "${JUDGE_IN-}" = vm ] || {
			"$build/tests/doctor" --build "$build" --can "$stage" \
				>/dev/null
			where=$?
		}
		echo "stage $stage $where"
		[ "$where" -ne 3 ] || "$build/tests/gates/$stage" --list |
			awk -F '\t' -v stage="$stage" \
				'$5 == "limits" { print "limits", stage, $1 }'
	done
}

# needs_root: the wrong answers that an ordinary user judges in the VM
needs_root()
{
	[ "$(id -u)" -eq 0 ] || awk 'FNR == 2 && /^Needs: root$/ {
		gsub(/^tests\/answers\/|\.patch$/, "", FILENAME)
		print "root", FILENAME
	}' tests/answers/*/wrong/*.patch
}

# place: to each line where it is judged: "here", "vm", or "both", for what sets
# limits there and the rest here. Of a wrong answer one test counts. What was
# not built is judged nowhere: "-".
place()
{
	where_stages <"$work/wanted" >"$work/where"
	needs_root >>"$work/where"
	while read -r stage answer program test; do
		built=-
		[ ! -e "$build/answers/$stage/$answer/built" ] || built=built
		echo "$stage $answer $program $test $built"
	done <"$work/wanted" | awk '
		FILENAME == ARGV[1] && $1 == "stage" { where[$2] = $3; next }
		FILENAME == ARGV[1] && $1 == "limits" { limits[$2, $3]; next }
		FILENAME == ARGV[1] { root[$2]; next }
		{
			if ($5 == "-")
				at = "-"
			else if (where[$1] == 1 || $1 "/" $2 in root)
				at = "vm"
			else if (where[$1] == 0)
				at = "here"
			else if ($4 == "-")
				at = "both"
			else
				at = ($1, $4) in limits ? "vm" : "here"
			print $1, $2, $3, $4, at
		}' "$work/where" -
}

# judge_here STAGE ANSWER PROGRAM TEST PLACE: what of it can be judged here
judge_here()
{
	[ "$5" = here ] || [ "$5" = both ] || return 0
	dir=$build/answers/$1/$2
	gate=$build/tests/gates/$1
	to=$work/$1/$2
	test=$4
	set -- --possible --program "$dir/$3" --rootfs "$build/rootfs" \
		--probe "$build/tests/probe" --results "$to.results"
	[ ! -e "$dir/driver" ] || set -- "$@" --driver "$dir/driver"
	# What a wrong answer never does need not be waited for so long.
	[ "$test" = - ] || set -- "$@" --test "$test"
	[ "$test" = - ] || export TIME_FACTOR="${TIME_FACTOR:-0.5}"
	# A mistake in a race may not show each time: it has three chances, and
	# tell() says when it took more than one.
	for _ in 1 2 3; do
		"$gate" "$@" >"$to.out" 2>&1 </dev/null || return 0
		[ "$test" != - ] || return 0
	done
}

# at_once N FILE: judges the lines of FILE, N at a time; with &, $! is xargs
at_once()
{
	exec xargs -r -P "$1" -L 1 sh tests/answers/check.sh --one "$work" \
		"$build" <"$2"
}

# boot_vm FILE: what is in FILE in one VM. Verdicts to files of their own: what
# runs here at the same time writes to others.
boot_vm()
{
	count=0
	set -- "$1"
	: >"$work/script"
	while read -r stage answer program test place; do
		dir=$build/answers/$stage/$answer
		count=$((count + 1))
		factor=4
		# What a wrong answer never does need not be waited for so long.
		[ "$test" = - ] || factor=1
		words="--program /kit/$count/$program --probe /kit/probe"
		words="$words --rootfs /kit/rootfs --results \$VM_OUT"
		[ "$place" = vm ] || words="$words --limits"
		[ "$test" = - ] || words="$words --test $test"
		set -- "$@" --add "$dir/$program:/kit/$count/$program" \
			--add "$build/tests/gates/$stage:/kit/gate-$stage"
		if [ -e "$dir/driver" ]; then
			set -- "$@" --add "$dir/driver:/kit/$count/driver"
			words="$words --driver /kit/$count/driver"
		fi
		{
			echo "echo answer $stage/$answer >>\$VM_OUT"
			tries="1 2 3"
			[ "$test" != - ] || tries=1
			echo "for try in $tries; do TIME_FACTOR=$factor \\"
			echo "/kit/gate-$stage $words || break; done"
			echo "echo judged $stage $answer >>\$VM_OUT"
		} >>"$work/script"
	done <"$1"
	shift
	: >"$work/vm"
	sh rootfs/vm.sh --timeout 3000 --silence 300 --memory 512 \
		--out "$work/vm" --add "$build/rootfs:/kit/rootfs" \
		--add "$build/tests/probe:/kit/probe" \
		--add "$work/script:/kit/script" "$@" \
		-- '. /kit/script' >"$work/vm.log" 2>&1 &
	echo $! >"$work/vm.pid"
	wait $!
	case $? in
	124 | 125) tail -n 5 "$work/vm.log" | sed 's/^/# /' ;;
	esac
	rm -f "$work/vm.pid"
	# To each answer its own, of this boot alone.
	awk -v work="$work" '
		/^answer / {
			close(to)
			to = work "/" $2 ".vm"
			printf "" >to
			next
		}
		/^judged / { print $2, $3 >>(work "/judged"); next }
		{ print >to }' "$work/vm"
}

# A machine may fail: what it has not judged then is given two more chances.
judge_in_vm()
{
	grep -E ' (vm|both)$' "$work/list" >"$work/left"
	: >"$work/judged"
	for _ in 1 2 3; do
		[ -s "$work/left" ] || return 0
		boot_vm "$work/left"
		awk 'FILENAME == ARGV[1] { judged[$1, $2] = 1; next }
			!judged[$1, $2]' "$work/judged" "$work/left" >"$work/more"
		mv "$work/more" "$work/left"
	done
}

# verdicts: a line "PATH, verdict, points, points of all, name, message" for each
# in the files of results, tabs between
verdicts()
{
	find "$work" \( -name '*.results' -o -name '*.vm' \) -exec jq -r '[
		(input_filename | sub("[.][a-z]+$"; "")), .status, .points,
		.max_points, .name, .message] | @tsv' {} +
}

# tell: TAP from the list and the verdicts
tell()
{
	verdicts >"$work/verdicts"
	awk -F '\t' -v work="$work/" '
		FILENAME == ARGV[1] {
			answer = substr($1, length(work) + 1)
			points[answer] += $3
			most[answer] += $4
			tests[answer]++
			last[answer] = $2
			if ($2 == "passed")
				passed[answer] = passed[answer] \
					"# passed: " $5 "\n"
			else
				others[answer] = others[answer] \
					"# " $5 ": " $6 "\n"
			next
		}
		{
			count++
			split($0, word, " ")
			answer = word[1] "/" word[2]
			kind = word[2]
			sub(/\/.*/, "", kind)
			if (kind == "wrong")
				deserved = last[answer] == "failed"
			else
				deserved = most[answer] == 10 && \
					points[answer] == (kind == "starter" ? 0 : 10)
			print (deserved ? "ok" : "not ok") " - " word[1] " " word[2] \
				(word[5] == "-" ? ": it was not built" : \
				 deserved ? "" : ": " points[answer] + 0 " of " \
				 most[answer] + 0 " points in " tests[answer] + 0 " tests")
			if (deserved && kind == "wrong" && tests[answer] > 1)
				print "# it took " word[4] " " tests[answer] \
					" tries to fail it"
			if (!deserved && kind == "wrong")
				print "# " word[4] " is to fail it"
			else if (!deserved)
				printf "%s", kind == "starter" ? \
					passed[answer] : others[answer]
		}
		END { print "1.." count + 0 }' "$work/verdicts" "$work/list"
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
	# shellcheck disable=SC2086 # up to two
	[ -z "$here" ] || kill $here 2>/dev/null
	[ ! -s "$work/vm.pid" ] || kill "$(cat "$work/vm.pid")"
	wait
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
list | wanted "$@" >"$work/wanted"
place >"$work/list"
cut -d' ' -f1 "$work/list" | sort -u | while read -r stage; do
	mkdir -p "$work/$stage/right" "$work/$stage/wrong"
done
judge_in_vm &
vm=$!
here=$vm
# A whole gate runs several tests at once by itself; one test mostly waits for
# what a wrong answer does not do.
awk -v work="$work" '{ print >(work ($4 == "-" ? "/gates" : "/tests")) }' \
	"$work/list"
for kind in gates:1 tests:4; do
	file=$work/${kind%:*}
	[ -e "$file" ] || continue
	at_once $((${kind#*:} * $(nproc))) "$file" &
	here="$vm $!"
	wait $!
done
wait
here=
tell
