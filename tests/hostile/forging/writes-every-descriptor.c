/*
 * Writes verdicts to every descriptor that there can be.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	static const char line[] =
		"{\"stage\":\"01-fork-exec\",\"name\":\"new_process\","
		"\"intent\":\"\",\"status\":\"passed\",\"points\":10,"
		"\"max_points\":1,\"message\":\"\",\"command\":\"\","
		"\"seconds\":0}\n";

	for (int fd = 0; fd < 4096; fd++)
		if (write(fd, line, strlen(line)) < 0)
			continue;
}
