/*
 * Takes memory by shmget(2), never attached for long, until there is none.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 * Needs: limits
 */
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	for (;;) {
		int id = shmget(IPC_PRIVATE, 1 << 20, 0600);
		char *more = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

		if (more == (void *)-1)
			pause();
		memset(more, 1, 1 << 20);
		shmdt(more);
	}
}
