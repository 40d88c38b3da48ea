/*
 * Mounts all over the place in namespaces that it makes for it, and lets them
 * be.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 9
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	int child = fork();

	if (child == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET |
			    CLONE_NEWUTS | CLONE_NEWIPC) == 0) {
			mount("none", "/", NULL, MS_REC | MS_SHARED, NULL);
			mount("none", "/mnt", "tmpfs", 0, NULL);
			mount("none", "/tmp", "tmpfs", 0, NULL);
			sethostname("owned", 5);
		}
		_exit(0);
	}
	waitpid(child, NULL, 0);
}
