#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"

static _Noreturn void print_help(const struct options *options)
{
	const struct option_spec *spec;

	printf("usage: %s %s\n\n%s\n", program_invocation_short_name,
	       options->usage, options->summary);
	for (spec = options->specs; spec->id; spec++) {
		char left[64];
		int n = 0;

		if (spec->letter)
			n = snprintf(left, sizeof(left), "-%c%s", spec->letter,
				     spec->name ? ", " : "");
		if (spec->name)
			n += snprintf(left + n, sizeof(left) - (size_t)n,
				      "--%s", spec->name);
		if (spec->argument)
			snprintf(left + n, sizeof(left) - (size_t)n, " %s",
				 spec->argument);
		printf("%s  %-26s %s\n", spec == options->specs ? "\n" : "",
		       left, spec->help);
	}
	printf("%s  %-26s %s\n", options->specs->id ? "" : "\n", "--help",
	       "print this and exit");
	/* A full disk or a closed pipe must not look like success. */
	if (fflush(stdout) == EOF || ferror(stdout)) {
		failed("write", "standard output");
		die(EXIT_OURS);
	}
	exit(0);
}

static const struct option_spec *by_letter(const struct options *options,
					   char letter)
{
	for (const struct option_spec *s = options->specs; s->id; s++)
		if (s->letter && s->letter == letter)
			return s;
	return NULL;
}

static const struct option_spec *by_name(const struct options *options,
					 const char *name, size_t length)
{
	for (const struct option_spec *s = options->specs; s->id; s++)
		if (s->name && strlen(s->name) == length &&
		    memcmp(s->name, name, length) == 0)
			return s;
	return NULL;
}

static void set_name(struct options *options, const char *dashes,
		     const char *name, size_t length)
{
	static char buffer[64];

	snprintf(buffer, sizeof(buffer), "%s%.*s", dashes, (int)length, name);
	options->name = buffer;
}

static const char *take_argument(struct options *options)
{
	if (*options->argv == NULL)
		bad_usage("%s: needs a value", options->name);
	return *options->argv++;
}

static int long_option(struct options *options, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const struct option_spec *spec = by_name(options, word, length);

	if (length == 4 && memcmp(word, "help", 4) == 0 && !equals)
		print_help(options);
	set_name(options, "--", word, length);
	if (!spec)
		bad_usage("%s: no such option (see --help)", options->name);
	if (!spec->argument && equals)
		bad_usage("%s: takes no value", options->name);
	if (spec->argument)
		options->value = equals ? equals + 1 : take_argument(options);
	return spec->id;
}

static int short_option(struct options *options)
{
	char letter = *options->cluster++;
	const struct option_spec *spec = by_letter(options, letter);

	set_name(options, "-", &letter, 1);
	if (*options->cluster == '\0')
		options->cluster = NULL;
	if (!spec)
		bad_usage("%s: no such option (see --help)", options->name);
	if (spec->argument) {
		options->value = options->cluster ? options->cluster
						  : take_argument(options);
		options->cluster = NULL;
	}
	return spec->id;
}

int next_option(struct options *options)
{
	const char *word = *options->argv;

	options->value = NULL;
	if (options->cluster)
		return short_option(options);
	if (!word || word[0] != '-' || word[1] == '\0')
		return 0;
	options->argv++;
	if (strcmp(word, "--") == 0)
		return 0;
	if (word[1] == '-')
		return long_option(options, word + 2);
	options->cluster = word + 1;
	return short_option(options);
}

char **operands(struct options *options, const char *what)
{
	if (*options->argv == NULL)
		bad_usage("no %s (see --help)", what);
	return options->argv;
}

long long number_of(const struct options *options, const char *word,
		    long long low, long long high)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(word, &end, 10);
	if (isspace((unsigned char)word[0]) || end == word || *end != '\0')
		bad_usage("%s %s: not a whole number", options->name, word);
	if (errno == ERANGE || value < low || value > high)
		bad_usage("%s %s: not in %lld to %lld", options->name, word,
			  low, high);
	return value;
}

unsigned long long bytes_of(const struct options *options, const char *word)
{
	static const char suffixes[] = "KMGT";
	unsigned long long value;
	const char *suffix;
	char *end;

	errno = 0;
	value = strtoull(word, &end, 10);
	if (!isdigit((unsigned char)word[0]))
		bad_usage("%s %s: not a number of bytes", options->name, word);
	if (errno == ERANGE)
		bad_usage("%s %s: too large", options->name, word);
	if (*end == '\0')
		return value;
	suffix = strchr(suffixes, toupper((unsigned char)*end));
	if (!suffix || end[1] != '\0')
		bad_usage("%s %s: suffix is none of K, M, G, T", options->name,
			  word);
	for (const char *s = suffixes; s <= suffix; s++) {
		/* The kernel's counters are signed: half of the range is out */
		if (value > INT64_MAX / 1024)
			bad_usage("%s %s: too large", options->name, word);
		value *= 1024;
	}
	return value;
}

double seconds_of(const struct options *options, const char *word)
{
	double value;
	char *end;

	/* strtod(3) would take "inf", "nan" and "0x1p3" for a time. */
	if (word[0] == '\0' || strspn(word, "0123456789.") != strlen(word))
		bad_usage("%s %s: not a number of seconds", options->name,
			  word);
	value = strtod(word, &end);
	if (end == word || *end != '\0' || !isfinite(value))
		bad_usage("%s %s: not a number of seconds", options->name,
			  word);
	if (value > 1e9)
		bad_usage("%s %s: longer than 1000000000 seconds",
			  options->name, word);
	return value;
}

static long cpu_number(const struct options *options, const char *word,
		       const char **rest)
{
	char *end;
	long cpu;

	errno = 0;
	cpu = strtol(*rest, &end, 10);
	if (!isdigit((unsigned char)**rest))
		bad_usage("%s %s: not a list of CPUs", options->name, word);
	if (errno == ERANGE || cpu >= CPU_SETSIZE)
		bad_usage("%s %s: no CPU %.*s here", options->name, word,
			  (int)(end - *rest), *rest);
	*rest = end;
	return cpu;
}

cpu_set_t cpus_of(const struct options *options, const char *word)
{
	const char *rest = word;
	cpu_set_t allowed, wanted;

	CPU_ZERO(&wanted);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0) {
		failed("sched_getaffinity", "%s", "");
		die(EXIT_OURS);
	}
	for (;;) {
		long first = cpu_number(options, word, &rest);
		long last = first;

		if (*rest == '-') {
			rest++;
			last = cpu_number(options, word, &rest);
		}
		if (last < first)
			bad_usage("%s %s: range runs backwards", options->name,
				  word);
		for (long cpu = first; cpu <= last; cpu++) {
			/* The kernel silently takes what is left of a mask. */
			if (!CPU_ISSET(cpu, &allowed))
				bad_usage("%s %s: no CPU %ld here",
					  options->name, word, cpu);
			CPU_SET(cpu, &wanted);
		}
		if (*rest == '\0')
			return wanted;
		if (*rest++ != ',')
			bad_usage("%s %s: not a list of CPUs", options->name,
				  word);
	}
}

char *assignment_of(const struct options *options, char *word)
{
	if (word[0] == '=' || !strchr(word, '='))
		bad_usage("%s %s: not NAME=VALUE", options->name, word);
	return word;
}

bool split(const char *word, char separator, char **left, char **right)
{
	const char *at = strchr(word, separator);

	if (!at)
		return false;
	*left = strdup(word);
	if (!*left) {
		failed("strdup", "%s", word);
		die(EXIT_OURS);
	}
	(*left)[at - word] = '\0';
	*right = *left + (at - word) + 1;
	return true;
}
