/*
 * Takes memory by memfd_create(2), until there is none.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 * Needs: limits
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	static char text[1 << 20];

	for (;;) {
		int fd = (int)syscall(SYS_memfd_create, "more", 0);

		if (fd < 0 && fork() < 0)
			pause();
		for (int i = 0; i < 60 && write(fd, text, sizeof(text)) > 0; i++)
			;
	}
}
