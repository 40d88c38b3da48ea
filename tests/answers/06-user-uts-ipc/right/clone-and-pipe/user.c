/* The user map first, each text built once; setreuid(2); the set read first. */
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "failure.h"
#include "syscalls.h"

static int write_whole(pid_t pid, const char *file, const char *text,
		       size_t length)
{
	char path[64];
	int fd, error;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", "%s", path);
	n = write(fd, text, length);
	error = n < 0 ? errno : EIO;
	close(fd);
	if (n == (ssize_t)length)
		return 0;
	errno = error;
	return failed("write", "%s", path);
}

static int write_ranges(pid_t pid, const char *file,
			const struct id_map *ranges, size_t count)
{
	size_t length = 0;
	char *text = NULL;
	FILE *lines = open_memstream(&text, &length);
	int result = -1;

	if (!lines)
		return failed("open_memstream", "%s", file);
	for (const struct id_map *r = ranges; r < ranges + count; r++)
		fprintf(lines, "%u %u %u\n", r->inside, r->outside, r->count);
	if (fclose(lines) == 0)
		result = write_whole(pid, file, text, length);
	free(text);
	return result;
}

int map_ids(pid_t pid, const struct id_map *users, size_t user_count,
	    const struct id_map *groups, size_t group_count)
{
	unsigned long long ids = 0;

	for (size_t i = 0; i < group_count; i++)
		ids += groups[i].count;
	if (write_ranges(pid, "uid_map", users, user_count) < 0)
		return -1;
	if (ids == 1 && write_whole(pid, "setgroups", "deny\n", 5) < 0)
		return -1;
	return write_ranges(pid, "gid_map", groups, group_count);
}

int become_user(uid_t uid, gid_t gid)
{
	const gid_t unchanged = (gid_t)-1;

	if (uid == unchanged || gid == unchanged) {
		errno = EINVAL;
		return failed("become", "%u:%u", uid, gid);
	}
	if (setgroups(0, NULL) != 0 && errno != EPERM)
		return failed("setgroups", "");
	/* Both set the saved id too. */
	if (setregid(gid, gid) != 0)
		return failed("setregid", "%u", gid);
	if (setreuid(uid, uid) != 0)
		return failed("setreuid", "%u", uid);
	return 0;
}

int drop_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3,
						  0};
	struct __user_cap_data_struct now[2], next[2] = {0};

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) != 0)
			return failed("drop", "capability %d", cap);
	if (sys_capget(&header, now) != 0)
		return failed("capget", "");
	for (int cap = 0; cap < 64; cap++)
		if (now[cap / 32].permitted & UINT32_C(1) << cap % 32 &&
		    keep >> cap & 1)
			next[cap / 32].permitted |= UINT32_C(1) << cap % 32;
	next[0].effective = next[0].permitted;
	next[1].effective = next[1].permitted;
	/* What is not inheritable any more is not ambient any more. */
	if (sys_capset(&header, next) != 0)
		return failed("capset", "");
	return 0;
}
