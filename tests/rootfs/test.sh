#!/bin/sh
# test.sh [BUILD] - what rootfs/ promises: deps, the tree, the kernel, the VM
#
# Prints TAP.  Builds what is missing in BUILD (build) and writes nothing else
# there.  What only root can do is skipped for anybody else.
set -u

cd "$(dirname "$0")/../.." || exit 1
B=${1:-${B:-build}}
case $B in
/*) build=$B ;;
*) build=$PWD/$B ;;
esac
rootfs=$PWD/rootfs
vm=$rootfs/vm.sh
# Other users must be able to enter it, so not below somebody's TMPDIR.
tmp=$(mktemp -d /tmp/test-rootfs.XXXXXX) || exit 1
chmod 755 "$tmp"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
export TMPDIR VMDIR="$build/vm"
unset KERNEL MODULES BUSYBOX ACCEL

# run NAME FUNCTION - a test: it fails by exit or return, its output says why.
# Each has a folder $t for itself, and in it a TMPDIR that it must leave empty.
# Two run at a time; the results come in order.
count=0
failures=0
pending=
run()
{
	count=$((count + 1))
	pending="$pending $count"
	t=$tmp/$count
	TMPDIR=$t/tmp
	(
		mkdir -p "$TMPDIR"
		chmod 777 "$TMPDIR"
		if ("$2" && empty "$TMPDIR") >"$t/log" 2>&1; then
			skip=$(sed -n 's/^SKIP / # SKIP /p' "$t/log")
			echo "ok $count - $1$skip"
		else
			echo "not ok $count - $1"
			sed 's/^/# /' "$t/log"
		fi >"$t.result"
		rm -rf "$t"
	) &
	case $pending in
	*" "*" "*) results ;;
	esac
}

# results - of those running, once they have ended
results()
{
	wait
	for number in $pending; do
		cat "$tmp/$number.result"
		! grep -q '^not ok' "$tmp/$number.result" ||
			failures=$((failures + 1))
	done
	pending=
}

# is EXPECTED ACTUAL - the same text
is()
{
	[ "$1" = "$2" ] || { echo "expected: $1" && echo "got: $2" && exit 1; }
}

# has PATTERN FILE - a line of it matches
has()
{
	grep -q -e "$1" "$2" || { echo "no $1 in:" && cat "$2" && exit 1; }
}

# status EXPECTED CMD... - CMD ends so; its output is in $t/out and $t/err
status()
{
	expected=$1
	shift
	got=0
	"$@" >"$t/out" 2>"$t/err" || got=$?
	if [ "$got" -ne "$expected" ]; then
		echo "expected status $expected, got $got: $*"
		head -c 2000 "$t/out"
		head -c 2000 "$t/err"
		exit 1
	fi
}

# soon CMD... - true within five seconds
soon()
{
	tries=100
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "not in 5 s: $*" && exit 1; }
		sleep 0.05
	done
}

# empty DIR - nothing is in it (else its output says what)
empty()
{
	[ -z "$(ls -A "$1")" ] || { ls -lAR "$1" && return 1; }
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# needs_root - or say SKIP; and a way to become somebody else
needs_root()
{
	if [ "$(id -u)" -ne 0 ]; then
		echo "SKIP root only" && exit 0
	fi
	command -v setpriv >/dev/null || { echo "SKIP no setpriv" && exit 0; }
}

# as_nobody CMD... - without any right
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$@"
}

. tests/rootfs/deps.sh
. tests/rootfs/tree.sh
. tests/rootfs/kernel.sh
. tests/rootfs/vm.sh

make -s -f rootfs/rootfs.mk B="$B" "$B/vm/initramfs.cpio" >"$tmp/log" 2>&1 ||
	{ cat "$tmp/log" && echo "Bail out! cannot build $B/vm" && exit 1; }
test_deps
test_tree
test_kernel
test_vm
results
echo "1..$count"
[ $failures -eq 0 ]
