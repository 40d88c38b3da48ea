/*
 * Leaves as many zombies as it may, and waits.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 * Needs: limits
 */
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	for (;;)
		if (fork() == 0)
			_exit(0);
}
