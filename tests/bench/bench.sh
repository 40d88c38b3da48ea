#!/bin/sh
# bench.sh BUILD [OPTION]... - what a container costs: make bench
#
# crun and runc make cgroups of version 1 wherever they see any, and those are
# the machine's. So, as root of a machine that has both versions, all of it runs
# in a group of its own and where /sys/fs/cgroup shows nothing but that group.
set -u
build=$1
shift
set -- "$build/tests/bench" --box "$build/reference/box" \
	--floor "$build/tests/floor" --rootfs "$build/rootfs" "$@"

# apart COMMAND...: there
apart()
{
	# shellcheck disable=SC2016 # the inner shell is to expand it
	"$build/reference/cgroup" unshare --mount --propagation private sh -c '
		mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh "$@"
}

if [ "$(id -u)" -eq 0 ] &&
	[ "$(stat -f -c %T /sys/fs/cgroup 2>/dev/null)" != cgroup2fs ] &&
	apart true 2>/dev/null; then
	apart "$@"
else
	exec "$@"
fi
