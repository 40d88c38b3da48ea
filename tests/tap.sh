# tap.sh - the Test Anything Protocol, for test scripts to source
# shellcheck shell=sh
#
# $work is a folder for temporary files, gone in the end. A script that has more
# to end than that has a clean_up() of its own; one that has more to say of what
# went wrong than the output, in $work/out, and the exit status, in $status, of
# what it tried last has a details().
count=0
not_ok=0
status=

clean_up()
{
	:
}

details()
{
	:
}

# The traps first: a signal that comes during mktemp waits for its end.
work=
trap 'trap "" HUP INT TERM; clean_up; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
work=$(mktemp -d) && work=$(cd "$work" && pwd -P) || exit 1

# run COMMAND...: what ok() looks at
run()
{
	"$@" >"$work/out" 2>&1 </dev/null
	status=$?
}

# says TEXT...: each of them is in the output
says()
{
	for text; do
		tr -s '\n ' ' ' <"$work/out" | grep -qF -- "$text" || return 1
	done
}

# ok NAME COMMAND...: COMMAND succeeds
ok()
{
	count=$((count + 1))
	title=$1
	shift
	if "$@" >"$work/why" 2>&1; then
		echo "ok $count - $title"
		return
	fi
	not_ok=$((not_ok + 1))
	echo "not ok $count - $title"
	{
		echo "not so: $*"
		echo "the status was ${status:-not looked at}, the output:"
		[ ! -e "$work/out" ] || tail -n 40 "$work/out"
		tail -n 40 "$work/why"
		details
	} | cut -c -300 | sed 's/^/# /'
}

# skip NAME WHY: it cannot be found out here
skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# silent COMMAND...: it succeeds, and has nothing to say
silent()
{
	if said=$("$@" 2>&1) && [ -z "$said" ]; then
		return
	fi
	echo "$said"
	return 1
}

# done_testing: that was all; true if all was ok
done_testing()
{
	echo "1..$count"
	[ $not_ok -eq 0 ]
}
