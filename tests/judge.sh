#!/bin/sh
# judge.sh BUILD STAGE RESULTS PROGRAM [DRIVER] - one gate, where it can run
#
# Runs the gate of STAGE on PROGRAM: on this machine, in the VM, or what sets
# limits there and the rest here, as doctor finds, or as it has said just now, of
# which KIT_CAN in the environment is the status. JUDGE_IN=vm there takes the VM
# for all of it, SEED=N gives the names and numbers, and WHOLE=FILE the box that
# is made of somebody's modules of all stages. What the gate says goes to
# standard output, a line of JSON for each test to RESULTS, anew. Exits 0 when
# every test has passed, 1 when not, 125 when that could not be found out.
set -u
build=$1
stage=$2
results=$3
program=$4
driver=${5-}
gate=$build/tests/gates/$stage
trap 'rm -f "$results.vm"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# here [OPTION]...: the gate on this machine. Many tests wait for most of their
# time: with one at once more than a gate would run, nobody waits for those.
here()
{
	"$gate" --program "$program" ${driver:+--driver "$driver"} \
		--rootfs "$build/rootfs" --probe "$build/tests/probe" \
		--results "$results" ${WHOLE:+--whole "$WHOLE"} \
		--jobs $(($(nproc) + 2)) ${SEED:+--seed "$SEED"} "$@" </dev/null
}

# boot [OPTION]...: the gate in the VM; tests take longer in there
boot()
{
	VMDIR=$build/vm sh rootfs/vm.sh --timeout 300 --memory 512 \
		--out "$results.vm" --add "$build/rootfs:/kit/rootfs" \
		--add "$build/tests/probe:/kit/probe" --add "$gate:/kit/gate" \
		--add "$program:/kit/$(basename "$program")" \
		${driver:+--add "$driver:/kit/driver"} \
		${WHOLE:+--add "$WHOLE:/kit/whole/box"} \
		-- "TIME_FACTOR=4 /kit/gate --rootfs /kit/rootfs \
			--program /kit/$(basename "$program") \
			${driver:+--driver /kit/driver} --probe /kit/probe \
			--results \"\$VM_OUT\" ${SEED:+--seed $SEED} \
			${WHOLE:+--whole /kit/whole/box} $*" </dev/null
}

# in_vm [OPTION]...: the same; a machine may fail, and is given two chances
in_vm()
{
	boot "$@"
	status=$?
	if [ $status -gt 1 ]; then
		echo "judge.sh: the VM has failed, and is started again" >&2
		boot "$@"
		status=$?
	fi
	cat "$results.vm" >>"$results"
	return $status
}

true >"$results" || exit 125
if [ "${JUDGE_IN-}" = vm ]; then
	place=1
elif [ -n "${KIT_CAN-}" ]; then
	place=$KIT_CAN
else
	"$build/tests/doctor" --build "$build" --can "$stage" >/dev/null
	place=$?
fi
case $place in
0) here ;;
1) in_vm ;;
3)
	# Both, whatever the first one says.
	here --possible
	first=$?
	[ $first -le 1 ] || exit 125
	in_vm --limits
	second=$?
	[ $second -le 1 ] || exit 125
	exit $((first | second))
	;;
*) here ;;
esac
case $? in
0) exit 0 ;;
1) exit 1 ;;
*) exit 125 ;;
esac
