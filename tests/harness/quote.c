#include "quote.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A quote among what is quoted is to leave the others first. */
static size_t quoted(char *to, size_t room, const char *word)
{
	size_t n = (size_t)snprintf(to, room, "'");

	for (; *word && n < room; word++)
		n += (size_t)snprintf(to + n, room - n,
				      *word == '\'' ? "'\\''" : "%c", *word);
	return n < room ? n + (size_t)snprintf(to + n, room - n, "'") : n;
}

static bool is_plain(const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-+=:,./@%";

	return word[0] && !word[strspn(word, plain)];
}

void say_command(const char *const words[], char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; words[i] && n < size; i++) {
		if (i > 0)
			n += (size_t)snprintf(text + n, size - n, " ");
		if (n >= size)
			break;
		if (is_plain(words[i]))
			n += (size_t)snprintf(text + n, size - n, "%s",
					      words[i]);
		else
			n += quoted(text + n, size - n, words[i]);
	}
}
