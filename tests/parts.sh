# parts.sh - the parts of a test run and what they come to, to be sourced
# shellcheck shell=sh disable=SC2154 # $log is whose sources this
#
# A part is a command that prints TAP. part() runs one alone, beside() along with
# others; all that they say goes to the file $log, what failed to the screen too,
# in the order of the parts. In the end settle() tells the sum.
#
# A part may take PART_TIMEOUT seconds. One that has not ended by then, for the
# kernel may have it where no signal comes to it, is told of with what its
# processes are at, and ends the run.
#
# Whatever a part starts carries a mark, by which marked() finds it, and its
# temporary files come and go in $TMPDIR. Ended by a signal, a run ends both.
passed=0
failed=0
skipped=0
number=0
told=0
work=
PART_TIMEOUT=${PART_TIMEOUT:-1200}

TEN_STAGES_RUN=run.$$
export TEN_STAGES_RUN
mark=TEN_STAGES_RUN=$TEN_STAGES_RUN
# shellcheck source=tests/marked.sh
. tests/marked.sh

# What runs beside this shell is not told of a Ctrl-C.
# shellcheck disable=SC2317 # the trap calls it
finish()
{
	trap '' HUP INT TERM USR1
	# shellcheck disable=SC2046 # process ids are words
	{
		kill $(marked)
		within 30 none_marked || kill -KILL $(marked)
	} 2>/dev/null
	within 10 none_marked && wait
	rm -rf "$work"
}

# overdue: a part takes too long. Tells of all, and what there is to see.
# shellcheck disable=SC2317 # the trap calls it
overdue()
{
	echo "A part has not ended after $PART_TIMEOUT s. What runs now:"
	alive=$(marked)
	ps -eo pid,ppid,stat,wchan:24,args | awk -v alive="$alive" '
		BEGIN { split(alive, pids); for (i in pids) own[pids[i]] }
		NR == 1 || $1 in own || $2 in own { own[$1]; print }' |
		cut -c -200 | sed 's/^/# /'
	end_with 124
	exit 1
}

# The traps first: a signal that comes during mktemp waits for its end.
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM
trap overdue USR1

work=$(mktemp -d) || exit 1
TMPDIR=$work/tmp
mkdir "$TMPDIR" || exit 1
export TMPDIR

seconds()
{
	cut -d. -f1 /proc/uptime
}

# watch_the_clock: until the run is over, whose child it must not be, for that
# waits for its children
watch_the_clock()
{
	unset TEN_STAGES_RUN
	while sleep 1 && [ -d "$work" ]; do
		read -r now _ </proc/uptime
		for part in "$work"/*.began; do
			[ -e "$part" ] && [ ! -e "${part%began}ended" ] &&
				read -r began <"$part" &&
				[ $((${now%.*} - began)) -ge "$PART_TIMEOUT" ] &&
				kill -USR1 $$ && return
		done
	done
}
(watch_the_clock &) </dev/null >/dev/null 2>&1

# As many at a time as there are processors, up to two.
mkfifo "$work/places" && exec 8<>"$work/places" || exit 1
echo free >&8
[ "$(nproc)" -eq 1 ] || echo free >&8

# tally NAME OUTPUT STATUS SECONDS: counts the TAP in OUTPUT. A plan that is not
# kept, or none at all, is a failure: a part that died early must not pass. So is
# a status that no test accounts for.
tally()
{
	skip=$(grep -c '^ok .*# SKIP' "$2")
	ok=$(($(grep -c '^ok ' "$2") - skip))
	bad=$(grep -c '^not ok ' "$2")
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$2")
	tests=$((ok + skip + bad))
	if [ "$plan" != $tests ] || [ $tests -eq 0 ]; then
		bad=$((bad + 1))
		echo "not ok - $1 planned $(echo "${plan:-nothing}" | xargs)," \
			"has $tests tests, ended with status $3"
	elif [ "$bad" -eq 0 ] && [ "$3" -ne 0 ]; then
		bad=1
		echo "not ok - $1 ended with status $3"
	fi
	grep '^ok .*# SKIP' "$2"
	sed -n '/^not ok /,/^ok /{/^ok /!p}' "$2"
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
	printf '%-28s %4d passed, %d failed %7d s\n' "$1" "$ok" "$bad" "$4"
	grep -E '^# (it took|[0-9]+ calls failed)' "$2" | sed 's/^#/  /'
}

# begin NAME: the next part
begin()
{
	number=$((number + 1))
	echo "$1" >"$work/$number.name"
	: >"$work/$number.out"
	: >"$work/$number.err"
	seconds >"$work/$number.began"
}

# end NUMBER STATUS
end()
{
	read -r began <"$work/$1.began"
	echo "$2 $(($(seconds) - began))" >"$work/$1.ended.$2"
	mv "$work/$1.ended.$2" "$work/$1.ended"
}

# run NUMBER COMMAND...: what it says to files of the part of that number
run()
{
	n=$1
	shift
	"$@" >"$work/$n.out" 2>"$work/$n.err" </dev/null
	end "$n" $?
}

# tell: of the parts that have ended, in their order
tell()
{
	while [ -e "$work/$((told + 1)).ended" ]; do
		told=$((told + 1))
		files=$work/$told
		name=$(cat "$files.name")
		read -r status took <"$files.ended"
		{
			echo "== $name"
			cat "$files.out" "$files.err"
		} >>"$log"
		[ "$status" -eq 0 ] ||
			sed 's/^/# /' "$files.err" | tail -n 20
		tally "$name" "$files.out" "$status" "$took"
	done
}


# beside NAME COMMAND...: something that prints TAP, while other parts run: as
# many as there are processors, up to two. What fills both by itself, or looks at
# races, is a part instead.
beside()
{
	read -r _ <&8
	begin "$1"
	shift
	{
		run $number "$@" 8<&-
		echo free >&8
	} &
	tell
}

# part NAME COMMAND...: the same, alone
part()
{
	wait
	begin "$1"
	shift
	run $number "$@" 8<&- &
	wait
	tell
}

# end_with STATUS: tells of all, of what has not ended as if it had, so
end_with()
{
	for n in $(seq $number); do
		[ -e "$work/$n.ended" ] || end "$n" "$1"
	done
	tell
}

# settle: waits for all, and tells the sum; true if none has failed. A part that
# somebody has killed was none that passed.
settle()
{
	wait
	end_with 137
	if [ "$skipped" -gt 0 ]; then
		echo "$passed passed, $failed failed, $skipped skipped"
	else
		echo "$passed passed, $failed failed"
	fi
	[ "$failed" -eq 0 ]
}
