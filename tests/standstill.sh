#!/bin/sh
# standstill.sh BUILD - a machine that stands still for longer than a test waits
# turns no verdict, and a test that never ends does not stand in the way; TAP
#
# Virtual machines are stopped for seconds, and then all that was to happen by a
# certain moment is late at once. Here a gate and all that it has started are
# stopped, by SIGSTOP.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
work=$(mktemp -d) || exit 1
gate=
trap '[ -z "$gate" ] || kill -KILL "$gate"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# all SIGNAL PID: to the process and to all below it
all()
{
	kill -s "$1" "$2" 2>/dev/null || return
	# shellcheck disable=SC2013 # numbers
	for below in $(cat /proc/"$2"/task/*/children 2>/dev/null); do
		all "$1" "$below"
	done
}

# below PID: how many processes there are
below()
{
	# shellcheck disable=SC2013 # numbers
	for process in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		echo $((1 + $(below "$process")))
	done | awk '{ sum += $1 } END { print sum + 0 }'
}

# start: one test, which waits a second for anything in place of ten, and which
# stops nobody by itself. It has come so far that it judges something.
start()
{
	TIME_FACTOR=0.1 "$build/tests/gates/06-user-uts-ipc" --test ids \
		--rootfs "$build/rootfs" --probe "$build/tests/probe" \
		--program "$build/reference/userns" \
		--driver "$build/reference/drivers/06-user-uts-ipc" \
		--results "$work/results" \
		>"$work/out" 2>&1 </dev/null &
	gate=$!
	until [ "$(below $gate)" -ge 4 ]; do
		kill -0 $gate 2>/dev/null || return
		sleep 0.01
	done
}

# judge: it stands still for two seconds in the midst of that
judge()
{
	for _ in 1 2 3 4 5 6 7 8 9; do
		start && all STOP $gate
		! grep -q '^[0-9]* (.*) T ' "/proc/$gate/stat" || break
		wait $gate
		gate=
	done
	[ "$gate" ] || return
	sleep 2
	all CONT "$gate"
	wait "$gate"
	status=$?
	gate=
	return $status
}

# limited: one test has come to the limit that a whole one has, which is an alarm
limited()
{
	for _ in 1 2 3 4 5 6 7 8 9; do
		rm -f "$work/results"
		start
		kill -ALRM "$(cat "/proc/$gate/task/$gate/children")" 2>/dev/null
		wait "$gate"
		status=$?
		gate=
		[ $status -eq 0 ] || break
	done
	[ $status -eq 1 ] && grep -q 'FAIL .* ids ' "$work/out" &&
		jq -es 'length == 1 and (.[0] | .name == "ids" and
			.status == "failed" and .points == 0 and
			(.message | startswith("it has not ended in ")))' \
			"$work/results" >/dev/null
}

for n in 1 2 3; do
	ok "two seconds of standstill turn no verdict, time $n" judge
done
ok "a test that comes to its limit has failed, and is told of" limited
done_testing
