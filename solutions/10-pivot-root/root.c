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
 * Task 1: the new root, attached, and a descriptor of it. A mount namespace
 * starts with mounts that are shared with the machine's: make_mounts_private()
 * (mounts.h) comes before any other. take_sources() has left the root file
 * system in root->tree, attached nowhere: attach_tree() (tree.h) puts it at
 * STAGE. With root->overlay, mount_overlay() builds the root instead, at STAGE
 * "/root". Return an O_PATH descriptor of its directory, close-on-exec.
 * open(2).
 */
static int build_root(const struct root *root)
{
	/* <answer> return todo(1, root, mount_overlay); */
	const char *path = root->overlay ? STAGE "/root" : STAGE;
	int fd;

	if (make_mounts_private() < 0)
		return -1;
	if (root->overlay ? mount_overlay(root)
			  : attach_tree(root->tree, STAGE))
		return -1;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? failed("open", "%s", root->path) : fd;
	/* </answer> */
}

/*
 * Also Task 1: from the old root to the new one, whose directory is open as
 * `root`. Make it the working directory; then pivot_root(2) can take "." for
 * both of its arguments ("pivot_root(".", ".")" in its man page): the old root
 * comes to lie on top of the new one. Take it off with umount2(2): it is
 * still in use, by this very process among others, so look for the flag that
 * does not mind. Nothing may point outside in the end, nor the working
 * directory be anything but the new root.
 */
static int switch_root(int root)
{
	/* <answer> return todo(1, root); */
	if (fchdir(root) < 0)
		return failed("fchdir", "the new root");
	if (sys_pivot_root(".", ".") < 0)
		return failed("pivot_root", "");
	if (umount2(".", MNT_DETACH) < 0)
		return failed("umount", "the old root");
	if (chdir("/") < 0)
		return failed("chdir", "/");
	return 0;
	/* </answer> */
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
 * Task 2: what is in /dev. The working directory is the new /dev, empty and
 * nobody else's so far; the machine's is still at /dev. mknod(2) makes no
 * device in a user namespace: make an empty file of each name in devices[],
 * and bind_mount() (mounts.h) the machine's device on it. Then the symbolic
 * links of links[].
 */
static int make_devices(void)
{
	/* <answer> return todo(2, devices, links); */
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		const char *name = devices[i] + strlen("/dev/");

		if (mknod(name, S_IFREG | 0644, 0) < 0)
			return failed("make", "%s", devices[i]);
		if (bind_mount(devices[i], name, false) < 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) < 0)
			return failed("symlink", "/dev/%s", links[i][1]);
	return 0;
	/* </answer> */
}

/*
 * Also Task 2: /dev itself. mount_inside() (place.h) mounts a tmpfs there,
 * "mode=755,size=64k", MS_NOSUID and MS_NOEXEC. open_inside() (inside.h) and
 * fchdir(2) go there for make_devices(). What is mounted below goes by the
 * descriptor of the new /dev: devpts at /pts
 * ("newinstance,ptmxmode=0666,mode=620"), tmpfs at /shm ("mode=1777"), mqueue
 * at /mqueue; nosuid and noexec like /dev, the last two nodev as well.
 */
static int make_dev(int root)
{
	/* <answer> return todo(2, root, make_devices); */
	const unsigned long flags = MS_NOSUID | MS_NOEXEC;
	int dev, result;

	if (mount_inside(root, "tmpfs", "/dev", flags, "mode=755,size=64k") < 0)
		return -1;
	dev = open_inside(root, "/dev");
	if (dev < 0)
		return -1;
	result = fchdir(dev) < 0 ? failed("fchdir", "/dev") : make_devices();
	if (result == 0 &&
	    (mount_inside(dev, "devpts", "/pts", flags,
			  "newinstance,ptmxmode=0666,mode=620") < 0 ||
	     mount_inside(dev, "tmpfs", "/shm", flags | MS_NODEV, "mode=1777") <
		     0 ||
	     mount_inside(dev, "mqueue", "/mqueue", flags | MS_NODEV, NULL) <
		     0))
		result = -1;
	close(dev);
	return result;
	/* </answer> */
}

/*
 * Task 3: /proc and /sys, of the namespaces that this process is in, by
 * mount_inside(). "proc" at /proc; "sysfs" at /sys; "cgroup2" at
 * /sys/fs/cgroup, which a machine may not have: ENODEV or EBUSY is no failure
 * there. All nosuid, nodev and noexec; with root->mask /sys and what is below
 * it are MS_RDONLY too.
 */
static int make_proc_and_sys(int fd, const struct root *root)
{
	/* <answer> return todo(3, fd, root); */
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	const unsigned long sys = flags | (root->mask ? MS_RDONLY : 0);

	if (mount_inside(fd, "proc", "/proc", flags, NULL) < 0 ||
	    mount_inside(fd, "sysfs", "/sys", sys, NULL) < 0)
		return -1;
	if (mount_inside(fd, "cgroup2", "/sys/fs/cgroup", sys, NULL) < 0 &&
	    errno != ENODEV && errno != EBUSY)
		return -1;
	return 0;
	/* </answer> */
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
 * Also Task 3: mask_inside() (place.h) hides every path of hidden[] and makes
 * every path of fixed[] read-only.
 */
static int mask_paths(int root)
{
	/* <answer> return todo(3, root, hidden, fixed); */
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (mask_inside(root, hidden[i], true) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (mask_inside(root, fixed[i], false) < 0)
			return -1;
	return 0;
	/* </answer> */
}

/*
 * Task 4: a root whose changes go to memory. mount_tmpfs() (mounts.h) at STAGE
 * with root->overlay_options; in it the directories lower, upper, work and
 * root; root->tree attached at lower. Then mount(2) an overlay at root, of
 * lower and upper and work: Documentation/filesystems/overlayfs.rst of the
 * kernel has its options. "userxattr" belongs to them: the overlay's usual
 * notes to itself, trusted attributes, are not for a user namespace.
 */
static int mount_overlay(const struct root *root)
{
	/* <answer> return todo(4, root); */
	static const char *const dirs[] = {STAGE "/lower", STAGE "/upper",
					   STAGE "/work", STAGE "/root"};

	if (mount_tmpfs(STAGE, root->overlay_options) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (mkdir(dirs[i], 0755) < 0)
			return failed("mkdir", "%s", dirs[i]);
	if (attach_tree(root->tree, STAGE "/lower") < 0)
		return -1;
	if (mount("overlay", STAGE "/root", "overlay", 0,
		  "lowerdir=" STAGE "/lower,upperdir=" STAGE
		  "/upper,workdir=" STAGE "/work,userxattr") < 0)
		return failed("mount overlay of", "%s", root->path);
	return 0;
	/* </answer> */
}

/*
 * Also Task 4: nothing can be written to the root any more, but /dev, /proc
 * and whatever else is mounted on it stays as it is. sys_mount_setattr()
 * (syscalls.h, mount_setattr(2)) changes a mount by its descriptor when the
 * path is empty and AT_EMPTY_PATH says so.
 */
static int make_read_only(int root)
{
	/* <answer> return todo(4, root); */
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (sys_mount_setattr(root, "", AT_EMPTY_PATH, &attr) < 0)
		return failed("mount_setattr read-only", "/");
	return 0;
	/* </answer> */
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
