# testing.sh BUILD - what the tests of the gradebook have in common, for them to source
# shellcheck shell=sh disable=SC2034 # whose sources this uses what is set here
#
# Most of the classes hand in what is soon judged: nothing, or what does not
# compile.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
unset STAGE SUBMISSION CLASS OUT SEED JOBS HOSTS KIT SLURM ROSTER COLLECTED \
	JUDGE_IN PARALLEL PARALLEL_SSH SLURM_CONF MAKEFLAGS MAKELEVEL MFLAGS

# book NAME [VARIABLE=VALUE]...: of the class work/NAME
book()
{
	name=$1
	shift
	make -s --no-print-directory gradebook B="$build" \
		CLASS="$work/$name" "$@" >"$work/out" 2>&1 </dev/null
	status=$?
	out=$work/$name.grades
}

# says_so TEXT [STATUS]: a line has TEXT, and that was the status
says_so()
{
	[ "$status" -eq "${2:-$status}" ] && grep -qF -- "$1" "$work/out"
}

# log_lines: how many gradings there have been in all
log_lines()
{
	sed 1d "$out/joblog" | wc -l
}

# table FILTER [NAME]: it is true of gradebook.csv, a list of dictionaries `rows`
table()
{
	python3 - "$out/${2:-gradebook.csv}" "$1" <<-'END'
		import csv, sys
		rows = list(csv.DictReader(open(sys.argv[1], newline="")))
		assert eval("(" + sys.argv[2] + ")"), rows
	END
}

# until_there FILE: within a minute
until_there()
{
	tries=0
	until [ -e "$1" ] || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ -e "$1" ]
}

# Not waiting for the VM, which a machine without limits would need.
"$build/tests/doctor" --build "$build" --can 01-fork-exec >/dev/null &&
	export JUDGE_IN=here
stage=01-fork-exec
answer=solutions/$stage/spawn.c
if ! parallel --version 2>/dev/null | grep -q '^GNU parallel'; then
	skip "a class" "no GNU parallel here: package parallel"
	done_testing
	exit
fi

# A name that a shell, make, parallel, CSV or HTML could stumble over.
# shellcheck disable=SC2016 # it is to stay as it is
odd='-rf "$(touch x)'\'' {} {1} <img src=x onerror=alert(1)> \ &amp; ü'
