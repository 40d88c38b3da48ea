/* Small files, above all those of /proc, /sys and cgroups. */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Writes `text` (printf(3) format) to an existing file in a single write(2):
 * the kernel takes an id map, an offset or a limit whole or not at all.
 * `path` is relative to `dirfd` (AT_FDCWD: the working directory). Returns 0,
 * or -1 with errno of open(2) or write(2); a short write is EIO.
 */
int write_file(int dirfd, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Reads a whole file into `buffer` (`size` bytes, the text ends with '\0').
 * Returns its length, or -1 with errno; EFBIG when it does not fit.
 */
ssize_t read_file(int dirfd, const char *path, char *buffer, size_t size);

#endif
