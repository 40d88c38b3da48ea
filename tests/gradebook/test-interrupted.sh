#!/bin/sh
# test-interrupted.sh BUILD - a class whose gradings fail or are interrupted; TAP
set -u
# shellcheck source=tests/gradebook/testing.sh
. "$(dirname "$0")/testing.sh"

# shellcheck source=tests/gradebook/failing-kit.sh
. tests/gradebook/failing-kit.sh

: >"$work/fail"
kit_book few $stage
ok "a grading that fails is told of" says_so "b: incomplete: the judge is ill" 1
ok "and costs nobody else theirs" table "[r['status'] for r in rows] ==
	['graded', 'incomplete']"
ok "who is not graded in full is in no import" jq -e \
	'map(.id) == ["a"]' "$out/class.json"
rm "$work/fail"
: >"$work/end"
kit_book few $stage
ok "one that somebody has ended counts for nobody" says_so \
	"b: not graded: no grading has come to its end" 1
rm "$work/end"
kit_book few $stage
ok "the next time it is tried again, and nothing else" \
	[ "$status $(log_lines)" = "0 4" ]
kit_book few 02-wait-zombies
ok "another stage is another grading" [ "$status $(log_lines)" = "0 6" ]
echo >>"$kit/tests/gates/$stage.c"
stamp
kit_book few 02-wait-zombies
ok "so is another kit" [ "$status $(log_lines)" = "0 8" ]
echo >>"$kit/stages/$stage/spawn.c"
stamp
kit_book few 02-wait-zombies
ok "but not what somebody edits in it" [ "$status $(log_lines)" = "0 8" ]

interrupt INT -
ok "interrupted, it says so" says_so "interrupted, with 1 graded" 130
ok "it leaves no process and no file" nothing_left
kit_book few $stage
ok "and goes on where it was" says_so "1 of 2 to be graded" 0
# What one that was killed has left, and a grading of its own goes on with.
mkdir -p "$work/few.grades/.run.old/1/out" "$work/few.grades/.run.old/2"
echo a >"$work/few.grades/.run.old/1/name"
echo 0 >"$work/few.grades/.run.old/1/out/status"
echo a >"$work/few.grades/.run.old/2/name"
kit_book few $stage
ok "what another one has left without results counts for nobody" says_so \
	"1 of 2 to be graded" 0
ok "nor is anything of it left" nothing_left
interrupt TERM
ok "the same when it is told to end" says_so "interrupted, with 1 graded" 143
ok "nothing is left then either" nothing_left
done_testing
