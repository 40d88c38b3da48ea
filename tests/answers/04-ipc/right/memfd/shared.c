/*
 * Memory that is a file without a name: memfd_create(2). A file is made longer
 * by allocating it, fallocate(2), which never makes one shorter.
 */
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"

static void *map_shared(int fd, size_t size)
{
	void *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory != MAP_FAILED)
		return memory;
	failed("mmap", "descriptor %d", fd);
	return NULL;
}

void *shared_memory(size_t size)
{
	int fd = memfd_create("shared", MFD_CLOEXEC);
	void *memory = NULL;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		failed("memfd", "of %zu bytes", size);
	else
		memory = map_shared(fd, size);
	/* The mapping keeps it. */
	close_end(&fd);
	return memory;
}

void *shared_file(int fd, size_t size)
{
	struct stat file;

	if (fstat(fd, &file) == 0 &&
	    ((off_t)size <= file.st_size ||
	     RETRY(fallocate(fd, 0, 0, (off_t)size)) == 0))
		return map_shared(fd, size);
	failed("lengthen", "descriptor %d", fd);
	return NULL;
}

static int set_lock(int fd, int command, short type)
{
	struct flock lock = {.l_type = type};
	int result;

	do
		result = fcntl(fd, command, &lock);
	while (result < 0 && errno == EINTR);
	return result < 0 ? failed("set a lock", "of %d", fd) : 0;
}

int lock_file(int fd)
{
	return set_lock(fd, F_OFD_SETLKW, F_WRLCK);
}

int try_lock_file(int fd)
{
	return set_lock(fd, F_OFD_SETLK, F_WRLCK);
}

int unlock_file(int fd)
{
	return set_lock(fd, F_OFD_SETLK, F_UNLCK);
}
