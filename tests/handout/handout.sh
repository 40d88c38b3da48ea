#!/bin/sh
# handout.sh FILE MACHINE LIBRARY... - the kit for students, as FILE
#
# It has what a student works with and what judges it, without the answers: these
# are there as libraries, one for each stage, for machines of the kind MACHINE.
# The student's files are new, whatever stands in stages/ here. Nothing is written
# when an answer can be found in it. The same kit gives the same bytes.
set -u
out=$1
machine=$2
shift 2
umask 022

fail()
{
	echo "handout: $*" >&2
	exit 1
}

# wanted FILE: a student has a use for it. What is new to the kit is left out
# until somebody thinks of it here: better than an answer given out.
wanted()
{
	case $1 in
	tests/loop/test-* | tests/harness/test-* | tests/demo/pictures.sh | \
		tests/demo/terminal-svg.awk | tests/book/check.sh | \
		tests/tools/starter.awk) false ;;
	Makefile | README.md | GUIDE.md | LICENSE | .clang-format | \
		.devcontainer/* | .clang-tidy | .gitignore) ;;
	stages/build.mk | stages/[!/]*/*.[ch] | stages/[!/]*/README.md | \
		stages/[!/]*/*.svg) ;;
	rootfs/*.sh | rootfs/*.c | rootfs/*.mk | rootfs/init | \
		rootfs/skeleton/*) ;;
	tests/tests.mk | tests/tools.mk | tests/judge.sh | tests/look.css) ;;
	tests/gates/*.c | tests/drivers/*.c) ;;
	tests/bench/*.[ch] | tests/doctor/*.[ch] | tests/faults/*.[ch] | \
		tests/harness/*.[ch] | tests/loop/*.[ch] | \
		tests/probe/*.[ch] | tests/tools/*.[ch] | tests/demo/*.c) ;;
	tests/bench/bench.sh | tests/demo/*.sh | tests/loop/*.sh | \
		tests/tools/*.sh | tests/loop/loop.mk | tests/demo/*.svg) ;;
	tests/book/*.mk | tests/book/*.lua | tests/book/*.html | \
		tests/book/*.xml | tests/book/*.css) ;;
	*) false ;;
	esac
}

# The traps first: a signal that comes during mktemp waits for its end.
work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
work=$(mktemp -d) || exit 1
kit=$work/handout/ten-stages
mkdir -p "$kit/solutions/$machine" || exit 1

find . -path ./build -prune -o -path ./.git -prune -o -type f -print |
	sed 's,^\./,,' | while read -r file; do
	! wanted "$file" || echo "$file"
done | cpio -pd --quiet "$kit" || fail "cannot copy the kit"
cp "$@" "$kit/solutions/$machine" || fail "cannot copy the libraries"

for solution in solutions/*/*.c; do
	file=${solution#solutions/}
	mkdir -p "$kit/tests/starters/${file%/*}"
	awk -f tests/tools/starter.awk "$solution" \
		>"$kit/tests/starters/$file" || fail "$solution: no starter"
	cp "$kit/tests/starters/$file" "$kit/stages/$file" || exit 1
done

# What it cannot do, it need not tell of.
sed '/^make test  /d' README.md >"$kit/README.md" || exit 1
cat >"$kit/solutions/README.md" <<'EOF'
# No solutions here

This is a handout. The kit's own answers are here as libraries alone, so that a
stage can stand on them, and so that the sandbox, the gates and `make demo` work.
They are for one kind of machine, which `uname -m` names. Your teacher has the
sources.
EOF

sh tests/handout/no-answers.sh "$kit" >"$work/found"
case $? in
0) ;;
1)
	cat "$work/found" >&2
	fail "there are answers in it: nothing is written"
	;;
*) fail "cannot search $kit: nothing is written" ;;
esac
mkdir -p "$(dirname "$out")" &&
	sh tests/tools/archive.sh "$work/handout" "$out" || exit 1
echo "$out: the kit for students, on $machine"
