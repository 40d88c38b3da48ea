/*
 * reap: run a program and collect everything that ends below it. Stage 02.
 *
 * How signals are passed on is stage 03's matter; this is the short form.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "options.h"
#include "reap.h"
#include "spawn.h"

enum { STATS = 1 };

static const struct option_spec specs[] = {
	{0, "stats", NULL, "say on standard error what was collected", STATS},
	{0},
};

/* All but the signals that a fault in this very program would raise. */
static void block_signals(sigset_t *set, sigset_t *before)
{
	static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
				     SIGTRAP, SIGABRT, SIGSYS};

	sigfillset(set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(set, faults[i]);
	/* Ignored by whoever started us, it would keep children from us. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    sigprocmask(SIG_BLOCK, set, before) < 0) {
		failed("sigprocmask", "");
		die(EXIT_OURS);
	}
}

/* What the terminal sends to a whole group reaches the child in ours too. */
static bool came_to_group(const siginfo_t *info)
{
	return info->si_code == SI_KERNEL &&
	       (info->si_signo == SIGINT || info->si_signo == SIGQUIT ||
		info->si_signo == SIGTSTP || info->si_signo == SIGWINCH);
}

/* By the signal itself: nobody could continue an orphaned process group. */
static void stop(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	kill(getpid(), SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void pass_on(const siginfo_t *info, pid_t child)
{
	if (!came_to_group(info) && kill(child, info->si_signo) < 0 &&
	    errno != ESRCH) {
		failed("kill", "%d", child);
		report_failure();
	}
	if (info->si_signo == SIGTSTP)
		stop();
}

/* Until the command has ended: SIGCHLD is collected, the rest passed on. */
static int wait_for_command(pid_t child, const sigset_t *set,
			    struct outcome *outcome)
{
	siginfo_t info;
	int left;

	for (;;) {
		left = reap_ended(child, outcome);
		if (left < 0 || outcome->ended)
			return left;
		if (left == 0) {
			errno = ECHILD;
			return failed("collect", "%d", (int)child);
		}
		if (sigwaitinfo(set, &info) < 0) {
			if (errno != EINTR)
				return failed("sigwaitinfo", "");
		} else if (info.si_signo != SIGCHLD) {
			pass_on(&info, child);
		}
	}
}

/* After that: the orphans, as long as there are any. */
static int wait_for_orphans(pid_t child, struct outcome *outcome)
{
	siginfo_t info;
	int left;

	do {
		if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) < 0 &&
		    errno != EINTR && errno != ECHILD)
			return failed("waitid", "");
		left = reap_ended(child, outcome);
	} while (left > 0);
	return left;
}

static void print_stats(const struct outcome *outcome)
{
	fprintf(stderr, "reaped %lu\norphans %lu\n", outcome->reaped,
		outcome->reaped - 1);
	fprintf(stderr, "user_usec %lld\nsystem_usec %lld\nmaxrss_kib %ld\n",
		outcome->usage.ru_utime.tv_sec * 1000000LL +
			outcome->usage.ru_utime.tv_usec,
		outcome->usage.ru_stime.tv_sec * 1000000LL +
			outcome->usage.ru_stime.tv_usec,
		outcome->usage.ru_maxrss);
}

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[--stats] CMD...",
		.summary = "Runs CMD, adopts the orphans it leaves, waits for "
			   "all of them, and exits as\nCMD did. Signals are "
			   "passed on to CMD while it runs.",
		.specs = specs,
		.argv = argv + 1,
	};
	struct outcome outcome = {0};
	struct command command = {0};
	sigset_t set, before;
	bool stats = false;
	pid_t child;

	(void)argc;
	while (next_option(&options) == STATS)
		stats = true;
	command.argv = operands(&options, "CMD");
	command.file = command.argv[0];
	command.mask = &before;

	block_signals(&set, &before);
	if (become_subreaper() < 0)
		die(EXIT_OURS);
	child = spawn(&command);
	if (child < 0)
		die(EXIT_OURS);
	if (wait_for_command(child, &set, &outcome) < 0) {
		report_failure();
		/* CMD is not to go on with nobody to look after it. */
		if (!outcome.ended)
			kill(child, SIGKILL);
		return EXIT_OURS;
	}
	/* Nobody is left to pass signals on to: let them act on us. */
	if (sigprocmask(SIG_SETMASK, &before, NULL) < 0) {
		failed("sigprocmask", "");
		die(EXIT_OURS);
	}
	if (wait_for_orphans(child, &outcome) < 0)
		die(EXIT_OURS);
	if (stats)
		print_stats(&outcome);
	return exit_status(outcome.status);
}
