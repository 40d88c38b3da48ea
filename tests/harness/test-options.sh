#!/bin/sh
# test-options.sh BUILD - what a gate is called with, and how it answers; TAP
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
gate=$build/tests/gates/01-fork-exec

# judge OPTION...: with all that is needed, of which later options take the place
judge()
{
	run "$gate" --program "$build/reference/spawn" \
		--driver "$build/reference/drivers/01-fork-exec" \
		--rootfs "$build/rootfs" --probe "$build/tests/probe" "$@"
}

# refused STATUS TEXT: in one line, and nothing is judged
refused()
{
	[ "$status" -eq "$1" ] && [ "$(wc -l <"$work/out")" -eq 1 ] && says "$2"
}

judge
ok "with all that is needed it judges" says "10 of 10 points"
for option in --program --driver --whole --rootfs --probe; do
	judge $option "$work/none"
	ok "$option that there is not" refused 125 "$work/none: No such file"
done
for option in --program --driver --whole --probe; do
	judge $option "$work"
	ok "$option that is a directory" refused 125 "$work: Is a directory"
done
judge --rootfs "$build/tests/probe"
ok "--rootfs that is none" refused 125 "probe: Not a directory"
judge --results "$work"
ok "results that cannot be written" refused 125 "$work: Is a directory"
run "$gate" --program "$build/reference/spawn" --rootfs "$build/rootfs"
ok "no probe" refused 125 "--probe are needed"
judge --test nothing
ok "no such test" refused 125 "nothing: no such test"
for number in 0 65 x; do
	judge --jobs $number
	ok "--jobs $number" refused 125 "--jobs"
done
judge --seed -1
ok "--seed -1" refused 125 "--seed"
judge --test exit_status --results "$work/results"
ok "one test, and its line of results" test "$(wc -l <"$work/results")" -eq 1
# word NUMBER COMMAND: that one, as a shell takes it
word()
{
	number=$1
	eval "set -- $2"
	shift $((number - 1))
	echo "$1"
}
rm -f "$work/results"
run "$build/tests/gates/03-signals" --test every_signal \
	--program "$build/reference/supervise" --rootfs "$build/rootfs" \
	--driver "$build/reference/drivers/03-signals" \
	--probe "$build/tests/probe" --results "$work/results"
ok "what was run can be pasted into a shell" test "trap 'exit \$0' USR1" = \
	"$(word 4 "$(jq -r .command "$work/results")" | cut -d';' -f1)"
printf '#!/bin/sh\necho one >&2; echo two >&2; exit 3\n' >"$work/spawn"
chmod +x "$work/spawn"
judge --program "$work/spawn" --test exit_status
ok "what has more lines than one is under its title" says "one two task: 2 of"
ok "and begins none of its own" test "$(grep -c '^[^ ]' "$work/out")" -eq 2
run "$gate" --list
ok "the list of tests, whole points that make 10" test "$(awk -F '\t' '
	{ points += $2 } END { print points }' "$work/out")" -eq 10
done_testing
