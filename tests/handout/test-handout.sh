#!/bin/sh
# test-handout.sh BUILD - a handout has no answers, and everything else that a
# student needs; what a student packs can be graded; TAP
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
kit=$PWD
unset STAGE TASK UNLOCK OUT SUBMISSION SEED MAKEFLAGS MAKELEVEL MFLAGS
unset SOURCE_DATE_EPOCH HANDOUT

# refuses TEXT...: the same, and it has failed
refuses()
{
	[ "$status" -ne 0 ] && says "$@"
}

# one_line TEXT: that, and nothing else but what make itself says
one_line()
{
	refuses "$1" && [ "$(grep -vc '^make' "$work/out")" -le 1 ] &&
		[ "$(wc -l <"$work/out")" -eq 2 ]
}

# --- the same bytes ---------------------------------------------------------

run make -s handout B="$build" OUT="$work/handout.tar.gz"
ok "make handout" test "$status" -eq 0

# Somebody else's copy, no repository, in which somebody has been at work.
mkdir "$work/copy"
git ls-files -co --exclude-standard | tar -cf - -T - | tar -xf - -C "$work/copy"
cd "$work/copy" || exit 1
first=01-fork-exec
cp solutions/$first/spawn.c stages/$first
cp solutions/$first/spawn.c stages/$first/spawn.c.kept-1
cp solutions/$first/spawn.c stages/$first/notes.txt
chmod -R go-rwx .
run sh -c 'umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 make -s -j2 handout'
ok "another copy makes the same bytes" cmp build/ten-stages-handout.tar.gz \
	"$work/handout.tar.gz"

# --- no answer is inside ----------------------------------------------------

# A lesson that says too much, in a listing.
cp stages/02-wait-zombies/README.md "$work/lesson"
rm build/ten-stages-handout.tar.gz
{
	printf '\n```c\n'
	sed -n '/<answer>/,/<\/answer>/{/answer>/!p}' \
		solutions/02-wait-zombies/reap.c
	printf '```\n'
} >>stages/02-wait-zombies/README.md
run make -s handout
ok "a lesson that gives an answer is not handed out" refuses \
	"stages/02-wait-zombies/README.md" "is a line of" \
	"solutions/02-wait-zombies/reap.c"
ok "nor anything else then" test ! -e build/ten-stages-handout.tar.gz
cp "$work/lesson" stages/02-wait-zombies/README.md

tar -xzf "$work/handout.tar.gz" -C "$work" || exit 1
run sh "$kit/tests/handout/no-answers.sh" "$work/ten-stages"
ok "nothing in it gives an answer away" test "$status" -eq 0
run sh -c "cd '$work/ten-stages' && find solutions -type f | sort"
ok "of solutions it has one library for each stage, and a page" test \
	"$(cat "$work/out")" = "solutions/README.md
$(cd solutions && for stage in [01]*; do
	echo "solutions/$(uname -m)/$stage.a"
done)"

# What would be found, if it were there; all of it at once, as it takes its time.
leaky=$work/leaky
cp -R "$work/ten-stages" "$leaky"
cp "solutions/$first/spawn.c" "$leaky/tests/probe/old.c"
for solution in solutions/*/*.c; do
	sed '/answer>/d; s/^/	/' "$solution" \
		>"$leaky/tests/gates/$(basename "$solution")"
done
for answer in tests/answers/*/right/*/*.c; do
	cp "$answer" "$leaky/tests/gates/$(echo "$answer" | tr / -)"
done
cp tests/answers/$first/wrong/no-fork.patch "$leaky/rootfs"
cp solutions/$first/spawn.c "$leaky/solutions"
gcc -g -c -o "$work/spawn.o" -std=gnu11 -D_GNU_SOURCE -iquote stages/common \
	-iquote stages/$first solutions/$first/spawn.c
ar rcs "$leaky/solutions/$(uname -m)/$first.a" "$work/spawn.o"

run sh "$kit/tests/handout/no-answers.sh" "$leaky"
sed -i 's/lines of /lines of:/' "$work/out"
ok "it would be found: a solution as it is" refuses "tests/probe/old.c" "marker"
# shellcheck disable=SC2046 # file names without blanks
ok "all solutions without their marks" refuses \
	$(printf 'of:%s:\n' solutions/*/*.c)
# shellcheck disable=SC2046 # file names without blanks
ok "other right answers" refuses $(printf 'of:%s:\n' tests/answers/*/right/*/*.c)
ok "a patch" refuses "rootfs/no-fork.patch is there"
ok "a source" refuses "solutions/spawn.c is there"
ok "what is for debuggers" refuses "$first.a" "for debuggers"
rm -rf "$leaky"

# --- a student's way --------------------------------------------------------

cd "$work/ten-stages" || exit 1

# answer STAGE: as the teacher's solution does it
answer()
{
	cp "$kit/solutions/$1"/*.c "stages/$1"
}

# Every relative link of what is read leads somewhere.
dead_links()
{
	for page in *.md stages/*/README.md; do
		grep -o '](<\{0,1\}[^) >#]*' "$page" | sed 's/^](<*//' |
			grep -v '^[a-z]*:' | while read -r link; do
			[ -z "$link" ] || [ -e "$(dirname "$page")/$link" ] ||
				echo "$page: $link"
		done
	done
}
run dead_links
ok "its pages lead nowhere else" test ! -s "$work/out"
run grep -n '^make test' README.md
ok "and do not begin with what it cannot do" test "$status" -ne 0

run make help
ok "make help has a student's commands" says "make submission" "make sandbox"
run sh -c "make help | grep -E 'make (test|grade|handout|soak|starters) '"
ok "and no teacher's" test ! -s "$work/out"
for name in test grade handout answers soak starters; do
	run make "$name"
	ok "make $name says why not" one_line "this is a handout"
done
run make solution STAGE=01
ok "make solution says why not" one_line "This is a handout"

mkdir "$work/bin"
printf '#!/bin/sh\necho riscv64\n' >"$work/bin/uname"
chmod 755 "$work/bin/uname"
run env PATH="$work/bin:$PATH" make -s reference
ok "another kind of machine is told so" one_line \
	"this handout is for $(uname -m), this machine is riscv64"

# The kernel of the VM is the machine's, and takes long to unpack.
mkdir -p build/vm
cp -a "$build/vm/vmlinuz" "$build/vm/modules.list" "$build/vm/modules" build/vm
run make
ok "make names the first thing to do" says "0 of 10 stages" \
	"stage 01-fork-exec" "TODO 1" "stages/01-fork-exec/spawn.c"
answer 01-fork-exec
run make
ok "a stage that is solved passes, and opens the next" says \
	"01-fork-exec passed" "1 of 10 stages" "stage 02-wait-zombies"
ok "no solution is promised" test "$(grep -c 'make solution' "$work/out")" = 0
run make check-01
ok "all its points are given" says "10 of 10 points"

later=07-pid-mount
run make UNLOCK=1 check-07
ok "a later stage has none as it is given out" says "0 of 10 points"
answer $later
run make UNLOCK=1 check-07
ok "and all when solved, standing on the libraries" says "10 of 10 points"
run make hint
ok "there are hints" says "hint 1 of 3"
run make sandbox CMD='spawn echo hello'
ok "there is a sandbox" says hello
run make vm CMD='/bin/spawn echo hello'
ok "there is a VM, with a student's programs" says hello
run make -s book -n
ok "the book can be made" test "$status" -eq 0 -o -z "$(command -v pandoc)"

cp "stages/$later/init.c" "$work/mine"
run make reset STAGE=7
ok "reset gives the files as they were given out" cmp \
	"stages/$later/init.c" "$kit/stages/$later/init.c"
ok "and keeps what it replaces" cmp "stages/$later/init.c.kept-1" "$work/mine"
run make reset STAGE=7
ok "there is nothing to reset twice" says "init.c is as it was given out"

# --- to hand in -------------------------------------------------------------

run make submission STAGE=01
ok "a submission says what is in it" says "build/submission.tar.gz has" \
	"01-fork-exec/spawn.c its stage is passed"
ok "that and nothing else" test "$(tar -tzf build/submission.tar.gz |
	tr '\n' ' ')" = "01-fork-exec/ 01-fork-exec/spawn.c "
mkdir "$work/handed-in"
tar -xzf build/submission.tar.gz -C "$work/handed-in"
cp build/submission.tar.gz "$work/once.tar.gz"
touch stages/$first/spawn.c
chmod 600 stages/$first/spawn.c
run sh -c 'umask 077 && TZ=Asia/Tokyo make submission STAGE=1'
ok "the same files make the same bytes" cmp build/submission.tar.gz \
	"$work/once.tar.gz"
ok "what has changed since it passed is told of" says \
	"changed since its stage was passed"
run make submission OUT="$work/all.tar.gz"
ok "all stages, and what is not begun is told of" says \
	"02-wait-zombies/reap.c as it was given out" \
	"no points for what is as it was given out: 17 of 18 files"
ok "all their files" test "$(tar -tzf "$work/all.tar.gz" | grep -c '\.c$')" = 18
echo '/* mine */' >>stages/02-wait-zombies/reap.c
run make submission STAGE=02
ok "what is not passed is told of" says "reap.c its stage is not passed"

rm stages/02-wait-zombies/reap.c stages/04-ipc/pipes.c
ln -s "$work/mine" stages/04-ipc/pipes.c
head -c 300000 /dev/zero >stages/04-ipc/shared.c
run make submission STAGE=4
ok "what cannot be graded is left out, and why is said" says \
	"pipes.c is left out: a symbolic link" \
	"shared.c is left out: larger than 256 KiB" \
	"04-ipc/sockets.c as it was given out"
run make submission STAGE=2 OUT="$work/none.tar.gz"
ok "nothing at all is no submission" refuses \
	"02-wait-zombies/reap.c is left out: it is not there" "nothing to hand in"
ok "and makes no file" test ! -e "$work/none.tar.gz"
run make submission STAGE=1 OUT="$work/submission.rar"
ok "other kinds of archive are not known" refuses ".tar.gz or .zip"
mkdir "$work/folder.tar.gz"
run make submission STAGE=1 OUT="$work/folder.tar.gz"
ok "nor is a folder one" refuses "folder.tar.gz: a folder"
# full COMMAND...: on a disk that is full, with an archive of before on it
full()
{
	# shellcheck disable=SC2016 # it is for the shell inside
	unshare -Urm sh -c 'dir=$1; shift
		mount -t tmpfs -o size=8k none "$dir" &&
			echo before >"$dir/of.tar.gz" || exit 77
		"$@"; status=$?
		echo "has $(ls "$dir"), $(cat "$dir/of.tar.gz")"
		exit $status' sh "$@"
}
mkdir "$work/disk"
head -c 20000 /dev/urandom | od -An -tx1 | sed 's,^,// ,' >>stages/$first/spawn.c
run full "$work/disk" make submission STAGE=1 OUT="$work/disk/of.tar.gz"
if [ "$status" -eq 77 ]; then
	skip "an archive of before outlives a disk that is full" "no tmpfs here"
else
	ok "an archive of before outlives a disk that is full" refuses \
		"of.tar.gz: No space left" "has of.tar.gz, before"
fi
run make submission STAGE=1 OUT="$work/submission.zip"
if command -v zip >/dev/null && command -v unzip >/dev/null; then
	ok "a zip has the same" test "$(unzip -p "$work/submission.zip" |
		cksum)" = "$(cksum <"stages/$first/spawn.c")"
else
	ok "without zip there is none" refuses "zip is not installed"
fi

cd "$work/copy" || exit 1
run make submission STAGE=1
ok "the whole kit packs the same" cmp build/submission.tar.gz \
	"$work/once.tar.gz"
cd "$kit" || exit 1
"$build/tests/doctor" --build "$build" --can "$first" >/dev/null &&
	export JUDGE_IN=here
run make -s grade B="$build" SUBMISSION="$work/handed-in" OUT="$work/grade" \
	STAGE=01
ok "unpacked, it is graded: all points" jq -e '.score == 10' \
	"$work/grade/results.json"
done_testing
