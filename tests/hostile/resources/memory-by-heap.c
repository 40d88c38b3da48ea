/*
 * Takes memory by malloc(3), until there is none.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 * Needs: limits
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	for (;;) {
		char *more = malloc(1 << 20);

		if (more)
			memset(more, 1, 1 << 20);
		else if (fork() < 0)
			pause();
	}
}
