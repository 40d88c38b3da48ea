#!/bin/sh
# no-answers.sh DIR - that DIR, a handout unpacked, gives no answer away
#
# The answers are those of this kit, in solutions/ and tests/answers/. What is
# found goes to standard output; exits 0 when that is nothing, 1 when it is
# something, 125 when it cannot be found out.
set -u
dir=$(cd "$1" && pwd) || exit 125
cd "$(dirname "$0")/../.." || exit 125
# The traps first: a signal that comes during mktemp waits for its end.
found=
trap '[ -z "$found" ] || rm -f "$found" "$found.names"' EXIT
trap 'exit 125' HUP INT TERM
found=$(mktemp) || exit 125

find "$dir" \( -path "$dir/solutions/*.[ch]" -o -path "$dir/solutions/*.o" -o \
	-path "$dir/tests/answers" -o -path "$dir/tests/hostile" -o \
	-path "$dir/.git" -o -path "$dir/build" -o -name '*.patch' -o \
	-name '*.diff' -o -name '*.kept-*' -o -name '*.orig' -o \
	-name '*.rej' -o -name '*~' -o -name '.*.sw?' \) \
	-exec printf '%s is there\n' {} \; >>"$found"
grep -rnI '<answer>' "$dir" | sed 's/$/: the marker of an answer/' >>"$found"
find "$dir" -type f ! -name '*.a' -print0 >"$found.names" || exit 125
xargs -0 awk -f tests/handout/no-answers.awk part=solutions solutions/*/*.c \
	part=others tests/answers/*/right/*/*.c part=given \
	<"$found.names" >>"$found" || exit 125
for library in "$dir"/solutions/*/*.a; do
	if ! readelf -SW "$library" >/dev/null 2>&1; then
		echo "$library: not a library" >>"$found"
	elif readelf -SW "$library" | grep -q '\.debug_'; then
		echo "$library: has what is for debuggers, the source's lines" \
			>>"$found"
	fi
done
sed "s,$dir/,," "$found"
[ ! -s "$found" ]
