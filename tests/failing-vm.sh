#!/bin/sh
# failing-vm.sh BUILD - a VM that fails is started again, one that nobody waits
# for any more is ended, and one of little memory is not filled; TAP
#
# Emulated processors may hang, and somebody may end QEMU: what was being judged
# then is judged once more, and what was judged before is kept.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
# shellcheck source=tests/marked.sh
. tests/marked.sh

# In QEMU's place, FAILURES times: ends when the guest has begun to judge, which
# is when a file of verdicts has come to $TMPDIR or been written to; with AT_ONCE
# it does not wait for that. It is QEMU's process that vm.sh knows, so that nobody
# who ends this leaves QEMU.
cat >"$work/qemu" <<'EOF'
#!/bin/sh
if [ "$(wc -l <"$STARTS")" -ge "$FAILURES" ]; then
	echo good >>"$STARTS"
	exec "qemu-system-$(uname -m)" "$@"
fi
echo failing >>"$STARTS"
(
	until [ "$AT_ONCE" ] || [ "$(find "$TMPDIR" -type f \( -name vm -o \
		-name results.vm -o -name '*.results' \) -newer "$STARTS")" ]; do
		kill -0 $$ || exit
		sleep 0.1
	done
	kill -KILL $$
) &
exec "qemu-system-$(uname -m)" "$@"
EOF
chmod +x "$work/qemu"

# That finds out how to run one by starting one, once.
rootfs/vm-accel.sh "$build/vm" >/dev/null

at_once=

# failing N COMMAND...: its output to work/out, its status to $status
failing()
{
	: >"$work/starts"
	failures=$1
	shift
	env QEMU="$work/qemu" STARTS="$work/starts" FAILURES="$failures" \
		AT_ONCE="$at_once" TMPDIR="$work" JUDGE_IN=vm "$@" \
		>"$work/out" 2>&1 </dev/null
	status=$?
}

# How QEMU was started is told of, too.
# shellcheck disable=SC2317 # ok() calls it
details()
{
	cat "$work/starts"
}

# starts N COMMAND...: it succeeds, and QEMU was started so often
starts()
{
	[ "$(wc -l <"$work/starts")" -eq "$1" ] && shift && "$@"
}

# gate STATUS TESTS: it has ended so, with so many results
gate()
{
	[ "$status" -eq "$1" ] && [ "$(wc -l <"$work/results")" -eq "$2" ]
}

# graded STATUS FILTER: make has ended so, and that is true of the results
graded()
{
	[ "$status" -eq "$1" ] && jq -e "$2" "$work/graded/results.json"
}

first=$build/reference
failing 1 sh tests/judge.sh "$build" 01-fork-exec "$work/results" \
	"$first/spawn" "$first/drivers/01-fork-exec"
ok "a gate is run once more" starts 2 gate 0 10
failing 2 sh tests/judge.sh "$build" 01-fork-exec "$work/results" \
	"$first/spawn" "$first/drivers/01-fork-exec"
ok "and has failed after that" starts 2 [ "$status" = 125 ]

# The most sandboxes that there were at once, each held open by a probe. A
# machine may fail here as well.
for _ in 1 2 3; do
	# shellcheck disable=SC2016 # the shell in the VM
	run env VMDIR="$build/vm" sh rootfs/vm.sh --timeout 120 --memory 320 \
		--add "$build/rootfs:/kit/rootfs" \
		--add "$build/tests/probe:/kit/probe" \
		--add "$build/tests/gates/01-fork-exec:/kit/gate" \
		--add "$first/spawn:/kit/spawn" -- '
		TIME_FACTOR=4 /kit/gate --program /kit/spawn \
			--probe /kit/probe --rootfs /kit/rootfs --jobs 3 \
			>/dev/null &
		most=0
		while kill -0 $!; do
			now=$(ps -o args | grep -c "^probe sandbox")
			[ "$now" -le "$most" ] || most=$now
		done 2>/dev/null
		echo "most $most"'
	[ "$status" -gt 123 ] || break
done
ok "sandboxes that have no room together are one after the other" \
	grep -qx "most 1" "$work/out"

mkdir "$work/submission"
cp solutions/0[12]*/*.c "$work/submission"
grade="make -s --no-print-directory grade B=$build SUBMISSION=$work/submission
	OUT=$work/graded"
# shellcheck disable=SC2086 # words of make's
failing 1 $grade
ok "a submission's stage is judged once more" starts 2 graded 0 '.score == 20'
# shellcheck disable=SC2086 # words of make's
failing 9 $grade
ok "and could not be judged after that" starts 4 graded 2 '.score == 0 and
	all(.stages[:2][].tests[]; .message == "it could not be judged")'

# One that leaves half a line of a verdict
cat >"$work/half-qemu" <<'EOF'
#!/bin/sh
if [ -s "$STARTS" ]; then
	echo good >>"$STARTS"
	exec "qemu-system-$(uname -m)" "$@"
fi
echo failing >>"$STARTS"
printf 'begin 01-fork-exec\n{"stage":"01-' >file
EOF
chmod +x "$work/half-qemu"
: >"$work/starts"
# shellcheck disable=SC2086 # words of make's
run timeout 300 env QEMU="$work/half-qemu" STARTS="$work/starts" \
	TMPDIR="$work" JUDGE_IN=vm $grade STAGE=1
ok "half a line of a verdict is none" starts 2 graded 0 '.score == 10'

at_once=yes
# shellcheck disable=SC2086 # words of make's
failing 1 $grade BUILD_IN=vm STAGE=1
at_once=
ok "where the VM compiles, it does so once more" starts 3 \
	graded 0 '.score == 10'

# What the VM judges where this machine sets no limits
title_answers="other answers are judged once more"
title_faults="failing calls are made once more"
title_end="failing calls that are told to end leave no process"
title_soak="a soak that is told to end leaves no process"
if "$build/tests/doctor" --build "$build" --can 09-cgroups >/dev/null; then
	skip "$title_answers" "they are judged here"
	skip "$title_faults" "they are made here"
	skip "$title_end" "they are made here"
	skip "$title_soak" "its answers are judged here"
	done_testing
	exit
fi
failing 1 sh tests/answers/check.sh "$build" \
	09-cgroups/wrong/read-on-from-there 09-cgroups/wrong/weight-as-quota
ok "$title_answers" starts 2 [ "$(grep -c '^ok ' "$work/out")" = 2 ]
failing 1 sh tests/faults/check.sh "$build" cgroup
ok "$title_faults" starts 2 says "ok - cgroup" "1..1"

mark=TEN_STAGES_END=$work
status=

# In QEMU's place, what does not end by itself: who waited for that would see
# all processes gone, whatever has ended them.
ln -s "$(command -v sleep)" "$work/endless"
cat >"$work/endless-qemu" <<'EOF'
#!/bin/sh
exec "${0%-qemu}" 1000
EOF
chmod +x "$work/endless-qemu"

# told_to_end COMMAND...: once its VM is there; all end soon
# shellcheck disable=SC2317 # ok() calls it
told_to_end()
{
	env "$mark" QEMU="$work/endless-qemu" ACCEL=tcg BOOT_TIMEOUT=1000 "$@" \
		>"$work/out" 2>&1 </dev/null &
	told=$!
	within 60 marked_as endless || echo "it starts no VM"
	kill "$told"
	within 60 none_marked
}

ok "$title_end" silent told_to_end sh tests/faults/check.sh "$build" cgroup
ok "$title_soak" silent told_to_end sh tests/soak.sh "$build" 1
ok "and says what it has seen" grep -qx \
	'0 rounds, 0 runs of a gate, 0 false failures' "$work/out"
done_testing
