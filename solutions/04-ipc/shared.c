#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"

static void *map(int fd, int flags, size_t size)
{
	void *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (memory == MAP_FAILED) {
		failed("mmap", "%zu bytes", size);
		return NULL;
	}
	return memory;
}

void *shared_memory(size_t size)
{
	return map(-1, MAP_SHARED | MAP_ANONYMOUS, size);
}

void *shared_file(int fd, size_t size)
{
	struct stat file;
	int result;

	if (fstat(fd, &file) < 0) {
		failed("fstat", "descriptor %d", fd);
		return NULL;
	}
	/* Never shorter: that would take bytes from those who map more. */
	if (file.st_size < (off_t)size) {
		do
			result = ftruncate(fd, (off_t)size);
		while (result < 0 && errno == EINTR);
		if (result < 0) {
			failed("ftruncate", "descriptor %d", fd);
			return NULL;
		}
	}
	return map(fd, MAP_SHARED, size);
}

/*
 * The whole file, length 0 being up to its end. l_pid stays 0: the owner of
 * such a lock is no process.
 */
static int lock(int fd, int command, short type)
{
	struct flock whole = {.l_type = type, .l_whence = SEEK_SET};
	int result;

	do
		result = fcntl(fd, command, &whole);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return failed(type == F_UNLCK ? "unlock" : "lock",
			      "descriptor %d", fd);
	return 0;
}

int lock_file(int fd)
{
	return lock(fd, F_OFD_SETLKW, F_WRLCK);
}

int try_lock_file(int fd)
{
	return lock(fd, F_OFD_SETLK, F_WRLCK);
}

int unlock_file(int fd)
{
	return lock(fd, F_OFD_SETLK, F_UNLCK);
}
