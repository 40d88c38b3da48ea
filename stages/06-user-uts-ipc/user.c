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

/*
 * TODO 2: /proc/PID/uid_map and gid_map take one line "INSIDE OUTSIDE COUNT"
 * for each range. The kernel takes a map once, whole, in one write(2): put the
 * lines together first, however many there are; write_file() (files.h) makes
 * one write of them. A group map of a single id needs the word "deny" in
 * /proc/PID/setgroups before. user_namespaces(7).
 */
int map_ids(pid_t pid, const struct id_map *users, size_t user_count,
	    const struct id_map *groups, size_t group_count)
{
	const bool one_group = group_count == 1 && groups[0].count == 1;

	return todo(2, pid, users, user_count, one_group);
}

/*
 * TODO 3: groups before the user: a process that stops being user 0 loses the
 * capabilities that all of this takes. First the supplementary groups:
 * setgroups(2) with none; EPERM is the answer where that is denied, and no
 * failure. Then all three group ids, then all three user ids. To both calls -1
 * means "leave it": that is no id, and EINVAL before anything is changed.
 * setresgid(2), setresuid(2).
 */
int become_user(uid_t uid, gid_t gid)
{
	return todo(3, uid, gid);
}

/*
 * TODO 6: there are five sets, and what stays in one comes back into another
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
	return todo(6, keep);
}
