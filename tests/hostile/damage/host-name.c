/*
 * Gives the machine another name: in a namespace of its own it may, and
 * nobody else hears of it.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 */
#include <sched.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	/* Out here it is refused. */
	if (sethostname("owned", 5) == 0)
		_exit(1);
}
