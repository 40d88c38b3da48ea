#include "paint.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no && *no)
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

const char *paint(enum paint paint)
{
	static const char *const sequences[] = {
		"\033[0m",  "\033[1m",	"\033[2m",
		"\033[32m", "\033[33m", "\033[31m",
	};
	static int on = -1;

	if (on < 0)
		on = wanted();
	return on ? sequences[paint] : "";
}
