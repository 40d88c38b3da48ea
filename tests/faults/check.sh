#!/bin/sh
# check.sh BUILD [TEST]... - the matrix of failures; TAP, its totals in a comment
#
# Without names, all tests of it. What sets limits runs in the VM, unless it can
# be done here.
set -u
build=$(cd "$1" && pwd) || exit 1
shift
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
vm=

# Who is told to end leaves no VM.
# shellcheck disable=SC2317 # tap.sh calls it
clean_up()
{
	[ -z "$vm" ] || kill "$vm" 2>/dev/null
	wait
}

: >"$work/script"
tests=${*:-$("$build/tests/faults" --list | cut -f1)}
set --
for test in $tests; do
	program=${test%%_*}
	"$build/tests/faults" --possible --test "$test" \
		--program "$build/reference/$program" \
		--driver "$build/tests/inject" --rootfs "$build/rootfs" \
		--probe "$build/tests/probe" </dev/null >"$work/out" 2>&1
	if grep -q '^  left' "$work/out"; then
		set -- "$@" --add "$build/reference/$program:/kit/$program"
		echo "/kit/faults --test $test --program /kit/$program \
			--driver /kit/inject --rootfs /kit/rootfs \
			--probe /kit/probe" >>"$work/script"
	else
		cat "$work/out"
	fi
done >"$work/all"

# in_vm [OPTION]...: the script, with the files that the options add
in_vm()
{
	sh rootfs/vm.sh --timeout 300 --memory 512 "$@" \
		--add "$build/tests/faults:/kit/faults" \
		--add "$build/tests/inject:/kit/inject" \
		--add "$build/tests/probe:/kit/probe" \
		--add "$build/rootfs:/kit/rootfs" \
		--add "$work/script:/kit/script" \
		-- 'export TIME_FACTOR=4; . /kit/script' >"$work/vm" 2>&1 \
		</dev/null &
	vm=$!
	wait $vm
	ended=$?
	vm=
	[ $ended -lt 124 ]
}

# A machine may fail; it is given two chances.
if [ -s "$work/script" ]; then
	in_vm "$@" || in_vm "$@"
	cat "$work/vm" >>"$work/all"
fi
awk -v tests="$(echo "$tests" | wc -w)" '
	/^  calls failed: / {
		failed += $3
		refused += $5
		harmless += $7
		left += $9
		next
	}
	/^  pass / { print "ok - " $3; passed++; next }
	/^  (FAIL|skip) / { print "not ok - " $3; next }
	/^faults: / { next }
	{ print "# " $0 }
	END {
		printf "# %d calls failed, each in a run of its own: ", failed
		printf "%d refused, %d without harm, ", refused, harmless
		printf "%d cgroups left and said so\n", left
		print "1.." tests
		exit passed != tests
	}' "$work/all"
