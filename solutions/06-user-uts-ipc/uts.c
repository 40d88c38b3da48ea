#include "uts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"

int set_hostname(const char *name)
{
	size_t length = strlen(name);

	/* An empty name is one that the kernel would take. */
	if (length == 0) {
		errno = EINVAL;
		return failed("sethostname", "%s", name);
	}
	if (sethostname(name, length) < 0)
		return failed("sethostname", "%s", name);
	return 0;
}
