#!/bin/sh
# pictures.sh BUILD - the pictures of README.md, from a real run: make pictures
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset STAGE TASK UNLOCK KEEP MAKEFLAGS MAKELEVEL MFLAGS

# picture NAME TITLE ABOUT COMMAND WORD: what a terminal of 84 columns shows of it,
# which has to have WORD in it
picture()
{
	{
		printf '\033[1m$ %s\033[0m\n' "$4"
		TERM=xterm script -qec "stty cols 84; $4" /dev/null \
			</dev/null || true
	} >"$work/shown"
	if ! grep -q -- "$5" "$work/shown"; then
		cat "$work/shown" >&2
		echo "pictures: $1: that is not what it is to show" >&2
		exit 1
	fi
	awk -v title="$2" -v about="$3" -f "$here/tests/demo/terminal-svg.awk" \
		"$work/shown" >"$work/svg"
	cp "$work/svg" "$here/tests/demo/$1.svg"
}

sh tests/copy-kit.sh "$build" "$work/kit"
cd "$work/kit"
# One stage is passed, the next has a mistake: one wait for each SIGCHLD.
cp solutions/01-fork-exec/spawn.c stages/01-fork-exec
make >/dev/null 2>&1
cp solutions/02-wait-zombies/reap.c stages/02-wait-zombies
patch -s stages/02-wait-zombies/reap.c \
	tests/answers/02-wait-zombies/wrong/one-a-call.patch
sed -i '/answer>/d' stages/02-wait-zombies/reap.c
make >/dev/null 2>&1 || true
picture loop "make, in the middle of stage 02" "Of the ten tests of stage 02 \
some pass and some fail. The first failure says what was run and what was seen, a bar \
shows one of ten stages passed, and the last line says what to do next." make \
	"1 of 10 stages"
picture box "box, the program of stage 10" "box runs a shell in a container: \
its host name, its user, its processes, its root, and a file that it \
cannot make." \
	"build/reference/box run --hostname hello --read-only \
build/rootfs sh -c 'hostname; id; ps; touch /x'" "Read-only file system"
