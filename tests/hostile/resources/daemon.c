/*
 * A process that has left its session and holds on to every pipe, while the
 * answer is right.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 4
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	int child = fork();

	if (child > 0) {
		waitpid(child, NULL, 0);
		return;
	}
	setsid();
	if (fork() > 0)
		_exit(0);
	for (int sig = 1; sig < 65; sig++)
		signal(sig, SIG_IGN);
	for (;;)
		pause();
}
