/* Words and files that tests are put together from: gate.h. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "gate.h"

const char *word(const char *format, ...)
{
	static char words[64][700];
	static int next;
	va_list arguments;

	next = (next + 1) % 64;
	va_start(arguments, format);
	vsnprintf(words[next], sizeof(words[next]), format, arguments);
	va_end(arguments);
	return words[next];
}

const char *number_word(int number)
{
	return word("%d", number);
}

/* Who looks again and again is to leave other words as they are. */
static const char *path_of(const char *token, const char *suffix)
{
	static char path[128];

	snprintf(path, sizeof(path), "/tmp/%s%s", token, suffix);
	return path;
}

bool exists(const char *token, const char *suffix)
{
	return access(sandbox_path(path_of(token, suffix)), F_OK) == 0;
}

void release(const char *token)
{
	write_in_sandbox(path_of(token, ""), "");
}
