/* The options of scheduling, of the programs that have them. Given. */
#ifndef SCHEDULE_OPTIONS_H
#define SCHEDULE_OPTIONS_H

#include <stdbool.h>

#include "options.h"
#include "schedule.h"

/*
 * When options->name is --nice, --cpus, --policy or --io, reads options->value
 * into *schedule and returns true; a bad one ends the program as options.h
 * says. Returns false for any other option.
 */
bool read_schedule_option(const struct options *options,
			  struct schedule *schedule);

#endif
