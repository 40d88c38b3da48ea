/*
 * Forks for ever, each time into a session of its own.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 * Needs: limits
 */
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	for (;;) {
		int child = fork();

		if (child == 0)
			setsid();
		else if (child < 0)
			pause();
	}
}
