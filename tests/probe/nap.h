/* A moment between two looks at what somebody else is to do. */
#ifndef NAP_H
#define NAP_H

#include <time.h>

static inline void nap(void)
{
	const struct timespec t = {.tv_nsec = 1000000};

	nanosleep(&t, NULL);
}

#endif
