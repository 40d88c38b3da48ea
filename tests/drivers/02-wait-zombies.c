/*
 * driver of stage 02: calls the functions of reap.h one at a time, so that the
 * gate can see what each call has said.
 *
 *	driver status N...	prints exit_status(N), a line for each
 *	driver calls N CMD...	starts CMD as the child and N times more as
 *				other children, each in a process group of its
 *				own, which every signal that stops can stop
 *				then. On each SIGUSR1 it calls
 *				reap_ended() once and prints what comes of it:
 *				RETURNED ENDED STATUS STOPPED REAPED USEC KIB.
 *				On SIGUSR2 it starts CMD again, with the process
 *				id that the child had (as root). On SIGHUP it
 *				starts a thousand more, which end at once. On
 *				SIGTERM it ends.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "reap.h"
#include "spawn.h"
#include "syscalls.h"

static int print_statuses(char **numbers)
{
	for (; *numbers; numbers++)
		printf("%d\n", exit_status(atoi(*numbers)));
	return 0;
}

static void call(pid_t child, struct outcome *outcome)
{
	const struct rusage *usage = &outcome->usage;
	int returned = reap_ended(child, outcome);

	printf("%d %d %d %d %lu %lld %ld\n", returned, outcome->ended,
	       outcome->status, outcome->stopped, outcome->reaped,
	       usage->ru_utime.tv_sec * 1000000LL + usage->ru_utime.tv_usec +
		       usage->ru_stime.tv_sec * 1000000LL +
		       usage->ru_stime.tv_usec,
	       usage->ru_maxrss);
	if (returned < 0)
		report_failure();
}

static void start_as(const struct command *command, pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	pid_t child = sys_clone3(&args, sizeof(args));

	if (child == 0)
		exec_command(command);
	if (child < 0) {
		failed("clone3", "%d", (int)pid);
		die(EXIT_OURS);
	}
}

static void leave_a_thousand(void)
{
	for (int i = 0; i < 1000; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		if (child < 0) {
			failed("fork", "number %d", i + 1);
			die(EXIT_OURS);
		}
	}
}

static int lead_a_group(void *data)
{
	(void)data;
	return setpgid(0, 0) < 0 ? failed("setpgid", "") : 0;
}

static int call_on_signals(int others, char **words)
{
	struct outcome outcome = {0};
	struct command command = {
		.file = words[0],
		.argv = words,
		.prepare = lead_a_group,
	};
	pid_t child = 0;
	sigset_t set, before;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	command.mask = &before;
	for (int i = 0; i <= others; i++) {
		pid_t pid = spawn(&command);

		if (pid < 0)
			die(EXIT_OURS);
		if (i == 0)
			child = pid;
	}
	while (sigwait(&set, &sig) == 0 && sig != SIGTERM) {
		if (sig == SIGUSR1)
			call(child, &outcome);
		else if (sig == SIGHUP)
			leave_a_thousand();
		else
			start_as(&command, child);
	}
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2 && strcmp(argv[1], "status") == 0)
		return print_statuses(argv + 2);
	if (argc > 3 && strcmp(argv[1], "calls") == 0)
		return call_on_signals(atoi(argv[2]), argv + 3);
	bad_usage("status N... or calls N CMD... is needed");
}
