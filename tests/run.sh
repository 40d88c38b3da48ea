#!/bin/sh
# run.sh BUILD - all that the kit promises, judged; what make test runs
#
# Each part is a program that prints TAP, or a gate that writes a line of JSON
# for each test. Everything goes to BUILD/tests/log, what failed to the screen
# too. The last line is "N passed, N failed"; the exit status 0 if none failed.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/.." || exit 1
log=$build/tests/log
results=$build/tests/results.jsonl
: >"$log"
: >"$results"
# shellcheck source=tests/parts.sh
. tests/parts.sh

# as_tap FILE STAGE: the results of its gate as TAP; a skip has not passed, and
# the plan is the gate's own.
as_tap()
{
	jq -r '(if .status == "passed" then "ok" else "not ok" end)
		+ " - \(.stage) \(.name)"
		+ (if .status == "passed" then "" else
		"\n# \(.status): \(.message)\n# ran: \(.command)" end)' "$1"
	echo "1..$("$build/tests/gates/$2" --list | wc -l)"
}

# gate STAGE PROGRAM: on the reference, wherever it can be judged.
gate()
{
	: >"$work/results"
	sh tests/judge.sh "$build" "$1" "$work/results" "$build/reference/$2" \
		"$build/reference/drivers/$1"
	judged=$?
	cat "$work/results" >>"$results"
	as_tap "$work/results" "$1"
	return $judged
}

# gate_of_root: the last one whole, as root of a machine of its own.
gate_of_root()
{
	# In a shell of its own: the parts after it are judged where they can be.
	(
		JUDGE_IN=vm
		export JUDGE_IN
		gate 10-pivot-root box
	)
}

# soak: a small one, of what is to pass all gates; make soak N=200 is the whole.
soak()
{
	if sh tests/soak.sh "$build" 1 >"$work/soak"; then
		echo "ok - $(tail -n 1 "$work/soak")"
	else
		echo "not ok - soak"
		sed 's/^/# /' "$work/soak"
	fi
	set -- tests/answers/01-fork-exec/right/*/
	if sh tests/soak.sh "$build" 1 01-fork-exec >"$work/soak" &&
		grep -qx "1 rounds, $(($# + 1)) runs of a gate, 0 .*" "$work/soak"; then
		echo "ok - soak of one stage"
	else
		echo "not ok - soak of one stage"
		sed 's/^/# /' "$work/soak"
	fi
	echo 1..2
}

# book: made anew where that is possible.
book()
{
	if command -v pandoc >/dev/null && ! make -s book B="$build" >&2; then
		echo "not ok - make book"
		echo 1..1
		return
	fi
	sh tests/book/check.sh "$build"
}

# The machine as it is, for comparison.
snapshot()
{
	cut -d' ' -f3- /proc/self/mountinfo | sort
	ls /sys/class/net
	# Those with a name as ours have: PREFIX.pid.number. Others come and go.
	find /sys/fs/cgroup -type d -name '[a-z]*.[0-9]*.[0-9]*' 2>/dev/null |
		sort
}

# nothing_left: no process, mount, cgroup, interface or file.
nothing_left()
{
	snapshot >"$work/after"
	if diff "$work/before" "$work/after" >"$work/diff"; then
		echo "ok - no mount, interface or cgroup is left"
	else
		echo "not ok - mounts, interfaces or cgroups have changed"
		sed 's/^/# /' "$work/diff"
	fi
	left=$(marked)
	if [ -z "$left" ]; then
		echo "ok - no process is left"
	else
		echo "not ok - processes are left: $left" | tr '\n' ' '
		echo
	fi
	if [ -z "$(ls -A "$TMPDIR")" ]; then
		echo "ok - no temporary file is left"
	else
		echo "not ok - temporary files are left:" "$TMPDIR"/*
	fi
	echo 1..3
}

snapshot >"$work/before"
part "sources" sh tests/lint.sh
for pair in 01-fork-exec:spawn 02-wait-zombies:reap 03-signals:supervise \
	04-ipc:ipc 05-scheduling:schedule 06-user-uts-ipc:userns \
	07-pid-mount:pidns 08-net-time:netns 09-cgroups:cgroup 10-pivot-root:box; do
	part "gate ${pair%:*}" gate "${pair%:*}" "${pair#*:}"
done
part "gate 10 as root of the VM" gate_of_root
part "what a test run counts" sh tests/test-parts.sh
part "how long a gate waits" "$build/tests/test-deadline"
part "options of a gate" sh tests/harness/test-options.sh "$build"
part "other answers" sh tests/answers/check.sh "$build" starter wrong
part "soak" soak
part "rootfs and VM" timeout 600 sh tests/rootfs/test.sh
beside "failing calls" sh tests/faults/check.sh "$build"
beside "valgrind" sh tests/valgrind/check.sh "$build"
beside "ids of containers" sh tests/subid.sh "$build"
beside "a standstill" sh tests/standstill.sh "$build"
beside "starters" sh tests/starters.sh
beside "a VM that fails" sh tests/failing-vm.sh "$build"
beside "student's loop" sh tests/loop/test-loop.sh "$build"
beside "grading" sh tests/grade/test-grade.sh "$build"
beside "exports" sh tests/export/test-export.sh "$build"
beside "exports: TAP and JUnit" sh tests/export/test-ci.sh "$build"
beside "exports: JSON" sh tests/export/test-platforms.sh "$build"
beside "exports: CSV" sh tests/export/test-csv.sh "$build"
beside "Gradescope" sh tests/export/test-gradescope.sh "$build"
beside "class" sh tests/gradebook/test-gradebook.sh "$build"
beside "class interrupted" sh tests/gradebook/test-interrupted.sh "$build"
beside "class on other machines" sh tests/gradebook/test-machines.sh "$build"
beside "handout" sh tests/handout/test-handout.sh "$build"
beside "lessons and guide" sh tests/docs/test-docs.sh "$build"
beside "what they show" sh tests/docs/test-console.sh "$build"
beside "book" book
part "other answers, graded" make -s --no-print-directory graded B="$build"
part "hostile submissions" make -s --no-print-directory hostile B="$build"
part "nothing left" nothing_left
settle
