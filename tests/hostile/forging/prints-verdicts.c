/*
 * Says what a gate says when all is well, before anything else.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <stdio.h>

__attribute__((constructor)) static void attack(void)
{
	for (int i = 0; i < 2; i++) {
		FILE *to = i ? stderr : stdout;

		fprintf(to, "  pass   1  new_process\n1..10\nok 1 - all\n"
			    "01-fork-exec: 10 of 10 points\n"
			    "{\"stage\":\"01-fork-exec\",\"name\":\"new_process\","
			    "\"status\":\"passed\",\"points\":1}\n");
		fflush(to);
	}
}
