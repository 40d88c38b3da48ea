#!/bin/sh
# console.sh BUILD PAGE... - what the pages show is what happens; TAP
#
# Runs every block "```console" of each page, in the kit's directory, and
# compares what comes with what the page shows (compare.awk).
set -u
build=$1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export LC_ALL=C.UTF-8 COLUMNS=80 TERM=dumb
count=0

# next_pid: the process id that is given next, about
next_pid()
{
	sh -c 'echo $$'
}

# try N: what comes of it is what is shown
try()
{
	TEN_STAGES_BLOCK=$$.$count
	export TEN_STAGES_BLOCK
	# On a terminal, as with a reader: ps and ls make a difference.
	"$build/reference/supervise" --grace 2 --timeout 100 \
		script -qec "sh $work/$1.sh" /dev/null \
		>"$work/got" 2>&1 </dev/null
	# Whoever is left behind carries the mark.
	for pid in $(grep -lsz "^TEN_STAGES_BLOCK=$TEN_STAGES_BLOCK\$" \
		/proc/[0-9]*/environ | tr -dc '0-9\n'); do
		[ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null
	done
	awk -f tests/docs/compare.awk "$work/$1.want" "$work/got" \
		>"$work/differs"
}

# block PAGE N: as TAP
block()
{
	count=$((count + 1))
	where="$1:$(cat "$work/$2.line")"
	before=$(next_pid)
	# One without a command shows nothing that could be compared.
	[ -e "$work/$2.sh" ] || echo "echo no command" >"$work/$2.sh"
	# ps lists by number: where numbers began anew meanwhile, it is no order.
	if try "$2" || { [ "$(next_pid)" -lt "$before" ] && try "$2"; }; then
		echo "ok $count - $where"
	else
		echo "not ok $count - $where"
		sed 's/^/# /' "$work/differs"
		echo "# all that came:"
		sed 's/^/#	/' "$work/got"
	fi
}

for page; do
	rm -f "$work"/*
	awk -v work="$work" -f tests/docs/console.awk "$page"
	number=1
	while [ -e "$work/$number.want" ]; do
		block "$page" "$number"
		number=$((number + 1))
	done
done
echo "1..$count"
