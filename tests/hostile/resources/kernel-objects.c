/*
 * Makes what there is only so much of for each user of a machine: namespaces,
 * and instances of inotify. If it gets as many as it likes, nothing is right;
 * else all but what a test does to the first fork(2), which is ours.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 9
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int make(void)
{
	struct rlimit files;
	int made = 0;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 0; i < 100; i++)
		made += inotify_init1(0) >= 0;
	if (made > 64 || unshare(CLONE_NEWUSER) < 0)
		return 1;
	made = 0;
	/* Each lives as long as it is open. */
	for (int i = 0; i < 1000; i++)
		made += unshare(CLONE_NEWUTS) == 0 &&
			open("/proc/self/ns/uts", O_RDONLY) >= 0;
	return made > 600;
}

__attribute__((constructor)) static void attack(void)
{
	int child = fork(), status = 1;

	if (child == 0)
		_exit(make());
	if (child > 0 && waitpid(child, &status, 0) == child && status != 0)
		_exit(99);
}
