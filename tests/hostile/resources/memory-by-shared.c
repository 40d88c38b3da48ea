/*
 * Takes memory by mmap(2), until there is none.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 * Needs: limits
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	for (;;) {
		char *more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (more != MAP_FAILED)
			memset(more, 1, 1 << 20);
		else if (fork() < 0)
			pause();
	}
}
