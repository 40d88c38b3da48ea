/* Memory as System V has it: shmget(2). */
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"

void *shared_memory(size_t size)
{
	int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600), error;
	void *memory = (void *)-1;

	if (id != -1) {
		memory = shmat(id, NULL, 0);
		error = errno;
		/* From now on it lasts as long as somebody has it attached. */
		shmctl(id, IPC_RMID, NULL);
		errno = error;
	}
	if (memory != (void *)-1)
		return memory;
	failed("shmget", "%zu bytes", size);
	return NULL;
}

void *shared_file(int fd, size_t size)
{
	off_t end = lseek(fd, 0, SEEK_END);
	void *memory = MAP_FAILED;

	if (end == -1)
		goto failure;
	while ((size_t)end < size) {
		if (ftruncate(fd, (off_t)size) == 0)
			break;
		if (errno != EINTR)
			goto failure;
	}
	memory = mmap(NULL, size, PROT_WRITE | PROT_READ, MAP_SHARED, fd, 0);
	if (memory != MAP_FAILED)
		return memory;
failure:
	failed("share", "descriptor %d", fd);
	return NULL;
}

static int change(int fd, int how, short type)
{
	struct flock f = {0};

	f.l_type = type;
	while (fcntl(fd, how, &f) == -1)
		if (errno != EINTR)
			return failed("fcntl", "descriptor %d", fd);
	return 0;
}

int lock_file(int fd)
{
	return change(fd, F_OFD_SETLKW, F_WRLCK);
}

int try_lock_file(int fd)
{
	return change(fd, F_OFD_SETLK, F_WRLCK);
}

int unlock_file(int fd)
{
	return change(fd, F_OFD_SETLKW, F_UNLCK);
}
