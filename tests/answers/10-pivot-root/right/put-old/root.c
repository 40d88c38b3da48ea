#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "failure.h"
#include "inside.h"
#include "mounts.h"
#include "place.h"
#include "syscalls.h"
#include "tree.h"

/* As pivot_root(8) has it: the old root goes to a directory of the new one. */

#define NEW "/tmp"

static int step(int result, const char *what)
{
	return result < 0 ? failed("set up", "%s", what) : 0;
}

static int start_root(const struct root *root)
{
	if (make_mounts_private() < 0)
		return -1;
	if (!root->overlay) {
		if (attach_tree(root->tree, NEW) < 0)
			return -1;
		return open(NEW, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (mount_tmpfs(NEW, root->overlay_options) < 0)
		return -1;
	if (chdir(NEW) < 0 || mkdir("below", 0755) < 0 ||
	    mkdir("above", 0755) < 0 || mkdir("aside", 0755) < 0)
		return failed("mkdir in", NEW);
	if (attach_tree(root->tree, "below") < 0)
		return -1;
	/* On its own upper directory: nobody needs to see that any more. */
	if (mount("overlay", "above", "overlay", 0,
		  "lowerdir=below,upperdir=above,workdir=aside,userxattr") < 0)
		return failed("mount overlay on", "%s", root->path);
	return open(NEW "/above", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int device(int dev, const char *name)
{
	char source[32], target[64];
	int fd = openat(dev, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return failed("create", "/dev/%s", name);
	snprintf(source, sizeof(source), "/dev/%s", name);
	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	if (mount(source, target, NULL, MS_BIND, NULL) < 0) {
		close(fd);
		return failed("mount --bind", "%s", source);
	}
	return close(fd);
}

static int fill_dev(int dev)
{
	const unsigned long flags = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	if (mount_inside(dev, "tmpfs", "shm", flags, "mode=01777") < 0 ||
	    mount_inside(dev, "mqueue", "mqueue", flags, NULL) < 0 ||
	    mount_inside(dev, "devpts", "pts", MS_NOSUID | MS_NOEXEC,
			 "mode=0620,ptmxmode=0666,newinstance") < 0)
		return -1;
	if (device(dev, "null") < 0 || device(dev, "zero") < 0 ||
	    device(dev, "full") < 0 || device(dev, "random") < 0 ||
	    device(dev, "urandom") < 0 || device(dev, "tty") < 0)
		return -1;
	if (symlinkat("pts/ptmx", dev, "ptmx") < 0 ||
	    symlinkat("/proc/self/fd", dev, "fd") < 0 ||
	    symlinkat("/proc/self/fd/0", dev, "stdin") < 0 ||
	    symlinkat("/proc/self/fd/1", dev, "stdout") < 0 ||
	    symlinkat("/proc/self/fd/2", dev, "stderr") < 0)
		return failed("symlink in", "/dev");
	return 0;
}

static int kernel_views(int fd, bool mask)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount_inside(fd, "proc", "proc", flags, NULL) < 0)
		return -1;
	flags |= mask ? MS_RDONLY : 0;
	if (mount_inside(fd, "sysfs", "sys", flags, NULL) < 0)
		return -1;
	if (mount_inside(fd, "cgroup2", "sys/fs/cgroup", flags, NULL) == 0)
		return 0;
	return errno == ENODEV || errno == EBUSY ? 0 : -1;
}

static int mask_all(int fd)
{
	static const char hide[] =
		"/proc/acpi /proc/asound /proc/kcore /proc/keys "
		"/proc/key-users /proc/latency_stats /proc/sched_debug "
		"/proc/scsi /proc/timer_list /sys/firmware";
	static const char fix[] = "/proc/bus /proc/fs /proc/irq /proc/sys "
				  "/proc/sysrq-trigger";
	char words[256], *rest, *word;

	snprintf(words, sizeof(words), "%s", hide);
	for (word = strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (mask_inside(fd, word, true) < 0)
			return -1;
	snprintf(words, sizeof(words), "%s", fix);
	for (word = strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (mask_inside(fd, word, false) < 0)
			return -1;
	return 0;
}

/* A remount sets all the flags anew: those that it had must be among them. */
static int remount_read_only(void)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
	struct statvfs fs;

	if (statvfs("/", &fs) < 0)
		return failed("statvfs", "/");
	flags |= fs.f_flag & ST_NOSUID ? MS_NOSUID : 0;
	flags |= fs.f_flag & ST_NODEV ? MS_NODEV : 0;
	flags |= fs.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
	flags |= fs.f_flag & ST_NOATIME ? MS_NOATIME : 0;
	flags |= fs.f_flag & ST_NODIRATIME ? MS_NODIRATIME : 0;
	flags |= fs.f_flag & ST_RELATIME ? MS_RELATIME : 0;
	return step(mount(NULL, "/", NULL, flags, NULL), "a read-only root");
}

int enter_root(struct root *root)
{
	char put_old[FD_PATH_SIZE];
	int fd, dev, shm;

	umask(022);
	fd = start_root(root);
	if (fd < 0)
		return -1;
	if (mount_inside(fd, "tmpfs", "dev", MS_NOSUID | MS_NOEXEC,
			 "size=64k,mode=0755") < 0)
		return -1;
	dev = open_inside(fd, "dev");
	if (dev < 0 || fill_dev(dev) < 0 || kernel_views(fd, root->mask) < 0)
		return -1;
	/* By a descriptor: the /dev of the root may be a link. */
	shm = open_inside(dev, "/shm");
	if (shm < 0)
		return -1;
	close(dev);
	for (size_t i = 0; i < root->mount_count; i++)
		if (place_request(fd, &root->mounts[i]) < 0)
			return -1;
	if (root->mask && mask_all(fd) < 0)
		return -1;
	/* On top of the new /dev/shm for a moment: it is sure to be there. */
	if (step(fchdir(fd), "the new root") < 0 ||
	    step(sys_pivot_root(".", fd_path(shm, put_old)), "pivot_root") <
		    0 ||
	    step(chdir("/"), "the new root") < 0 ||
	    step(umount2("/dev/shm", MNT_DETACH), "the old root's end") < 0)
		return -1;
	close(shm);
	close(fd);
	drop_sources(root);
	return root->read_only ? remount_read_only() : 0;
}
