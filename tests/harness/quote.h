/*
 * A command in one line, as a shell takes it: what a test has run is there to
 * be pasted.
 */
#ifndef QUOTE_H
#define QUOTE_H

#include <stddef.h>

/* Of a command, which ends with NULL; cut short when it does not fit. */
void say_command(const char *const words[], char *text, size_t size);

#endif
