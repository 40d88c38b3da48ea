/* The system call itself; what is too long is not even tried. */
#include "uts.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failure.h"

int set_hostname(const char *name)
{
	const size_t length = strnlen(name, 65);

	errno = EINVAL;
	if (length < 1 || length > 64 ||
	    syscall(SYS_sethostname, name, length) != 0)
		return failed("set host name", "%s", name);
	return 0;
}
