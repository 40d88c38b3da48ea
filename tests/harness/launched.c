#include "launched.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct text {
	char *start;
	size_t length, size;
};

static void add(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What does not fit is cut. */
static void add(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->start + text->length,
			   text->size - text->length, format, arguments);
	va_end(arguments);
	if (length > 0)
		text->length += (size_t)length;
	if (text->length >= text->size)
		text->length = text->size - 1;
}

/* One more of them. */
static void begin(struct text *text)
{
	if (text->length > 0)
		add(text, "; ");
}

/* "call mount number 2", "every call mount", "write number 2 to cgroup.kill" */
static void add_call(struct text *text, const char *call, int number)
{
	const char *what = "call ", *file = NULL;

	if (strncmp(call, "cgroup.", 7) == 0) {
		what = "write";
		file = call;
	} else if (strncmp(call, "look.", 5) == 0) {
		what = "look";
		file = call + 5;
	}
	add(text, "%s%s%s", number ? "" : "every ", what, file ? "" : call);
	if (number)
		add(text, " number %d", number);
	if (file)
		add(text, " %s %s", *what == 'w' ? "to" : "at", file);
}

static bool is_in(unsigned long long mask, int sig)
{
	return sig <= 64 && mask >> (sig - 1) & 1;
}

/* "signal 17 ignored", "signals 1-8, 10-31 blocked" */
static void add_signals(struct text *text, unsigned long long mask,
			const char *what)
{
	const char *before = " ";

	if (!mask)
		return;
	begin(text);
	add(text, "signal%s", mask & (mask - 1) ? "s" : "");
	for (int last, sig = 1; sig <= 64; sig = last + 1) {
		last = sig;
		if (!is_in(mask, sig))
			continue;
		while (is_in(mask, last + 1))
			last++;
		add(text, "%s%d", before, sig);
		if (last > sig)
			add(text, "-%d", last);
		before = ", ";
	}
	add(text, " %s", what);
}

static void add_setting(struct text *text, const char *setting)
{
	unsigned long long mask;
	int number, value;
	char call[24];

	if (sscanf(setting, "fail=%23[^:]:%d:%d", call, &number, &value) == 3) {
		begin(text);
		add_call(text, call, number);
		add(text, " failing: %s", strerror(value));
	} else if (sscanf(setting, "fake=%23[^:]:%d", call, &number) == 2) {
		begin(text);
		add_call(text, call, number);
		add(text, " not made, and said to be");
	} else if (sscanf(setting, "pause=%23[^:]:%d:", call, &number) == 2) {
		begin(text);
		add_call(text, call, number);
		add(text, " held up before it is made");
	} else if (sscanf(setting, "alarm=%d", &value) == 1) {
		begin(text);
		add(text, "SIGALRM coming every %d milliseconds", value);
	} else if (sscanf(setting, "block=%llx", &mask) == 1) {
		add_signals(text, mask, "blocked");
	} else if (sscanf(setting, "ignore=%llx", &mask) == 1) {
		add_signals(text, mask, "ignored");
	}
}

void say_launched(const char *const words[], char *text, size_t size)
{
	struct text all = {.start = text, .size = size};
	bool launched = false;

	text[0] = '\0';
	/* Or in the words of a shell, whose arguments the settings are. */
	for (; *words; words++) {
		launched |= strstr(*words, "launch") != NULL;
		if (launched)
			add_setting(&all, *words);
	}
}
