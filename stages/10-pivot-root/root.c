#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "inside.h"
#include "mounts.h"
#include "place.h"
#include "syscalls.h"
#include "todo.h"
#include "tree.h"

/* In a mount namespace of our own, any directory does to build the root on. */
#define STAGE "/tmp"

/* Task 4, further down. */
static int mount_overlay(const struct root *root);

/*
 * TODO 1: the new root, attached, and a descriptor of it. A mount namespace
 * starts with mounts that are shared with the machine's: make_mounts_private()
 * (mounts.h) comes before any other. take_sources() has left the root file
 * system in root->tree, attached nowhere: attach_tree() (tree.h) puts it at
 * STAGE. With root->overlay, mount_overlay() builds the root instead, at STAGE
 * "/root". Return an O_PATH descriptor of its directory, close-on-exec.
 * open(2).
 */
static int build_root(const struct root *root)
{
	return todo(1, root, mount_overlay);
}

/*
 * Also TODO 1: from the old root to the new one, whose directory is open as
 * `root`. Make it the working directory; then pivot_root(2) can take "." for
 * both of its arguments ("pivot_root(".", ".")" in its man page): the old root
 * comes to lie on top of the new one. Take it off with umount2(2): it is
 * still in use, by this very process among others, so look for the flag that
 * does not mind. Nothing may point outside in the end, nor the working
 * directory be anything but the new root.
 */
static int switch_root(int root)
{
	return todo(1, root);
}

static const char *const devices[] = {"/dev/null",    "/dev/zero",
				      "/dev/full",    "/dev/random",
				      "/dev/urandom", "/dev/tty"};

/* What a link says, and its name in /dev. */
static const char *const links[][2] = {
	{"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
	{"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
	{"pts/ptmx", "ptmx"},
};

/*
 * TODO 2: what is in /dev. The working directory is the new /dev, empty and
 * nobody else's so far; the machine's is still at /dev. mknod(2) makes no
 * device in a user namespace: make an empty file of each name in devices[],
 * and bind_mount() (mounts.h) the machine's device on it. Then the symbolic
 * links of links[].
 */
static int make_devices(void)
{
	return todo(2, devices, links);
}

/*
 * Also TODO 2: /dev itself. mount_inside() (place.h) mounts a tmpfs there,
 * "mode=755,size=64k", MS_NOSUID and MS_NOEXEC. open_inside() (inside.h) and
 * fchdir(2) go there for make_devices(). What is mounted below goes by the
 * descriptor of the new /dev: devpts at /pts
 * ("newinstance,ptmxmode=0666,mode=620"), tmpfs at /shm ("mode=1777"), mqueue
 * at /mqueue; nosuid and noexec like /dev, the last two nodev as well.
 */
static int make_dev(int root)
{
	return todo(2, root, make_devices);
}

/*
 * TODO 3: /proc and /sys, of the namespaces that this process is in, by
 * mount_inside(). "proc" at /proc; "sysfs" at /sys; "cgroup2" at
 * /sys/fs/cgroup, which a machine may not have: ENODEV or EBUSY is no failure
 * there. All nosuid, nodev and noexec; with root->mask /sys and what is below
 * it are MS_RDONLY too.
 */
static int make_proc_and_sys(int fd, const struct root *root)
{
	return todo(3, fd, root);
}

/* What /proc and /sys tell or change is the machine's, not the container's. */
static const char *const hidden[] = {
	"/proc/acpi",	     "/proc/asound",	"/proc/kcore",
	"/proc/keys",	     "/proc/key-users", "/proc/latency_stats",
	"/proc/sched_debug", "/proc/scsi",	"/proc/timer_list",
	"/sys/firmware",
};
static const char *const fixed[] = {
	"/proc/bus",	       "/proc/fs", "/proc/irq", "/proc/sys",
	"/proc/sysrq-trigger",
};

/*
 * Also TODO 3: mask_inside() (place.h) hides every path of hidden[] and makes
 * every path of fixed[] read-only.
 */
static int mask_paths(int root)
{
	return todo(3, root, hidden, fixed);
}

/*
 * TODO 4: a root whose changes go to memory. mount_tmpfs() (mounts.h) at STAGE
 * with root->overlay_options; in it the directories lower, upper, work and
 * root; root->tree attached at lower. Then mount(2) an overlay at root, of
 * lower and upper and work: Documentation/filesystems/overlayfs.rst of the
 * kernel has its options. "userxattr" belongs to them: the overlay's usual
 * notes to itself, trusted attributes, are not for a user namespace.
 */
static int mount_overlay(const struct root *root)
{
	return todo(4, root);
}

/*
 * Also TODO 4: nothing can be written to the root any more, but /dev, /proc
 * and whatever else is mounted on it stays as it is. sys_mount_setattr()
 * (syscalls.h, mount_setattr(2)) changes a mount by its descriptor when the
 * path is empty and AT_EMPTY_PATH says so.
 */
static int make_read_only(int root)
{
	return todo(4, root);
}

/* The machine's /dev is wanted as long as there are devices to be bound. */
static int fill_root(int fd, const struct root *root)
{
	if (make_proc_and_sys(fd, root) < 0 || make_dev(fd) < 0)
		return -1;
	for (size_t i = 0; i < root->mount_count; i++)
		if (place_request(fd, &root->mounts[i]) < 0)
			return -1;
	if (root->mask && mask_paths(fd) < 0)
		return -1;
	return root->read_only ? make_read_only(fd) : 0;
}

int enter_root(struct root *root)
{
	int fd;

	/* The caller's would take rights from whoever is not the owner. */
	umask(022);
	fd = build_root(root);
	if (fd < 0)
		return -1;
	if (fill_root(fd, root) < 0 || switch_root(fd) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	close(fd);
	drop_sources(root);
	return 0;
}
