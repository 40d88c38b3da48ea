#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct failure last;

/* One line: names come from users, and a newline in one must not forge two. */
static void print_line(const char *text)
{
	char line[1024];
	int saved = errno;
	int length = snprintf(line, sizeof(line), "%s: %s",
			      program_invocation_short_name, text);

	if (length > (int)sizeof(line) - 1)
		length = sizeof(line) - 1;
	for (int i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[length++] = '\n';
	/* Nobody is left to tell when standard error itself is gone. */
	if (write(STDERR_FILENO, line, (size_t)length) < 0)
		errno = saved;
	errno = saved;
}

void remember_failure(const char *operation, const char *format, ...)
{
	va_list arguments;
	int saved = errno;

	last.error = saved;
	snprintf(last.operation, sizeof(last.operation), "%s", operation);
	va_start(arguments, format);
	vsnprintf(last.thing, sizeof(last.thing), format, arguments);
	va_end(arguments);
	errno = saved;
}

void keep_failure(struct failure *kept)
{
	*kept = last;
	/* Who has failed since then has not said at what. */
	if (last.error != errno)
		*kept = (struct failure){.error = errno};
}

int restore_failure(const struct failure *kept)
{
	last = *kept;
	errno = kept->error;
	return -1;
}

void report_failure(void)
{
	char text[sizeof(last.operation) + sizeof(last.thing) + 128];
	int saved = errno;

	if (last.error != saved || last.operation[0] == '\0')
		snprintf(text, sizeof(text), "%s", strerror(saved));
	else if (last.thing[0] == '\0')
		snprintf(text, sizeof(text), "%s: %s", last.operation,
			 strerror(saved));
	else
		snprintf(text, sizeof(text), "%s %s: %s", last.operation,
			 last.thing, strerror(saved));
	print_line(text);
	errno = saved;
}

void die(int status)
{
	report_failure();
	_exit(status);
}

void warning(const char *format, ...)
{
	char text[900];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	print_line(text);
}

void bad_usage(const char *format, ...)
{
	char text[900];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	print_line(text);
	exit(EXIT_OURS);
}
