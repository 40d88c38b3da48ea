#!/bin/sh
# kit.sh BUILD - one line that says by what the kit judges
#
# It is another one when a gate, the reference, the sandbox or the grader has
# changed. The sources are what is looked at: they are the same on two machines
# whose compilers are not. The files that a student edits are no part of them, nor
# is what is only read, or what an editor, patch(1) or `make reset` leaves beside
# it. `make grader` keeps it as BUILD/grade/kit, which so says what has been built.
set -u
table=$(cd "$1" && pwd)/grade/stages || exit 125
cd "$(dirname "$0")/../.." || exit 125
export LC_ALL=C
find Makefile rootfs solutions stages tests/doctor tests/drivers tests/gates \
	tests/grade tests/harness tests/judge.sh tests/probe tests/tests.mk \
	tests/tools tests/tools.mk -type f ! -name '*.md' ! -name '*.svg' \
	! -name 'test-*.sh' ! -name '.*' ! -name '*~' ! -name '*.kept-*' \
	! -name '*.orig' ! -name '*.rej' | awk '
	NR == FNR { for (i = 3; i <= NF; i++) theirs["stages/" $1 "/" $i]; next }
	!($0 in theirs)' "$table" - | sort | tr '\n' '\0' |
	xargs -0 sha256sum | sha256sum | cut -d' ' -f1
