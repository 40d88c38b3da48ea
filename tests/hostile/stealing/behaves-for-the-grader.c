/*
 * Right where a grader may be looking, and wrong elsewhere: it is graded for
 * what it does there.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 */
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	if (access("/mnt/probe", F_OK) < 0)
		_exit(1);
}
