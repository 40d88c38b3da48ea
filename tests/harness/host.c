#include "host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
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

uint64_t host_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t bytes = UINT64_MAX, kib;
	char line[128];

	while (file && bytes == UINT64_MAX && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			bytes = kib * 1024;
	if (file)
		fclose(file);
	return bytes;
}
