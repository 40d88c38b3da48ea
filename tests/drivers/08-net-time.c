/*
 * driver of stage 08: calls what network.h and clock.h have, one step after
 * another. The gate looks at what comes of it.
 *
 *	child			a child in a network namespace of its own, which
 *				is what veth= is about from here on
 *	net			into a new network namespace ourselves
 *	loopback		loopback_up()
 *	veth=NAME,PEER		create_veth(), to the child
 *	address=NAME,IP/LEN	configure_interface()
 *	route=IP		add_default_route()
 *	delete=NAME		delete_interface()
 *	time=SECONDS		enter_time_namespace()
 *	ahead=SECONDS		into a new time namespace ourselves, in which
 *				CLOCK_BOOTTIME is ahead as after a sleep so long
 *	slept=SECONDS		the same of the machine, by what clock_gettime()
 *				says from here on
 *	!STEP			one that is to fail; what it says of that goes
 *				to standard error
 *	?STEP			one that may fail; the same
 *
 * The first step that goes otherwise ends it with 125; a line on standard error
 * says why. After the last one it says "done" and waits to be killed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "failure.h"
#include "files.h"
#include "network.h"
#include "syscalls.h"

static pid_t child;
static time_t slept;

/* In place of libc's: no namespace makes the machine's own clocks differ. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	if (syscall(SYS_clock_gettime, clock, time) < 0)
		return -1;
	if (clock == CLOCK_BOOTTIME)
		time->tv_sec += slept;
	return 0;
}

/* It is there when the pipe is closed: it has its namespace then. */
static int start_child(void)
{
	int ends[2];
	char byte;

	if (pipe(ends) < 0)
		return failed("pipe", "");
	child = fork();
	if (child < 0)
		return failed("fork", "");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) < 0)
			die(EXIT_OURS);
		close(ends[0]);
		close(ends[1]);
		for (;;)
			pause();
	}
	close(ends[1]);
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
	return close(ends[0]);
}

/* Cuts a word in two at the character; "" when it is not there. */
static char *cut(char *word, char at)
{
	static char nothing[1];
	char *rest = strchr(word, at);

	if (!rest)
		return nothing;
	*rest = '\0';
	return rest + 1;
}

static int configure(char *name, char *ip, const char *prefix)
{
	struct address address = {.prefix = (unsigned)atoi(prefix)};

	inet_pton(AF_INET, ip, &address.ip);
	return configure_interface(name, &address);
}

static int enter_later_boottime(long seconds)
{
	int fd;

	if (unshare(CLONE_NEWTIME) < 0)
		return failed("unshare", "");
	if (write_file(AT_FDCWD, "/proc/self/timens_offsets", "boottime %ld 0",
		       seconds) < 0)
		return -1;
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		return failed("enter a time namespace", "");
	return close(fd);
}

static int step(char *word)
{
	char *value = cut(word, '='), *rest = cut(value, ',');
	struct in_addr gateway = {0};

	if (strcmp(word, "child") == 0)
		return start_child();
	if (strcmp(word, "net") == 0)
		return unshare(CLONE_NEWNET);
	if (strcmp(word, "loopback") == 0)
		return loopback_up();
	if (strcmp(word, "veth") == 0)
		return create_veth(value, rest, child);
	if (strcmp(word, "address") == 0)
		return configure(value, rest, cut(rest, '/'));
	if (strcmp(word, "delete") == 0)
		return delete_interface(value);
	if (strcmp(word, "time") == 0)
		return enter_time_namespace(atof(value));
	if (strcmp(word, "ahead") == 0)
		return enter_later_boottime(atol(value));
	if (strcmp(word, "slept") == 0) {
		slept = atol(value);
		return 0;
	}
	if (strcmp(word, "route") != 0)
		bad_usage("%s: no such step", word);
	inet_pton(AF_INET, value, &gateway);
	return add_default_route(gateway);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool to_fail = argv[i][0] == '!';
		bool may_fail = to_fail || argv[i][0] == '?';
		char word[128];
		int result;

		/* It is cut into pieces. */
		snprintf(word, sizeof(word), "%s", argv[i] + may_fail);
		result = step(word);
		if (result < 0)
			report_failure();
		if (result < 0 && !may_fail)
			return EXIT_OURS;
		if (result >= 0 && to_fail)
			bad_usage("%s has not failed", argv[i] + 1);
	}
	if (write(STDOUT_FILENO, "done\n", 5) != 5)
		return EXIT_OURS;
	for (;;)
		pause();
}
