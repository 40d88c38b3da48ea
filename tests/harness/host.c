#include "host.h"

#include <unistd.h>

#include "cgroup.h"

bool host_has_limits(void)
{
	const struct cgroup_limits limits = {
		.memory = 64 << 20, .pids = 64, .cpu = 100};
	struct cgroup group;
	bool usable;

	/* An ordinary user's group cannot be given to another user. */
	if (geteuid() != 0 || cgroup_create(&group, "host", &limits) < 0)
		return false;
	usable = cgroup_limit(&group, &limits) == 0;
	return cgroup_remove(&group) == 0 && usable;
}
