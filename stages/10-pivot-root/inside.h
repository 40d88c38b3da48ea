/*
 * Paths inside a root file system that somebody else made. Given.
 *
 * Its /dev may be a symbolic link to /etc, its /proc one to /proc/1/fd/3.
 * Every path is resolved as the container would see it, and no link of /proc
 * is followed (CVE-2021-30465, CVE-2025-31133). openat2(2), RESOLVE_IN_ROOT,
 * from Linux 5.6.
 */
#ifndef INSIDE_H
#define INSIDE_H

#include <sys/types.h>

/* Room for fd_path(). */
#define FD_PATH_SIZE 40

/*
 * The file or directory `path` inside the directory `root`: a close-on-exec
 * O_PATH descriptor, or -1 with errno.
 */
int open_inside(int root, const char *path);

/*
 * The same, made first where it is not there: missing directories with mode
 * 0755, at the end a directory (`type` S_IFDIR) or an empty file (S_IFREG).
 * ENOTDIR or EISDIR when it is there and of the other type.
 */
int make_inside(int root, const char *path, mode_t type);

/*
 * A path by which mount(2) finds what `fd` has open: /proc/self/fd/N. Valid
 * as long as /proc is the machine's. Returns `buffer`.
 */
const char *fd_path(int fd, char buffer[FD_PATH_SIZE]);

#endif
