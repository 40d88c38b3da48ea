/*
 * Finding one's way in the cgroup file system. Given: where it is mounted and
 * how its files are laid out is no mechanism, only work.
 */
#ifndef HIERARCHY_H
#define HIERARCHY_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Opens the directory of the version 2 group that process `pid` (0: the
 * caller) is in, wherever that hierarchy is mounted. Returns its descriptor,
 * or -1 with errno: ENOENT when it is not mounted, or not the part of it that
 * the group is in. /proc/PID/cgroup, /proc/self/mountinfo.
 */
int open_group_of(pid_t pid);

/*
 * True for the root of the whole hierarchy, the one group that may have both
 * processes and groups with controllers. The root of a cgroup namespace looks
 * like it from inside but is none.
 */
bool is_root_group(int dir);

/* How many processes are in the group itself. Returns -1 with errno. */
int count_processes(int dir);

/*
 * Whether `word` is one of the words in a file such as cgroup.controllers.
 * Returns 1, 0, or -1 with errno.
 */
int lists_word(int dir, const char *file, const char *word);

/*
 * That the group `dir` has a controller to pass on to groups below it. Returns
 * 0, or -1 with errno: EOPNOTSUPP when it has not, because it belongs to
 * version 1 here or because the group above does not pass it on.
 */
int need_controller(int dir, const char *name);

/* The path of an open directory, for messages; good until the next call. */
const char *path_of(int dir);

/* The value of `key` in a text of lines "key value"; 0 when it is not there. */
uint64_t value_of(const char *text, const char *key);

/*
 * Reads the value of `key` in a file of such lines, or the file's only value
 * when `key` is NULL. Where this kernel or this group has no such file or key
 * it is 0. Returns 0, or -1 with errno.
 */
int read_value(int dir, const char *file, const char *key, uint64_t *value);

/*
 * A stream over the groups right below the group `dir`; closedir(3) ends it.
 * Returns NULL with errno.
 */
DIR *open_groups(int dir);

/*
 * The name of the next one, or NULL. errno is then as it was when there is none
 * left, and says why when that could not be found out.
 */
const char *next_group(DIR *groups);

#endif
