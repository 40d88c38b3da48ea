/*
 * Once in each test the kernel holds it up, for longer than the test waits: it
 * has not been slow itself. vfork(2)
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 * Time: 0.2
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

__attribute__((constructor)) static void wait_uninterruptibly(void)
{
	int fd = open("/tmp/held-up", O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	pid_t child;

	if (fd < 0)
		return;
	close(fd);
	child = vfork();
	if (child == 0) {
		nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}
