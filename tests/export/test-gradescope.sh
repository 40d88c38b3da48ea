#!/bin/sh
# test-gradescope.sh BUILD - the autograder for Gradescope, as it is unpacked and
# run there; TAP
#
# Root has a container for it that is as Docker makes them: root, no namespaces,
# so that it compiles by chroot and judges in the VM. Anybody else runs it as it
# is.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
unset STAGE OUT VISIBILITY LIMIT NOTE MAKEFLAGS MAKELEVEL MFLAGS JUDGE_IN
there=$work/autograder
results=$there/results/results.json
first=01-fork-exec

# What has come of it is told of, too.
# shellcheck disable=SC2317 # ok() calls it
details()
{
	[ ! -e "$results" ] || head -c 1000 "$results"
}

# bundle FILE [VARIABLE=VALUE]...
bundle()
{
	file=$1
	shift
	make -s --no-print-directory gradescope B="$build" OUT="$file" "$@" \
		>"$work/out" 2>&1
}

# refused TEXT VARIABLE=VALUE...: there is no bundle, and a line says why
refused()
{
	text=$1
	shift
	bundle "$work/none.zip" "$@" && return 1
	[ ! -e "$work/none.zip" ] && grep -qF "$text" "$work/out"
}

# files: of the kit all that git has, and the three beside it
files()
{
	unzip -q "$work/one.zip" -d "$there/source" || return 1
	(cd "$there/source" && find . ! -type d | sort) >"$work/unpacked"
	{
		git ls-tree -r --name-only HEAD | sed 's,^,./kit/,'
		printf './%s\n' setup.sh run_autograder settings
	} | LC_ALL=C sort >"$work/wanted"
	LC_ALL=C sort "$work/unpacked" | diff "$work/wanted" - &&
		[ -x "$there/source/setup.sh" ] &&
		[ -x "$there/source/run_autograder" ] &&
		[ -x "$there/source/kit/rootfs/deps.sh" ]
}

# inside NAME [VARIABLE=VALUE]...: a program of the bundle, with what is built
inside()
{
	name=$1
	shift
	if [ "$container" ]; then
		for variable; do
			set -- "$@" -e "$variable"
			shift
		done
		for dir in /usr /etc /bin /sbin /lib /lib32 /lib64; do
			[ ! -d "$dir" ] || [ -L "$dir" ] ||
				set -- "$@" -v "$dir:$dir:ro"
		done
		"$build/reference/box" run --net none --cap-add sys_chroot \
			--tmpfs /tmp -e PATH="$PATH:/usr/sbin:/sbin" \
			-e TMPDIR=/tmp -v "$there:/autograder" \
			-v "$build:/autograder/source/kit/build" "$@" \
			"$work/root" "/autograder/source/$name"
	else
		env AUTOGRADER="$there" "$@" "$there/source/$name"
	fi >"$work/out" 2>&1 </dev/null
}

# handed_in FILE...: they are the submission
handed_in()
{
	rm -rf "$there/submission" "$there/results"
	mkdir "$there/submission" && cp "$@" "$there/submission"
}

# has FILTER: it is true of the results, and they are Gradescope's
has()
{
	jq -e '(.score | type == "number") and (.output | type == "string") and
		.stdout_visibility == "hidden" and ('"$1"')' "$results"
}

for tool in git unzip; do
	command -v $tool >/dev/null && continue
	echo "ok 1 - the autograder for Gradescope # SKIP $tool is not installed"
	echo 1..1
	exit
done
mkdir -p "$there/source"
ok "a bundle of one stage" bundle "$work/one.zip" STAGE=1 VISIBILITY=after_due_date
TZ=Asia/Tokyo bundle "$work/two.zip" STAGE=01 VISIBILITY=after_due_date
ok "the same commit makes the same file" cmp "$work/one.zip" "$work/two.zip"
ok "the kit is in it, with answers and tests, and nothing else" files
ok "no such stage" refused "no such stage" STAGE=11
ok "no such visibility" refused "VISIBILITY=all" VISIBILITY=all
ok "no such time" refused "LIMIT=x" LIMIT=x
ok "no file" refused "OUT=FILE.zip is needed" OUT=
ok "a file that cannot be written" refused "cannot write /proc" OUT=/proc/x.zip

# Older than what is built of them.
find "$there/source" -exec touch -d 2001-01-01 {} +
container=
if [ "$(id -u)" -eq 0 ] &&
	"$build/tests/doctor" --build "$build" --can "$first" >/dev/null; then
	container=1
	mkdir -p "$there/source/kit/build" "$work/root"
	(cd "$work/root" && mkdir usr etc tmp proc sys dev autograder &&
		for dir in /bin /sbin /lib /lib32 /lib64; do
			if [ -L $dir ]; then
				cp -P $dir .
			elif [ -d $dir ]; then
				mkdir ".$dir"
			fi
		done)
else
	ln -s "$build" "$there/source/kit/build"
fi
ok "setup.sh: all is there, and the answers have their points" inside setup.sh
ok "and said so" grep -q "10 of 10 points" "$work/out"

handed_in "solutions/$first/spawn.c"
ok "run_autograder: a right answer" inside run_autograder
ok "has its points, and students see them later" has '.score == 10 and
	all(.tests[]; .visibility == "after_due_date") and
	([.tests[].max_score] | add) == 10'

# Nobody can read there what answers it.
handed_in "solutions/$first/spawn.c"
for name in "$there/source/kit" /autograder/source/kit ../../../..; do
	printf '__asm__(".incbin \\"%s/%s\\"");\n' "$name" \
		"solutions/$first/spawn.c"
done >>"$there/submission/spawn.c"
ok "run_autograder: one who steals the answer" inside run_autograder
ok "does not compile" has '.score == 0 and (.tests[0].output |
	contains("does not compile"))'

handed_in "solutions/$first/spawn.c"
echo '__attribute__((constructor)) static void hang(void) { for (;;) ; }' \
	>>"$there/submission/spawn.c"
ok "run_autograder: one that hangs is cut off" inside run_autograder LIMIT=12
ok "its results are there, and say so" has '.score == 0 and
	(.output | contains("Not judged: 01-fork-exec"))
	and (.output | contains("ended after 12 seconds")) and
	(.tests[-1].output | contains("the grading ended before it"))'

rm -rf "$there/submission" "$there/results"
ok "run_autograder: nothing was handed in" inside run_autograder
ok "the results are there all the same" has '.score == 0 and (.output |
	contains("Please tell your teacher"))'
done_testing
