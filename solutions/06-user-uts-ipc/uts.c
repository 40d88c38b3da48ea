#include "uts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "todo.h"

/*
 * Task 5: sethostname(2) takes the bytes and how many there are, without the
 * zero at the end. It would take none of them too: an empty name is EINVAL.
 */
int set_hostname(const char *name)
{
	/* <answer> return todo(5, name); */
	size_t length = strlen(name);

	/* An empty name is one that the kernel would take. */
	if (length == 0) {
		errno = EINVAL;
		return failed("sethostname", "%s", name);
	}
	if (sethostname(name, length) < 0)
		return failed("sethostname", "%s", name);
	return 0;
	/* </answer> */
}
