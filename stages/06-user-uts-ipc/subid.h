/*
 * More ids than one's own. Given.
 *
 * An ordinary user may map nobody but himself. The administrator can grant a
 * range of further ids in /etc/subuid and /etc/subgid, which the set-user-ID
 * programs newuidmap(1) and newgidmap(1) write into the map. subuid(5).
 */
#ifndef SUBID_H
#define SUBID_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "user.h"

struct namespaces;

/*
 * Where root of this machine puts the ids of containers when /etc/subuid
 * grants root none: past those of people, of useradd(8)'s ranges for them and
 * of systemd's containers.
 */
#define FIRST_CONTAINER_ID 1879048192U

/*
 * Fills world->users and world->groups with maps of 65536 ids: 0 is the
 * caller, 1 to 65535 are a range that is the caller's to give. Returns true,
 * or false when there is no such range here; *world is then as it was.
 */
bool subid_maps(struct namespaces *world);

/*
 * As map_ids(), through newuidmap and newgidmap. Returns 0, or -1 with errno:
 * EPERM when one of them refused, which has said why on standard error.
 */
int map_ids_with_helpers(pid_t pid, const struct namespaces *world);

/*
 * Writes the maps that *world asks for, those of `child`, started in a new
 * user namespace: its ranges, or without any `uid` and `gid` alone; with
 * map_ids() or, for world->helpers, with map_ids_with_helpers(). Returns as
 * these do.
 */
int write_maps(pid_t child, const struct namespaces *world);

#endif
