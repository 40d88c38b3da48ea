#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"
#include "todo.h"

/* <answer> */
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
/* </answer> */

/*
 * Task 7: mmap(2), to be read and written, MAP_SHARED and of no file. What it
 * returns on failure is not NULL.
 */
void *shared_memory(size_t size)
{
	/* <answer> return todo(7, size), NULL; */
	return map(-1, MAP_SHARED | MAP_ANONYMOUS, size);
	/* </answer> */
}

/*
 * Task 7: fstat(2) says how long the file is, ftruncate(2) makes it longer
 * where it has to be. It would also make it shorter, and take from others what
 * they have mapped. Then mmap(2).
 */
void *shared_file(int fd, size_t size)
{
	/* <answer> return todo(7, fd, size), NULL; */
	struct stat file;

	if (fstat(fd, &file) < 0) {
		failed("fstat", "descriptor %d", fd);
		return NULL;
	}
	if (file.st_size < (off_t)size &&
	    RETRY(ftruncate(fd, (off_t)size)) < 0) {
		failed("ftruncate", "descriptor %d", fd);
		return NULL;
	}
	return map(fd, MAP_SHARED, size);
	/* </answer> */
}

/* <answer> */
/*
 * The whole file, length 0 being up to its end. l_pid stays 0: the owner of
 * such a lock is no process.
 */
static int lock(int fd, int command, short type)
{
	struct flock whole = {.l_type = type, .l_whence = SEEK_SET};

	if (RETRY(fcntl(fd, command, &whole)) < 0)
		return failed(type == F_UNLCK ? "unlock" : "lock",
			      "descriptor %d", fd);
	return 0;
}
/* </answer> */

/*
 * Task 7: fcntl(2), "Open file description locks": a struct flock that says
 * exclusive (F_WRLCK) and the whole file, and the command that waits. All of
 * its other fields are 0, l_pid above all. F_SETLKW is another kind of lock: of
 * the process, and gone as soon as that closes any descriptor of the file.
 */
int lock_file(int fd)
{
	/* <answer> return todo(7, fd); */
	return lock(fd, F_OFD_SETLKW, F_WRLCK);
	/* </answer> */
}

/* Task 7: the command that does not wait. */
int try_lock_file(int fd)
{
	/* <answer> return todo(7, fd); */
	return lock(fd, F_OFD_SETLK, F_WRLCK);
	/* </answer> */
}

/* Task 7: a lock of type F_UNLCK. */
int unlock_file(int fd)
{
	/* <answer> return todo(7, fd); */
	return lock(fd, F_OFD_SETLK, F_UNLCK);
	/* </answer> */
}
