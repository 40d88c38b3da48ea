/*
 * Stage 10: a root of one's own. pivot_root(2), mount(2), proc(5).
 */
#ifndef ROOT_H
#define ROOT_H

#include <stdbool.h>
#include <stddef.h>

/* Something to mount besides what every container has. */
struct mount_request {
	const char *source;  /* a path outside; NULL: a tmpfs */
	const char *target;  /* a path inside */
	const char *options; /* of a tmpfs, tmpfs(5); NULL: none */
	bool read_only;
	int tree; /* take_sources()'s own */
};

struct root {
	const char *path;	     /* the root file system, outside */
	bool overlay;		     /* changes go to memory and are lost */
	const char *overlay_options; /* of that tmpfs; NULL: none */
	bool read_only;		     /* but for what is mounted on it */
	bool mask; /* hide and protect the machine's in /proc */
	struct mount_request *mounts; /* in this order */
	size_t mount_count;
	int tree; /* take_sources()'s own */
};

/*
 * Makes the root file system the root of this mount namespace, with /proc,
 * /sys, /dev (null, zero, full, random, urandom, tty, pts, ptmx, shm, mqueue,
 * fd, stdin, stdout, stderr; nothing else), the cgroup hierarchy at
 * /sys/fs/cgroup where there is one, and the mounts asked for. All of these
 * but the sources are nosuid. /dev, its pts, shm and mqueue, /proc and /sys are
 * noexec too, the last two also nodev. Mount points that are missing are made,
 * and every path is resolved as it will be inside: no symbolic link of the root
 * file system leads out of it.
 *
 * The old root is not reachable any more, neither by a path nor by who enters
 * the mount namespace, nor by a descriptor that is left: process 1 lives on
 * without an execve(2). The working directory is the new root, the umask 022.
 * No other mount namespace sees anything of it, although a new one starts with
 * mounts that are shared.
 *
 * With root->mask, files of /proc and /sys that are about the machine are
 * hidden (kcore, keys, timer_list ..., firmware), those that set it are
 * read-only (sys, sysrq-trigger, irq, bus, fs), and so are /sys and the cgroup
 * hierarchy.
 *
 * The caller is alone in new mount, PID, network, IPC and cgroup namespaces
 * and called take_sources() (tree.h). Returns 0, or -1 with errno; the caller
 * then ends, and the mount namespace with it.
 */
int enter_root(struct root *root);

#endif
