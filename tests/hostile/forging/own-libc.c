/*
 * Has functions of its own under the names of libc, which say that all went
 * well.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
int execve(const char *path, char *const argv[], char *const envp[])
{
	(void)path;
	(void)argv;
	(void)envp;
	return 0;
}

int kill(int pid, int sig)
{
	(void)pid;
	(void)sig;
	return 0;
}
