#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "syscalls.h"

static int resolve(int root, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	/* EAGAIN: something was renamed during the look-up; it may be again. */
	do
		fd = sys_openat2(root, path, &how);
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return fd;
}

int open_inside(int root, const char *path)
{
	int fd = resolve(root, path, O_PATH);

	return fd < 0 ? failed("openat2", "%s", path) : fd;
}

/* Makes `name` in the directory `dir`; that it is there already is fine. */
static int make_entry(int dir, const char *name, mode_t type)
{
	if (type == S_IFDIR) {
		if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
			return -1;
		return 0;
	}
	if (mknodat(dir, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST)
		return -1;
	return 0;
}

static int check_type(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode) == (type == S_IFDIR))
		return 0;
	errno = type == S_IFDIR ? ENOTDIR : EISDIR;
	return -1;
}

/* One component after the other, each resolved from the root again. */
static int make_path(int root, char *path, mode_t type)
{
	char *end = path;
	int fd = -1, parent, made, saved;

	do {
		char *slash, *name;
		bool last;

		end += strspn(end, "/");
		name = end;
		end += strcspn(end, "/");
		last = end[strspn(end, "/")] == '\0';
		slash = *end ? end : NULL;
		if (slash)
			*slash = '\0';
		if (fd >= 0)
			close(fd);
		fd = resolve(root, path, O_PATH);
		if (fd < 0 && errno == ENOENT) {
			char keep = *name;

			*name = '\0';
			parent = resolve(root, *path ? path : "/",
					 O_PATH | O_DIRECTORY);
			*name = keep;
			if (parent < 0)
				return -1;
			made = make_entry(parent, name, last ? type : S_IFDIR);
			saved = errno;
			close(parent);
			errno = saved;
			if (made < 0)
				return -1;
			fd = resolve(root, path, O_PATH);
		}
		if (slash)
			*slash = '/';
	} while (fd >= 0 && end[strspn(end, "/")] != '\0');
	return fd;
}

int make_inside(int root, const char *path, mode_t type)
{
	size_t size = strlen(path) + 1;
	char copy[PATH_MAX];
	int fd, saved;

	if (size > sizeof(copy)) {
		errno = ENAMETOOLONG;
		return failed("make", "%s", path);
	}
	memcpy(copy, path, size);
	fd = make_path(root, copy, type);
	if (fd < 0)
		return failed("make", "%s", path);
	if (check_type(fd, type) < 0) {
		saved = errno;
		close(fd);
		errno = saved;
		return failed("make", "%s", path);
	}
	return fd;
}

const char *fd_path(int fd, char buffer[FD_PATH_SIZE])
{
	snprintf(buffer, FD_PATH_SIZE, "/proc/self/fd/%d", fd);
	return buffer;
}
