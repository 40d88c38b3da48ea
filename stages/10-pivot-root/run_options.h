/* The options of box run and box exec. Given. */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include "container.h"
#include "options.h"

/* What the command line asked for, besides the container itself. */
struct run {
	struct container container;
	const char *stats_path; /* NULL: none wanted */
	pid_t pid;		/* box exec: whose container */
};

/*
 * Read the words after "run" or "exec" into *run, defaults filled in. Bad
 * ones end the program as options.h says.
 */
void read_run(struct run *run, char **words);
void read_exec(struct run *run, char **words);

/* Gives back what either has allocated. */
void free_run(struct run *run);

#endif
