/* Stage 03: signals.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

#define RECORD "/tmp/signals"
#define CROWD 200

static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
			     SIGTRAP, SIGABRT, SIGSYS};

static bool is_fault(int sig)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i] == sig)
			return true;
	return false;
}

/* Signals that can be passed on; 32 to 34 are the C library's own. */
static bool is_forwardable(int sig)
{
	return sig != SIGKILL && sig != SIGSTOP && sig != SIGCHLD &&
	       !is_fault(sig) && (sig < 32 || sig > 34);
}

static uint64_t bit(int sig)
{
	return UINT64_C(1) << (sig - 1);
}

static const char *number_word(int number)
{
	static char words[4][16];
	static int next;

	next = (next + 1) % 4;
	snprintf(words[next], sizeof(words[next]), "%d", number);
	return words[next];
}

static bool exists(const char *token, const char *suffix)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s%s", token, suffix);
	return access(sandbox_path(path), F_OK) == 0;
}

/* A file in /tmp that the token is the name of: what waits for it goes on. */
static void release(const char *token)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s", token);
	write_in_sandbox(path, "");
}

/* How often `probe record` has written this line. */
static int recorded(const char *word)
{
	const char *line = read_in_sandbox(RECORD);
	size_t length = strlen(word);
	int count = 0;

	for (; *line; line += *line == '\n') {
		count += strncmp(line, word, length) == 0 &&
			 line[length] == '\n';
		line += strcspn(line, "\n");
	}
	return count;
}

static void await_recording(struct run *run)
{
	AWAIT(recorded("ready") || has_ended(run),
	      "the command was not executed");
	EXPECT(!has_ended(run),
	       "supervise has ended, with status %d, before its command",
	       finish(run));
}

/* Supervise's first child. */
static pid_t command_of(pid_t supervise)
{
	pid_t child = 0;

	AWAIT(children_of(supervise, &child, 1) == 1,
	      "supervise has no child");
	return child;
}

static double half_the_limit(void)
{
	double now = deadline();

	/* It waits no longer than a nap; deadline() is a limit from now on. */
	return now - (now - deadline()) / 2;
}

static void exit_status_kept(void)
{
}

static const struct test tests[] = {
	{"exit_status", 1, "supervise exits as CMD did", exit_status_kept, 0},
	{0},
};

const struct gate gate = {"03-signals", "supervise", tests};
