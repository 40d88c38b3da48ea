#!/bin/sh
# test-console.sh BUILD [PAGE]... - what the pages show is what happens; TAP
#
# Runs every block "```console" of each page, or of all, in a copy of the kit whose
# stages are solved, and compares what comes with what the page shows
# (compare.awk).
set -u
build=$(cd "$1" && pwd) || exit 1
shift
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
unset STAGE TASK UNLOCK KEEP MAKEFLAGS MAKELEVEL MFLAGS
export LC_ALL=C.UTF-8 COLUMNS=80 TERM=dumb
blocks=$work/blocks

# next_pid: the process id that is given next, about
next_pid()
{
	sh -c 'echo $$'
}

# try N: what comes of it is what is shown
# shellcheck disable=SC2317 # ok() calls it
try()
{
	TEN_STAGES_BLOCK=$$.$count
	export TEN_STAGES_BLOCK
	# On a terminal, as with a reader: ps and ls make a difference.
	"$build/reference/supervise" --grace 2 --timeout 100 \
		script -qec "sh $blocks/$1.sh" /dev/null \
		>"$work/out" 2>&1 </dev/null
	status=$?
	# Whoever is left behind carries the mark.
	for pid in $(grep -lsz "^TEN_STAGES_BLOCK=$TEN_STAGES_BLOCK\$" \
		/proc/[0-9]*/environ | tr -dc '0-9\n'); do
		[ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null
	done
	awk -f tests/docs/compare.awk "$blocks/$1.want" "$work/out"
}

# block N: one that shows what happens
# shellcheck disable=SC2317 # ok() calls it
block()
{
	before=$(next_pid)
	# One without a command shows nothing that could be compared.
	[ -e "$blocks/$1.sh" ] || echo "echo no command" >"$blocks/$1.sh"
	# ps lists by number: where numbers began anew meanwhile, it is no order.
	try "$1" || { [ "$(next_pid)" -lt "$before" ] && try "$1"; }
}

sh tests/copy-kit.sh "$build" "$work/kit" && cd "$work/kit" || exit 1
for solution in solutions/*/*.c; do
	cp "$solution" "stages/${solution#solutions/}"
done
make -s -k QUIET=1 student-programs >"$work/made" 2>&1 || cat "$work/made" >&2
build=build
[ $# -gt 0 ] || set -- README.md GUIDE.md stages/*/README.md
for page; do
	rm -rf "$blocks"
	mkdir "$blocks"
	awk -v work="$blocks" -f tests/docs/console.awk "$page"
	number=1
	while [ -e "$blocks/$number.want" ]; do
		ok "$page:$(cat "$blocks/$number.line")" block "$number"
		number=$((number + 1))
	done
done
done_testing
