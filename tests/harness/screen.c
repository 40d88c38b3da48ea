#include "screen.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gate.h"
#include "runs.h"

/* What a program that ended so has most likely done, or NULL. */
static const char *crash(int status)
{
	switch (status - 128) {
	case SIGSEGV:
		return "SIGSEGV, which a bad pointer brings, or the end of a "
		       "function that is not to return; gdb(1) shows where";
	case SIGBUS:
		return "SIGBUS, which a bad address in a mapped file brings";
	case SIGFPE:
		return "SIGFPE, which a division by zero brings";
	case SIGILL:
		return "SIGILL, which comes where no code is";
	case SIGABRT:
		return "SIGABRT, from abort(3)";
	default:
		return NULL;
	}
}

/*
 * Under a result, up to `most` bytes of a text. What it has more than one line
 * of is set under the first: a line that begins at the margin is the next
 * result, for make as for a reader.
 */
static void print_under(const char *title, const char *text, size_t most)
{
	size_t length = strlen(text), shown;

	while (length > 0 && text[length - 1] == '\n')
		length--;
	shown = length > most ? most : length;
	printf("            %-6s ", title);
	for (size_t i = 0; i < shown; i++) {
		putchar(text[i]);
		if (text[i] == '\n')
			printf("                   ");
	}
	puts(length > most ? "..." : "");
}

static void print_errors(const char *errors)
{
	if (errors[strspn(errors, "\n")])
		print_under("its standard error:", errors, 400);
}

/* The task that is not begun, if that is what it says, else the test's. */
static int task_of(const char *errors, int task)
{
	const char *todo = strstr(errors, ": TODO ");
	int number;

	return todo && sscanf(todo, ": TODO %d of", &number) == 1 ? number
								  : task;
}

static void print_failure(const struct result *result, int task)
{
	const char *errors = told_errors(), *cause = crash(told_status());

	if (result->command[0])
		print_under("ran:", result->command, SIZE_MAX);
	if (result->launched[0])
		print_under("with:", result->launched, SIZE_MAX);
	if (strncmp(result->command, "driver ", 7) == 0 ||
	    strstr(result->command, "'driver "))
		printf("            driver: tests/drivers/%s.c, with your "
		       "functions\n",
		       gate.stage);
	print_under("saw:", result->message, SIZE_MAX);
	if (cause)
		printf("            %d is 128 + %d: %s\n", told_status(),
		       told_status() - 128, cause);
	print_errors(errors);
	task = task_of(errors, task);
	if (task)
		printf("            task:  %d of stages/%s/README.md\n", task,
		       gate.stage);
}

void print_result(const struct result *result, int task)
{
	static const char *const marks[] = {"pass", "FAIL", "skip"};

	printf("  %s  %2u  %-24s %s\n", marks[result->verdict], result->points,
	       result->name, result->intent);
	if (result->verdict == FAILED)
		print_failure(result, task);
	if (result->verdict == SKIPPED)
		print_under("why:", result->message, SIZE_MAX);
}
