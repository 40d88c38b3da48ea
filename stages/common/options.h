/*
 * Reading options. Every function here either returns a value that is in
 * range or ends the program through bad_usage(): one line that names the
 * option and the word, exit status 125.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

struct option_spec {
	char letter;	      /* 0: no short form */
	const char *name;     /* long form without the dashes; NULL: none */
	const char *argument; /* its name in --help; NULL: takes none */
	const char *help;
	int id; /* what next_option() returns; > 0 */
};

struct options {
	const char *usage;   /* the words after the program's name */
	const char *summary; /* what the program does, one or two lines */
	const struct option_spec *specs; /* ends with id 0 */
	char **argv;			 /* the words not yet read */
	const char *value;		 /* of the option returned last */
	const char *name;    /* of the option returned last: "--nice", "-C" */
	const char *cluster; /* rest of "-abc"; next_option()'s own */
};

/*
 * Next option's id, or 0 when the first operand (or "--") is reached; argv
 * then points at the operands. Options end at the first word that is not one,
 * as in env(1), so that CMD keeps its own. --help prints and exits 0.
 */
int next_option(struct options *options);

/* The operands; ends the program when there is none ("no CMD"). */
char **operands(struct options *options, const char *what);

/* A whole number, decimal, in [low, high]. */
long long number_of(const struct options *options, const char *word,
		    long long low, long long high);

/* Bytes: a whole number with an optional suffix K, M, G, T (powers of 1024). */
unsigned long long bytes_of(const struct options *options, const char *word);

/* Seconds: a decimal number >= 0, "0.5" for half a second; at most 1e9. */
double seconds_of(const struct options *options, const char *word);

/* A list of CPUs such as "0,2-3", each one a CPU this process may use. */
cpu_set_t cpus_of(const struct options *options, const char *word);

/* "NAME=VALUE" with a name that is not empty; returns the word itself. */
char *assignment_of(const struct options *options, char *word);

/* A copy of `word` cut in two at the first `separator`; free(3) *left. */
bool split(const char *word, char separator, char **left, char **right);

#endif
