#!/bin/sh
# standstill.sh BUILD - a machine that stands still for longer than a test waits
# turns no verdict, a test that never ends does not stand in the way, and what is
# judged at the same time is apart; TAP
#
# Virtual machines are stopped for seconds, and then all that was to happen by a
# certain moment is late at once. Here a gate and all that it has started are
# stopped, by SIGSTOP.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
gate=
one=

# shellcheck disable=SC2317 # tap.sh calls it
clean_up()
{
	[ -z "$one" ] || kill -KILL "$one"
	[ -z "$gate" ] || kill -KILL "$gate"
}

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
			(.message | startswith("it has not ended in its time")))' \
			"$work/results" >/dev/null
}

for n in 1 2 3; do
	ok "two seconds of standstill turn no verdict, time $n" judge
done
ok "a test that comes to its limit has failed, and is told of" limited

# held_up: the first test stands still, and the results of others come
held_up()
{
	rm -f "$work/results"
	"$build/tests/gates/01-fork-exec" --jobs 3 --rootfs "$build/rootfs" \
		--probe "$build/tests/probe" \
		--program "$build/reference/spawn" \
		--driver "$build/reference/drivers/01-fork-exec" \
		--results "$work/results" >"$work/out" 2>&1 </dev/null &
	gate=$!
	until first=$(cut -d' ' -f1 "/proc/$gate/task/$gate/children") &&
		[ "$first" ]; do
		kill -0 $gate 2>/dev/null || return
	done
	kill -STOP "$first"
	tries=0
	until [ -s "$work/results" ] || [ $tries -eq 600 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	! grep -q new_process "$work/results"
	early=$?
	kill -CONT "$first"
	wait $gate
	gate=
	[ $tries -lt 600 ] && [ $early -eq 0 ] &&
		[ "$(wc -l <"$work/results")" -eq 10 ]
}
ok "what has ended is told of, whoever still runs" held_up

# ids_below PID: the first id out here of those that root has given away there
ids_below()
{
	# shellcheck disable=SC2013 # numbers
	for process in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		awk '$3 == 65536 { print $2 }' "/proc/$process/uid_map" 2>/dev/null
		ids_below "$process"
	done | sort -u
}

# apart: two gates of one time have no user in common
apart()
{
	# It may have ended before it was stopped.
	for _ in 1 2 3 4 5 6 7 8 9; do
		start && all STOP $gate
		one=$gate
		start && all STOP $gate
		first=$(ids_below $one)
		second=$(ids_below $gate)
		all CONT $one
		all CONT $gate
		wait $one
		wait $gate
		one=
		gate=
		[ -z "$first" ] || [ -z "$second" ] || break
	done
	echo "$first, $second"
	[ "$first" ] && [ "$second" ] && [ "$first" != "$second" ]
}
users="two gates of one time have no user in common"
if [ "$(id -u)" -eq 0 ] && [ "$(tr -s ' ' <"/proc/self/uid_map")" = " 0 0 4294967295" ]; then
	ok "$users" apart
else
	skip "$users" "root alone has ids to give"
fi
done_testing
