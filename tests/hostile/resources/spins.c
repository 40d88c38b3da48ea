/*
 * Uses the CPU for ever.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
__attribute__((constructor)) static void attack(void)
{
	for (volatile int i = 0;; i++)
		;
}
