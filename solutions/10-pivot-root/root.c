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
#include "tree.h"

/* In a mount namespace of our own, any directory does to build the root on. */
#define STAGE "/tmp"

static int mount_overlay(const struct root *root)
{
	static const char *const dirs[] = {STAGE "/lower", STAGE "/upper",
					   STAGE "/work", STAGE "/root"};

	if (mount_tmpfs(STAGE, root->overlay_options) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (mkdir(dirs[i], 0755) < 0)
			return failed("mkdir", "%s", dirs[i]);
	if (attach_tree(root->tree, STAGE "/lower") < 0)
		return -1;
	/* userxattr: the trusted attributes are not for a user namespace. */
	if (mount("overlay", STAGE "/root", "overlay", 0,
		  "lowerdir=" STAGE "/lower,upperdir=" STAGE
		  "/upper,workdir=" STAGE "/work,userxattr") < 0)
		return failed("mount overlay of", "%s", root->path);
	return 0;
}

/* The new root, attached: an O_PATH descriptor. */
static int build_root(const struct root *root)
{
	const char *path = root->overlay ? STAGE "/root" : STAGE;
	int fd;

	if (root->overlay ? mount_overlay(root)
			  : attach_tree(root->tree, STAGE))
		return -1;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? failed("open", "%s", root->path) : fd;
}

/* The working directory is the new /dev, empty and nobody else's so far. */
static int make_devices(void)
{
	static const char *const devices[] = {"/dev/null",    "/dev/zero",
					      "/dev/full",    "/dev/random",
					      "/dev/urandom", "/dev/tty"};
	static const char *const links[][2] = {
		{"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
		{"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
		{"pts/ptmx", "ptmx"},
	};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		const char *name = devices[i] + strlen("/dev/");

		/* A file to mount on: devices are not for us to make. */
		if (mknod(name, S_IFREG | 0644, 0) < 0)
			return failed("make", "%s", devices[i]);
		if (bind_mount(devices[i], name, false) < 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) < 0)
			return failed("symlink", "/dev/%s", links[i][1]);
	return 0;
}

static int make_dev(int root)
{
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
}

static int make_sys(int root, unsigned long read_only)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount_inside(root, "sysfs", "/sys", flags | read_only, NULL) < 0)
		return -1;
	/* ENODEV, EPERM...: a machine that has no version 2 hierarchy. */
	if (mount_inside(root, "cgroup2", "/sys/fs/cgroup", flags | read_only,
			 NULL) < 0 &&
	    errno != ENODEV && errno != EBUSY)
		return -1;
	return 0;
}

/* What /proc and /sys tell or change is the machine's, not the container's. */
static int mask_paths(int root)
{
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

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (mask_inside(root, hidden[i], true) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (mask_inside(root, fixed[i], false) < 0)
			return -1;
	return 0;
}

static int make_read_only(int root)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (sys_mount_setattr(root, "", AT_EMPTY_PATH, &attr) < 0)
		return failed("mount_setattr read-only", "/");
	return 0;
}

/* The old root comes to lie on top of the new one, and is taken off. */
static int switch_root(int root)
{
	if (fchdir(root) < 0)
		return failed("fchdir", "the new root");
	if (sys_pivot_root(".", ".") < 0)
		return failed("pivot_root", "");
	if (umount2(".", MNT_DETACH) < 0)
		return failed("umount", "the old root");
	if (chdir("/") < 0)
		return failed("chdir", "/");
	return 0;
}

static int fill_root(int fd, const struct root *root)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount_inside(fd, "proc", "/proc", flags, NULL) < 0 ||
	    make_sys(fd, root->mask ? MS_RDONLY : 0) < 0 || make_dev(fd) < 0)
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

	if (make_mounts_private() < 0)
		return -1;
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
