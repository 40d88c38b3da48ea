#!/bin/sh
# test-grade.sh BUILD - what make grade makes of what people hand in; TAP
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
# shellcheck source=tests/marked.sh
. tests/marked.sh
unset STAGE SUBMISSION OUT SEED MAKEFLAGS MAKELEVEL MFLAGS

# grade NAME [VARIABLE=VALUE]...: what stands in work/NAME
grade()
{
	name=$1
	shift
	make -s --no-print-directory grade B="$build" \
		SUBMISSION="$work/$name" OUT="$work/$name.out" "$@" \
		>"$work/out" 2>&1 </dev/null
	status=$?
	results=$work/$name.out/results.json
}

# What has cost points is told of, too.
# shellcheck disable=SC2317 # ok() calls it
details()
{
	jq -c '.stages[].tests[] | select(.status != "passed") |
		[.name, .message]' "$results"
}

# has FILTER: it is true of the results
has()
{
	[ "$status" -eq 0 ] && jq -e "$1" "$results" >/dev/null
}

# stage N TEXT...: the one graded has N points; TEXT is in each failure
stage()
{
	points=$1 text=${2-}
	has ".stages[0].score == $points and .score == $points and
		all(.stages[0].tests[] | select(.status != \"passed\");
			.message | contains(\"$text\"))"
}

# answers NAME STAGE...: a submission of the solutions of these, flat
answers()
{
	name=$1
	shift
	mkdir -p "$work/$name"
	for part; do cp solutions/"$part"/*.c "$work/$name"; done
}

first=01-fork-exec
unset JUDGE_IN
model='.schema == "ten-stages/1" and (.seed | type) == "number" and
	.score == ([.stages[].score] | add) and
	.max_score == ([.stages[].max_score] | add) and
	all(.stages[]; (.built | type) == "boolean" and
		.score == ([.tests[].points] | add) and
		all(.tests[]; (.status | IN("passed", "failed", "skipped")) and
			.points <= .max_points and
			(.status == "passed") == (.points == .max_points) and
			(keys_unsorted == ["name", "intent", "status", "points",
				"max_points", "message", "command", "seconds"])))'

mkdir -p "$work/reference"
cp -r solutions "$work/reference/stages"
# As it is done on this machine.
grade reference
ok "the reference has 100 points" has '.score == 100 and .max_score == 100 and
	(.stages | length) == 10'
ok "its results are as the model has them" has "$model"

# The rest is trusted, and done here where that is possible.
"$build/tests/doctor" --build "$build" --can "$first" >/dev/null &&
	export JUDGE_IN=here
mkdir "$work/starters"
for dir in stages/[01]*; do
	for file in "$work/reference/$dir"/*.c; do
		cp "$dir/$(basename "$file")" "$work/starters"
	done
done
grade starters
ok "starters have none, though all are built" has \
	'.score == 0 and .max_score == 100 and all(.stages[]; .built)'
ok "their results are as the model has them" has "$model"

# As other editors and systems leave them, among much else.
answers odd "$first"
mkdir -p "$work/odd/notes" "$work/odd/$first"
printf '\357\273\277' >"$work/odd/$first/spawn.c"
sed 's/$/\r/' "solutions/$first/spawn.c" >>"$work/odd/$first/spawn.c"
echo '#error not this one' >"$work/odd/spawn.c"
# shellcheck disable=SC2016 # make's own
printf '$(shell touch %s)\nall: ; touch %s\n' "$work/by-make" "$work/by-make" \
	>"$work/odd/Makefile"
echo '#error nor this one' >"$work/odd/spawn.h"
cp "$work/odd/spawn.h" "$work/odd/$first"
mkfifo "$work/odd/notes/fifo"
grade odd STAGE=1 SEED=4711
ok "CRLF, a byte order mark, folders, files of no use: full points" stage 10
ok "a Makefile of its own is not read" [ ! -e "$work/by-make" ]
cp "$results" "$work/once"
grade odd STAGE=1 SEED=4711
ok "the same seed makes the same runs" \
	[ "$(jq -c '[.seed, .stages[].tests[].command]' "$results")" = \
	"$(jq -c '[.seed, .stages[].tests[].command]' "$work/once")" ]
grade odd STAGE=1
ok "another one makes others" \
	[ "$(jq -c '[.seed, .stages[].tests[].command]' "$results")" != \
	"$(jq -c '[.seed, .stages[].tests[].command]' "$work/once")" ]

# A name is nothing that make or a shell reads anything in.
# shellcheck disable=SC2016 # it is to stay as it is
odd='O'\''Brien $(touch '$work/made') `touch '$work/made'` "x" $x #; a'
answers "$odd" "$first"
grade "$odd" STAGE=1
ok "whatever the name of a folder: full points" stage 10
ok "and it is only a name" [ ! -e "$work/made" ]

# seen STAGE STATUS POINTS OF: what the gate OF may have written of a test of STAGE
seen()
{
	jq -nr --arg stage "$1" --arg status "$2" --arg points "$3" --arg of "$4" '
		"\($of)\t\({$stage, name: "a", $status, points: ($points | tonumber),
			max_points: 77} | tojson)"'
}
# results: what is made of work/seen, two stages with a test of three points each
results()
{
	for part in one two; do
		jq -nc --arg stage $part '{$stage, name: "a", intent: "",
			max_points: 3, takes_whole: false}'
	done >"$work/planned"
	jq -n -L tests/grade --slurpfile planned "$work/planned" \
		--rawfile seen "$work/seen" --arg why "" --arg no_whole "" \
		--argjson seed 1 -f tests/grade/results.jq >"$work/results"
}
# scores FILTER: it is true of them
scores()
{
	jq -e "$1" "$work/results" >/dev/null
}
{
	seen one passed 77 one
	seen two passed 3 one
	seen one excellent 3 two
	printf 'two\t{"stage":"two","name":"a","status":"pas'
} >"$work/seen"
results
ok "a test has the points that are planned" scores '.stages[0].score == 3 and
	.max_score == 6'
ok "a gate says nothing of another stage, and half a line is none" scores \
	'.stages[1] | .score == 0 and (.built | not)'
seen two failed 3 two >"$work/seen"
results
ok "what has not passed has none" scores '.score == 0 and .stages[1].built'

mkdir "$work/empty"
grade empty STAGE=2
ok "a missing file is said to be" stage 0 "reap.c is missing"
ok "and is no failure of the grader" has "(.stages[0].built | not) and $model"

# refused NAME TEXT: spawn.c there is not taken
refused()
{
	grade "$1" STAGE=1
	ok "$1: not taken" stage 0 "$2"
}
for name in link way fifo device directory large other-name; do
	mkdir "$work/$name"
done
ln -s "$PWD/solutions/$first/spawn.c" "$work/link/spawn.c"
ln -s "$PWD/solutions" "$work/way/stages"
mkfifo "$work/fifo/spawn.c"
mkdir "$work/directory/spawn.c"
head -c 300000 /dev/zero | tr '\0' ' ' >"$work/large/spawn.c"
cp "solutions/$first/spawn.c" "$work/other-name/spawn.c"
ln "$work/other-name/spawn.c" "$work/other-name/shadow"
refused link "a symbolic link"
refused way "by way of a symbolic link"
refused fifo "not a regular file"
refused directory "a directory"
refused large "larger than 256 KiB"
refused other-name "a hard link"
if mknod "$work/device/spawn.c" c 1 5 2>/dev/null; then
	refused device "not a regular file"
fi

# What nobody may look at says nothing about who has handed it in: in a user
# namespace where nobody is anybody, root may not either.
unreadable="a folder that cannot be looked into is no answer of nothing"
mkdir -p "$work/shut/$first"
cp "solutions/$first/spawn.c" "$work/shut/$first"
if ! unshare -U true 2>/dev/null; then
	skip "$unreadable" "no user namespace here"
else
	chmod 000 "$work/shut/$first"
	mkdir "$work/collected"
	run unshare -U "$build/grade/collect" "$work/shut" "$work/collected" \
		"$first/spawn.c"
	chmod 700 "$work/shut/$first"
	ok "$unreadable" [ "$status" -eq 125 ]
	ok "and is said to be" says "open $first/spawn.c: Permission denied"
fi

# Nothing of one grading passes for another's.
mkdir "$work/-gone"
grade -gone STAGE=1
ok "a folder may be called as an option is" stage 0 "is missing"
rmdir "$work/-gone"
grade -gone STAGE=1
ok "no folder" [ "$status" -ne 0 ]
ok "is named" says "SUBMISSION: cannot enter $work/-gone"
ok "and has not the results of one that there was" [ ! -e "$results" ]
grade empty STAGE=1 JUDGE_IN=heer
ok "a place to judge in that there is not" says "JUDGE_IN=heer: here or vm"
for stages in "01 02" %; do
	grade empty STAGE="$stages"
	ok "STAGE=$stages is no stage" says "STAGE=$stages: no such stage"
done

# The line that says by what is judged.
run sh tests/copy-kit.sh "$build" "$work/kit"
by=$(sh "$work/kit/tests/grade/kit.sh" "$build")
touch "$work/kit/stages/$first/spawn.c.kept-1" \
	"$work/kit/tests/gates/.$first.c.swp" "$work/kit/tests/gates/$first.c~"
ok "what an editor leaves makes no other kit" [ "${by:-none}" = \
	"$(sh "$work/kit/tests/grade/kit.sh" "$build")" ]
echo >>"$work/kit/tests/gates/02-wait-zombies.c"
ok "another gate does" [ "$by" != "$(sh "$work/kit/tests/grade/kit.sh" "$build")" ]

# A gate of which a line is lost, here and in the VM.
gate=$work/kit/build/tests/gates/$first
mv "$gate" "$gate.real"
cat >"$gate" <<-'END'
	#!/bin/sh
	[ "$1" != --list ] || exec "$0.real" "$@"
	for word; do
		[ "$before" != --results ] || results=$word
		before=$word
	done
	"$0.real" "$@" --results /tmp/lines.$$
	status=$?
	grep -v '"exit_status"' /tmp/lines.$$ >>"$results"
	rm /tmp/lines.$$
	exit $status
END
chmod +x "$gate"
# lossy PLACE: as that gate judges there
lossy()
{
	(cd "$work/kit" && make -s --no-print-directory grade STAGE=1 \
		SUBMISSION="$work/right" OUT="$work/lossy.out" JUDGE_IN="$1") \
		>"$work/out" 2>&1 </dev/null
	status=$?
	results=$work/lossy.out/results.json
}
answers right "$first"
if "$build/tests/doctor" --build "$build" --can "$first" >/dev/null; then
	lossy here
	ok "a line that is lost is missed" says "without a word of exit_status"
	ok "and is no result" [ "$status" -ne 0 ]
else
	skip "a line that is lost is missed" "no namespaces here"
fi
lossy vm
ok "nor in the VM, which judges once more" says "is started again"

# What does not build costs its own stage.
answers broken "$first" 02-wait-zombies
sed -i '1i #error "none of this"' "$work/broken/reap.c"
grade broken STAGE=2
ok "what does not compile has no points" stage 0 "does not compile"
ok "and the compiler is heard" grep -q 'reap.c:1:.*none of this' \
	"$work/broken.out/build.log"
grade broken STAGE=1
ok "the stage beside it has all of its" stage 10
answers right "$first"

# grade_cramped NAME VARIABLE...: with next to no room for what is made
grade_cramped()
{
	name=$1
	shift
	mkdir -p "$work/small"
	# shellcheck disable=SC2016 # the shell in there
	env TMPDIR="$work/small" unshare -Urm sh -c '
		mount -t tmpfs -o size=100k tmpfs "$TMPDIR" && exec "$@"' sh \
		make -s --no-print-directory grade B="$build" \
		SUBMISSION="$work/$name" OUT="$work/$name.out" "$@" \
		>"$work/out" 2>&1 </dev/null
	status=$?
	results=$work/$name.out/results.json
}
full="a full disk is no mistake of the submission's"
if [ "${JUDGE_IN-}" = here ]; then
	grade_cramped right STAGE=1
	ok "$full" [ "$status" -ne 0 ]
	ok "and is told of" grep -q "build.sh: cannot" "$work/out"
	ok "who reads the results learns no other thing" jq -e '
		all(.stages[0].tests[]; .message |
			IN("it was not judged yet", "it could not be built"))' \
		"$results"
else
	skip "$full" "no namespaces here"
fi

# steal NAME LINE [FILE]: it is not to be compiled with what it asks for; put at
# the end of FILE, by which it has all points if it can (the answer)
steal()
{
	answers "$1" "$first"
	printf '%s\n' "$2" | cat "${3-solutions/$first/spawn.c}" - \
		>"$work/$1/spawn.c"
	grade "$1" STAGE=1
	ok "$1: does not compile" stage 0 "does not compile"
}
steal include-the-answer "#include \"$PWD/solutions/$first/spawn.c\"" /dev/null
steal incbin-the-answer \
	"__asm__(\".incbin \\\"$PWD/solutions/$first/spawn.c\\\"\");"
steal incbin-a-secret '__asm__(".incbin \"/etc/passwd\"");'
steal include-for-ever '#include "/dev/zero"'
steal include-itself '#include "spawn.c"'
steal bomb 'char bomb[500000000] = {1};'

# The box that is made of the submission takes all ten.
answers last 10-pivot-root
grade last STAGE=10
ok "a stage stands on the reference, but for the one test of the whole" has \
	'[.stages[0].tests[] | select(.status != "passed").name] == ["exits"]'
ok "which says what is missing" has '.stages[0].tests[] |
	select(.name == "exits").message | contains("01-fork-exec is missing")'

# shellcheck disable=SC2046 # names are words
answers mixed $(cd solutions && echo [01]*)
cp stages/02-wait-zombies/reap.c "$work/mixed"
grade mixed STAGE=10
ok "the box of a submission has the submission's mistakes" has \
	'[.stages[0].tests[] | select(.status != "passed")] |
	map(.name) == ["exits"] and (.[0].message | contains("alone") | not)'

# grade_locked NAME VARIABLE...: where nobody can make a namespace, or mount
grade_locked()
{
	name=$1
	shift
	# shellcheck disable=SC2016 # the shell in there
	env -u JUDGE_IN unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
		exec setpriv --bounding-set -all --inh-caps -all \
			--no-new-privs "$@"' sh \
		make -s --no-print-directory grade B="$build" \
		SUBMISSION="$work/$name" OUT="$work/$name.out" "$@" \
		>"$work/out" 2>&1 </dev/null
	status=$?
	results=$work/$name.out/results.json
}
# All others are missing beside that one, which takes them for one test.
grade_locked last STAGE=10
ok "without namespaces all is done in the VM" has \
	'[.stages[0].tests[] | select(.status != "passed").name] == ["exits"]'
ok "and that is said" grep -q 'the VM compiles' "$work/out"
grade_locked broken STAGE=2
ok "what does not compile there has no points" stage 0 "does not compile"
ok "and the compiler is heard there too" grep -q 'reap.c:1:.*none of this' \
	"$work/broken.out/build.log"
grade_locked include-the-answer STAGE=1
ok "nor does what includes the answer" stage 0 "does not compile"

# Who interrupts a grading has nothing left of it, the VM least of all.
mark=TEN_STAGES_INTERRUPTED=$work
# judged N: so many points are known
judged()
{
	jq -e ".score >= $1" "$results" >/dev/null 2>&1
}
results=$work/cut.out/results.json
env -u JUDGE_IN "$mark" JUDGE_IN=vm setsid make -s --no-print-directory grade \
	B="$build" SUBMISSION="$work/reference" OUT="$work/cut.out" \
	>"$work/out" 2>&1 </dev/null &
group=$!
within 120 judged 10
ok "a grading that is to be interrupted is in the VM" marked_as qemu
kill -s TERM -- "-$group"
wait "$group" 2>/dev/null
within 120 none_marked
ok "interrupted, it leaves no process" none_marked
status=0
ok "it has what was judged by then" has '.score >= 10 and .score < 100 and
	all(.stages[].tests[] | select(.points == 0);
		.message == "the grading ended before it")'
ok "and that is as the model has it" has "$model"

# cannot NAME TEXT VARIABLE...: the grader itself says so, and grades nothing
cannot()
{
	title=$1 text=$2
	shift 2
	make -s --no-print-directory grade B="$build" "$@" \
		>"$work/out" 2>&1 </dev/null
	status=$?
	ok "$title" says_no "$text"
}

says_no()
{
	[ "$status" -ne 0 ] && grep -qF -- "$1" "$work/out"
}
cannot "a submission that is not there" "no-such-thing" \
	SUBMISSION="$work/no-such-thing" OUT="$work/none.out"
cannot "results that cannot be written" "cannot" SUBMISSION="$work/empty" \
	OUT=/proc/self/results
cannot "no such stage" "no such stage" SUBMISSION="$work/empty" \
	OUT="$work/none.out" STAGE=11
cannot "a seed that is none" "SEED=4x" SUBMISSION="$work/empty" \
	OUT="$work/none.out" SEED=4x
mkdir "$work/a:b"
TMPDIR=$work/a:b
export TMPDIR
cannot "a colon where box and the VM have one of their own" "a colon" \
	SUBMISSION="$work/empty" OUT="$work/none.out"
unset TMPDIR
cannot "no submission" "SUBMISSION=DIR is needed" OUT="$work/none.out"

costs="what grading costs is measured, and all of it is graded"
# measured N: so many have all points
measured()
{
	grep -q "^ *$1 submissions: .* $1 with full points\$" "$work/out"
}
if command -v parallel >/dev/null; then
	make -s --no-print-directory bench-grade B="$build" N='1 2' STAGE=1 \
		>"$work/out" 2>&1 </dev/null
	status=$?
	ok "$costs: one" measured 1
	ok "$costs: two" measured 2
else
	skip "$costs" "no GNU parallel here: package parallel"
fi
done_testing
