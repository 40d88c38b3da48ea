#!/bin/sh
# build.sh BUILD STAGE ANSWER - the program of a stage with another answer
#
# ANSWER is "starter", "reference" (the solution as it is), "right/NAME" (files that replace those of the solution)
# or "wrong/NAME" (a patch of it). To BUILD/answers/STAGE/ANSWER come src/, the
# program, and driver where the stage has one; all other stages are those of
# the reference. Compilers and flags come from make: CC, CFLAGS, LDFLAGS,
# PROGRAM, LIBS.
set -eu
build=$1
stage=$2
answer=$3
out=$build/answers/$stage/$answer

fail()
{
	echo "$stage/$answer: $*" >&2
	exit 1
}

rm -rf "$out"
mkdir -p "$out/src"
if [ "$answer" = starter ]; then
	for file in solutions/"$stage"/*.c; do
		awk -f tests/tools/starter.awk "$file" >"$out/src/${file##*/}"
	done
else
	cp solutions/"$stage"/*.c "$out/src"
fi
case $answer in
right/*) cp tests/answers/"$stage/$answer"/*.c "$out/src" ;;
wrong/*)
	patch -s -p1 --no-backup-if-mismatch -F0 -d "$out/src" \
		<tests/answers/"$stage/$answer.patch" >"$out/patch.log" ||
		fail "the patch does not apply: $(cat "$out/patch.log")"
	;;
esac
# What is as in the solution is compiled already.
objects=
for file in "$out"/src/*.c; do
	name=${file##*/}
	if cmp -s "$file" "solutions/$stage/$name"; then
		objects="$objects $build/reference/obj/$stage/${name%.c}.o"
		continue
	fi
	object=${file%.c}.o
	# shellcheck disable=SC2086 # flags are words
	$CC $CFLAGS -Werror -c -o "$object" "$file" || fail "does not compile"
	objects="$objects $object"
done
# shellcheck disable=SC2086
$CC -o "$out/$PROGRAM" "$build/reference/obj/$stage/main.o" $objects $LIBS \
	$LDFLAGS || fail "does not link"
driver=$build/tests/obj/drivers/$stage.o
if [ -e "$driver" ]; then
	# shellcheck disable=SC2086
	$CC -o "$out/driver" "$driver" $objects $LIBS $LDFLAGS ||
		fail "the driver does not link"
fi
echo "$PROGRAM" >"$out/built"
