/*
 * Writes without end.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	static char text[1 << 16];

	memset(text, '\n', sizeof(text));
	for (int fd = 1; write(fd, text, sizeof(text)) > 0; fd = 3 - fd)
		;
}
