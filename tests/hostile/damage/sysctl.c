/*
 * Writes to what the kernel is set by, and to the groups.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 */
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	static const char *const files[] = {
		"/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern",
		"/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname",
		"/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/cgroup.kill",
		"/sys/kernel/mm/ksm/run"};

	for (int i = 0; i < 7; i++) {
		int fd = open(files[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && write(fd, "1", 1) == 1)
			_exit(1);
		if (fd >= 0)
			close(fd);
	}
}
