/* What a gate says of each test to whoever sits before it. */
#ifndef SCREEN_H
#define SCREEN_H

#include "results.h"

/*
 * A line for a test that has passed. For one that has not also what was run
 * (runs.h), what was seen, and the task of the lesson to go back to: the one
 * that the program says is not begun, or else `task`; 0: none.
 */
void print_result(const struct result *result, int task);

#endif
