/* The old way to memory that is shared: a mapping of /dev/zero. */
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"

void *shared_memory(size_t size)
{
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	void *memory = MAP_FAILED;

	if (zero >= 0)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      zero, 0);
	if (memory == MAP_FAILED) {
		failed("map", "/dev/zero");
		memory = NULL;
	}
	close_end(&zero);
	return memory;
}

/* A byte at its end makes a file longer as well. */
static int lengthen(int fd, off_t size)
{
	struct stat file;

	if (fstat(fd, &file) < 0)
		return -1;
	if (file.st_size >= size)
		return 0;
	return RETRY(pwrite(fd, "", 1, size - 1)) < 0 ? -1 : 0;
}

void *shared_file(int fd, size_t size)
{
	void *memory = MAP_FAILED;

	if (lengthen(fd, (off_t)size) == 0)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      fd, 0);
	if (memory == MAP_FAILED) {
		failed("share", "file %d", fd);
		return NULL;
	}
	return memory;
}

int lock_file(int fd)
{
	struct flock all = {F_WRLCK, SEEK_SET, 0, 0, 0};

	return RETRY(fcntl(fd, F_OFD_SETLKW, &all)) ? failed("lock", "%d", fd)
						    : 0;
}

int try_lock_file(int fd)
{
	struct flock all = {F_WRLCK, SEEK_SET, 0, 0, 0};

	return fcntl(fd, F_OFD_SETLK, &all) ? failed("try", "%d", fd) : 0;
}

int unlock_file(int fd)
{
	struct flock all = {F_UNLCK, SEEK_SET, 0, 0, 0};

	return fcntl(fd, F_OFD_SETLK, &all) ? failed("unlock", "%d", fd) : 0;
}
