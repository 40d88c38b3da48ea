/*
 * What a careful program does around its system calls. Given.
 */
#ifndef ENDS_H
#define ENDS_H

#include <errno.h>

/*
 * The value of `call`, which is made again as long as a signal has interrupted
 * it: a handler ran, nothing has failed. signal(7), EINTR. Not for close(2):
 * that has closed the descriptor even so.
 */
#define RETRY(call)                                                            \
	({                                                                     \
		__typeof__(call) value_;                                       \
		do                                                             \
			value_ = (call);                                       \
		while (value_ < 0 && errno == EINTR);                          \
		value_;                                                        \
	})

/*
 * Closes the descriptor *end unless it is -1, and makes it -1, so that nobody
 * closes it twice. errno stays as it was: what failed before this still counts.
 */
void close_end(int *end);

#endif
