#!/bin/sh
# slurm.sh BUILD RUN [STAGE] - grades all of RUN/todo by Slurm, in arrays of as
# many as it takes
#
# JOBS, if set, is how many tasks run at a time. Prints the number of each that
# is over, as parallel.sh does, again and again until somebody has taken what it
# left. SIGINT cancels what is not over.
set -u
build=$1
run=$2
stage=${3-}
kit=$PWD
# shellcheck source=tests/gradebook/say.sh
. tests/gradebook/say.sh
sbatch=

# cancel: once those that still run write no more to what will be removed
# shellcheck disable=SC2317 # the trap calls it
cancel()
{
	trap '' INT
	# An array that was just sent off has a number in a moment.
	while [ "$sbatch" ] && kill -0 "$sbatch" && [ ! -s "$run/array" ]; do
		sleep 1
	done 2>/dev/null
	if [ -s "$run/array" ]; then
		array=$(cut -d';' -f1 "$run/array")
		scancel "$array"
		while [ "$(squeue -h -j "$array" 2>/dev/null)" ]; do
			sleep 1
		done
	fi
	[ -z "$sbatch" ] || { kill "$sbatch" && wait "$sbatch"; } 2>/dev/null
	exit 130
}
trap cancel INT

# those_over: the numbers of those whose results nobody has taken yet
those_over()
{
	for some in "$run"/*/out/status; do
		[ -e "$some" ] || continue
		some=${some%/out/status}
		echo "${some##*/}"
	done
}

command -v sbatch >/dev/null ||
	die "SLURM: sbatch is not installed: apt-get install slurm-client"
most=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')
most=${most:-1001}
todo=$(wc -l <"$run/todo")
first=0
while [ $first -lt "$todo" ]; do
	count=$((todo - first))
	[ $count -lt "$most" ] || count=$((most - 1))
	rm -f "$run/array"
	sbatch --parsable --wait "--array=1-$count${JOBS:+%$JOBS}" \
		tests/gradebook/array.sh "$kit" "$run/todo" $first "$build" \
		"$run" "$(cat "$run/kit")" "$stage" >"$run/array" &
	sbatch=$!
	while kill -0 $sbatch 2>/dev/null; do
		sleep 1
		those_over
	done
	wait $sbatch
	sbatch=
	first=$((first + count))
done
