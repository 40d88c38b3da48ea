#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int copy_file(int from, int to)
{
	struct stat st;
	off_t done = 0;

	if (fstat(from, &st) < 0)
		return -1;
	while (done < st.st_size) {
		ssize_t n =
			sendfile(to, from, &done, (size_t)(st.st_size - done));

		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0) {
			errno = EIO;
			return -1;
		}
	}
	return 0;
}

int become_sealed(char **argv)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int copy, saved, seals;

	if (self < 0)
		return failed("open", "/proc/self/exe");
	/* Only a memfd has seals: any other file is EINVAL. */
	seals = fcntl(self, F_GET_SEALS);
	if (seals >= 0 && (seals & SEALS) == SEALS) {
		close(self);
		return 0;
	}
	copy = memfd_create("box", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy < 0 || copy_file(self, copy) < 0 ||
	    fcntl(copy, F_ADD_SEALS, SEALS) < 0) {
		saved = errno;
		close(self);
		if (copy >= 0)
			close(copy);
		errno = saved;
		return failed("seal a copy of", "/proc/self/exe");
	}
	close(self);
	fexecve(copy, argv, environ);
	saved = errno;
	close(copy);
	errno = saved;
	return failed("fexecve", "the sealed copy");
}
