/*
 * Ends with success before main() is reached.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	_exit(0);
}
