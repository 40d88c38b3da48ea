#!/bin/sh
# test-parts.sh - what a test run makes of its parts; TAP
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
# shellcheck source=tests/marked.sh
. tests/marked.sh
mark=TEST_PARTS=$$

clean_up()
{
	# shellcheck disable=SC2046 # process ids are words
	kill -KILL $(marked) 2>/dev/null
}

# What the parts have to do with the test, and with each other, is there.
place=$work
export place

# parts SCRIPT: a run of such parts
parts()
{
	run sh -uc "log=$work/log; . tests/parts.sh; $1"
}

# comes_to STATUS SUM: with such a last line
comes_to()
{
	[ "$status" -eq "$1" ] && [ "$(tail -n 1 "$work/out")" = "$2" ]
}

# told NAME...: these parts, in that order
told()
{
	[ "$(sed -n 's/ .* passed, .* failed .*//p' "$work/out" | xargs)" = "$*" ]
}

# one SCRIPT: a run of one part, which is such a script
one()
{
	echo "$1" >"$work/one"
	parts "part one sh $work/one; settle"
}

one 'echo ok 1; echo ok 2 - b; echo 1..2'
ok "all passed" comes_to 0 "2 passed, 0 failed"
one 'echo 1..2; echo ok 1; echo ok 2'
ok "the plan may come first" comes_to 0 "2 passed, 0 failed"
one 'echo ok 1; echo not ok 2 - b; echo "# it was so"; echo ok 3 - c; echo 1..3
	echo and so >&2; exit 1'
ok "one failed" comes_to 1 "2 passed, 1 failed"
ok "it is told why" says "not ok 2 - b # it was so" "# and so"
ok "what passed is not told" eval '! says "ok 3 - c"'
ok "all of it is in the log" grep -q "ok 3 - c" "$work/log"
one 'echo not ok 1; echo 1..1'
ok "one failed, with status 0" comes_to 1 "0 passed, 1 failed"
one 'echo ok 1'
ok "no plan" comes_to 1 "1 passed, 1 failed"
one 'echo ok 1; echo 1..2'
ok "less than was planned" comes_to 1 "1 passed, 1 failed"
one 'echo ok 1; echo ok 2; echo 1..1'
ok "more than was planned" comes_to 1 "2 passed, 1 failed"
ok "that is told" says "not ok - one planned 1, has 2 tests, ended with status 0"
one 'echo ok 1; echo 1..1; echo 1..1'
ok "two plans" comes_to 1 "1 passed, 1 failed"
one 'echo 1..0'
ok "a plan of nothing" comes_to 1 "0 passed, 1 failed"
one :
ok "nothing at all" comes_to 1 "0 passed, 1 failed"
one 'echo ok 1; echo 1..1; exit 3'
ok "all passed, with status 3" comes_to 1 "1 passed, 1 failed"
ok "the status is told" says "ended with status 3"
parts "part none $work/none; settle"
ok "a part that there is not" comes_to 1 "0 passed, 1 failed"
one 'echo ok 1; echo "ok 2 - b # SKIP no such thing"; echo 1..2'
ok "a skip is none that passed" comes_to 0 "1 passed, 0 failed, 1 skipped"
ok "it is told why" says "ok 2 - b # SKIP no such thing"

# Beside each other. What waits does so for 30 seconds at most.
cat >"$work/late" <<-'END'
	. tests/marked.sh
	within 30 [ -e "$place/early.over" ] || exit
	echo ok 1 - late
	echo 1..1
	: >"$place/late.over"
END
cat >"$work/early" <<-'END'
	echo ok 1 - early
	echo 1..1
	: >"$place/early.over"
END
parts "beside late sh $work/late; beside early sh $work/early; settle"
if [ "$(nproc)" -gt 1 ]; then
	ok "two run at a time" comes_to 0 "2 passed, 0 failed"
else
	skip "two run at a time" "one processor"
fi
ok "they are told in their order" told late early
rm -f "$work"/*.over
cat >"$work/alone" <<-'END'
	[ -e "$place/late.over" ] && echo ok 1 - alone
	echo 1..1
END
parts "beside early sh $work/early; beside late sh $work/late
	part alone sh $work/alone; settle"
ok "a part waits for what is beside" comes_to 0 "3 passed, 0 failed"
parts "beside killed sh -c 'echo ok 1; echo 1..1; kill -9 \$PPID'; settle"
ok "what is killed has not passed" comes_to 1 "1 passed, 1 failed"
ok "it is told that it was" says "with status 137"

# Too long: what another part has to say is told all the same.
cat >"$work/long" <<-'END'
	echo "the last words" >&2
	trap : TERM
	setsid sleep 1234 &
	wait
END
run env PART_TIMEOUT=2 "$mark" sh -uc "log=$work/log; . tests/parts.sh
	beside early sh $work/early; beside long sh $work/long; settle"
ok "a part that does not end ends the run" [ "$status" -eq 1 ]
ok "it is told which, and what its processes were at" says "after 2 s" \
	"sleep 1234" "the last words" "not ok - long" "with status 124"
ok "and what the other parts came to" says "early 1 passed, 0 failed"
ok "it has left no process" within 30 none_marked

# Ended by a signal, with a part that has left its parents.
cat >"$work/endless" <<-'END'
	echo "$TMPDIR" >"$place/tmpdir.new"
	setsid sleep 1000 &
	mv "$place/tmpdir.new" "$place/tmpdir"
	wait
END
(
	export TEST_PARTS=$$
	parts "beside endless sh $work/endless; settle"
	exit "$status"
) &
ended=$!
within 30 [ -e "$work/tmpdir" ]
ok "a run that is to be ended runs" marked_as sleep
kill -TERM "$(ps -o pid= --ppid $ended)"
ok "it leaves no process" within 30 none_marked
clean_up
wait $ended
status=$?
ok "it ends with status 143" [ $status -eq 143 ]
ok "it leaves no file" [ ! -e "$(dirname "$(cat "$work/tmpdir")")" ]
done_testing
