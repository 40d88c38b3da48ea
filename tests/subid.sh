#!/bin/sh
# subid.sh BUILD - the ids that root's containers get; TAP
#
# In the VM, where /etc/subuid and /etc/subgid are ours to write.
set -u
build=$1
cd "$(dirname "$0")/.." || exit 1
own=$(sed -n 's/^#define FIRST_CONTAINER_ID \([0-9]*\)U$/\1/p' \
	stages/06-user-uts-ipc/subid.h)
count=0

# What box maps for each of these lines in both files, one map a line.
lines='other:100000:65536 root:100000:65536 0:200000:65536 root:100000:100'

# shellcheck disable=SC2086 # one word is one line of the files
maps=$(sh rootfs/vm.sh --timeout 60 --add "$build/rootfs:/kit/rootfs" \
	--add "$build/reference/box:/kit/box" -- '
	for line in '"$lines"'; do
		echo $line >/etc/subuid
		echo $line >/etc/subgid
		/kit/box run /kit/rootfs cat /proc/self/uid_map \
			/proc/self/gid_map | tr -s " \n" " "
		echo
	done')

# expect NAME LINE FIRST: both maps on line LINE give 1 to 65535 FIRST.
expect()
{
	count=$((count + 1))
	saw=$(echo "$maps" | sed -n "$2p")
	if [ "$saw" = " 0 0 1 1 $3 65535 0 0 1 1 $3 65535 " ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		echo "# expected 1 $3 65535 in both maps, saw:$saw"
	fi
}

expect "what is granted to others is not used" 1 "$own"
expect "what is granted to root by name is used" 2 100000
expect "what is granted to root by number is used" 3 200000
expect "a grant of too few ids is not used" 4 "$own"
echo "1..$count"
