/*
 * The chain from a bare kernel to a container with limits, link by link, each
 * tried by doing it with the modules of the stages themselves.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stdbool.h>

#include "attempt.h"

enum link_id {
	KERNEL,
	CLONE3,
	USER_NAMESPACE,
	ID_MAP,
	MOUNT_NAMESPACE,
	PID_NAMESPACE,
	NETWORK_NAMESPACE,
	SYSFS,
	UTS_NAMESPACE,
	IPC_NAMESPACE,
	DEVICES,
	TIME_NAMESPACE,
	CGROUP_NAMESPACE,
	PIVOT_ROOT,
	OVERLAY,
	VETH,
	SECCOMP,
	NESTED,
	WHOLE_BOX,
	CGROUP2,
	CONTROLLERS,
	LIMITS,
	SUBIDS,
	QEMU,
	GUEST,
	KVM,
	BOOT,
	LINKS,
};

#define LINK(id) (1U << (id))

enum verdict {
	UNKNOWN, /* not tried yet */
	HOLDS,
	BROKEN,
	NOT_TRIED, /* a link that it hangs on is broken */
	ABSENT,	   /* nothing to try it with; optional or later */
};

struct link {
	const char *name;
	const char *meaning; /* what one has with it */
	unsigned needs;	     /* LINK() of others */
	enum verdict verdict;
	struct attempt attempt;
};

/* Where the kit is, and what was built of it. */
struct kit {
	const char *dir;   /* holds rootfs/vm.sh */
	const char *build; /* holds rootfs/ and vm/ */
};

extern struct link chain[LINKS];
extern struct kit kit;

/* Tries the link, after those that it needs, unless that was done before. */
enum verdict link_verdict(enum link_id id);

/* The first broken link among `links`; LINKS when none is. */
enum link_id first_broken(unsigned links);

#endif
