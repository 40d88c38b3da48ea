/* Draws how a race went. Given. */
#ifndef BARS_H
#define BARS_H

#include <stddef.h>

#include "schedule.h"

/*
 * Prints a line for each lane on standard output: its nice value, CPU time,
 * share of the CPU and the share that its weight predicts, and a bar of the
 * share with a mark where the prediction ends.
 *
 * As wide as the terminal, else 80 columns; block characters where the locale
 * is UTF-8; colours on a terminal, unless NO_COLOR is set. Returns 0, or -1
 * with errno. https://no-color.org
 */
int draw_race(const struct lane *lanes, size_t count);

#endif
