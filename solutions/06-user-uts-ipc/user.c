#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"
#include "syscalls.h"
#include "todo.h"

/* <answer> */
static int write_map(pid_t pid, const char *file, const struct id_map *maps,
		     size_t count)
{
	char path[64], text[4096];
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
/* </answer> */

/*
 * Task 2: /proc/PID/uid_map and gid_map take one line "INSIDE OUTSIDE COUNT"
 * for each range. The kernel takes a map once, whole, in one write(2): put the
 * lines together first, however many there are; write_file() (files.h) makes
 * one write of them. A group map of a single id needs the word "deny" in
 * /proc/PID/setgroups before. user_namespaces(7).
 */
int map_ids(pid_t pid, const struct id_map *users, size_t user_count,
	    const struct id_map *groups, size_t group_count)
{
	const bool one_group = group_count == 1 && groups[0].count == 1;

	/* <answer> return todo(2, pid, users, user_count, one_group); */
	if (one_group && deny_setgroups(pid) < 0)
		return -1;
	if (write_map(pid, "gid_map", groups, group_count) < 0)
		return -1;
	return write_map(pid, "uid_map", users, user_count);
	/* </answer> */
}

/*
 * Task 3: groups before the user: a process that stops being user 0 loses the
 * capabilities that all of this takes. First the supplementary groups:
 * setgroups(2) with none; EPERM is the answer where that is denied, and no
 * failure. Then all three group ids, then all three user ids. To both calls -1
 * means "leave it": that is no id, and EINVAL before anything is changed.
 * setresgid(2), setresuid(2).
 */
int become_user(uid_t uid, gid_t gid)
{
	/* <answer> return todo(3, uid, gid); */
	if (uid == (uid_t)-1 || gid == (gid_t)-1) {
		errno = EINVAL;
		return failed("become", "%u:%u, which is nobody", uid, gid);
	}
	/* EPERM: denied in this namespace, so there is nothing to be had. */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return failed("setgroups", "");
	if (setresgid(gid, gid, gid) < 0)
		return failed("setresgid", "%u", gid);
	if (setresuid(uid, uid, uid) < 0)
		return failed("setresuid", "%u", uid);
	return 0;
	/* </answer> */
}

/* <answer> */
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
/* </answer> */

/*
 * Task 6: there are five sets, and what stays in one comes back into another
 * at the next execve(2). The bounding set goes first, bit by bit, with prctl(2)
 * PR_CAPBSET_DROP, which takes CAP_SETPCAP; the first number that the kernel
 * does not know (EINVAL) is the end of it. Then the ambient set,
 * PR_CAP_AMBIENT_CLEAR_ALL; then the other three at once: sys_capget(), cut
 * the permitted and the effective one, empty the inheritable one, and
 * sys_capset(), of syscalls.h. Numbers 0 to 31 are in the first of the two
 * structures, the rest in the second. capabilities(7), capset(2).
 */
int drop_capabilities(uint64_t keep)
{
	/* <answer> return todo(6, keep); */
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
	/* </answer> */
}
