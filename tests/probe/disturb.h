/*
 * System calls of a program that fail, wait, or are not made, though they seem
 * to be: by seccomp(2)'s user notification, so that it does not matter how the
 * program was built or in what way it makes them.
 */
#ifndef DISTURB_H
#define DISTURB_H

#include <stdbool.h>

/*
 * Takes note of a fail=, fake= or pause= (launch.h). False when it is none, is
 * about a call that cannot be disturbed, or is one too many: four are noted.
 */
bool read_disturbance(const char *setting);

/*
 * From now on the calls of this process and of all below it are disturbed as
 * noted, by a process that nobody will see as a child and that lives as long
 * as they do. Nothing noted: nothing is done. Exits with 99 on failure.
 */
void start_disturbing(void);

#endif
