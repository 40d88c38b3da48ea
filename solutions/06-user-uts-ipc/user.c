#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"
#include "syscalls.h"

static int write_map(pid_t pid, const char *file, const struct id_map *maps,
		     size_t count)
{
	char path[64], text[1024];
	int length = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	for (size_t i = 0; i < count; i++) {
		length += snprintf(text + length, sizeof(text) - (size_t)length,
				   "%u %u %u\n", maps[i].inside,
				   maps[i].outside, maps[i].count);
		if (length >= (int)sizeof(text)) {
			errno = E2BIG;
			return failed("write", "%s", path);
		}
	}
	return write_file(AT_FDCWD, path, "%s", text);
}

/* Without this an unprivileged group map could drop a group that forbids. */
static int deny_setgroups(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	return write_file(AT_FDCWD, path, "deny");
}

int map_ids(pid_t pid, const struct id_map *users, size_t user_count,
	    const struct id_map *groups, size_t group_count)
{
	if (group_count == 1 && groups[0].count == 1 && deny_setgroups(pid) < 0)
		return -1;
	if (write_map(pid, "gid_map", groups, group_count) < 0)
		return -1;
	return write_map(pid, "uid_map", users, user_count);
}

int become_user(uid_t uid, gid_t gid)
{
	/* EPERM: denied in this namespace, so there is nothing to be had. */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return failed("setgroups", "");
	if (setresgid(gid, gid, gid) < 0)
		return failed("setresgid", "%u", gid);
	if (setresuid(uid, uid, uid) < 0)
		return failed("setresuid", "%u", uid);
	return 0;
}

static int drop_bounding(uint64_t keep)
{
	for (int cap = 0; cap < 64; cap++) {
		if (keep & (UINT64_C(1) << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			/* EINVAL: past the last one that this kernel knows. */
			if (errno == EINVAL)
				break;
			return failed("prctl PR_CAPBSET_DROP", "%d", cap);
		}
	}
	return 0;
}

int drop_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {0};

	/* While CAP_SETPCAP is still there. */
	if (drop_bounding(keep) < 0)
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return failed("prctl", "PR_CAP_AMBIENT_CLEAR_ALL");
	if (sys_capget(&header, data) < 0)
		return failed("capget", "");
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (sys_capset(&header, data) < 0)
		return failed("capset", "");
	return 0;
}
