#!/bin/sh
# kit.sh BUILD - one line that says by what the kit judges
#
# It is another one when a gate, the reference, the sandbox or the grader has
# changed. The sources are what is looked at: they are the same on two machines
# whose compilers are not. The files that a student edits are no part of them.
set -u
table=$(cd "$1" && pwd)/grade/stages || exit 125
cd "$(dirname "$0")/../.." || exit 125
export LC_ALL=C
{
	find rootfs -maxdepth 1 -type f
	find solutions tests/gates tests/harness tests/probe tests/drivers \
		stages tests/grade/grade.mk tests/grade/grade.sh \
		tests/grade/build.sh tests/grade/system.sh tests/grade/collect.c \
		tests/grade/results.jq tests/judge.sh tests/tests.mk -type f \
		\( -name '*.[ch]' -o -name '*.sh' -o -name '*.jq' \
		-o -name '*.mk' \)
} | awk '
	NR == FNR { for (i = 3; i <= NF; i++) theirs["stages/" $1 "/" $i]; next }
	!($0 in theirs)' "$table" - | sort | tr '\n' '\0' |
	xargs -0 sha256sum | sha256sum | cut -d' ' -f1
