/*
 * Ignores every signal that can be ignored, and sleeps.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
#include <signal.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;)
		pause();
}
