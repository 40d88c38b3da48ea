#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "mounts.h"
#include "place.h"
#include "syscalls.h"
#include "tree.h"

/*
 * The root is changed first, and everything is mounted in it by its path: who
 * has that root cannot be led out of it by a link. The old root stays on top,
 * unseen by look-ups that start at /, until the kernel has seen that there was
 * a /proc before this one.
 */

enum { DEVICES = 6 };

static const char *const devices[DEVICES] = {"/dev/null",    "/dev/zero",
					     "/dev/full",    "/dev/tty",
					     "/dev/urandom", "/dev/random"};

static int take_devices(int trees[DEVICES])
{
	for (int i = 0; i < DEVICES; i++) {
		trees[i] = take_tree(devices[i], false);
		if (trees[i] < 0)
			return -1;
	}
	return 0;
}

static int directory(const char *path, mode_t mode)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return failed("mkdir", "%s", path);
	return 0;
}

static int mount_new(const char *type, const char *path, unsigned long flags,
		     const char *options)
{
	if (directory(path, 0755) < 0)
		return -1;
	if (mount(type, path, type, flags | MS_NOSUID, options) < 0)
		return failed("mount", "%s on %s", type, path);
	return 0;
}

static int fill_dev(const int trees[DEVICES])
{
	int fd;

	if (mount_new("tmpfs", "/dev", MS_NOEXEC, "mode=0755") < 0)
		return -1;
	for (int i = 0; i < DEVICES; i++) {
		fd = open(devices[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0)
			return failed("create", "%s", devices[i]);
		close(fd);
		if (attach_tree(trees[i], devices[i]) < 0)
			return -1;
		close(trees[i]);
	}
	if (symlink("/proc/self/fd", "/dev/fd") < 0 ||
	    symlink("/proc/self/fd/0", "/dev/stdin") < 0 ||
	    symlink("/proc/self/fd/1", "/dev/stdout") < 0 ||
	    symlink("/proc/self/fd/2", "/dev/stderr") < 0 ||
	    symlink("pts/ptmx", "/dev/ptmx") < 0)
		return failed("symlink", "in /dev");
	if (mount_new("devpts", "/dev/pts", MS_NOEXEC,
		      "newinstance,mode=620,ptmxmode=666") < 0 ||
	    mount_new("tmpfs", "/dev/shm", MS_NOEXEC | MS_NODEV, "mode=1777") <
		    0)
		return -1;
	return mount_new("mqueue", "/dev/mqueue", MS_NOEXEC | MS_NODEV, NULL);
}

static int mask(int root)
{
	static const char *const paths[] = {"/proc/acpi",
					    "/proc/asound",
					    "/proc/kcore",
					    "/proc/keys",
					    "/proc/key-users",
					    "/proc/latency_stats",
					    "/proc/sched_debug",
					    "/proc/scsi",
					    "/proc/timer_list",
					    "/sys/firmware",
					    NULL,
					    "/proc/bus",
					    "/proc/fs",
					    "/proc/irq",
					    "/proc/sys",
					    "/proc/sysrq-trigger"};
	bool hide = true;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (!paths[i])
			hide = false;
		else if (mask_inside(root, paths[i], hide) < 0)
			return -1;
	}
	return 0;
}

static int go(const struct root *root)
{
	const char *there = "/tmp";

	if (make_mounts_private() < 0)
		return -1;
	if (root->overlay) {
		there = "/tmp/merged";
		if (mount_tmpfs("/tmp", root->overlay_options) < 0 ||
		    directory("/tmp/lower", 0755) < 0 ||
		    directory("/tmp/changes", 0755) < 0 ||
		    directory("/tmp/work", 0755) < 0 ||
		    directory(there, 0755) < 0 ||
		    attach_tree(root->tree, "/tmp/lower") < 0)
			return -1;
		if (mount("none", there, "overlay", 0,
			  "userxattr,workdir=/tmp/work,upperdir=/tmp/changes,"
			  "lowerdir=/tmp/lower") < 0)
			return failed("mount an overlay on", "%s", there);
	} else if (attach_tree(root->tree, there) < 0) {
		return -1;
	}
	if (chdir(there) < 0 || sys_pivot_root(".", ".") < 0)
		return failed("pivot_root", "%s", there);
	return 0;
}

int enter_root(struct root *root)
{
	const unsigned long flags = MS_NODEV | MS_NOEXEC;
	const unsigned long sys = root->mask ? flags | MS_RDONLY : flags;
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	int trees[DEVICES], fd;

	umask(022);
	if (take_devices(trees) < 0 || go(root) < 0)
		return -1;
	/* "/" and not ".": that would be the old root, which lies on top. */
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", "/");
	if (mount_new("proc", "/proc", flags, NULL) < 0 ||
	    mount_new("sysfs", "/sys", sys, NULL) < 0)
		return -1;
	if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", sys | MS_NOSUID,
		  NULL) < 0 &&
	    errno != ENODEV && errno != EBUSY && errno != ENOENT)
		return failed("mount cgroup2 on", "/sys/fs/cgroup");
	if (umount2(".", MNT_DETACH) < 0)
		return failed("umount", "the old root");
	if (fill_dev(trees) < 0)
		return -1;
	for (size_t i = 0; i < root->mount_count; i++)
		if (place_request(fd, &root->mounts[i]) < 0)
			return -1;
	if (root->mask && mask(fd) < 0)
		return -1;
	if (root->read_only &&
	    sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
		return failed("mount_setattr", "/");
	close(fd);
	drop_sources(root);
	return chdir("/");
}
