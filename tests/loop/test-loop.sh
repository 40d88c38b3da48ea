#!/bin/sh
# test-loop.sh BUILD - a student's way through the first stages; TAP
#
# In a copy of the kit.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh

sh tests/copy-kit.sh "$build" "$work/kit" && cd "$work/kit" || exit 1
unset STAGE TASK UNLOCK KEEP MAKEFLAGS MAKELEVEL MFLAGS

says_not()
{
	! says "$1"
}

# answer STAGE: as the solution does it
answer()
{
	cp solutions/"$1"/*.c stages/"$1"
}

run make
ok "make names the first thing to do" says "0 of 10 stages" \
	"stage 01-fork-exec" "TODO 1" "stages/01-fork-exec/spawn.c"
run jq -e '.[0] | .file == "stages/01-fork-exec/spawn.c" and
	(.command | contains("-iquote"))' build/compile_commands.json
ok "editors find how a file is compiled" test "$status" -eq 0

run env VMDIR="$work/none" build/tests/doctor
ok "doctor counts on a VM that is still to be built" says \
	"All ten stages can be judged"

# What judges can fail, too: then it is no fault of the program's.
answer 01-fork-exec
run make check-01
cp build/tests/gates/01-fork-exec "$work/gate"
printf '#!/bin/sh\necho no room >&2; exit 125\n' >build/tests/gates/01-fork-exec
run make
ok "a judge that fails is not taken for a program that does" says "no room" \
	"could not be judged" "Next: make doctor"
ok "nor does that cost what was there" test ! -e \
	build/student/verdicts/01-fork-exec.failed
cp "$work/gate" build/tests/gates/01-fork-exec
rm stages/01-fork-exec/spawn.c
run make
ok "a file that is gone is missed" says "stages/01-fork-exec/spawn.c is not there" \
	"make reset STAGE=01"
run make reset STAGE=01
for stages in "01 02" 003 % 11; do
	run make hint STAGE="$stages"
	ok "STAGE=$stages is no stage" says "no such stage"
done
run make -j4
ok "make -j4 has nothing to warn of" says_not warning
mv "$work/kit" "$work/moved" && cd "$work/moved" || exit 1
run make
ok "editors find the files of a kit that was moved" grep -q "$work/moved\"" \
	build/compile_commands.json
mv "$work/moved" "$work/kit" && cd "$work/kit" || exit 1

run make check-11
ok "there is no stage 11" says "make check-11: no such stage; 01 to 10"
run make UNLOCK=1
ok "with UNLOCK=1 any stage can be the first" says "Next: stage 01-fork-exec" \
	"Or begin another one"
run make check
ok "make check says which of three is meant" says "make check-03" "make test"
run make check-02
ok "a later stage is shut" says "Stage 02-wait-zombies is shut" "UNLOCK=1"

# One task done, the other not.
awk '/^pid_t spawn/ { on = 1 } on && /todo/ {
	print "\tpid_t child = fork();\n\n\tif (child == 0)"
	print "\t\texec_command(command);\n\treturn child;"; next } { print }' \
	stages/01-fork-exec/spawn.c >"$work/new" &&
	cp "$work/new" stages/01-fork-exec/spawn.c
run make
ok "what is still to be written comes next" says "Next: TODO 1 of spawn.c"
ok "and that it fails until then is nothing to look into" says_not "task: "
run make hint
ok "the first hint" says "task 1, hint 1 of 3"
run make hint
ok "the second hint is another" says "task 1, hint 2 of 3"
run make hint
ok "the third hint" says "task 1, hint 3 of 3"
run make hint
ok "then all of them again" says "These were all the hints"
run make
ok "and make knows that they are read" says "has its three hints again"

echo 'int nonsense = "text";' >>stages/01-fork-exec/spawn.c
run make
ok "what the compiler says is shown" says "spawn.c:" "nonsense" \
	"make it compile"
run make hint
ok "and no hint is given but that" says "01-fork-exec did not compile"

# Mistakes in exec_command(), which spawn() has to suffer for.
sed 's/command->dir && //' solutions/01-fork-exec/spawn.c \
	>stages/01-fork-exec/spawn.c
run make
ok "a failure is about the task that has made it" says \
	"Next: new_process, task 1"
sed '/^\tdie(errno ==/d' solutions/01-fork-exec/spawn.c \
	>stages/01-fork-exec/spawn.c
make >/dev/null 2>&1
run make
ok "what the compiler has warned of is told until it is mended" says \
	"the compiler warns" "noreturn"
run make check-01
ok "one stage, and what is next in it" says "7 of 10 points" \
	"Next: path_of_command"

answer 01-fork-exec
echo 'static void of_no_use(void) { }' >>stages/01-fork-exec/spawn.c
make >/dev/null 2>&1
run make
ok "also when it passes" says "1 of 10 stages" "the compiler warns" of_no_use
run make check-01
ok "a stage that is passed says what is next" says "10 of 10 points" \
	"Next: stage 02-wait-zombies"
run make hint STAGE=01
ok "and needs no hint" says "Stage 01-fork-exec is passed" "TASK=1"
rm -rf build/progress
answer 01-fork-exec
run make
ok "a stage that passes opens the next" says "passed" "1 of 10 stages" \
	"stage 02-wait-zombies" "Break it"
ok "progress is a plain file" test -f build/progress/01-fork-exec
judged=$(stat -c '%i %y' build/student/verdicts/01-fork-exec)
run make
ok "what has not changed is not judged again" test "$judged" = \
	"$(stat -c '%i %y' build/student/verdicts/01-fork-exec)"
touch stages/01-fork-exec/spawn.c
run make
ok "in silence" says_not "judging"
ok "what has been saved is" test "$judged" != \
	"$(stat -c '%i %y' build/student/verdicts/01-fork-exec)"
run make solution STAGE=01
ok "the solution can be compared then" test "$status" -eq 0
run make solution STAGE=02
ok "but not before" says "not passed yet"

# on_terminal COMMAND: run, with a terminal of its own for its output
on_terminal()
{
	TERM=xterm script -qec "$1" /dev/null >"$work/out" 2>&1 </dev/null
	status=$?
}

escape=$(printf '\033')
on_terminal "make check-1"
ok "colour on a terminal" says "${escape}[32mpass"
touch stages/01-fork-exec/spawn.c
on_terminal "make check-1"
ok "and what is being judged" says "judging 01-fork-exec"
on_terminal "NO_COLOR=1 make check-1"
ok "none there with NO_COLOR" test "$(grep -c "$escape" "$work/out")" = 0
run make check-1
ok "none anywhere else" test "$(grep -c "$escape" "$work/out")" = 0

# All but one task, and no test says which.
answer 02-wait-zombies
awk '/^static void note/ { on = 1 } /^}/ { on = 0 }
	on && /answer/ { exit } { print }' solutions/02-wait-zombies/reap.c \
	>"$work/new"
{
	cat "$work/new"
	printf '\ttodo(3, pid == child, status, usage, outcome);\n}\n'
	awk '/Task 4:/ { on = 1; print "/*" } on' \
		solutions/02-wait-zombies/reap.c
} >stages/02-wait-zombies/reap.c
run make
ok "the task that is left comes next, whatever it does to the others" \
	says "Next: TODO 3 of reap.c"
run make UNLOCK=1
ok "what is next is said for UNLOCK=1" says "make UNLOCK=1 hint"

# A pointer to nowhere.
sed 's/todo(3, pid == child.*/*(volatile int *)8 = pid;/' \
	stages/02-wait-zombies/reap.c >"$work/new" &&
	cp "$work/new" stages/02-wait-zombies/reap.c
run make
ok "a crash is explained" says "139 is 128 + 11: SIGSEGV"
# fits COUNT: so many explanations of a crash at least, none of them over 60 wide
fits()
{
	tr -d '\r' <"$work/out" | awk -v count="$1" '
		/139 is/ { on = 1; seen++ }
		/task:/ { on = 0 }
		on && length() > 60 { wide = 1 }
		END { exit seen < count || wide }'
}

on_terminal "stty cols 60; make"
ok "the explanation fits the terminal" fits 1
on_terminal "stty cols 60; make check-02"
ok "each of them, where a stage is shown whole" fits 2
run make check-02
ok "what the driver is, is said" says "driver: tests/drivers/02-wait-zombies.c"
echo 'int nonsense = "text";' >>stages/02-wait-zombies/reap.c
run make
run make reset STAGE=2
run make hint
ok "a reset forgets what did not compile" says "02-wait-zombies, task 1"
run make reset STAGE=2
ok "there is nothing to reset twice" says "reap.c is as it was given out"

# A mistake in what was passed.
sed -i 's/_NOT_FOUND :/_CANNOT_EXEC :/' stages/01-fork-exec/spawn.c
run make
ok "a stage that was passed and fails comes first" says "passed before" \
	"cannot_start"
answer 01-fork-exec
run make

run make UNLOCK=1 check-04
ok "UNLOCK=1 judges a stage by itself" says "04-ipc" "0 of 10 points"
run make UNLOCK=1 hint
ok "and hints are for what was begun" says "02-wait-zombies, task"
answer 04-ipc
run make
ok "without it what is begun is not forgotten" says \
	"You have begun stage 04-ipc too" "make UNLOCK=1"
run make UNLOCK=1 check-04
ok "which stands on the kit's own" says "10 of 10 points"
make UNLOCK=1 >/dev/null 2>&1
judged=$(stat -c '%i %y' build/unlocked/ipc build/unlocked/verdicts/04-ipc)
run make UNLOCK=1
ok "what has not changed is not judged again there either" test "$judged" = \
	"$(stat -c '%i %y' build/unlocked/ipc build/unlocked/verdicts/04-ipc)"
run make UNLOCK=1 sandbox CMD='ipc pipeline echo hello "|" cat'
ok "the sandbox does so too" says hello
run make UNLOCK=1 vm CMD='ipc pipeline echo hello "|" cat'
ok "and so does the VM" says hello
run make sandbox CMD='probe exit 3; echo $?; driver 2>&1'
ok "and has what a failing test ran" says 3 "are needed"

# await COUNT: so many verdicts on the screen of make watch
await()
{
	tries=0
	while [ "$(grep -c 'of 10 stages' "$work/watched")" -lt "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.05
	done
}

# The file is there before it is looked at: who runs in the background may be
# later than who looks.
: >"$work/watched"
timeout 100 make watch >>"$work/watched" 2>&1 </dev/null &
watcher=$!
await 1
mv stages/04-ipc/shared.c "$work/saved"
mv "$work/saved" stages/04-ipc/shared.c
await 2
ok "watch judges again when a file is saved" \
	test "$(grep -c 'of 10 stages' "$work/watched")" = 2
kill "$watcher"
wait "$watcher" 2>/dev/null

# watches: make watch has said on its terminal what it waits for
watches()
{
	tries=0
	until says "watching stages: save a file"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.05
	done
}

# exec: script(1) ends its child alone, and not every shell gives up its place.
: >"$work/out"
TERM=xterm script -qec "exec timeout 100 make watch" /dev/null >>"$work/out" 2>&1 \
	</dev/null &
watcher=$!
ok "and says on a terminal what it waits for" watches
kill "$watcher"
wait "$watcher" 2>/dev/null

echo '/* mine */' >>stages/01-fork-exec/spawn.c
run make reset STAGE=01
ok "reset gives the starter again" test "$(awk -f tests/tools/starter.awk \
	solutions/01-fork-exec/spawn.c)" = "$(cat stages/01-fork-exec/spawn.c)"
ok "and keeps what it replaces" grep -q 'mine' \
	stages/01-fork-exec/spawn.c.kept-1
answer 01-fork-exec
run make sandbox CMD='rm -rf /usr; touch /var/mine; spawn echo hello'
ok "the sandbox runs your programs as they are now" says hello
ok "and leaves the kit as it is" test -d build/rootfs/usr -a \
	! -e build/rootfs/var/mine
for stage in 02-wait-zombies 03-signals 06-user-uts-ipc 07-pid-mount \
	08-net-time; do
	answer $stage
done
run make sandbox CMD='pidns id -u && userns hostname &&
	netns --veth 10.1.1.1/24,10.1.1.2/24 ping -c 1 10.1.1.1'
ok "containers can be made in it" says "1 packets received"
run make reset STAGE=77
ok "no such stage" says "no such stage"

answer 01-fork-exec
run make
run make clean KEEP=1
ok "clean leaves progress where that is wanted" \
	test -f build/progress/01-fork-exec
ok "and nothing else" test ! -e build/student
done_testing
