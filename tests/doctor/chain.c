#include "chain.h"

#include <stdio.h>
#include <unistd.h>

#include "tries.h"

#define CONTAINER_LINKS                                                        \
	(LINK(USER_NAMESPACE) | LINK(ID_MAP) | LINK(MOUNT_NAMESPACE))

struct link chain[LINKS] = {
	[KERNEL] = {"kernel", "5.15 or later is needed"},
	[CLONE3] = {"clone3", "a child, and where it is to start"},
	[USER_NAMESPACE] = {"user namespace", "to be root somewhere",
			    LINK(CLONE3)},
	[ID_MAP] = {"id map", "who is who in there", LINK(USER_NAMESPACE)},
	[MOUNT_NAMESPACE] = {"mount namespace", "mounts that nobody else sees",
			     LINK(ID_MAP)},
	[PID_NAMESPACE] = {"PID namespace", "process 1, and a /proc of its own",
			   CONTAINER_LINKS},
	[NETWORK_NAMESPACE] = {"network namespace", "interfaces of its own",
			       LINK(ID_MAP)},
	[SYSFS] = {"/sys", "the devices of that network",
		   CONTAINER_LINKS | LINK(NETWORK_NAMESPACE)},
	[UTS_NAMESPACE] = {"UTS namespace", "a host name of its own",
			   LINK(ID_MAP)},
	[IPC_NAMESPACE] = {"IPC namespace", "message queues of its own",
			   CONTAINER_LINKS},
	[DEVICES] = {"/dev", "devices by bind mount, terminals of its own",
		     CONTAINER_LINKS},
	[TIME_NAMESPACE] = {"time namespace", "clocks that start elsewhere",
			    LINK(ID_MAP)},
	[CGROUP_NAMESPACE] = {"cgroup namespace",
			      "its group looks like the root", LINK(ID_MAP)},
	[PIVOT_ROOT] = {"pivot_root", "a root that cannot be left",
			CONTAINER_LINKS},
	[OVERLAY] = {"overlay", "changes to a root that stays as it is",
		     CONTAINER_LINKS},
	[VETH] = {"veth", "a cable between two networks",
		  LINK(NETWORK_NAMESPACE)},
	[SECCOMP] = {"seccomp", "system calls that are refused", LINK(ID_MAP)},
	[NESTED] = {"nesting", "a container in the sandbox of the tests",
		    CONTAINER_LINKS | LINK(PID_NAMESPACE) |
			    LINK(NETWORK_NAMESPACE) | LINK(UTS_NAMESPACE) |
			    LINK(IPC_NAMESPACE) | LINK(TIME_NAMESPACE)},
	[WHOLE_BOX] = {"box", "all of it together",
		       CONTAINER_LINKS | LINK(PID_NAMESPACE) |
			       LINK(PIVOT_ROOT) | LINK(SYSFS) | LINK(DEVICES) |
			       LINK(SECCOMP)},
	[CGROUP2] = {"cgroup version 2", "a tree of groups of processes"},
	[CONTROLLERS] = {"controllers", "memory, pids and cpu in that tree",
			 LINK(CGROUP2)},
	[LIMITS] = {"limits", "a group of our own, with limits that hold",
		    LINK(CONTROLLERS)},
	[SUBIDS] = {"more ids", "other users than root in a box"},
	[QEMU] = {"QEMU", "a machine made of software"},
	[GUEST] = {"guest", "kernel and root file system for that machine"},
	[KVM] = {"KVM", "that machine at full speed, not emulated", LINK(QEMU)},
	[BOOT] = {"VM", "it boots, with all controllers",
		  LINK(QEMU) | LINK(GUEST)},
};

struct kit kit = {.dir = ".", .build = "build"};

enum link_id first_broken(unsigned links)
{
	for (enum link_id id = 0; id < LINKS; id++)
		if (links & LINK(id) && link_verdict(id) != HOLDS)
			return id;
	return LINKS;
}

static bool can_be_tried(enum link_id id)
{
	char path[4096];

	if (id != WHOLE_BOX)
		return true;
	snprintf(path, sizeof(path), "%s/rootfs/bin/true", kit.build);
	return access(path, X_OK) == 0;
}

enum verdict link_verdict(enum link_id id)
{
	struct link *link = &chain[id];
	/* An emulated machine boots in its own time. */
	int patience = id == BOOT || id == KVM ? 90 : 10;

	if (link->verdict != UNKNOWN)
		return link->verdict;
	if (first_broken(link->needs) != LINKS) {
		link->verdict = NOT_TRIED;
	} else if (!can_be_tried(id)) {
		link->verdict = ABSENT;
	} else {
		try_it(tries[id], patience, &link->attempt);
		link->verdict = link->attempt.error ? BROKEN : HOLDS;
	}
	return link->verdict;
}
