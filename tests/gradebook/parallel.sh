#!/bin/sh
# parallel.sh BUILD OUT RUN [STAGE] - grades all of RUN/todo by GNU parallel
#
# On this machine and those that HOSTS names, JOBS at a time on each. Prints the
# number of each that is over: student.sh has left RUN/NUMBER/out. OUT/joblog is
# gone on with. SIGINT ends it and whatever it has started.
set -u
build=$1
out=$2
run=$3
stage=${4-}
kit=$PWD
# shellcheck source=tests/gradebook/say.sh
. tests/gradebook/say.sh

parallel --version 2>/dev/null | grep -q '^GNU parallel' ||
	die "GNU parallel is not installed: make deps, or apt-get install parallel"
[ -e "$out/joblog" ] ||
	printf 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n' \
		>"$out/joblog" || die "OUT: cannot write to $out"
hash=$(cat "$run/kit")
there=$kit
built=$build
set -- --joblog "+$out/joblog" --colsep '\t' --trim n \
	--termseq TERM,10000,KILL,1000
[ ! -t 2 ] || set -- "$@" --bar
[ -z "${JOBS-}" ] || set -- "$@" --jobs "$JOBS"
if [ -n "${HOSTS-}" ]; then
	command -v rsync >/dev/null ||
		die "HOSTS: rsync is not installed: apt-get install rsync"
	# One that cannot be reached leaves its share to the others.
	set -- "$@" --sshlogin "$HOSTS" --retries 3 --workdir ... \
		--transferfile '{1}' --return '{1}/out' --cleanup \
		--env CC --env CFLAGS --env LDFLAGS --env SEED \
		--env BUILD_IN --env JUDGE_IN --env TIME_FACTOR
	if [ -n "${KIT-}" ]; then
		there=$KIT
		built=$KIT/build
	fi
fi
# What somebody has set up for other work is none of ours; what parallel finds
# out about this machine is there the next time.
unset PARALLEL
PARALLEL_HOME=$build/grade/parallel
mkdir -p "$PARALLEL_HOME" 2>/dev/null && [ -w "$PARALLEL_HOME" ] ||
	PARALLEL_HOME=$run/parallel
mkdir -p "$PARALLEL_HOME"
export PARALLEL_HOME
cd "$run" || exit 125
exec parallel --plain --will-cite "$@" -q sh "$there/tests/gradebook/student.sh" \
	"$built" "$run" "$hash" "$stage" '{1}' '{2}' <todo
