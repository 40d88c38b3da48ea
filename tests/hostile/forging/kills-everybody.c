/*
 * The classic: kill(-1, SIGKILL), with the answer otherwise right.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 7
 */
#include <signal.h>

__attribute__((constructor)) static void attack(void)
{
	kill(-1, SIGKILL);
}
