/*
 * Stage 07: the mount namespace. mount_namespaces(7), mount(2).
 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stdbool.h>

/*
 * Stops mounts of this namespace from spreading to others and theirs from
 * arriving here, for every mount there is. The first thing to do in a new
 * mount namespace: its mounts are copies, but shared with the machine's, or,
 * where it has a user namespace of its own, following them. Returns 0, or -1
 * with errno. mount_namespaces(7), MS_REC | MS_PRIVATE.
 */
int make_mounts_private(void);

/*
 * A new proc file system at `dir`, of the caller's PID namespace: nosuid,
 * nodev, noexec. It shows all processes in there, and can be written, for that
 * is how id maps are set. Returns 0, or -1 with errno. proc(5).
 */
int mount_proc(const char *dir);

/*
 * Makes the file or directory `source`, with all that is mounted below, show
 * at `target` too. Read-only when asked for, then all of it is. Every other
 * flag (nosuid, nodev, noexec, noatime ...) is as it is at `source`. On failure
 * what is mounted is what was before. No descriptor stays open. Returns 0, or
 * -1 with errno. MS_BIND; mount_setattr(2).
 */
int bind_mount(const char *source, const char *target, bool read_only);

/*
 * An empty file system in memory at `dir`, nosuid and nodev. `options` as in
 * tmpfs(5), such as "mode=755,size=64k"; NULL for none, then everybody may
 * write there, and as much as a tmpfs holds by itself. Returns 0, or -1 with
 * errno.
 */
int mount_tmpfs(const char *dir, const char *options);

#endif
