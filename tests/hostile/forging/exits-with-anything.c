/*
 * Ends with a status that somebody may have asked for: it looks at its
 * arguments.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	char text[4096] = "", *last = text;
	FILE *file = fopen("/proc/self/cmdline", "r");
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	for (size_t i = 0; i + 1 < n; i++)
		if (text[i] == '\0')
			last = text + i + 1;
	_exit(atoi(last));
}
