/*
 * Looks whether it is the first to go where memory ends: the judge, who is
 * beside it, is not to go in its place. proc(5), oom_score_adj
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 */
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void look(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "re");
	int score;

	if (!file)
		return;
	if (fscanf(file, "%d", &score) == 1 && score != 1000)
		_exit(99);
	fclose(file);
}
