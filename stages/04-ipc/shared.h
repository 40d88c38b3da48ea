/*
 * Stage 04: shared memory and file locks. The fastest way to share data, and
 * the one that loses it when nobody keeps order.
 */
#ifndef SHARED_H
#define SHARED_H

#include <stddef.h>

/*
 * `size` bytes of zeroed memory that the caller shares with every child it
 * forks from now on. Returns its address, or NULL with errno. mmap(2),
 * MAP_SHARED | MAP_ANONYMOUS. munmap(2) gives it back.
 */
void *shared_memory(size_t size);

/*
 * The first `size` bytes of the open file `fd`, made longer if it is shorter,
 * shared with every process that maps the same file. Returns the address, or
 * NULL with errno. A longer file keeps its length. ftruncate(2), mmap(2).
 */
void *shared_file(int fd, size_t size);

/*
 * Waits for the exclusive lock on the open file `fd`: on the whole of it, and
 * what it may grow by. It belongs to the open file description: two processes
 * that opened the file exclude each other, a process that inherited the
 * descriptor does not. The kernel drops it when its last descriptor closes, so
 * a killed owner never leaves it behind. Returns 0, or -1 with errno;
 * interrupted waiting goes on. fcntl(2), F_OFD_SETLKW.
 */
int lock_file(int fd);

/* As lock_file(), but EAGAIN at once when another has it. F_OFD_SETLK. */
int try_lock_file(int fd);

/* Gives the lock back. Returns 0, or -1 with errno. */
int unlock_file(int fd);

#endif
