/*
 * What the launcher (tests/probe/launch.h) was asked to do to a program, in
 * words: for whoever reads what a test has run.
 */
#ifndef LAUNCHED_H
#define LAUNCHED_H

#include <stddef.h>

/*
 * Of a command, which ends with NULL: the calls that are disturbed and the
 * signals that are blocked, ignored or sent, such as "call fork number 1
 * failing: Resource temporarily unavailable"; "" for none.
 */
void say_launched(const char *const words[], char *text, size_t size);

#endif
