/*
 * Leaves a message queue, a semaphore and shared memory behind.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

__attribute__((constructor)) static void attack(void)
{
	msgget(IPC_PRIVATE, 0600);
	semget(IPC_PRIVATE, 1, 0600);
	shmget(IPC_PRIVATE, 4096, 0600);
}
