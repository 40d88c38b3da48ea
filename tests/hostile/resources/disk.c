/*
 * Fills the file systems that it can write to.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 * Needs: limits
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	static char text[1 << 16];
	char path[64];

	for (int i = 0;; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/fill-%d-%d",
			 i % 2 ? "/tmp" : "/dev/shm", (int)getpid(), i);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			pause();
		while (write(fd, text, sizeof(text)) > 0)
			;
	}
}
