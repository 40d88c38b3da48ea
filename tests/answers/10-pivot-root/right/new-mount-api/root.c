#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "inside.h"
#include "mounts.h"
#include "place.h"
#include "syscalls.h"
#include "tree.h"

/* fsopen(2), fsconfig(2), fsmount(2): a mount is a descriptor first. */

#define ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

/* "a=b,c": each a parameter of the file system that is being configured. */
static int configure(int fs, const char *options)
{
	char copy[256], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", options ? options : "");
	while ((word = strsep(&rest, ",")) != NULL) {
		char *value = strchr(word, '=');

		if (*word == '\0')
			continue;
		if (value)
			*value++ = '\0';
		if (syscall(SYS_fsconfig, fs,
			    value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			    word, value, 0) < 0)
			return -1;
	}
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL,
			    0);
}

static int new_mount(const char *type, unsigned attributes, const char *options)
{
	int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int fd = -1, saved;

	if (fs < 0)
		return failed("fsopen", "%s", type);
	if (configure(fs, options) == 0)
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
	saved = errno;
	close(fs);
	errno = saved;
	return fd < 0 ? failed("fsmount", "%s", type) : fd;
}

/* Takes `mount` over: it is closed in any case. */
static int put(int mount, int dir, const char *what)
{
	int result, saved;

	result = sys_move_mount(mount, "", dir, "",
				MOVE_MOUNT_F_EMPTY_PATH |
					MOVE_MOUNT_T_EMPTY_PATH);
	saved = errno;
	close(mount);
	errno = saved;
	return result < 0 ? failed("move_mount to", "%s", what) : 0;
}

static int put_inside(int root, const char *type, const char *path,
		      unsigned attributes, const char *options)
{
	int mount = new_mount(type, attributes, options);
	int dir, result, saved;

	if (mount < 0)
		return -1;
	dir = make_inside(root, path, S_IFDIR);
	if (dir < 0) {
		close(mount);
		return -1;
	}
	result = put(mount, dir, path);
	saved = errno;
	close(dir);
	errno = saved;
	return result;
}

static int make_device(int dev, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	int tree, file, result;

	file = openat(dev, name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0644);
	if (file < 0)
		return failed("make", "%s", path);
	tree = sys_open_tree(AT_FDCWD, path,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	result = tree < 0 ? failed("open_tree", "%s", path)
			  : put(tree, file, path);
	close(file);
	return result;
}

static int make_dev(int root)
{
	static const char *const devices[] = {"/dev/null", "/dev/zero",
					      "/dev/full", "/dev/random",
					      "/dev/tty",  "/dev/urandom"};
	static const char *const links[] = {
		"fd",	  "/proc/self/fd",   "stdin",  "/proc/self/fd/0",
		"stdout", "/proc/self/fd/1", "stderr", "/proc/self/fd/2",
		"ptmx",	  "/dev/pts/ptmx"};
	int dev;

	if (put_inside(root, "tmpfs", "/dev", ATTRIBUTES, "mode=755,size=64k") <
	    0)
		return -1;
	dev = open_inside(root, "/dev");
	if (dev < 0)
		return -1;
	for (size_t i = 0; i < 6; i++)
		if (make_device(dev, devices[i]) < 0)
			return -1;
	for (size_t i = 0; i < 10; i += 2)
		if (symlinkat(links[i + 1], dev, links[i]) < 0)
			return failed("symlink", "/dev/%s", links[i]);
	if (put_inside(dev, "devpts", "/pts", ATTRIBUTES,
		       "newinstance,ptmxmode=0666,mode=0620") < 0 ||
	    put_inside(dev, "tmpfs", "/shm", ATTRIBUTES | MOUNT_ATTR_NODEV,
		       "mode=1777") < 0 ||
	    put_inside(dev, "mqueue", "/mqueue", ATTRIBUTES | MOUNT_ATTR_NODEV,
		       NULL) < 0)
		return -1;
	return close(dev);
}

static int make_information(int root, bool mask)
{
	unsigned attributes = ATTRIBUTES | MOUNT_ATTR_NODEV;

	if (put_inside(root, "proc", "/proc", attributes, NULL) < 0)
		return -1;
	if (mask)
		attributes |= MOUNT_ATTR_RDONLY;
	if (put_inside(root, "sysfs", "/sys", attributes, NULL) < 0)
		return -1;
	if (put_inside(root, "cgroup2", "/sys/fs/cgroup", attributes, NULL) < 0)
		return errno == ENODEV || errno == EBUSY ? 0 : -1;
	return 0;
}

static int hide_and_fix(int root)
{
	static const struct {
		const char *path;
		bool hide;
	} masks[] = {
		{"/proc/acpi", true},		{"/proc/asound", true},
		{"/proc/kcore", true},		{"/proc/keys", true},
		{"/proc/key-users", true},	{"/proc/latency_stats", true},
		{"/proc/sched_debug", true},	{"/proc/scsi", true},
		{"/proc/timer_list", true},	{"/sys/firmware", true},
		{"/proc/bus", false},		{"/proc/fs", false},
		{"/proc/irq", false},		{"/proc/sys", false},
		{"/proc/sysrq-trigger", false},
	};

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		if (mask_inside(root, masks[i].path, masks[i].hide) < 0)
			return -1;
	return 0;
}

/* The overlay needs a place for its directories, and is not there after. */
static int overlay_on(const struct root *root)
{
	if (mount_tmpfs("/tmp", root->overlay_options) < 0)
		return -1;
	if (mkdir("/tmp/l", 0755) < 0 || mkdir("/tmp/u", 0755) < 0 ||
	    mkdir("/tmp/w", 0755) < 0)
		return failed("mkdir", "/tmp");
	if (attach_tree(root->tree, "/tmp/l") < 0)
		return -1;
	return new_mount("overlay", 0,
			 "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,"
			 "userxattr");
}

/* The root is attached before anything is mounted on it. */
static int attach_root(const struct root *root)
{
	int mount, dir, result;

	mount = root->overlay ? overlay_on(root) : dup(root->tree);
	if (mount < 0)
		return -1;
	if (root->overlay && mkdir("/tmp/r", 0755) < 0)
		return failed("mkdir", "/tmp/r");
	dir = open(root->overlay ? "/tmp/r" : "/tmp", O_PATH | O_CLOEXEC);
	if (dir < 0)
		return failed("open", "/tmp");
	result = put(mount, dir, "/tmp");
	close(dir);
	if (result < 0)
		return -1;
	return open(root->overlay ? "/tmp/r" : "/tmp", O_PATH | O_CLOEXEC);
}

int enter_root(struct root *root)
{
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
	int fd;

	umask(022);
	if (make_mounts_private() < 0)
		return -1;
	fd = attach_root(root);
	if (fd < 0 || make_dev(fd) < 0 || make_information(fd, root->mask) < 0)
		return -1;
	for (size_t i = 0; i < root->mount_count; i++)
		if (place_request(fd, root->mounts + i) < 0)
			return -1;
	if (root->mask && hide_and_fix(fd) < 0)
		return -1;
	if (root->read_only &&
	    sys_mount_setattr(fd, "", AT_EMPTY_PATH, &read_only) < 0)
		return failed("mount_setattr", "%s", root->path);
	if (fchdir(fd) < 0 || sys_pivot_root(".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0)
		return failed("pivot_root to", "%s", root->path);
	close(fd);
	drop_sources(root);
	return chdir("/") < 0 ? failed("chdir", "/") : 0;
}
