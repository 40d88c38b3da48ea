/*
 * waitid(2), which tells in a siginfo_t. The system call itself has a fifth
 * argument, for the usage, that no C library passes on.
 */
#include "reap.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"

int exit_status(int status)
{
	const int sig = status & 0x7f;

	return sig ? 128 + sig : status >> 8 & 0xff;
}

int become_subreaper(void)
{
	int is_one = 0;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1L) != 0)
		return failed("become", "subreaper");
	if (prctl(PR_GET_CHILD_SUBREAPER, &is_one) != 0 || !is_one)
		return failed("become", "subreaper");
	return 0;
}

/* As wait(2) would have said it. */
static int wait_status(const siginfo_t *info)
{
	switch (info->si_code) {
	case CLD_EXITED:
		return (info->si_status & 0xff) << 8;
	case CLD_DUMPED:
		return info->si_status | 0x80;
	default:
		return info->si_status;
	}
}

static void ended(const siginfo_t *info, const struct rusage *usage,
		  struct outcome *outcome)
{
	outcome->ended = true;
	outcome->stopped = 0;
	outcome->status = wait_status(info);
	memcpy(&outcome->usage, usage, sizeof(*usage));
}

int reap_ended(pid_t child, struct outcome *outcome)
{
	const int options = WEXITED | WSTOPPED | WCONTINUED | WNOHANG;
	struct rusage usage;
	siginfo_t info;

	do {
		info.si_pid = 0;
		if (syscall(SYS_waitid, P_ALL, 0, &info, options, &usage) < 0) {
			if (errno == EINTR) {
				info.si_pid = -1;
				continue;
			}
			return errno == ECHILD ? 0 : failed("waitid", "");
		}
		if (info.si_pid == 0)
			break;
		if (info.si_code == CLD_STOPPED ||
		    info.si_code == CLD_TRAPPED) {
			if (info.si_pid == child && !outcome->ended)
				outcome->stopped = info.si_status;
		} else if (info.si_code == CLD_CONTINUED) {
			if (info.si_pid == child)
				outcome->stopped = 0;
		} else {
			outcome->reaped += 1;
			if (info.si_pid == child && !outcome->ended)
				ended(&info, &usage, outcome);
		}
	} while (info.si_pid != 0);
	return 1;
}
