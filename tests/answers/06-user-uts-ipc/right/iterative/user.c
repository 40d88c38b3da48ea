/* Capabilities one by one; the maps through a descriptor of /proc/PID. */
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"
#include "syscalls.h"

static int write_to(int proc, const char *file, const struct id_map *maps,
		    size_t count)
{
	char text[4000] = "", line[40];

	for (; count > 0; count--, maps++) {
		snprintf(line, sizeof(line), "%u %u %u\n", maps->inside,
			 maps->outside, maps->count);
		if (strlen(text) + strlen(line) >= sizeof(text)) {
			errno = EINVAL;
			return failed("write", "%s", file);
		}
		strcat(text, line);
	}
	return write_file(proc, file, "%s", text);
}

int map_ids(pid_t pid, const struct id_map *users, size_t user_count,
	    const struct id_map *groups, size_t group_count)
{
	char path[32];
	int proc, result = 0, saved;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	proc = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (proc < 0)
		return failed("open", "%s", path);
	if (group_count == 1 && groups->count == 1)
		result = write_file(proc, "setgroups", "deny");
	if (result == 0)
		result = write_to(proc, "uid_map", users, user_count);
	if (result == 0)
		result = write_to(proc, "gid_map", groups, group_count);
	saved = errno;
	close(proc);
	errno = saved;
	return result;
}

int become_user(uid_t uid, gid_t gid)
{
	errno = EINVAL;
	if (gid + 1 == 0 || uid + 1 == 0)
		return failed("become", "-1");
	if (syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
		return failed("setgroups", "0");
	if (syscall(SYS_setresgid, gid, gid, gid) < 0)
		return failed("setresgid", "%u", gid);
	if (syscall(SYS_setresuid, uid, uid, uid) < 0)
		return failed("setresuid", "%u", uid);
	return 0;
}

static int last_capability(void)
{
	char text[32];
	int last = 63;

	if (read_file(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", text,
		      sizeof(text)) > 0)
		sscanf(text, "%d", &last);
	return last;
}

/* From three sets of the process. */
static void take_out(struct __user_cap_data_struct *data, int cap)
{
	const uint32_t bit = UINT32_C(1) << (cap & 31);

	data[cap >> 5].permitted &= ~bit;
	data[cap >> 5].effective &= ~bit;
}

int drop_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
		.pid = getpid(),
	};
	struct __user_cap_data_struct data[2];
	const int last = last_capability();

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return failed("prctl", "PR_CAP_AMBIENT");
	if (sys_capget(&header, data) < 0)
		return failed("capget", "");
	for (int cap = last; cap >= 0; cap--) {
		if (keep & UINT64_C(1) << cap)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return failed("prctl PR_CAPBSET_DROP", "%d", cap);
		take_out(data, cap);
	}
	data[0].inheritable = data[1].inheritable = 0;
	return sys_capset(&header, data) < 0 ? failed("capset", "") : 0;
}
