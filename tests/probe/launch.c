#include "launch.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disturb.h"

static int execute(const char *program)
{
	/* A copy: to cut what is in /proc/PID/cmdline would show the words. */
	char *copy = strdup(program);
	char *words[32] = {copy ? strtok(copy, " ") : NULL};
	size_t count = words[0] ? 1 : 0;

	while (count > 0 && count < 32 && (words[count] = strtok(NULL, " ")))
		count++;
	if (count == 0 || count == 32) {
		fprintf(stderr, "probe: %s: not 1 to 31 words\n", program);
		return 99;
	}
	execvp(words[0], words);
	fprintf(stderr, "probe: %s: %s\n", words[0], strerror(errno));
	return 99;
}

static void set_signals(unsigned long long blocked, unsigned long long ignored)
{
	sigset_t set;

	sigemptyset(&set);
	for (int sig = 1; sig <= 64; sig++) {
		if (blocked >> (sig - 1) & 1)
			sigaddset(&set, sig);
		if (ignored >> (sig - 1) & 1)
			signal(sig, SIG_IGN);
	}
	sigprocmask(SIG_SETMASK, &set, NULL);
}

/* execve(2) keeps this timer. 0: none. */
static int set_alarm(int milliseconds)
{
	const struct timeval time = {.tv_usec = milliseconds * 1000};
	const struct itimerval timer = {time, time};

	return setitimer(ITIMER_REAL, &timer, NULL);
}

/* A number of a setting that one system call makes true; or -1. */
static long set_number(const char *setting)
{
	const char *equals = strchr(setting, '=');
	const size_t length = equals ? (size_t)(equals - setting) : 0;
	const int number = equals ? atoi(equals + 1) : 0;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)number, &cpus);
	if (length == 3 && memcmp(setting, "cpu", 3) == 0)
		return sched_setaffinity(0, sizeof(cpus), &cpus);
	if (length == 3 && memcmp(setting, "uid", 3) == 0)
		return syscall(SYS_setresuid, number, number, number);
	if (length == 3 && memcmp(setting, "gid", 3) == 0)
		return syscall(SYS_setresgid, number, number, number);
	if (length == 4 && memcmp(setting, "nice", 4) == 0)
		return setpriority(PRIO_PROCESS, 0, number);
	if (length == 2 && memcmp(setting, "io", 2) == 0)
		return syscall(SYS_ioprio_set, 1, 0, number);
	if (length == 6 && memcmp(setting, "policy", 6) == 0)
		return syscall(SYS_sched_setscheduler, 0, number, &(int){0});
	errno = EINVAL;
	return -1;
}

int launch(int count, char **settings, const char *program)
{
	unsigned long long blocked = 0, ignored = 0;
	int alarm = 0;

	for (int i = 0; i < count; i++) {
		if (sscanf(settings[i], "block=%llx", &blocked) == 1 ||
		    sscanf(settings[i], "ignore=%llx", &ignored) == 1 ||
		    sscanf(settings[i], "alarm=%d", &alarm) == 1 ||
		    read_disturbance(settings[i]) ||
		    set_number(settings[i]) >= 0)
			continue;
		fprintf(stderr, "probe: %s: %s\n", settings[i],
			strerror(errno));
		return 99;
	}
	start_disturbing();
	set_signals(blocked, ignored);
	/* The first may come at once: what blocks it is there. */
	if (set_alarm(alarm) < 0) {
		fprintf(stderr, "probe: setitimer: %s\n", strerror(errno));
		return 99;
	}
	return execute(program);
}

int job(const char *program)
{
	pid_t child;

	/* Or it is stopped for giving the terminal away. */
	signal(SIGTTOU, SIG_IGN);
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		_exit(execute(program));
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	for (;;)
		pause();
}
