/* Stage 02: reap.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

/* As many orphans as end at once, and the command. */
#define CROWD 1000

/* The children of whoever was looked at last; of reap, CMD is the first. */
static pid_t family[CROWD + 64];

static size_t count_children(pid_t pid)
{
	return children_of(pid, family, CROWD + 64);
}

static const char *number_word(int number)
{
	static char words[4][16];
	static int next;

	next = (next + 1) % 4;
	snprintf(words[next], sizeof(words[next]), "%d", number);
	return words[next];
}

/* A file in /tmp that the token is the name of: what waits for it goes on. */
static void release(const char *token)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s", token);
	write_in_sandbox(path, "");
}

/* `probe orphans` below reap, which all of them are to be given to. */
static struct run *start_orphans(int count, const char *token)
{
	struct run *run = START("reap", "--stats", "probe", "orphans",
				number_word(count), token);
	pid_t reap = pid_of(run);

	/* The sandbox's own process 1 has one child that is not an orphan. */
	AWAIT(count_children(reap) == (size_t)count + 1 ||
		      count_children(sandbox_init()) > 1 || has_ended(run),
	      "of %d orphans and the command, reap has %zu as children", count,
	      count_children(reap));
	EXPECT(!has_ended(run),
	       "reap has ended, with status %d, while the "
	       "command ran",
	       finish(run));
	EXPECT(count_children(sandbox_init()) <= 1,
	       "the orphans have gone to process 1: reap has not become their "
	       "subreaper");
	count_children(reap);
	return run;
}

static unsigned long statistic(struct run *run, const char *name)
{
	const char *line = errors_of(run);
	size_t length = strlen(name);

	while (line && strncmp(line, name, length) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	EXPECT(line && line[length] == ' ',
	       "--stats has printed no line that begins with %s", name);
	return strtoul(line + length, NULL, 10);
}

static void expect_counts(struct run *run, unsigned long orphans)
{
	unsigned long reaped = statistic(run, "reaped");

	EXPECT(reaped == orphans + 1,
	       "expected the end of %lu processes to be counted (%lu orphans "
	       "and the command), saw %lu",
	       orphans + 1, orphans, reaped);
	EXPECT(statistic(run, "orphans") == orphans,
	       "expected %lu orphans, saw %lu", orphans,
	       statistic(run, "orphans"));
}

static void exit_status_kept(void)
{
	static const int fixed[] = {0, 1, 125, 255};
	int status = random_between(2, 124);
	char ignored[32], program[64];

	for (size_t i = 0; i < 4; i++)
		expect_status(
			START("reap", "probe", "exit", number_word(fixed[i])),
			fixed[i]);
	expect_status(START("reap", "probe", "exit", number_word(status)),
		      status);
	/* Whoever ignores SIGCHLD is not told how his children end. */
	snprintf(ignored, sizeof(ignored), "ignore=%x", 1U << (SIGCHLD - 1));
	snprintf(program, sizeof(program), "reap probe exit %d", status);
	expect_status(START("probe", "launch", ignored, program), status);
	expect_status(START("reap", fresh_token()), 127);
	expect_status(START("reap", "/tmp"), 126);
	expect_nothing_left();
}

static void ended_by_signal(void)
{
	const int signals[] = {SIGHUP, SIGINT, SIGKILL, SIGTERM,
			       random_between(SIGRTMIN, SIGRTMAX)};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		const char *token = fresh_token();
		struct run *run = START("reap", "probe", "hold", token);

		kill(await_probe(token), signals[i]);
		expect_status(run, 128 + signals[i]);
	}
	expect_nothing_left();
}

static void adopts_orphans(void)
{
	const char *token = fresh_token();
	int count = random_between(2, 9);
	struct run *run = start_orphans(count, token);
	pid_t command = family[0];

	release(token);
	AWAIT(count_children(pid_of(run)) == 1,
	      "the orphans have ended, and %zu are still children of reap",
	      count_children(pid_of(run)) - 1);
	EXPECT(!has_ended(run) && state_of(command) == 'S',
	       "reap has ended with the orphans, before its command");
}

/* The command ends, then one orphan, then the others. */
static void waits_for_orphans(void)
{
	const char *token = fresh_token();
	int sig = random_between(SIGRTMIN, SIGRTMAX);
	struct run *run = start_orphans(random_between(3, 9), token);
	pid_t reap = pid_of(run), other = family[1];
	const pid_t first[] = {family[0], family[2]};

	for (size_t i = 0; i < 2; i++) {
		const char *who = i == 0 ? "the command" : "an orphan";

		kill(first[i], sig);
		AWAIT(state_of(first[i]) == 0,
		      "%s has ended and is a zombie: nobody has waited for it",
		      who);
		AWAIT(state_of(reap) == 'S' || has_ended(run),
		      "reap neither waits nor ends (state %c)", state_of(reap));
		EXPECT(!has_ended(run) && parent_of(other) == reap,
		       "reap has ended with %s, and has left orphans that "
		       "still run",
		       who);
	}
	EXPECT(is_idle(reap), "reap uses the CPU while it waits for orphans");
	release(token);
	EXPECT(finish(run) == 128 + sig,
	       "expected the command's status, %d (128 + signal %d), also when "
	       "orphans end after it; saw %d",
	       128 + sig, sig, finish(run));
	expect_nothing_left();
}

static size_t count_zombies(pid_t parent)
{
	size_t zombies = 0;

	for (size_t n = count_children(parent); n > 0; n--)
		zombies += state_of(family[n - 1]) == 'Z';
	return zombies;
}

static void no_zombies(void)
{
	const char *token = fresh_token();
	struct run *run = start_orphans(CROWD, token);
	pid_t reap = pid_of(run), command = family[0];

	release(token);
	AWAIT(count_children(reap) <= 1,
	      "%d orphans have ended at once and %zu of them are zombies: one "
	      "SIGCHLD may stand for many children",
	      CROWD, count_zombies(reap));
	EXPECT(!has_ended(run) && state_of(command) == 'S',
	       "reap has ended before its command");
	kill(command, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	expect_counts(run, CROWD);
	expect_nothing_left();
}

/* What `probe record` has written by now has this line. */
static bool recorded(const char *path, const char *word)
{
	const char *line = read_in_sandbox(path);
	size_t length = strlen(word);

	while (line &&
	       (strncmp(line, word, length) != 0 || line[length] != '\n')) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line != NULL;
}

static void goes_on_meanwhile(void)
{
	const int signals[] = {SIGUSR1, SIGHUP,
			       random_between(SIGRTMIN, SIGRTMAX), SIGTERM};
	struct run *run = START("reap", "probe", "record", "/tmp/signals");

	AWAIT(recorded("/tmp/signals", "ready") || has_ended(run),
	      "the command was not executed");
	EXPECT(is_idle(pid_of(run)),
	       "reap uses the CPU while its command runs: it keeps asking "
	       "instead of sleeping until SIGCHLD comes");
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		send_signal(run, signals[i]);
		AWAIT(recorded("/tmp/signals", number_word(signals[i])) ||
			      has_ended(run),
		      "signal %d was sent to reap and has not reached the "
		      "command: reap_ended() may have waited for a child that "
		      "has not ended",
		      signals[i]);
	}
	expect_status(run, 0);
	EXPECT(recorded("/tmp/signals", number_word(SIGTERM)),
	       "reap has ended and its command has not had SIGTERM");
	expect_nothing_left();
}

static void stopped_is_not_ended(void)
{
	struct run *run =
		START("reap", "--stats", "probe", "record", "/tmp/signals");
	pid_t reap = pid_of(run), command;
	long slept;

	AWAIT(recorded("/tmp/signals", "ready") || has_ended(run),
	      "the command was not executed");
	EXPECT(!has_ended(run), "reap has ended before its command");
	count_children(reap);
	command = family[0];
	for (int i = 0; i < 3; i++) {
		slept = times_slept(reap);
		kill(command, SIGSTOP);
		/* It hears of it, and is to sleep again after that. */
		AWAIT((state_of(command) == 'T' && times_slept(reap) > slept) ||
			      has_ended(run),
		      "reap was not woken when its command stopped");
		kill(command, SIGCONT);
		AWAIT(state_of(command) != 'T', "the command does not go on");
	}
	send_signal(run, SIGTERM);
	EXPECT(finish(run) == 0,
	       "expected exit status 0, saw %d: the command was only stopped "
	       "and went on, and was taken for ended",
	       finish(run));
	expect_counts(run, 0);
	expect_nothing_left();
}

static bool exists(const char *token)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s", token);
	return access(sandbox_path(path), F_OK) == 0;
}

/*
 * The command's child fills 24 MiB, and two orphans 80 each, one before and
 * one after that: whose memory is told?
 */
static void statistics(void)
{
	const char *first = fresh_token(), *go = fresh_token(),
		   *last = fresh_token();
	const char *script =
		"in_time() { until [ -e /tmp/$1 ]; do usleep 1000; done; }\n"
		"( (probe fill 80; : >/tmp/$0) & )\n"
		"(in_time $2; probe fill 80) &\n"
		"in_time $1; probe fill 24";
	struct run *run =
		START("reap", "--stats", "sh", "-c", script, first, go, last);
	pid_t reap = pid_of(run), command;
	unsigned long kib;

	AWAIT((exists(first) && count_children(reap) == 1) || has_ended(run),
	      "an orphan has ended, and was not waited for");
	EXPECT(!has_ended(run), "reap has ended before its command");
	command = family[0];
	release(go);
	AWAIT(state_of(command) == 0, "the command was not waited for");
	release(last);
	expect_status(run, 0);
	expect_counts(run, 2);
	kib = statistic(run, "maxrss_kib");
	/* The kernel counts in steps: leave it some room. */
	EXPECT(kib > 20 * 1024,
	       "expected the memory of the command's own child, about 24 MiB, "
	       "saw %lu KiB",
	       kib);
	EXPECT(kib < 40 * 1024,
	       "the command had no more than about 24 MiB, saw %lu KiB: that "
	       "is an orphan's",
	       kib);
	EXPECT(statistic(run, "user_usec") + statistic(run, "system_usec") > 0,
	       "the command has used CPU time, saw none");
}

/* The first call finds a command that runs, the second one that has ended. */
static void interrupted_wait(void)
{
	const char *token = fresh_token();
	char fault[32], program[64];
	struct run *run;
	pid_t command;

	snprintf(fault, sizeof(fault), "fail=wait:2:%d", EINTR);
	snprintf(program, sizeof(program), "reap probe hold %s", token);
	run = START("probe", "launch", fault, program);
	command = await_probe(token);
	AWAIT(is_idle(pid_of(run)), "reap does not come to rest");
	kill(command, SIGTERM);
	EXPECT(finish(run) == 128 + SIGTERM,
	       "expected the command's status, %d, after a wait that a signal "
	       "has interrupted (EINTR); saw %d",
	       128 + SIGTERM, finish(run));
}

static void failures(void)
{
	int status = random_between(1, 124);
	char fault[32], program[64];

	interrupted_wait();
	snprintf(program, sizeof(program), "reap probe exit %d", status);
	snprintf(fault, sizeof(fault), "fail=wait:1:%d", EINTR);
	expect_status(START("probe", "launch", fault, program), status);
	snprintf(fault, sizeof(fault), "fail=wait:1:%d", EINVAL);
	expect_refusal(START("probe", "launch", fault, program),
		       "Invalid argument");
	snprintf(fault, sizeof(fault), "fail=subreaper:1:%d", EINVAL);
	expect_refusal(START("probe", "launch", fault, program),
		       "Invalid argument");
	REFUSES("CMD", "reap");
	REFUSES("CMD", "reap", "--stats");
	REFUSES("--stats", "reap", "--stats=yes", "probe", "exit", "0");
	REFUSES("--nonsense", "reap", "--nonsense", "probe", "exit", "0");
}

static const struct test tests[] = {
	{"exit_status", 1, "reap exits with the status of CMD",
	 exit_status_kept, 0, 0},
	{"ended_by_signal", 1, "a CMD that signal n ended makes 128 + n",
	 ended_by_signal, 0, 0},
	{"adopts_orphans", 1,
	 "orphans below reap become its children, and are collected",
	 adopts_orphans, 0, 0},
	{"waits_for_orphans", 1,
	 "reap outlives CMD as long as there are orphans, and tells CMD's "
	 "status",
	 waits_for_orphans, 0, 0},
	{"no_zombies", 2,
	 "of a thousand children that end at once no zombie stays", no_zombies,
	 0, 0},
	{"goes_on_meanwhile", 1,
	 "while CMD runs, reap sleeps and passes signals on: collecting does "
	 "not wait",
	 goes_on_meanwhile, 0, 0},
	{"stopped_is_not_ended", 1,
	 "a child that stops and continues has not "
	 "ended",
	 stopped_is_not_ended, 0, 0},
	{"statistics", 1,
	 "the resources told are those of CMD and its children, and of nobody "
	 "else",
	 statistics, 0, 0},
	{"failures", 1,
	 "an interrupted wait is tried again, and what fails is said", failures,
	 0, 0},
	{0},
};

const struct gate gate = {"02-wait-zombies", "reap", tests};
