/*
 * Takes its time, and is right.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 */
#include <time.h>

__attribute__((constructor)) static void attack(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
}
