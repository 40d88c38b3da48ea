#include "host.h"

#include <errno.h>
#include <unistd.h>

#include "cgroup.h"

int host_try_limits(void)
{
	const struct cgroup_limits limits = {
		.memory = 64 << 20, .pids = 64, .cpu = 100};
	struct cgroup group;
	int result, saved;

	if (cgroup_create(&group, "host", &limits) < 0)
		return -1;
	result = cgroup_limit(&group, &limits);
	saved = errno;
	if (cgroup_remove(&group) < 0)
		return -1;
	errno = saved;
	return result;
}

bool host_has_limits(void)
{
	return geteuid() == 0 && host_try_limits() == 0;
}
