#!/bin/sh
# no-answers.sh DIR - that DIR, a handout unpacked, gives no answer away
#
# The answers are those of this kit, in solutions/ and tests/answers/. What is
# found goes to standard output; exits 0 when that is nothing.
set -u
dir=$(cd "$1" && pwd) || exit 125
cd "$(dirname "$0")/../.." || exit 125
found=$(mktemp) || exit 125
trap 'rm -f "$found"' EXIT
trap 'exit 125' HUP INT TERM

find "$dir" \( -path "$dir/solutions/*.[ch]" -o -path "$dir/solutions/*.o" -o \
	-path "$dir/tests/answers" -o -path "$dir/tests/hostile" -o \
	-path "$dir/.git" -o -path "$dir/build" -o -name '*.patch' -o \
	-name '*.diff' -o -name '*.kept-*' -o -name '*.orig' -o \
	-name '*.rej' -o -name '*~' -o -name '.*.sw?' \) \
	-exec printf '%s is there\n' {} \; >>"$found"
grep -rnI '<answer>' "$dir" | sed 's/$/: the marker of an answer/' >>"$found"
# shellcheck disable=SC2046 # file names without blanks
awk -f tests/handout/no-answers.awk part=solutions solutions/*/*.c \
	part=others tests/answers/*/right/*/*.c part=given \
	$(find "$dir" -type f ! -name '*.a') >>"$found" || exit 125
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
