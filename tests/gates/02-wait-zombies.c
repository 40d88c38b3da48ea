/* Stage 02: reap.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

/* As many orphans as end at once; as many as the driver leaves as zombies. */
enum { CROWD = 300, THOUSAND = 1000 };

/* The children of whoever was looked at last; of reap, CMD is the first. */
static pid_t family[THOUSAND + 64];

static size_t count_children(pid_t pid)
{
	return children_of(pid, family, sizeof(family) / sizeof(family[0]));
}

static bool is_alive(pid_t pid)
{
	char state = state_of(pid);

	return state != 0 && state != 'Z';
}

static void end_one(pid_t pid, int sig)
{
	kill_process(pid, sig);
	AWAIT(state_of(pid) == 'Z', "process %d does not end", pid);
}

static void set_state(pid_t pid, int sig, bool stopped)
{
	kill_process(pid, sig);
	AWAIT((state_of(pid) == 'T') == stopped, "process %d does not %s", pid,
	      stopped ? "stop" : "go on");
}

static const char *in_one_line(const char *text)
{
	static char line[256];
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == '\n')
		length--;
	snprintf(line, sizeof(line), "%.*s", (int)length, text);
	for (char *c = line; *c; c++)
		if (*c == '\n')
			*c = ' ';
	return line;
}

/* How many the command's one child has: orphans that are still to be. */
static size_t count_forked(pid_t reap)
{
	pid_t command, parent;

	if (children_of(reap, &command, 1) == 0 ||
	    children_of(command, &parent, 1) == 0)
		return 0;
	return count_children(parent);
}

/* `probe orphans` below reap, which all of them are to be given to. */
static struct run *start_orphans(int count, const char *token)
{
	struct run *run = START("reap", "--stats", "probe", "orphans",
				number_word(count), token);
	pid_t reap = pid_of(run);
	double limit = deadline();
	size_t forked = 0;

	/* The sandbox's own process 1 has one child that is not an orphan.
	 * The limit is for one fork: a slow machine makes them all in time. */
	while (count_children(reap) != (size_t)count + 1 &&
	       count_children(sandbox_init()) <= 1 && !has_ended(run)) {
		size_t now = count_forked(reap);

		if (now > forked)
			limit = deadline();
		forked = now;
		EXPECT(!past(limit),
		       "of %d orphans and the command, reap has %zu as "
		       "children",
		       count, count_children(reap));
	}
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
	       "reaped is to be %lu (the command and %lu orphans), and is "
	       "%lu%s",
	       orphans + 1, orphans, reaped,
	       reaped > orphans + 1 ? ": more has been counted than ends" : "");
	EXPECT(statistic(run, "orphans") == orphans,
	       "expected %lu orphans, saw %lu", orphans,
	       statistic(run, "orphans"));
}

/* Why it may wait for ever. */
static const char *likely_cause(struct run *run)
{
	pid_t reap = pid_of(run), child;

	if (status_mask(reap, "SigIgn") & 1U << (SIGCHLD - 1))
		return "it ignores SIGCHLD, so it is not told how its children "
		       "end, nor when";
	if (children_of(reap, &child, 1) == 0)
		return "it has no child any more";
	return state_of(child) == 'Z' ? "a child of it is a zombie: nobody has "
					"waited for it"
				      : "a child of it still runs";
}

static void expect_end(struct run *run, int status)
{
	AWAIT(has_ended(run), "reap has not ended: %s", likely_cause(run));
	expect_status(run, status);
}

static void exit_status_kept(void)
{
	static const int fixed[] = {0, 1, 125, 255};
	int status = random_between(2, 124);
	char ignored[32], program[64];

	for (size_t i = 0; i < 4; i++)
		expect_end(
			START("reap", "probe", "exit", number_word(fixed[i])),
			fixed[i]);
	expect_end(START("reap", "probe", "exit", number_word(status)), status);
	/* Whoever ignores SIGCHLD is not told how his children end. */
	snprintf(ignored, sizeof(ignored), "ignore=%x", 1U << (SIGCHLD - 1));
	snprintf(program, sizeof(program), "reap probe exit %d", status);
	expect_status(START("probe", "launch", ignored, program), status);
	expect_status(START("reap", fresh_token()), 127);
	expect_status(START("reap", "/tmp"), 126);
	expect_nothing_left();
}

/* What wait(2) says of the same signal with and without a core dump. */
static void core_dumped(void)
{
	const int sig = random_between(1, 64);
	char expected[32];
	struct run *run = START("driver", "status", number_word(sig),
				number_word(sig | 0x80));

	snprintf(expected, sizeof(expected), "%d\n%d\n", 128 + sig, 128 + sig);
	EXPECT(finish(run) == 0 && strcmp(output_of(run), expected) == 0,
	       "exit_status() of wait status %d and of %d, which is signal %d "
	       "without and with a core dump, is to be %d twice, and is %s",
	       sig, sig | 0x80, sig, 128 + sig, in_one_line(output_of(run)));
}

static void ended_by_signal(void)
{
	const int signals[] = {SIGHUP, SIGINT, SIGKILL, SIGTERM,
			       random_between(SIGRTMIN, SIGRTMAX)};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		const char *token = fresh_token();
		struct run *run = START("reap", "probe", "hold", token);

		kill_process(await_probe(token), signals[i]);
		expect_status(run, 128 + signals[i]);
	}
	expect_nothing_left();
	core_dumped();
}

/* Some leave the session and the process group of whoever started them. */
static void adopts_a_daemon(void)
{
	const char *token = fresh_token(), *daemon = fresh_token();
	struct run *run = START("reap", "sh", "-c",
				"(setsid probe hold $0 &); exec probe hold $1",
				daemon, token);
	pid_t orphan, command = await_probe(token);

	orphan = await_probe(daemon);
	AWAIT(parent_of(orphan) != command && group_of(orphan) == orphan,
	      "the daemon is still a child of the command");
	EXPECT(parent_of(orphan) == pid_of(run),
	       "an orphan in a session of its own has gone to process %d, not "
	       "to reap",
	       parent_of(orphan));
	kill_process(orphan, SIGKILL);
	AWAIT(state_of(orphan) == 0 || has_ended(run),
	      "an orphan in a process group of its own has ended and is a "
	      "zombie: reap waits for its own group only");
	kill_process(command, SIGTERM);
	expect_status(run, 128 + SIGTERM);
}

static void adopts_orphans(void)
{
	const char *token = fresh_token();
	int count = random_between(2, 9);
	struct run *run = start_orphans(count, token);
	pid_t command = family[0];

	release(token);
	about_task(4);
	AWAIT(count_children(pid_of(run)) == 1 || has_ended(run),
	      "the orphans have ended, and reap still has them as children: "
	      "%zu",
	      count_children(pid_of(run)) - 1);
	EXPECT(!has_ended(run) && is_alive(command),
	       "reap has ended with the orphans, before its command");
	kill_process(command, SIGTERM);
	expect_status(run, 128 + SIGTERM);
	about_task(2);
	adopts_a_daemon();
	expect_nothing_left();
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

		kill_process(first[i], sig);
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
		kill_process(command, SIGSTOP);
		/* It hears of it, and is to sleep again after that. */
		AWAIT((state_of(command) == 'T' && times_slept(reap) > slept) ||
			      has_ended(run),
		      "reap was not woken when its command stopped");
		slept = times_slept(reap);
		kill_process(command, SIGCONT);
		AWAIT((state_of(command) != 'T' && times_slept(reap) > slept) ||
			      has_ended(run),
		      "reap was not woken when its command went on");
	}
	send_signal(run, SIGTERM);
	EXPECT(finish(run) == 0,
	       "expected exit status 0, saw %d: the command was only stopped "
	       "and went on, and was taken for ended",
	       finish(run));
	expect_counts(run, 0);
	expect_nothing_left();
}

/*
 * What it has used so far, in microseconds: what the kernel counts in clock
 * ticks, field 14 (user) or 15 (system) of /proc/PID/stat, was no less.
 */
static unsigned long used(pid_t pid, bool system)
{
	const char *fields = strrchr(proc_file(pid, "stat"), ')');
	unsigned long user_ticks = 0, system_ticks = 0;

	if (fields)
		sscanf(fields,
		       ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		       &user_ticks, &system_ticks);
	return (system ? system_ticks : user_ticks) * 1000000UL /
	       (unsigned long)sysconf(_SC_CLK_TCK);
}

/* The two kinds of CPU time, of a command that has had both. */
static void time_of_both_kinds(void)
{
	static const char *const names[] = {"user_usec", "system_usec"};
	struct run *run = START("reap", "--stats", "dd", "if=/dev/zero",
				"of=/dev/null", "bs=64");
	pid_t reap = pid_of(run), command;
	unsigned long had[2] = {0};

	AWAIT((count_children(reap) == 1 && used(family[0], false) > 0 &&
	       used(family[0], true) > 0) ||
		      has_ended(run),
	      "the command has no user time, or no system time");
	EXPECT(!has_ended(run), "reap has ended before its command");
	command = family[0];
	/* What it had stands still before it is told. */
	set_state(reap, SIGSTOP, true);
	end_one(command, SIGKILL);
	for (int i = 0; i < 2; i++)
		had[i] = used(command, i == 1);
	set_state(reap, SIGCONT, false);
	expect_end(run, 128 + SIGKILL);
	for (int i = 0; i < 2; i++)
		EXPECT(statistic(run, names[i]) >= had[i],
		       "the command has used %lu microseconds or more of its "
		       "%s time, and %s is %lu",
		       had[i], i == 0 ? "user" : "system", names[i],
		       statistic(run, names[i]));
}

/*
 * The command's child fills 8 MiB, and two orphans 24 each, one before and
 * one after that: whose memory is told?
 */
static void statistics(void)
{
	const char *first = fresh_token(), *go = fresh_token(),
		   *last = fresh_token();
	const char *script = "( (probe fill 24; : >/tmp/$0) & )\n"
			     "(probe await $2; probe fill 24) &\n"
			     "probe await $1; probe fill 8";
	struct run *run =
		START("reap", "--stats", "sh", "-c", script, first, go, last);
	pid_t reap = pid_of(run), command;
	unsigned long kib;

	AWAIT((exists(first, "") && count_children(reap) == 1) ||
		      has_ended(run),
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
	EXPECT(kib > 6 * 1024,
	       "expected the memory of the command's own child, about 8 MiB, "
	       "saw %lu KiB",
	       kib);
	EXPECT(kib < 14 * 1024,
	       "the command had no more than about 8 MiB, saw %lu KiB: that "
	       "is an orphan's",
	       kib);
	EXPECT(statistic(run, "user_usec") + statistic(run, "system_usec") > 0,
	       "the command has used CPU time, saw none");
	time_of_both_kinds();
}

/* What the driver prints of one call of reap_ended(). */
struct told {
	int returned, ended, status, stopped;
	unsigned long reaped;
	long long usec;
	long kib;
};

/* Line `number` of what it has printed, from 0; false: not there yet. */
static bool told_line(struct run *run, int number, struct told *told)
{
	const char *line = output_of(run), *end = strchr(line, '\n');

	for (; number > 0 && end; number--) {
		line = end + 1;
		end = strchr(line, '\n');
	}
	return end && sscanf(line, "%d %d %d %d %lu %lld %ld", &told->returned,
			     &told->ended, &told->status, &told->stopped,
			     &told->reaped, &told->usec, &told->kib) == 7;
}

/*
 * One call of reap_ended(), after `what` has happened. The line says what it
 * is to have returned and to have written down.
 */
static struct told call(struct run *run, const char *what, struct told want)
{
	struct told told = {0};
	int number = 0;

	while (told_line(run, number, &told))
		number++;
	send_signal(run, SIGUSR1);
	AWAIT(told_line(run, number, &told) || has_ended(run),
	      "%s, and reap_ended() does not return: it waits for a child that "
	      "has not ended",
	      what);
	EXPECT(told_line(run, number, &told),
	       "%s, and reap_ended() has ended its caller, with status %d",
	       what, finish(run));
	EXPECT(told.returned == want.returned,
	       "%s: reap_ended() is to return %d, %s, and has returned %d",
	       what, want.returned,
	       want.returned ? "because children are left"
			     : "because no child is left",
	       told.returned);
	EXPECT(told.reaped == want.reaped,
	       "%s: reaped is to be %lu, and is %lu", what, want.reaped,
	       told.reaped);
	EXPECT(told.ended == want.ended && told.status == want.status,
	       "%s: ended and status are to be %d and %d, and are %d and %d: "
	       "they are about the child alone, and stay as they were at its "
	       "end",
	       what, want.ended, want.status, told.ended, told.status);
	EXPECT(told.stopped == want.stopped,
	       "%s: stopped is to be %d, and is %d: it is the number of the "
	       "signal while the child itself is stopped, and 0 otherwise",
	       what, want.stopped, told.stopped);
	EXPECT(want.usec == 0 ||
		       (told.usec == want.usec && told.kib == want.kib),
	       "%s: usage has changed, and was the child's", what);
	return told;
}

#define CALL(what, ...) call(run, what, (struct told){__VA_ARGS__})

/* True when it has so many children, in family[], and all are the probe. */
static bool all_execute(pid_t parent, size_t count, const char *token)
{
	if (count_children(parent) != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!argument_is(family[i], 2, token))
			return false;
	return true;
}

/*
 * `driver calls`, its children in family[], the one that matters first;
 * `setting` as of the launcher.
 */
static struct run *start_calls(const char *setting, int others)
{
	const char *token = fresh_token();
	struct run *run = START_WITH(
		{.as_root = true}, "probe", "launch", setting,
		word("driver calls %d probe hold %s", others, token));
	pid_t driver = pid_of(run);

	AWAIT(all_execute(driver, (size_t)others + 1, token) || has_ended(run),
	      "the driver has not started its children");
	EXPECT(!has_ended(run), "the driver has ended, with status %d",
	       finish(run));
	return run;
}

/* Not SIGSTOP, but one of those that a process may also ignore or handle. */
static int stop_signal(void)
{
	static const int signals[] = {SIGTSTP, SIGTTIN, SIGTTOU};

	return signals[random_between(0, 2)];
}

static void told_of_stops(struct run *run, pid_t child, pid_t other)
{
	const int sig = stop_signal();

	CALL("nothing has happened", .returned = 1);
	set_state(child, SIGSTOP, true);
	CALL("the child has stopped", .returned = 1, .stopped = SIGSTOP);
	set_state(other, SIGSTOP, true);
	CALL("another child has stopped too", .returned = 1,
	     .stopped = SIGSTOP);
	set_state(other, SIGCONT, false);
	CALL("the other child goes on", .returned = 1, .stopped = SIGSTOP);
	set_state(child, SIGCONT, false);
	CALL("the child goes on", .returned = 1);
	set_state(child, sig, true);
	CALL(word("signal %d has stopped the child", sig), .returned = 1,
	     .stopped = sig);
	set_state(child, SIGCONT, false);
	CALL("the child goes on", .returned = 1);
	set_state(child, SIGSTOP, true);
	CALL("the child has stopped again", .returned = 1, .stopped = SIGSTOP);
}

static void told_of_ends(struct run *run, const pid_t *pids)
{
	const int sig = random_between(SIGRTMIN, SIGRTMAX);
	struct told told;

	end_one(pids[1], SIGTERM);
	end_one(pids[2], SIGHUP);
	CALL("two other children have ended", .returned = 1, .stopped = SIGSTOP,
	     .reaped = 2);
	set_state(pids[0], SIGCONT, false);
	end_one(pids[0], sig);
	told = CALL("the child has ended", .returned = 1, .ended = 1,
		    .status = sig, .reaped = 3);
	end_one(pids[3], SIGKILL);
	CALL("another child has ended, after the child", .returned = 1,
	     .ended = 1, .status = sig, .reaped = 4, .usec = told.usec,
	     .kib = told.kib);
	/* The process id of the child is free, and given to another one. */
	send_signal(run, SIGUSR2);
	AWAIT((count_children(pid_of(run)) == 2 && state_of(family[1]) == 'S' &&
	       argument_is(family[1], 0, "probe")) ||
		      has_ended(run),
	      "the driver has not started a process with the child's id");
	EXPECT(!has_ended(run), "the driver has ended, with status %d",
	       finish(run));
	set_state(family[1], SIGSTOP, true);
	CALL("a new process that got the child's id has stopped", .returned = 1,
	     .ended = 1, .status = sig, .reaped = 4, .usec = told.usec,
	     .kib = told.kib);
	end_one(family[1], SIGKILL);
	CALL("a new process that got the child's id has ended", .returned = 1,
	     .ended = 1, .status = sig, .reaped = 5, .usec = told.usec,
	     .kib = told.kib);
	end_one(pids[4], SIGKILL);
	CALL("the last child has ended", .ended = 1, .status = sig, .reaped = 6,
	     .usec = told.usec, .kib = told.kib);
	CALL("there is no child", .ended = 1, .status = sig, .reaped = 6,
	     .usec = told.usec, .kib = told.kib);
}

/* News of several kinds and of several children, all before one call. */
static void told_at_once(void)
{
	const int sig = stop_signal();
	struct run *run = start_calls("block=0", 5);
	pid_t pids[6];

	memcpy(pids, family, sizeof(pids));
	set_state(pids[1], SIGSTOP, true);
	end_one(pids[2], SIGTERM);
	set_state(pids[3], sig, true);
	CALL("one other child has ended, one before it and one after it have "
	     "stopped",
	     .returned = 1, .reaped = 1);
	set_state(pids[1], SIGCONT, false);
	end_one(pids[3], SIGKILL);
	CALL("one other child goes on and one has ended", .returned = 1,
	     .reaped = 2);
	set_state(pids[0], sig, true);
	end_one(pids[4], SIGKILL);
	CALL("the child has stopped and another one has ended", .returned = 1,
	     .stopped = sig, .reaped = 3);
	end_one(pids[0], SIGKILL);
	end_one(pids[1], SIGKILL);
	end_one(pids[5], SIGKILL);
	CALL("the child and all others have ended", .ended = 1,
	     .status = SIGKILL, .reaped = 6);
	send_signal(run, SIGTERM);
	expect_status(run, 0);
}

/* The kernel itself collects the children of who ignores SIGCHLD. */
static void told_of_nobody(void)
{
	struct run *run =
		start_calls(word("ignore=%x", 1U << (SIGCHLD - 1)), 0);
	pid_t child = family[0];

	kill_process(child, SIGKILL);
	AWAIT(state_of(child) == 0, "process %d does not end", child);
	CALL("the only child has ended, and nobody can wait for it since "
	     "SIGCHLD is ignored",
	     .returned = 0);
	send_signal(run, SIGTERM);
	expect_status(run, 0);
}

/* Every call of reap_ended() tells all that has happened, and no more. */
static void outcome(void)
{
	struct run *run = start_calls("block=0", 4);
	pid_t pids[5];

	memcpy(pids, family, sizeof(pids));
	told_of_stops(run, pids[0], pids[1]);
	told_of_ends(run, pids);
	send_signal(run, SIGTERM);
	expect_status(run, 0);
	about_task(4);
	told_at_once();
	told_of_nobody();
}

/* As many as the one SIGCHLD may stand for, and one call. */
static void a_thousand_at_once(void)
{
	struct run *run = start_calls("block=0", 0);
	pid_t driver = pid_of(run), child = family[0];

	send_signal(run, SIGHUP);
	/* The limit is for one fork, as it is for orphans. */
	for (size_t now = 0; now <= THOUSAND && !has_ended(run);) {
		size_t before = now;

		AWAIT((now = count_children(driver)) > before || has_ended(run),
		      "the driver has not started a thousand children, but %zu",
		      now);
	}
	AWAIT(count_zombies(driver) == THOUSAND || has_ended(run),
	      "of a thousand children of the driver only %zu have ended",
	      count_zombies(driver));
	CALL("a thousand other children have ended", .returned = 1,
	     .reaped = THOUSAND);
	EXPECT(count_children(driver) == 1,
	       "reap_ended() has returned, and %zu of a thousand children "
	       "that had ended are zombies still",
	       count_zombies(driver));
	end_one(child, SIGKILL);
	CALL("after a thousand others the child has ended", .ended = 1,
	     .status = SIGKILL, .reaped = THOUSAND + 1);
	send_signal(run, SIGTERM);
	expect_status(run, 0);
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
	EXPECT(!has_ended(run) && is_alive(command),
	       "reap has ended before its command");
	EXPECT(count_descriptors(reap) < 16,
	       "reap has %d open descriptors after %d children: it forgets to "
	       "close them",
	       count_descriptors(reap), CROWD);
	kill_process(command, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	expect_counts(run, CROWD);
	a_thousand_at_once();
	expect_nothing_left();
}

/* A wait that a signal has interrupted, whichever it is. */
static void interrupted_waits(void)
{
	char fault[32], program[64];

	for (int n = 1; n <= 4; n++) {
		const char *token = fresh_token();
		struct run *run;
		pid_t command;

		snprintf(fault, sizeof(fault), "fail=wait:%d:%d", n, EINTR);
		snprintf(program, sizeof(program), "reap probe hold %s", token);
		run = START("probe", "launch", fault, program);
		command = await_probe(token);
		/* The first call finds a command that runs, the next an end. */
		AWAIT(is_idle(pid_of(run)) || has_ended(run),
		      "reap does not come to rest");
		kill_process(command, SIGTERM);
		EXPECT(finish(run) == 128 + SIGTERM,
		       "expected the command's status, %d, after its wait "
		       "number %d was interrupted by a signal (EINTR) and "
		       "could be tried again; saw %d",
		       128 + SIGTERM, n, finish(run));
	}
}

/* `call` fails as it is begun for the first time, or for the second. */
static void expect_failure(const char *call, int number, int error)
{
	char fault[32];
	struct run *run;

	snprintf(fault, sizeof(fault), "fail=%s:%d:%d", call, number, error);
	run = START("probe", "launch", fault, "reap probe exit 0");
	AWAIT(has_ended(run),
	      "%s(2) failed with \"%s\", and reap neither ends nor says so",
	      call[0] == 'w' ? "wait" : "prctl", strerror(error));
	EXPECT(finish(run) == 125,
	       "%s(2) failed with \"%s\": expected exit status 125, saw %d",
	       call[0] == 'w' ? "wait" : "prctl", strerror(error), finish(run));
	expect_refusal(run, strerror(error));
}

static void failures(void)
{
	interrupted_waits();
	expect_failure("wait", 1, EINVAL);
	expect_failure("wait", 2, EFAULT);
	expect_failure("subreaper", 1, EINVAL);
	REFUSES("CMD", "reap");
	REFUSES("CMD", "reap", "--stats");
	REFUSES("--stats", "reap", "--stats=yes", "probe", "exit", "0");
	REFUSES("--nonsense", "reap", "--nonsense", "probe", "exit", "0");
}

static const struct test tests[] = {
	{"exit_status", 1, "reap exits with the status of CMD",
	 exit_status_kept, 0, 1},
	{"ended_by_signal", 1, "a CMD that signal n ended makes 128 + n",
	 ended_by_signal, 0, 1},
	{"adopts_orphans", 1,
	 "orphans below reap become its children, and are collected",
	 adopts_orphans, 0, 2},
	{"no_zombies", 1,
	 "of 300 children that end at once, and of a thousand that have ended, "
	 "no zombie stays",
	 no_zombies, TAKES_LONG, 4},
	{"goes_on_meanwhile", 1,
	 "while CMD runs, reap sleeps and passes signals on: collecting does "
	 "not wait",
	 goes_on_meanwhile, 0, 4},
	{"waits_for_orphans", 1,
	 "reap outlives CMD as long as there are orphans, and tells CMD's "
	 "status",
	 waits_for_orphans, 0, 3},
	{"stopped_is_not_ended", 1,
	 "a child that stops and continues has not "
	 "ended",
	 stopped_is_not_ended, 0, 3},
	{"statistics", 1,
	 "the resources told are those of CMD and its children, and of nobody "
	 "else",
	 statistics, 0, 3},
	{"outcome", 1,
	 "each reap_ended() tells all that has happened, and what is known of "
	 "the child's end stays",
	 outcome, 0, 3},
	{"failures", 1,
	 "an interrupted wait is tried again, and what fails is said", failures,
	 TAKES_LONG, 4},
	{0},
};

const struct gate gate = {"02-wait-zombies", "reap", tests};
