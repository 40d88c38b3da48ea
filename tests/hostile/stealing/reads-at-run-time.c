/*
 * Looks for an answer when it runs: it executes any program that may be one.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	static const char *const places[] = {
		"/mnt/../build/reference/spawn", "/kit/reference/spawn",
		"/mnt/rootfs/../reference/spawn", "/reference/spawn",
		"/proc/1/cwd/build/reference/spawn", "/tmp/spawn"};

	for (int i = 0; i < 6; i++)
		execl(places[i], "spawn", "true", (char *)NULL);
}
