/*
 * Directories in directories, thousands of them.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
#include <sys/stat.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	if (chdir("/tmp") < 0)
		return;
	while (mkdir("deep", 0700) == 0 && chdir("deep") == 0)
		;
	for (;;)
		pause();
}
