#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"
#include "todo.h"

/*
 * TODO 7: mmap(2), to be read and written, MAP_SHARED and of no file. What it
 * returns on failure is not NULL.
 */
void *shared_memory(size_t size)
{
	return todo(7, size), NULL;
}

/*
 * TODO 7: fstat(2) says how long the file is, ftruncate(2) makes it longer
 * where it has to be. It would also make it shorter, and take from others what
 * they have mapped. Then mmap(2).
 */
void *shared_file(int fd, size_t size)
{
	return todo(7, fd, size), NULL;
}

/*
 * TODO 7: fcntl(2), "Open file description locks": a struct flock that says
 * exclusive (F_WRLCK) and the whole file, and the command that waits. All of
 * its other fields are 0, l_pid above all. F_SETLKW is another kind of lock: of
 * the process, and gone as soon as that closes any descriptor of the file.
 */
int lock_file(int fd)
{
	return todo(7, fd);
}

/* TODO 7: the command that does not wait. */
int try_lock_file(int fd)
{
	return todo(7, fd);
}

/* TODO 7: a lock of type F_UNLCK. */
int unlock_file(int fd)
{
	return todo(7, fd);
}
