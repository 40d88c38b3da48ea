# tap.sh - the Test Anything Protocol, for test scripts to source
# shellcheck shell=sh disable=SC2154 # $work is whose sources this
#
# $work is the script's folder for temporary files. A script that has more to
# say of what went wrong than the output, in $work/out, and the exit status, in
# $status, of what it tried last has a details() of its own.
count=0
status=

details()
{
	:
}

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

# done_testing: that was all
done_testing()
{
	echo "1..$count"
}
