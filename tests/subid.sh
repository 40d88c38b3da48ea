#!/bin/sh
# subid.sh BUILD - the ids that root's containers get; TAP
#
# In the VM, where /etc/subuid and /etc/subgid are ours to write.
set -u
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
own=$(sed -n 's/^#define FIRST_CONTAINER_ID \([0-9]*\)U$/\1/p' \
	stages/06-user-uts-ipc/subid.h)

# What box maps for each of these lines in both files, one map a line.
lines='other:100000:65536 root:100000:65536 0:200000:65536 root:100000:100'

# shellcheck disable=SC2086 # one word is one line of the files
sh rootfs/vm.sh --timeout 60 --add "$build/rootfs:/kit/rootfs" \
	--add "$build/reference/box:/kit/box" -- '
	for line in '"$lines"'; do
		echo $line >/etc/subuid
		echo $line >/etc/subgid
		/kit/box run /kit/rootfs cat /proc/self/uid_map \
			/proc/self/gid_map | tr -s " \n" " "
		echo
	done' >"$work/out" 2>"$work/err" </dev/null
status=$?

# shellcheck disable=SC2317 # ok() calls it
details()
{
	tail -n 20 "$work/err"
}

# maps LINE FIRST: both on that line give FIRST and those after it to 1 to 65535.
maps()
{
	[ "$(sed -n "$1p" "$work/out")" = \
		" 0 0 1 1 $2 65535 0 0 1 1 $2 65535 " ]
}

ok "what is granted to others is not used" maps 1 "$own"
ok "what is granted to root by name is used" maps 2 100000
ok "what is granted to root by number is used" maps 3 200000
ok "a grant of too few ids is not used" maps 4 "$own"
done_testing
