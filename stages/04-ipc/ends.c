#include "ends.h"

#include <unistd.h>

void close_end(int *end)
{
	int saved = errno;

	if (*end >= 0)
		close(*end);
	*end = -1;
	errno = saved;
}
