/*
 * Stage 06: the user namespace. Who you are depends on who asks, and what you
 * may do on where. user_namespaces(7), capabilities(7).
 */
#ifndef USER_H
#define USER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Ids inside .. inside+count-1 are outside .. outside+count-1 out here. */
struct id_map {
	unsigned inside;
	unsigned outside;
	unsigned count;
};

/*
 * Writes the id maps of the user namespace that process `pid` has just been
 * started in; called by its parent, outside. An unprivileged caller may map
 * its own user id and group id only, one each. For a group map of a single id,
 * and for no other, setgroups(2) is denied first: the kernel demands that of
 * an unprivileged caller, and to have but one group costs nobody anything.
 * Each map can be written once, in one write. Returns 0, or -1 with errno:
 * EPERM when an id is not the caller's to give, EINVAL for ranges that
 * overlap, E2BIG or EINVAL for more of them than go into one write; whatever
 * comes of it, what was opened is closed.
 */
int map_ids(pid_t pid, const struct id_map *users, size_t user_count,
	    const struct id_map *groups, size_t group_count);

/*
 * Becomes user `uid` and group `gid` of this user namespace: real, effective
 * and saved, supplementary groups cleared where that is permitted. Groups
 * first: afterwards it would not be allowed. Returns 0, or -1 with errno;
 * EINVAL when an id is not mapped here, as -1 never is. setresgid(2),
 * setresuid(2).
 */
int become_user(uid_t uid, gid_t gid);

/*
 * Gives up every capability but those in `keep` (bit n: capability n), for
 * good, in the bounding, the effective and the permitted set. The inheritable
 * and the ambient set become empty, whatever is kept. What the process executes
 * cannot regain what is gone, not even as user 0. A capability in `keep` that
 * the caller does not have is no failure, and not gained. Returns 0, or -1 with
 * errno. prctl(2) PR_CAPBSET_DROP, capset(2).
 */
int drop_capabilities(uint64_t keep);

#endif
