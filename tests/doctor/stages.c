#include "stages.h"

#include <stddef.h>
#include <string.h>

#include "host.h"

/* What the sandbox is made of, in which every program is judged. */
#define SANDBOX                                                                \
	(LINK(KERNEL) | LINK(CLONE3) | LINK(USER_NAMESPACE) | LINK(ID_MAP) |   \
	 LINK(MOUNT_NAMESPACE) | LINK(PID_NAMESPACE) |                         \
	 LINK(NETWORK_NAMESPACE) | LINK(SYSFS) | LINK(UTS_NAMESPACE) |         \
	 LINK(IPC_NAMESPACE) | LINK(DEVICES) | LINK(TIME_NAMESPACE) |          \
	 LINK(CGROUP_NAMESPACE) | LINK(PIVOT_ROOT) | LINK(SECCOMP))

const struct stage stages[10] = {
	{"01-fork-exec", 0, false, false},
	{"02-wait-zombies", 0, false, false},
	{"03-signals", 0, false, false},
	{"04-ipc", 0, false, false},
	{"05-scheduling", 0, false, false},
	{"06-user-uts-ipc", LINK(NESTED), false, false},
	{"07-pid-mount", LINK(NESTED), false, false},
	{"08-net-time", LINK(NESTED) | LINK(VETH), false, false},
	{"09-cgroups", LINK(NESTED), true, true},
	{"10-pivot-root", LINK(NESTED) | LINK(OVERLAY) | LINK(VETH), true,
	 false},
};

const struct stage *find_stage(const char *name)
{
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(stages[i].name, name) == 0 ||
		    (strlen(name) == 2 &&
		     strncmp(stages[i].name, name, 2) == 0))
			return &stages[i];
	return NULL;
}

/* What is not built yet was not booted, and is built before it is. */
static bool has_vm(void)
{
	if (chain[BOOT].verdict == HOLDS || chain[BOOT].verdict == BROKEN)
		return chain[BOOT].verdict == HOLDS;
	return link_verdict(QEMU) == HOLDS;
}

/* The root file system may not be built yet: then its parts have to do. */
static bool has_sandbox(enum link_id *broken)
{
	*broken = first_broken(SANDBOX);
	if (*broken == LINKS && link_verdict(WHOLE_BOX) == BROKEN)
		*broken = WHOLE_BOX;
	return *broken == LINKS;
}

static bool has_limits(enum link_id *broken)
{
	*broken = first_broken(LINK(LIMITS));
	if (*broken != LINKS)
		*broken = chain[CGROUP2].verdict != HOLDS	? CGROUP2
			  : chain[CONTROLLERS].verdict != HOLDS ? CONTROLLERS
								: LIMITS;
	return *broken == LINKS && host_has_limits();
}

static enum where elsewhere(void)
{
	return has_vm() ? IN_THE_VM : NOWHERE;
}

enum where where_is(const struct stage *stage, enum link_id *broken)
{
	if (!has_sandbox(broken))
		return elsewhere();
	*broken = first_broken(stage->needs);
	if (*broken != LINKS)
		return elsewhere();
	if (stage->limits && !has_limits(broken))
		return elsewhere();
	return HERE;
}

enum where where_are_limits(enum link_id *broken)
{
	if (!has_sandbox(broken) || !has_limits(broken))
		return elsewhere();
	return HERE;
}
