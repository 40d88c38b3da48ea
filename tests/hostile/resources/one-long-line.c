/*
 * Writes one line that has no end.
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

	memset(text, 'x', sizeof(text));
	while (write(2, text, sizeof(text)) > 0)
		;
}
