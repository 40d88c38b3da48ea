#!/bin/sh
# lint.sh - what can be said of the sources without running them; TAP
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh

# check NAME TOOL COMMAND...: by that tool
check()
{
	name=$1
	tool=$2
	shift 2
	if command -v "$tool" >/dev/null; then
		ok "$name" silent "$@"
	else
		skip "$name" "$tool is not installed"
	fi
}

# What is there to be bad is as bad as it likes.
sources()
{
	find stages solutions tests -path tests/hostile -prune -o \
		-name '*.[ch]' -print | sort
}

includes=$(find stages tests -mindepth 1 -maxdepth 1 -type d -printf '-iquote %p ')

# The warnings that only the optimiser finds need -O2; glibc's headers here,
# musl's in the build itself.
warnings()
{
	# shellcheck disable=SC2086 # the words are to be split
	sources | grep '\.c$' | xargs -P "$(nproc)" -I FILE sh -c \
		'gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror \
			-Wmissing-prototypes -Wno-format-zero-length "$@" \
			-c -o /dev/null FILE' warnings $includes
}

tidy()
{
	# One at a time: given several, clang-tidy 14 sees va_list errors that
	# are not there. Its count of suppressed warnings goes nowhere.
	# Other answers are to be different, in their own hand.
	# shellcheck disable=SC2086 # the words are to be split
	sources | grep '\.c$' | grep -v '^tests/answers/' |
		xargs -P "$(nproc)" -I FILE sh -c \
		'clang-tidy --quiet FILE -- -std=gnu11 -D_GNU_SOURCE "$@" \
			2>/dev/null' tidy $includes
}

# Kernel formatting.
format()
{
	sources | xargs clang-format --dry-run --Werror 2>&1
}

shells()
{
	find rootfs tests .ci -name '*.sh' -o -path .ci/run \
		-o -path rootfs/init -o -name run_autograder | sort | xargs shellcheck -x
}

# A number may be another process's by now, and a link in the sandbox leads
# anywhere: kill_process() and open_in_sandbox(). gate.h
gates_are_careful()
{
	grep -nE '(^|[^_a-z])kill(pg)?\([^2]|open(dir)?\((sandbox_path|in_container|path_for)\(' \
		tests/gates/*.c
	:
}

top_level()
{
	git ls-files | cut -d/ -f1 | sort -u | grep -vxE \
		'stages|solutions|rootfs|tests|Makefile|GUIDE\.md|README\.md|LICENSE|\..*'
	:
}

check "gcc warnings" gcc warnings
check "clang-tidy" clang-tidy tidy
check "formatting" clang-format format
check "shellcheck" shellcheck shells
check "gates signal and open what is in the sandbox alone" grep gates_are_careful
check "nothing else at the top level" git top_level
done_testing
