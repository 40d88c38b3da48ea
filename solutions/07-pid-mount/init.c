#include "init.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>

#include "failure.h"

int die_with_parent(int parent)
{
	struct pollfd ended = {.fd = parent, .events = POLLIN};
	int ready;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return failed("prctl", "PR_SET_PDEATHSIG");
	/* A pidfd is readable once its process has ended. */
	do
		ready = poll(&ended, 1, 0);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return failed("poll", "the parent");
	if (ready > 0) {
		errno = ESRCH;
		return failed("wait for", "the parent");
	}
	return 0;
}

int run_init(const struct command *command, const struct supervision *how,
	     struct outcome *outcome)
{
	pid_t child = spawn(command);
	int timed_out;

	if (child < 0) {
		report_failure();
		return EXIT_OURS;
	}
	timed_out = supervise(child, how, outcome);
	if (timed_out < 0) {
		report_failure();
		return EXIT_OURS;
	}
	return timed_out ? EXIT_TIMEOUT : exit_status(outcome->status);
}
