/*
 * Looks like another: its name and its words are those of the probe.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	prctl(PR_SET_NAME, "probe", 0, 0, 0);
	for (;;)
		pause();
}
