#include "schedule_options.h"

#include <stdlib.h>
#include <string.h>

#include "failure.h"

struct name {
	const char *word;
	int number;
};

static const struct name policies[] = {
	{"other", SCHED_OTHER}, {"batch", SCHED_BATCH}, {"idle", SCHED_IDLE},
	{"fifo", SCHED_FIFO},	{"rr", SCHED_RR},	{0},
};

static const struct name classes[] = {
	{"none", IO_CLASS_NONE},
	{"realtime", IO_CLASS_REALTIME},
	{"best-effort", IO_CLASS_BEST_EFFORT},
	{"idle", IO_CLASS_IDLE},
	{0},
};

/* "WORD" or "WORD:NUMBER"; *number is NULL without one. The caller frees. */
static char *word_and_number(const char *value, char **number)
{
	char *word;

	if (split(value, ':', &word, number))
		return word;
	*number = NULL;
	word = strdup(value);
	if (!word) {
		failed("strdup", "%s", value);
		die(EXIT_OURS);
	}
	return word;
}

static int look_up(const struct options *options, const struct name *names,
		   const char *word)
{
	for (; names->word; names++)
		if (strcmp(names->word, word) == 0)
			return names->number;
	bad_usage("%s %s: no such name", options->name, word);
}

static void read_policy(const struct options *options,
			struct schedule *schedule)
{
	char *number, *word = word_and_number(options->value, &number);
	bool real_time;

	schedule->set_policy = true;
	schedule->policy = look_up(options, policies, word);
	real_time =
		schedule->policy == SCHED_FIFO || schedule->policy == SCHED_RR;
	if (real_time && !number)
		bad_usage("%s %s: needs a priority, as in %s:1", options->name,
			  word, word);
	if (!real_time && number)
		bad_usage("%s %s: has no priorities", options->name, word);
	/* An option given before does not shine through. */
	schedule->priority = 0;
	if (number)
		schedule->priority = (int)number_of(options, number, 1, 99);
	free(word);
}

static void read_io(const struct options *options, struct schedule *schedule)
{
	char *number, *word = word_and_number(options->value, &number);
	bool levels;

	schedule->set_io = true;
	schedule->io_class = look_up(options, classes, word);
	levels = schedule->io_class == IO_CLASS_REALTIME ||
		 schedule->io_class == IO_CLASS_BEST_EFFORT;
	if (!levels && number)
		bad_usage("%s %s: has no levels", options->name, word);
	/* The middle, as in ionice(1). */
	schedule->io_level = levels ? 4 : 0;
	if (number)
		schedule->io_level = (int)number_of(options, number, 0, 7);
	free(word);
}

bool read_schedule_option(const struct options *options,
			  struct schedule *schedule)
{
	if (strcmp(options->name, "--nice") == 0) {
		schedule->set_nice = true;
		schedule->nice =
			(int)number_of(options, options->value, -20, 19);
	} else if (strcmp(options->name, "--cpus") == 0) {
		schedule->set_cpus = true;
		schedule->cpus = cpus_of(options, options->value);
	} else if (strcmp(options->name, "--policy") == 0) {
		read_policy(options, schedule);
	} else if (strcmp(options->name, "--io") == 0) {
		read_io(options, schedule);
	} else {
		return false;
	}
	return true;
}
