/* The files of the sandbox, looked at and written from outside: gate.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate.h"
#include "sandbox.h"
#include "syscalls.h"

const char *sandbox_path(const char *path)
{
	static char paths[4][512];
	static int next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof(paths[next]), "/proc/%d/root%s",
		 (int)sandbox_holder(), path);
	return paths[next];
}

int open_below(pid_t pid, const char *path, int flags, mode_t kind)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.mode = flags & O_CREAT ? 0777 : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	struct stat st;
	char name[64];
	int fd, root, saved;

	snprintf(name, sizeof(name), "/proc/%d/root", (int)pid);
	root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	fd = sys_openat2(root, path + strspn(path, "/"), &how);
	saved = errno;
	if (fd >= 0 && (fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != kind)) {
		saved = EINVAL;
		close(fd);
		fd = -1;
	}
	close(root);
	errno = saved;
	return fd;
}

int open_in_sandbox(const char *path, int flags, mode_t kind)
{
	uid_t student = sandbox_student();
	int fd, saved;

	/* Root out here is nobody in there, who owns no file. */
	setfsgid(student);
	setfsuid(student);
	fd = open_below(sandbox_holder(), path, flags, kind);
	saved = errno;
	setfsuid(geteuid());
	setfsgid(getegid());
	errno = saved;
	return fd;
}

void write_in_sandbox(const char *path, const char *text)
{
	size_t length = strlen(text);
	int fd = open_in_sandbox(path, O_WRONLY | O_CREAT, S_IFREG);

	if (fd < 0 || ftruncate(fd, 0) < 0 || fchmod(fd, 0777) < 0 ||
	    write(fd, text, length) != (ssize_t)length || close(fd) < 0)
		fail("write %s in the sandbox: %s", path, strerror(errno));
}

const char *read_in_sandbox(const char *path)
{
	static char text[65536];
	int fd = open_in_sandbox(path, O_RDONLY, S_IFREG);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}
