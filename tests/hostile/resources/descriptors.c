/*
 * Opens all that it may, and leaves them open.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 6
 */
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	while (open("/dev/null", O_RDONLY) >= 0)
		;
}
