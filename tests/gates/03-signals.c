/* Stage 03: signals.h. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

#define CROWD 200

/* For `probe launch`: a signal every three milliseconds. */
#define ALARM "alarm=3"
#define ALARM_SECONDS 0.003

/* AWAIT() looks no more often than that. */
#define LOOK_SECONDS 0.001

static char record[64];

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

/* For `probe launch`: these are blocked when the program starts. */
static const char *blocked(uint64_t signals)
{
	return word("block=%llx", (unsigned long long)signals);
}

/*
 * For `probe launch`: stands still before it becomes a subreaper, which is
 * after hold_signals() and before there is a child.
 */
static const char *paused_early(const char *token)
{
	return word("pause=subreaper:1:%s", token);
}

static void await_paused_early(struct run *run, const char *token)
{
	AWAIT(exists(token, ".paused") || has_ended(run),
	      "supervise did not become a subreaper");
}

/* Where the `probe record` of now writes. */
static const char *fresh_record(void)
{
	snprintf(record, sizeof(record), "/tmp/%s", fresh_token());
	return record;
}

/* How often it has written this line. */
static int recorded(const char *word)
{
	const char *line = read_in_sandbox(record);
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

	AWAIT(children_of(supervise, &child, 1) == 1, "supervise has no child");
	return child;
}

/* Long after what was to happen, and before a test gives up. */
static bool is_late(double since)
{
	return seconds_now() - since > time_limit() / 2;
}

/* Such as "0.063": short, and a number that nobody can expect. */
static const char *short_time(double *value)
{
	static char words[2][16];
	static int next;

	next = (next + 1) % 2;
	*value = random_between(50, 80) / 1e3;
	snprintf(words[next], sizeof(words[next]), "%.3f", *value);
	return words[next];
}

/* It has been woken since it had slept so often, and waits again. */
static bool has_settled(pid_t pid, long slept, int *looks)
{
	/* Or it need not be woken for that, or never sleeps. */
	return (state_of(pid) != 'R' && times_slept(pid) > slept) ||
	       ++*looks > 200;
}

/* It has dealt with all that has come, and waits. */
static bool at_rest(pid_t pid)
{
	return is_idle(pid) && state_of(pid) == 'S';
}

/* Sends a signal, and returns when supervise has dealt with it. */
static void signal_and_settle(pid_t to, int sig, pid_t supervise)
{
	long slept = times_slept(supervise);
	int looks = 0;

	kill_process(to, sig);
	AWAIT(has_settled(supervise, slept, &looks),
	      "supervise does not come to rest");
}

static void exit_status_kept(void)
{
	const int signals[] = {SIGINT, SIGKILL, SIGTERM,
			       random_between(SIGRTMIN, SIGRTMAX)};
	const int statuses[] = {0, 1, random_between(2, 254), 255};
	const char *token = fresh_token();
	char ignored[32], program[64];
	struct run *run;

	for (size_t i = 0; i < 4; i++) {
		run = START("supervise", "probe", "exit",
			    number_word(statuses[i]));
		expect_status(run, statuses[i]);
		run = START("supervise", "probe", "hold", token);
		kill_process(await_probe(token), signals[i]);
		expect_status(run, 128 + signals[i]);
	}
	/* Whoever ignores SIGCHLD is not told how his children end. */
	snprintf(ignored, sizeof(ignored), "ignore=%llx",
		 (unsigned long long)bit_of(SIGCHLD));
	snprintf(program, sizeof(program), "supervise probe exit %d",
		 statuses[2]);
	run = START("probe", "launch", ignored, program);
	about_task(2);
	AWAIT(has_ended(run),
	      "supervise was started with SIGCHLD ignored (SigIgn %s), and "
	      "does not learn that its child has ended",
	      status_of(pid_of(run), "SigIgn"));
	expect_status(run, statuses[2]);
	about_task(7);
	expect_status(START("supervise", token), 127);
	expect_nothing_left();
}

/* SIGTSTP has been sent, and SIGCONT is to follow it: again and again. */
static void pass_one(struct run *run, pid_t supervise, int sig)
{
	if (sig != SIGTSTP)
		kill_process(supervise, sig);
	AWAIT(recorded(number_word(sig)) || has_ended(run) ||
		      (sig == SIGCONT && (kill_process(supervise, sig), false)),
	      "signal %d (%s) was sent to supervise and has not reached its "
	      "child",
	      sig, strsignal(sig));
	about_task(1);
	EXPECT(recorded(number_word(sig)),
	       "signal %d (%s) has ended supervise instead of reaching its "
	       "child",
	       sig, strsignal(sig));
	about_task(4);
}

/*
 * What the other process of the child's group has had: nothing but `last`, and
 * not what was `sent`.
 */
static void expect_left_alone(const char *path, int last, const char *sent)
{
	char expected[32];
	pid_t other = find_probe(path);

	snprintf(expected, sizeof(expected), "ready\n%d\n", last);
	EXPECT(other != 0,
	       "a process that the child had started has ended with it: the "
	       "signals went to the whole process group, and are the child's");
	kill_process(other, last);
	AWAIT(state_of(other) == 0, "process %d does not end", other);
	EXPECT(strcmp(read_in_sandbox(path), expected) == 0,
	       "%s reached another process of the child's group, too: a "
	       "negative process id makes kill(2) signal a whole group",
	       sent);
}

/* That is not always a key: the si_code of both is the same. */
static void comes_from_kernel(void)
{
	struct run *run = START(
		"probe", "launch", blocked(bit_of(SIGALRM)), ALARM,
		word("supervise probe record %s %d", fresh_record(), SIGALRM));

	AWAIT(has_ended(run),
	      "SIGALRM comes from the kernel every %.3f s and does not reach "
	      "the child: SI_KERNEL alone makes no key of it, ask "
	      "came_to_both()",
	      ALARM_SECONDS);
	expect_status(run, 0);
}

static void comes_from_child(void)
{
	const int status = random_between(1, 99);
	struct run *run = START("supervise", "sh", "-c",
				"trap 'exit $0' USR1; kill -USR1 $PPID;"
				"while :; do usleep 1000; done",
				number_word(status));

	AWAIT(has_ended(run),
	      "the child has sent SIGUSR1 to supervise, and is to get it as it "
	      "gets everybody else's");
	expect_status(run, status);
}

static void every_signal(void)
{
	char other[64];
	struct run *run;
	pid_t supervise, command;

	snprintf(other, sizeof(other), "%s", fresh_record());
	run = START("supervise", "sh", "-c",
		    "probe record $0 64 & exec probe record $1", other,
		    fresh_record());
	await_recording(run);
	AWAIT(strcmp(read_in_sandbox(other), "ready\n") == 0,
	      "the command's child was not executed");
	supervise = pid_of(run);
	command = command_of(supervise);
	for (int sig = 1; sig <= 64; sig++)
		if (is_forwardable(sig) && sig != SIGTERM && sig != SIGTSTP &&
		    sig != SIGCONT)
			pass_one(run, supervise, sig);
	/* It may stop itself for this one. */
	signal_and_settle(supervise, SIGTSTP, supervise);
	pass_one(run, supervise, SIGTSTP);
	pass_one(run, supervise, SIGCONT);
	/* News of the child are not for the child. */
	AWAIT(state_of(command) == 'T' ||
		      (kill_process(command, SIGSTOP), false),
	      "the command does not stop");
	kill_process(command, SIGCONT);
	about_task(3);
	EXPECT(count_descriptors(supervise) < 16,
	       "supervise has %d open descriptors after all these signals: it "
	       "forgets to close them",
	       count_descriptors(supervise));
	pass_one(run, supervise, SIGTERM);
	expect_status(run, 0);
	expect_left_alone(other, 64,
			  "signals that were sent to supervise have");
	about_task(7);
	EXPECT(!recorded(number_word(SIGCHLD)),
	       "SIGCHLD, which is for supervise, was passed on to its child");
	about_task(4);
	EXPECT(output_of(run)[0] == '\0' && errors_of(run)[0] == '\0',
	       "supervise has written \"%.40s\" into the command's output",
	       output_of(run)[0] ? output_of(run) : errors_of(run));
	comes_from_kernel();
	comes_from_child();
	expect_nothing_left();
}

/* What a program has by execve(2): the mask, and what is ignored. */
static void mask_as_called(void)
{
	for (int i = 0; i < 3; i++) {
		const char *token = fresh_token();
		char setting[32], program[64];
		uint64_t mask = 0, seen;
		struct run *run;
		pid_t command;

		/* None; some; all of the lowest, SIGCHLD among them. */
		for (int n = 0; i == 1 && n < 5; n++)
			mask |= bit_of(random_between(SIGRTMIN, SIGRTMAX)) |
				bit_of(random_between(SIGURG, SIGSYS));
		if (i == 2)
			mask = 0x7fffffff &
			       ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
		snprintf(setting, sizeof(setting), "block=%llx",
			 (unsigned long long)mask);
		snprintf(program, sizeof(program), "supervise probe hold %s",
			 token);
		run = START("probe", "launch", setting, program);
		command = await_probe(token);
		seen = status_mask(command, "SigBlk");
		EXPECT(seen == mask,
		       "supervise was started with the signal mask %016llx "
		       "and CMD has %016llx: a mask is inherited through "
		       "execve(2)",
		       (unsigned long long)mask, (unsigned long long)seen);
		/* What we ignore ourselves the sandbox has not passed on. */
		EXPECT(status_mask(command, "SigIgn") == 0,
		       "CMD ignores signals (SigIgn %s) that supervise's "
		       "caller did not ignore",
		       status_of(command, "SigIgn"));
		EXPECT(group_of(command) == command,
		       "CMD does not lead a process group of its own");
		EXPECT(count_descriptors(command) == 3,
		       "CMD has %d open descriptors, and is to have 0, 1 and 2 "
		       "alone: one of supervise's is without FD_CLOEXEC",
		       count_descriptors(command));
		kill_process(command, SIGKILL);
		expect_status(run, 128 + SIGKILL);
	}
}

/* nohup(1) relies on it. */
static void ignored_as_called(void)
{
	const uint64_t ignored = bit_of(SIGHUP) | bit_of(SIGINT) |
				 bit_of(SIGUSR2) |
				 bit_of(random_between(SIGRTMIN, SIGRTMAX));
	const char *token = fresh_token();
	char setting[32], program[64];
	struct run *run;
	pid_t command;

	snprintf(setting, sizeof(setting), "ignore=%llx",
		 (unsigned long long)ignored);
	snprintf(program, sizeof(program), "supervise probe hold %s", token);
	run = START("probe", "launch", setting, program);
	command = await_probe(token);
	EXPECT((status_mask(command, "SigIgn") & ignored) == ignored,
	       "supervise's caller ignores %016llx, and CMD only %s: a handler "
	       "that is installed before fork(2) is reset to the default "
	       "action, not to what was there before, by execve(2)",
	       (unsigned long long)ignored, status_of(command, "SigIgn"));
	kill_process(command, SIGKILL);
	expect_status(run, 128 + SIGKILL);
}

/* SIGCHLD has its default action, whatever it had before. */
static void sigchld_is_default(void)
{
	struct run *run = START("driver", "holding");
	pid_t pid = pid_of(run);

	AWAIT((status_mask(pid, "SigBlk") & bit_of(SIGCHLD)) && at_rest(pid),
	      "hold_signals() does not return, with SIGCHLD blocked");
	EXPECT(!(status_mask(pid, "SigCgt") & bit_of(SIGCHLD)),
	       "the caller of hold_signals() had a handler for SIGCHLD, which "
	       "is to have its default action, and has it still (SigCgt %s)",
	       status_of(pid, "SigCgt"));
	send_signal(run, SIGKILL);
	finish(run);
}

static void starts_as_called(void)
{
	mask_as_called();
	ignored_as_called();
	sigchld_is_default();
}

/* A signal comes when it is held and nobody is there to have it. */
static void held_until_then(void)
{
	const int sig = random_between(SIGRTMIN, SIGRTMAX);
	const int fault = faults[random_between(0, 6)];
	const char *token = fresh_token();
	/* One of those that are to stay as they are is blocked before. */
	struct run *run = START("probe", "launch", blocked(bit_of(fault)),
				paused_early(token),
				word("supervise probe hold %s", token));
	uint64_t mask;

	await_paused_early(run, token);
	mask = status_mask(pid_of(run), "SigBlk");
	for (int i = 1; i <= 64; i++) {
		EXPECT((mask & bit_of(i)) ||
			       (!is_forwardable(i) && i != SIGCHLD),
		       "hold_signals() has left signal %d (%s) unblocked", i,
		       strsignal(i));
		EXPECT(!(mask & bit_of(i)) || !is_fault(i) || i == fault,
		       "hold_signals() has blocked signal %d (%s), which a "
		       "fault of the program itself raises",
		       i, strsignal(i));
	}
	about_task(2);
	EXPECT(mask & bit_of(fault),
	       "signal %d (%s) was blocked before, and is not after "
	       "hold_signals(): SIG_SETMASK replaces the mask, SIG_BLOCK adds "
	       "to it",
	       fault, strsignal(fault));
	/* They are held: what becomes of one is for the loop. */
	about_task(7);
	send_signal(run, sig);
	release(token);
	AWAIT(has_ended(run),
	      "signal %d came before CMD was started and was to end it; it is "
	      "lost",
	      sig);
	EXPECT(!find_probe(token),
	       "signal %d came before CMD was started. Instead of CMD, it has "
	       "ended supervise: it was unblocked, and nothing was there to "
	       "take it",
	       sig);
	EXPECT(finish(run) == 128 + sig,
	       "signal %d came before CMD was started and was to end it: "
	       "expected exit status %d, saw %d",
	       sig, 128 + sig, finish(run));
}

/* Stands still in the child, in the moment before it becomes CMD. */
static void held_at_exec(void)
{
	const char *token = fresh_token();
	char setting[64], program[64];
	struct run *run;
	pid_t supervise;

	snprintf(setting, sizeof(setting), "pause=exec:2:%s", token);
	snprintf(program, sizeof(program), "supervise probe hold %s", token);
	run = START("probe", "launch", setting, program);
	AWAIT(exists(token, ".paused") || has_ended(run),
	      "the command was not executed");
	supervise = pid_of(run);
	signal_and_settle(supervise, SIGHUP, supervise);
	release(token);
	AWAIT(has_ended(run),
	      "SIGHUP came between fork(2) and execve(2) and was to end the "
	      "child; it is lost");
	EXPECT(finish(run) == 128 + SIGHUP,
	       "SIGHUP came between fork(2) and execve(2) and was to end the "
	       "child: expected exit status %d, saw %d",
	       128 + SIGHUP, finish(run));
}

/* Many come before it has a chance to look: it is stopped. */
static void many_at_once(void)
{
	const int realtime = random_between(SIGRTMIN, SIGRTMAX);
	const int signals[] = {SIGHUP,	SIGINT,	  SIGUSR1, SIGUSR2,
			       SIGPIPE, SIGWINCH, SIGURG,  SIGPWR};
	const int count = sizeof(signals) / sizeof(signals[0]);
	const int fault = faults[random_between(0, 6)];
	struct run *run =
		START("probe", "launch", blocked(bit_of(fault)),
		      word("supervise probe record %s", fresh_record()));
	pid_t supervise = pid_of(run);
	int offset = random_between(0, count - 1);

	await_recording(run);
	kill_process(supervise, SIGSTOP);
	AWAIT(state_of(supervise) == 'T', "supervise does not stop");
	for (int i = 0; i < count; i++)
		kill_process(supervise, signals[(i + offset) % count]);
	for (int i = 0; i < 3; i++)
		kill_process(supervise, realtime);
	kill_process(supervise, fault);
	kill_process(supervise, SIGCONT);
	for (int i = 0; i < count; i++)
		AWAIT(recorded(number_word(signals[i])) || has_ended(run),
		      "%d signals came at once, and signal %d (%s) of them has "
		      "not reached the child: one variable cannot hold them "
		      "all",
		      count, signals[i], strsignal(signals[i]));
	AWAIT(recorded(number_word(realtime)) == 3 || has_ended(run),
	      "realtime signal %d was sent three times, and has reached the "
	      "child %d times: such signals are queued",
	      realtime, recorded(number_word(realtime)));
	EXPECT(!has_ended(run),
	       "supervise has ended, with status %d, when many signals came at "
	       "once",
	       finish(run));
	EXPECT(status_mask(supervise, "ShdPnd") & bit_of(fault),
	       "signal %d (%s), which a fault raises, was blocked before "
	       "supervise started and has come. It is none of those that are "
	       "held and was to stay as it is, and supervise has taken it",
	       fault, strsignal(fault));
	send_signal(run, SIGTERM);
	expect_status(run, 0);
}

static void no_signal_lost(void)
{
	held_until_then();
	held_at_exec();
	about_task(3);
	many_at_once();
	about_task(1);
	expect_nothing_left();
}

static bool goes_on(pid_t pid)
{
	char state = state_of(pid);

	return state == 'R' || state == 'S' || state == 'D';
}

/* Sends SIGTERM; how long it was since *last. */
static double pester(struct run *run, double *last)
{
	double pause;

	kill_process(pid_of(run), SIGTERM);
	pause = seconds_now() - *last;
	*last += pause;
	return pause;
}

/*
 * SIGTERM ends neither the command nor what it has started, and is sent again
 * and again. False when we could not do that often enough: then nobody knows
 * whether each of them would have put off the end.
 */
static bool grace_then_kill(double grace)
{
	const char *child = fresh_token(), *other = fresh_token();
	struct run *bystander = START("probe", "hold", other);
	double sent, last, pause = 0;
	struct run *run =
		START("supervise", "--grace", word("%.3f", grace), "sh", "-c",
		      "probe hold $0 & exec probe record $1 0", child,
		      fresh_record());
	pid_t grandchild = await_probe(child), command;

	await_recording(run);
	command = command_of(pid_of(run));
	AWAIT(find_probe(other), "the bystander was not executed");
	sent = last = seconds_now();
	AWAIT(has_ended(run) ||
		      (pause = fmax(pause, pester(run, &last)), false),
	      "a child that does not end on SIGTERM is still there, long after "
	      "its grace period of %.3f s; SIGTERM was sent again and again "
	      "meanwhile",
	      grace);
	EXPECT(!is_late(sent), "the grace period of %.3f s has taken %.3f s",
	       grace, seconds_now() - sent);
	EXPECT(!goes_on(command),
	       "supervise has ended, with status %d, and its child still runs: "
	       "kill(2) with 0 is for the caller's own process group",
	       finish(run));
	EXPECT(!has_ended(bystander),
	       "a process that has nothing to do with supervise was killed: "
	       "kill(2) with -1 is for all that may be signalled");
	EXPECT(finish(run) == 128 + SIGKILL,
	       "expected exit status %d for a child that SIGKILL ended, saw %d",
	       128 + SIGKILL, finish(run));
	EXPECT(seconds_now() - sent >= grace - 0.005,
	       "the child was killed %.3f s after SIGTERM, within its grace "
	       "period of %.3f s",
	       seconds_now() - sent, grace);
	/* On a busy machine all takes longer, but the signals are fewer. */
	EXPECT(recorded(number_word(SIGTERM)) < grace / LOOK_SECONDS + 10,
	       "SIGTERM was passed on %d times in a grace period of %.3f s: "
	       "each one has put off its end",
	       recorded(number_word(SIGTERM)), grace);
	AWAIT(state_of(grandchild) == 0,
	      "a process that the child had started still runs: SIGKILL is "
	      "for the whole process group");
	send_signal(bystander, SIGKILL);
	finish(bystander);
	expect_nothing_left();
	return pause < grace / 2;
}

/*
 * The timeout comes in it. SIGALRM is passed on all the time: on a busy machine
 * all takes longer, but the signals are fewer.
 */
static void grace_and_timeout(void)
{
	const double grace = 0.1;
	const char *token = fresh_token();
	struct run *run = START("probe", "launch",
				blocked(bit_of(SIGALRM) | bit_of(SIGTERM)),
				ALARM, paused_early(token),
				word("supervise --grace %.3f --timeout %.3f "
				     "probe record %s 0",
				     grace, grace * 0.8, fresh_record()));

	await_paused_early(run, token);
	send_signal(run, SIGTERM);
	release(token);
	AWAIT(has_ended(run),
	      "a child that does not end on SIGTERM is still there, after a "
	      "grace period of %.3f s and a timeout in it",
	      grace);
	EXPECT(recorded(number_word(SIGALRM)) < grace / ALARM_SECONDS + 10,
	       "SIGTERM had begun the grace period of %.3f s. SIGALRM came "
	       "every %.3f s and was passed on %d times before its end: the "
	       "timeout, which came in it, has begun it again",
	       grace, ALARM_SECONDS, recorded(number_word(SIGALRM)));
}

/*
 * The timeout has begun it, and then SIGTERM comes, near its end. False when it
 * came too late. How long that takes is counted as above.
 */
static bool grace_of_timeout(double grace)
{
	const int near = (int)(grace * 0.9 / ALARM_SECONDS);
	const char *token = fresh_token();
	struct run *run = START("probe", "launch", blocked(bit_of(SIGALRM)),
				ALARM, paused_early(token),
				word("supervise --grace %.3f --timeout %.3f "
				     "probe record %s 0",
				     grace, grace * 0.2, fresh_record()));
	pid_t supervise;
	bool in_time;

	await_paused_early(run, token);
	supervise = pid_of(run);
	release(token);
	AWAIT(has_ended(run) || (recorded(number_word(SIGALRM)) >= near &&
				 recorded(number_word(SIGTERM))),
	      "the timeout of %.3f s has sent the child no SIGTERM, or signals "
	      "are not passed on after it",
	      grace * 0.2);
	in_time = !has_ended(run);
	if (in_time)
		kill_process(supervise, SIGTERM);
	AWAIT(has_ended(run),
	      "a child that does not end on SIGTERM is still there, after its "
	      "timeout and a grace period of %.3f s",
	      grace);
	EXPECT(recorded(number_word(SIGALRM)) <
		       grace * 1.2 / ALARM_SECONDS + 10,
	       "the timeout of %.3f s had begun the grace period of %.3f s. "
	       "SIGALRM came every %.3f s and was passed on %d times before "
	       "its end: SIGTERM, which came in it, has begun it again",
	       grace * 0.2, grace, ALARM_SECONDS,
	       recorded(number_word(SIGALRM)));
	return in_time;
}

static void grace_is_for_leaving(void)
{
	int status = random_between(1, 99);
	const char *token = fresh_token();
	struct run *run = START("supervise", "--grace", "100", "sh", "-c",
				"trap 'exit $0' TERM; : >$1;"
				"while :; do usleep 1000; done",
				number_word(status), token);

	AWAIT(exists(token, "") || has_ended(run),
	      "the command was not executed");
	send_signal(run, SIGTERM);
	expect_status(run, status);
	/* The time does not run before SIGTERM has come. */
	run = START("supervise", "--grace", "0", "probe", "exit",
		    number_word(status));
	expect_status(run, status);
}

/* A signal that stops discards SIGCONT, and the other way round. */
static bool is_for_command(int sig)
{
	return is_forwardable(sig) && sig != SIGTERM && sig != SIGTSTP &&
	       sig != SIGTTIN && sig != SIGTTOU && sig != SIGUSR2;
}

/* Only SIGTERM starts it; and 0 is no time, not no end. */
static void grace_of_nothing(void)
{
	struct run *run = START("supervise", "--grace", "0", "probe", "record",
				fresh_record(), number_word(SIGUSR2));

	await_recording(run);
	for (int sig = 1; sig < SIGSYS; sig++)
		if (is_for_command(sig))
			send_signal(run, sig);
	for (int sig = 1; sig < SIGSYS; sig++) {
		if (!is_for_command(sig))
			continue;
		AWAIT(recorded(number_word(sig)) || has_ended(run),
		      "signal %d has not reached the child", sig);
		EXPECT(!has_ended(run),
		       "all signals but SIGTERM were to be passed on and no "
		       "more, and supervise has ended, with status %d%s",
		       finish(run),
		       finish(run) == 128 + SIGKILL
			       ? ": without SIGTERM, a grace period has begun"
			       : "");
	}
	send_signal(run, SIGUSR2);
	expect_status(run, 0);
	run = START("supervise", "--grace", "0", "probe", "record",
		    fresh_record(), "0");
	await_recording(run);
	send_signal(run, SIGTERM);
	AWAIT(has_ended(run),
	      "--grace 0: a child that does not end on SIGTERM is to be killed "
	      "at once, and is still there");
	expect_status(run, 128 + SIGKILL);
}

/* A child that leads no process group: SIGKILL is for it alone. */
static void grace_beside(void)
{
	const char *other = fresh_token();
	struct run *run = START("sh", "-c",
				"probe hold $0 & exec driver beside 0.05 probe "
				"record $1 0",
				other, fresh_record());

	await_recording(run);
	await_probe(other);
	send_signal(run, SIGTERM);
	AWAIT(has_ended(run),
	      "a child in the process group of its supervisor is still there "
	      "after the grace period: it leads no group that could be killed");
	EXPECT(finish(run) == 0,
	       "the child stays in the process group of its supervisor; to "
	       "kill that group has ended the supervisor too (status %d)",
	       finish(run));
	about_task(7);
	EXPECT(strcmp(output_of(run), "0 1 9 1\n") == 0,
	       "expected supervise() to return 0, with ended 1, status 9 and "
	       "reaped 1; saw %s",
	       output_of(run));
	about_task(5);
	EXPECT(find_probe(other),
	       "a process that was not the child's was killed with it");
	kill_process(find_probe(other), SIGKILL);
	expect_nothing_left();
}

static void grace_period(void)
{
	const double first = random_between(90, 130) / 1e3;
	double grace = first;

	while (!grace_then_kill(grace) && grace < 2)
		grace *= 2;
	grace = first;
	while (!grace_of_timeout(grace) && grace < 2)
		grace *= 2;
	grace_and_timeout();
	grace_is_for_leaving();
	grace_of_nothing();
	grace_beside();
}

static void expect_timeout(struct run *run, double since, const char *what)
{
	AWAIT(has_ended(run),
	      "the timeout has come, and after it the grace period: %s was to "
	      "be ended, and still is there",
	      what);
	about_task(7);
	EXPECT(finish(run) == 124,
	       "expected exit status 124 after the timeout of %s, saw %d", what,
	       finish(run));
	about_task(5);
	EXPECT(!is_late(since), "%s was ended after %.3f s only", what,
	       seconds_now() - since);
	expect_nothing_left();
}

/*
 * Starts it with a timeout that does not come before the command does. Signals
 * that come all the time are not to put it off.
 */
static struct run *start_recording(double *timeout, double *since)
{
	*timeout = random_between(60, 90) / 1e3 / 4;
	for (;;) {
		char program[128];
		struct run *run;

		*timeout *= 4;
		snprintf(program, sizeof(program),
			 "supervise --timeout %.3f probe record %s", *timeout,
			 fresh_record());
		*since = seconds_now();
		/* The command is not to be ended by it before it records. */
		run = START("probe", "launch", blocked(bit_of(SIGALRM)), ALARM,
			    program);
		AWAIT(recorded("ready") || has_ended(run),
		      "the command was not executed");
		if (recorded("ready"))
			return run;
		EXPECT(finish(run) == 124 && *timeout < 5,
		       "supervise has ended, with status %d, before its "
		       "command was executed",
		       finish(run));
	}
}

static void timeout_ends(void)
{
	int status = random_between(1, 99);
	double timeout, since;
	struct run *run = start_recording(&timeout, &since);
	const char *word = short_time(&(double){0});

	AWAIT(has_ended(run),
	      "the timeout of %.3f s has not ended the command; SIGALRM came "
	      "again and again meanwhile",
	      timeout);
	/* On a busy machine all takes longer, but the signals are fewer. */
	EXPECT(recorded(number_word(SIGALRM)) < timeout / ALARM_SECONDS + 10,
	       "SIGALRM came every %.3f s and was passed on %d times before "
	       "the timeout of %.3f s had its turn: each one has put it off",
	       ALARM_SECONDS, recorded(number_word(SIGALRM)), timeout);
	EXPECT(recorded(number_word(SIGTERM)),
	       "the timeout has not sent SIGTERM to the command");
	EXPECT(seconds_now() - since >= timeout - 0.005,
	       "the timeout of %.3f s has come after %.3f s", timeout,
	       seconds_now() - since);
	expect_timeout(run, since, "a command that exits 0 on SIGTERM");
	since = seconds_now();
	expect_timeout(START("supervise", "--timeout", word, "sh", "-c",
			     "kill -STOP $$"),
		       since, "a stopped command");
	since = seconds_now();
	expect_timeout(START("supervise", "--timeout", word, "--grace", "0.05",
			     "sh", "-c",
			     "trap '' TERM; probe hold x & probe hold y"),
		       since, "a command that ignores SIGTERM");
	since = seconds_now();
	expect_status(START("supervise", "--timeout", "100", "probe", "exit",
			    number_word(status)),
		      status);
	about_task(7);
	EXPECT(!is_late(since), "supervise waits for its timeout although the "
				"command has ended");
}

/*
 * The command ends before its timeout, with supervise stopped; at *due it is to
 * go on. NULL when the command has ended too late for that.
 */
static struct run *end_unheard(double timeout, double *due)
{
	const char *early = fresh_token(), *token = fresh_token();
	struct run *run = START(
		"probe", "launch", paused_early(early),
		word("supervise --timeout %.3f probe hold %s", timeout, token));
	double started;
	pid_t supervise, command;

	await_paused_early(run, early);
	supervise = pid_of(run);
	started = seconds_now();
	release(early);
	AWAIT((find_probe(token) && at_rest(supervise)) || has_ended(run),
	      "the command was not executed, or supervise does not come to "
	      "rest");
	command = find_probe(token);
	if (command == 0)
		return NULL;
	*due = seconds_now() + timeout;
	kill_process(supervise, SIGSTOP);
	AWAIT(state_of(supervise) == 'T' || has_ended(run),
	      "SIGSTOP was sent to supervise, and it runs on");
	kill_process(command, SIGKILL);
	AWAIT(is_dying(command) || state_of(command) == 0,
	      "the command was not ended");
	if (!has_ended(run) && seconds_now() < started + timeout)
		return run;
	kill_process(supervise, SIGCONT);
	finish(run);
	return NULL;
}

static void expect_in_time(struct run *run, double due)
{
	AWAIT(seconds_now() > due, "the clock stands still");
	send_signal(run, SIGCONT);
	EXPECT(finish(run) == 128 + SIGKILL,
	       "the command has ended before its timeout, and supervise, which "
	       "was stopped then, has gone on after it: expected exit status "
	       "%d, saw %d",
	       128 + SIGKILL, finish(run));
}

static void pass_after_timeout(struct run *run, int sig)
{
	send_signal(run, sig);
	AWAIT(recorded(number_word(sig)) || has_ended(run),
	      "signal %d was sent to supervise after its timeout and has not "
	      "reached its child",
	      sig);
}

/*
 * SIGTERM has come before, and ends nobody; then the timeout comes, for the
 * command alone, which has started another process of its group. That one is
 * there when the first signal after that SIGTERM is sent.
 */
static void timeout_after_term(void)
{
	const int mark = random_between(SIGRTMIN, SIGRTMAX - 2);
	const char *early = fresh_token(), *due = fresh_token();
	char other[64];
	struct run *run;
	int terms;

	snprintf(other, sizeof(other), "%s", fresh_record());
	write_in_sandbox("/tmp/two", "probe record $1 64 &\n"
				     "exec probe record $2 $3\n");
	run = START("probe", "launch",
		    blocked(bit_of(SIGTERM) | bit_of(SIGCONT)),
		    paused_early(early), word("pause=kill:2:%s", due),
		    word("supervise --timeout 0.02 --grace 100 sh /tmp/two %s "
			 "%s %d",
			 other, fresh_record(), mark + 2));
	await_paused_early(run, early);
	send_signal(run, SIGTERM);
	release(early);
	await_recording(run);
	AWAIT(strcmp(read_in_sandbox(other), "ready\n") == 0,
	      "the command's child was not executed");
	release(due);
	AWAIT(recorded(number_word(SIGCONT)) || has_ended(run),
	      "SIGTERM came before the timeout of 0.02 s, and the command has "
	      "not ended; its timeout does not come any more");
	/* SIGTERM that has been sent before is written down before these. */
	pass_after_timeout(run, mark);
	terms = recorded(number_word(SIGTERM));
	pass_after_timeout(run, mark + 1);
	send_signal(run, mark + 2);
	EXPECT(finish(run) == 124,
	       "SIGTERM came, then the timeout, and then the command has "
	       "ended: expected exit status 124, saw %d",
	       finish(run));
	EXPECT(recorded(number_word(SIGTERM)) == terms,
	       "the timeout has come once, and SIGTERM is sent to the command "
	       "again and again from then on: %d times so far",
	       recorded(number_word(SIGTERM)));
	expect_left_alone(other, 64, "the timeout's SIGTERM or SIGCONT has");
	expect_nothing_left();
}

static void no_timeout(void)
{
	struct run *run = START("supervise", "--timeout", "0", "probe",
				"record", fresh_record());

	await_recording(run);
	send_signal(run, SIGTERM);
	EXPECT(finish(run) == 0,
	       "--timeout 0 is none: expected exit status 0, saw %d",
	       finish(run));
}

/*
 * Whoever looks at the clock is not let run for 0.01 s after that: what was due
 * in a while is due since a while, wherever that comes in between.
 */
static void timeout_of_late(void)
{
	static const char *const timeouts[] = {"0.005", "0.015", "0.025",
					       "0.035", "0.045"};
	enum { RUNS = sizeof(timeouts) / sizeof(timeouts[0]) };
	struct run *runs[RUNS];
	int status;

	for (int i = 0; i < RUNS; i++)
		runs[i] = START("driver", "late", timeouts[i], "probe", "hold",
				fresh_token());
	for (int i = 0; i < RUNS; i++) {
		AWAIT(has_ended(runs[i]),
		      "the timeout of %s s does not come: supervise() was not "
		      "let run after it had looked at the clock, and then "
		      "there was less than nothing left",
		      timeouts[i]);
		status = finish(runs[i]);
		EXPECT(status == 0 &&
			       strncmp(output_of(runs[i]), "1 1 15 ", 7) == 0,
		       "supervise() was not let run after it had looked at the "
		       "clock, and then there was less than nothing left of "
		       "its timeout: expected it to return 1, with ended 1 and "
		       "status 15; saw %s%s",
		       output_of(runs[i]), errors_of(runs[i]));
	}
}

static void timeout(void)
{
	double longer = 0.1, due = 0;
	struct run *unheard;

	timeout_ends();
	while (!(unheard = end_unheard(longer, &due)) && longer < 5)
		longer *= 4;
	about_task(3);
	timeout_of_late();
	about_task(7);
	if (unheard)
		expect_in_time(unheard, due);
	about_task(5);
	timeout_after_term();
	no_timeout();
}

/* A job without a terminal, as `supervise CMD &` in a script. */
static void stops_as_a_job(void)
{
	const char *token = fresh_token();
	char program[64];
	struct run *run;
	pid_t supervise = 0, command;

	snprintf(program, sizeof(program), "supervise probe hold %s", token);
	run = START("probe", "job", program);
	command = await_probe(token);
	AWAIT(children_of(pid_of(run), &supervise, 1) == 1,
	      "supervise was not executed");
	for (int i = 0; i < 2; i++) {
		kill_process(supervise, SIGTSTP);
		AWAIT(state_of(command) == 'T',
		      "SIGTSTP was sent to supervise and its child (state %c) "
		      "has not stopped",
		      state_of(command));
		AWAIT(state_of(supervise) == 'T',
		      "SIGTSTP was sent to supervise, its child has stopped, "
		      "and supervise (state %c) has not: the shell whose job "
		      "it is cannot see that",
		      state_of(supervise));
		kill_process(supervise, SIGCONT);
		AWAIT(goes_on(command) && goes_on(supervise),
		      "SIGCONT was sent to supervise (state %c) and its child "
		      "(state %c) does not go on",
		      state_of(supervise), state_of(command));
	}
	kill_process(supervise, SIGTERM);
	AWAIT(state_of(supervise) == 0 && state_of(command) == 0,
	      "SIGTERM was sent to supervise (state %c), and its child (state "
	      "%c) has not ended, or supervise not after it",
	      state_of(supervise), state_of(command));
	send_signal(run, SIGKILL);
	finish(run);
}

/*
 * No shell is there that could continue it: it leads a session, so its process
 * group is an orphan.
 */
static void goes_on_as_orphan(void)
{
	struct run *run = START("supervise", "probe", "record", fresh_record());

	await_recording(run);
	send_signal(run, SIGTSTP);
	AWAIT(recorded(number_word(SIGTSTP)),
	      "SIGTSTP was sent to supervise and has not reached its child");
	send_signal(run, SIGTERM);
	AWAIT(has_ended(run) || state_of(pid_of(run)) == 'T',
	      "SIGTERM was sent to supervise (state %c) after SIGTSTP, and has "
	      "not reached its child",
	      state_of(pid_of(run)));
	EXPECT(has_ended(run),
	       "SIGTSTP has stopped supervise though its process group is "
	       "orphaned: nobody could continue it. stop_self() does not stop "
	       "it then, and SIGSTOP does");
	expect_status(run, 0);
}

static void stops_and_continues(void)
{
	const char *token = fresh_token();
	struct run *run = START("supervise", "probe", "hold", token);
	pid_t supervise = pid_of(run), command = await_probe(token);

	for (int i = 0; i < 2; i++) {
		signal_and_settle(command, SIGSTOP, supervise);
		about_task(7);
		EXPECT(!has_ended(run) && goes_on(supervise),
		       "the command has stopped, with no terminal there: "
		       "supervise is to go on waiting, and is in state %c",
		       state_of(supervise));
		about_task(4);
		signal_and_settle(command, SIGCONT, supervise);
		AWAIT(goes_on(command), "the command does not go on");
		signal_and_settle(supervise, SIGTSTP, supervise);
		AWAIT(state_of(command) == 'T',
		      "SIGTSTP was sent to supervise and its child (state %c) "
		      "has not stopped",
		      state_of(command));
		/* Again and again: it may be about to stop itself. */
		AWAIT((goes_on(command) && goes_on(supervise)) ||
			      (kill_process(supervise, SIGCONT), false),
		      "SIGCONT was sent to supervise (state %c) and its child "
		      "(state %c) does not go on",
		      state_of(supervise), state_of(command));
	}
	/* To stop and continue interrupts what it waits in: EINTR. */
	kill_process(supervise, SIGSTOP);
	AWAIT(state_of(supervise) == 'T', "supervise does not stop");
	kill_process(supervise, SIGCONT);
	AWAIT(goes_on(supervise) || has_ended(run),
	      "supervise was stopped and does not go on (state %c)",
	      state_of(supervise));
	send_signal(run, SIGINT);
	expect_status(run, 128 + SIGINT);
	stops_as_a_job();
	goes_on_as_orphan();
	expect_nothing_left();
}

static pid_t family[CROWD + 64];

static size_t count_children(pid_t pid)
{
	return children_of(pid, family, CROWD + 64);
}

/* Others are collected, not waited for. */
static void leaves_orphans(void)
{
	const char *token = fresh_token();
	struct run *run = START("supervise", "probe", "orphans", "3", token);

	AWAIT(count_children(pid_of(run)) == 4 || has_ended(run),
	      "supervise has not become the parent of orphans");
	EXPECT(!has_ended(run), "supervise has ended before its command");
	kill_process(family[0], SIGHUP);
	AWAIT(has_ended(run),
	      "the command has ended, and supervise waits for %zu orphans",
	      count_children(pid_of(run)));
	expect_status(run, 128 + SIGHUP);
	release(token);
	expect_nothing_left();
}

/*
 * Less than a second before its timeout. When that has come nothing can be said
 * any more: the machine was busy.
 */
static void sleeps_to_the_end(void)
{
	struct run *run =
		START("probe", "launch", blocked(bit_of(SIGTERM)),
		      word("supervise --timeout 0.95 --grace 100 probe record "
			   "%s 0",
			   fresh_record()));

	await_recording(run);
	EXPECT(is_idle(pid_of(run)) || recorded(number_word(SIGTERM)),
	       "less than a second before its timeout supervise uses the CPU, "
	       "or keeps looking: it sleeps for whole seconds only");
	kill_process(command_of(pid_of(run)), SIGKILL);
	finish(run);
}

static void collects_and_sleeps(void)
{
	const char *token = fresh_token();
	struct run *run =
		START("supervise", "--grace", "100", "--timeout", "100",
		      "probe", "orphans", number_word(CROWD), token);
	pid_t supervise = pid_of(run), command;

	AWAIT(count_children(supervise) == CROWD + 1 || has_ended(run),
	      "of %d orphans and the command, supervise has %zu as children",
	      CROWD, count_children(supervise));
	EXPECT(!has_ended(run), "supervise has ended before its command");
	command = family[0];
	EXPECT(is_idle(supervise),
	       "supervise uses the CPU, or keeps looking, while nothing "
	       "happens");
	release(token);
	about_task(7);
	AWAIT(count_children(supervise) == 1,
	      "%d other children have ended, and %zu are zombies as long as "
	      "the command runs",
	      CROWD, count_children(supervise) - 1);
	about_task(3);
	signal_and_settle(command, SIGSTOP, supervise);
	/* Before that it could end of SIGTERM. */
	AWAIT(state_of(command) == 'T', "the command does not stop");
	signal_and_settle(supervise, SIGTERM, supervise);
	AWAIT(at_rest(supervise) || has_ended(run),
	      "supervise does not sleep in the grace period of a child that "
	      "is stopped");
	EXPECT(!has_ended(run),
	       "supervise has ended, with status %d, and its child is stopped",
	       finish(run));
	kill_process(command, SIGCONT);
	about_task(7);
	expect_status(run, 128 + SIGTERM);
	leaves_orphans();
	about_task(3);
	sleeps_to_the_end();
}

/* A job has had the terminal, and is gone. */
static bool job_has_ended(pid_t shell)
{
	pid_t job;

	return foreground_of(shell) != group_of(shell) &&
	       children_of(shell, &job, 1) == 0;
}

/* A shell's job; supervise is that job. Returns the command. */
static pid_t start_job(struct run **run, pid_t *supervise, const char *program)
{
	pid_t shell, child = 0;

	*run = START_WITH({.terminal = true}, "probe", "job", program);
	shell = pid_of(*run);
	AWAIT((children_of(shell, supervise, 1) == 1 &&
	       children_of(*supervise, &child, 1) == 1 &&
	       argument_is(child, 0, "probe")) ||
		      has_ended(*run) || job_has_ended(shell),
	      "the command was not executed");
	EXPECT(child != 0 && !job_has_ended(shell),
	       "supervise has ended before its command; it said %s",
	       output_of(*run));
	EXPECT(foreground_of(shell) == child && group_of(child) == child,
	       "process group %d has the terminal, not the command's, %d",
	       foreground_of(shell), child);
	return child;
}

/* However the command has ended. */
static void expect_terminal_back(struct run *run, pid_t supervise)
{
	about_task(7);
	EXPECT(foreground_of(pid_of(run)) == supervise,
	       "supervise has ended and the terminal is with process group "
	       "%d, not with supervise's own, %d, again",
	       foreground_of(pid_of(run)), supervise);
	about_task(6);
}

static void keys_reach_command(void)
{
	pid_t supervise, command;
	char program[96];
	struct run *run;

	snprintf(program, sizeof(program), "supervise probe record %s",
		 fresh_record());
	command = start_job(&run, &supervise, program);
	await_recording(run);
	type(run, "\x03");
	AWAIT(recorded(number_word(SIGINT)),
	      "Ctrl-C was typed and the command has had no SIGINT");
	kill_process(command, SIGTERM);
	AWAIT(state_of(supervise) == 0,
	      "the command has ended and supervise (state %c) has not",
	      state_of(supervise));
	EXPECT(recorded(number_word(SIGINT)) == 1,
	       "Ctrl-C was typed once and the command has had SIGINT %d times",
	       recorded(number_word(SIGINT)));
	expect_terminal_back(run, supervise);
}

/* Ctrl-Z; the command stops by itself; the shell asks supervise to. */
static void make_stop(struct run *run, int way, pid_t supervise, pid_t command)
{
	static const char *const ways[] = {"Ctrl-Z was typed",
					   "SIGSTOP was sent to the command",
					   "SIGTSTP was sent to supervise"};

	if (way == 0)
		type(run, "\x1a");
	else
		kill_process(way == 1 ? command : supervise,
			     way == 1 ? SIGSTOP : SIGTSTP);
	AWAIT(state_of(command) == 'T',
	      "%s and the command (state %c) does not stop", ways[way],
	      state_of(command));
	AWAIT(state_of(supervise) == 'T',
	      "the command has stopped and supervise (state %c) has not: the "
	      "shell cannot see it",
	      state_of(supervise));
	EXPECT(foreground_of(command) == supervise,
	       "supervise has stopped and has left the terminal with process "
	       "group %d; its own is %d",
	       foreground_of(command), supervise);
}

static void stop_key_stops_both(void)
{
	const char *token = fresh_token();
	pid_t supervise, command;
	char program[64];
	struct run *run;

	snprintf(program, sizeof(program), "supervise probe hold %s", token);
	command = start_job(&run, &supervise, program);
	await_probe(token);
	for (int way = 0; way < 3; way++) {
		make_stop(run, way, supervise, command);
		kill_process(supervise, SIGCONT);
		AWAIT(goes_on(command) && goes_on(supervise),
		      "SIGCONT was sent to supervise (state %c) and its child "
		      "(state %c) does not go on",
		      state_of(supervise), state_of(command));
		AWAIT(foreground_of(command) == command,
		      "the command goes on and process group %d has the "
		      "terminal",
		      foreground_of(command));
		/* It may still be busy with SIGCONT. */
		AWAIT(at_rest(supervise), "supervise does not come to rest");
	}
	type(run, "\x03");
	AWAIT(state_of(supervise) == 0,
	      "Ctrl-C has not ended the command (state %c), or supervise "
	      "(state %c) not after it",
	      state_of(command), state_of(supervise));
	expect_terminal_back(run, supervise);
}

/* What supervise does in the background leaves the terminal to the shell. */
static void expect_shell_has_terminal(pid_t shell, const char *done)
{
	EXPECT(foreground_of(shell) == group_of(shell),
	       "%s in the background, and process group %d has taken the "
	       "terminal from the shell, %d",
	       done, foreground_of(shell), group_of(shell));
}

/* Ctrl-Z; the shell has the terminal then, and `bg`, and makes this file. */
static void put_in_background(struct run *run, const char *mark, pid_t command)
{
	type(run, "\x1a");
	AWAIT(exists(mark, "") || has_ended(run),
	      "Ctrl-Z was typed, and the shell does not come back");
	AWAIT(goes_on(command),
	      "`bg` has sent SIGCONT to supervise, and its child (state %c) "
	      "does not go on",
	      state_of(command));
}

/* The command stops and ends there, and its supervisor with it. */
static void stops_and_ends_there(pid_t shell, pid_t supervise, pid_t command)
{
	kill_process(command, SIGSTOP);
	AWAIT(state_of(supervise) == 'T',
	      "the command has stopped in the background, and supervise (state "
	      "%c) has not: the shell cannot see it",
	      state_of(supervise));
	expect_shell_has_terminal(shell, "the command has stopped");
	kill_process(supervise, SIGCONT);
	AWAIT(goes_on(command) && goes_on(supervise),
	      "SIGCONT was sent to supervise (state %c) in the background, and "
	      "its child (state %c) does not go on",
	      state_of(supervise), state_of(command));
	/* Who is killed at once is not reported as continued before. */
	AWAIT(at_rest(supervise), "supervise does not come to rest");
	kill_process(command, SIGKILL);
	AWAIT(is_dying(supervise),
	      "the command has ended and supervise (state %c) has not",
	      state_of(supervise));
	about_task(7);
	expect_shell_has_terminal(shell, "the command has ended");
	about_task(6);
}

/* A shell with job control: Ctrl-Z, `bg`, then `fg`; and once more. */
static void background_and_back(void)
{
	const char *token = fresh_token(), *mark = fresh_token();
	struct run *run = START_WITH({.terminal = true}, "sh", "-c",
				     "set -m; supervise probe hold $0; bg;"
				     ": >/tmp/$1; read x; fg; bg;"
				     ": >/tmp/$1.again; read x",
				     token, mark);
	pid_t shell = pid_of(run), command = await_probe(token), supervise;

	supervise = parent_of(command);
	EXPECT(foreground_of(shell) == command,
	       "process group %d has the terminal, not the command's, %d",
	       foreground_of(shell), command);
	put_in_background(run, mark, command);
	AWAIT(at_rest(supervise), "supervise does not come to rest");
	expect_shell_has_terminal(shell, "`bg` continues the job");
	type(run, "\n");
	AWAIT(foreground_of(shell) == command,
	      "`fg` has given the terminal to supervise, and process group %d "
	      "has it, not the command's, %d",
	      foreground_of(shell), command);
	/* It may not have sent SIGCONT yet, which would undo the next stop. */
	AWAIT(at_rest(supervise), "supervise does not come to rest");
	put_in_background(run, word("%s.again", mark), command);
	stops_and_ends_there(shell, supervise, command);
}

/* A child in its supervisor's group has Ctrl-C from the terminal itself. */
static void keys_reach_both(void)
{
	pid_t shell, driver = 0, command = 0;
	char program[96];
	struct run *run;

	snprintf(program, sizeof(program), "driver beside 100 probe record %s",
		 fresh_record());
	run = START_WITH({.terminal = true}, "probe", "job", program);
	shell = pid_of(run);
	await_recording(run);
	AWAIT(children_of(shell, &driver, 1) == 1 &&
		      children_of(driver, &command, 1) == 1,
	      "the driver has not started the command");
	kill_process(driver, SIGSTOP);
	AWAIT(state_of(driver) == 'T', "the driver does not stop");
	type(run, "\x03");
	AWAIT(recorded(number_word(SIGINT)), "Ctrl-C does not come");
	kill_process(driver, SIGCONT);
	AWAIT(recorded(number_word(SIGCONT)),
	      "SIGCONT was sent to the supervisor and has not reached its "
	      "child");
	AWAIT(at_rest(driver) && at_rest(command),
	      "the supervisor does not come to rest");
	EXPECT(recorded(number_word(SIGINT)) == 1,
	       "Ctrl-C has reached the child from the terminal, and a second "
	       "time from its supervisor, which is in the same process group");
	kill_process(driver, SIGINT);
	AWAIT(recorded(number_word(SIGINT)) == 2,
	      "SIGINT was sent to the supervisor, not by the terminal, and has "
	      "not reached its child");
	type(run, "\x1a");
	AWAIT(recorded(number_word(SIGTSTP)), "Ctrl-Z does not come");
	AWAIT(state_of(driver) == 'T',
	      "Ctrl-Z has reached the child from the terminal and is not sent "
	      "again; but it is to stop the supervisor (state %c), which has "
	      "not given the terminal away, too",
	      state_of(driver));
	kill_process(driver, SIGCONT);
	AWAIT(recorded(number_word(SIGCONT)) == 2,
	      "the supervisor (state %c) was stopped by Ctrl-Z, and its child "
	      "gets no SIGCONT from it",
	      state_of(driver));
	kill_process(driver, SIGTERM);
	AWAIT(state_of(driver) == 0, "SIGTERM has not ended the child");
}

/* As goes_on_as_orphan(), when the command has stopped. */
static void goes_on_with_terminal(void)
{
	struct run *run = START_WITH({.terminal = true}, "supervise", "probe",
				     "record", fresh_record());

	await_recording(run);
	kill_process(command_of(pid_of(run)), SIGSTOP);
	AWAIT(recorded(number_word(SIGCONT)) || state_of(pid_of(run)) == 'T',
	      "the command has stopped, and nobody is there who could continue "
	      "supervise (state %c); it does not continue the command either",
	      state_of(pid_of(run)));
	EXPECT(recorded(number_word(SIGCONT)),
	       "the command has stopped, and supervise too, though its process "
	       "group is orphaned: nobody could continue it. stop_self() does "
	       "not stop it then, and SIGSTOP does");
	send_signal(run, SIGTERM);
	expect_status(run, 0);
}

static void terminal(void)
{
	keys_reach_command();
	about_task(6);
	stop_key_stops_both();
	background_and_back();
	goes_on_with_terminal();
	about_task(4);
	keys_reach_both();
}

/* What it sleeps in is interrupted: nothing has come, nothing is lost. */
static void interrupted_sleep(void)
{
	for (int n = 1; n <= 2; n++) {
		const char *token = fresh_token();
		char fault[32], program[64];
		struct run *run;
		pid_t command;

		snprintf(fault, sizeof(fault), "fail=sleep:%d:%d", n, EINTR);
		snprintf(program, sizeof(program),
			 "supervise --timeout 100 probe hold %s", token);
		run = START("probe", "launch", fault, program);
		command = await_probe(token);
		signal_and_settle(command, SIGSTOP, pid_of(run));
		kill_process(command, SIGCONT);
		kill_process(command, SIGTERM);
		EXPECT(finish(run) == 128 + SIGTERM,
		       "what supervise sleeps in was interrupted (EINTR), and "
		       "can be begun again: expected exit status %d, saw %d",
		       128 + SIGTERM, finish(run));
	}
}

/* Then there is less to wait for, or nothing: but the timeout still comes. */
static void interrupted_timeout(void)
{
	double timeout;
	char fault[32], program[64];
	struct run *run;

	snprintf(fault, sizeof(fault), "fail=sleep:1:%d", EINTR);
	snprintf(program, sizeof(program),
		 "supervise --timeout %s probe hold %s", short_time(&timeout),
		 fresh_token());
	run = START("probe", "launch", fault, program);
	AWAIT(has_ended(run),
	      "what supervise sleeps in was interrupted (EINTR), and the "
	      "timeout of %.3f s does not come any more",
	      timeout);
	expect_status(run, 124);
}

static void kill_fails(void)
{
	const char *token = fresh_token();
	char fault[32], program[64];
	struct run *run;

	snprintf(fault, sizeof(fault), "fail=kill:1:%d", EPERM);
	snprintf(program, sizeof(program), "supervise probe hold %s", token);
	run = START("probe", "launch", fault, program);
	await_probe(token);
	send_signal(run, SIGHUP);
	AWAIT(has_ended(run),
	      "SIGHUP could not be passed on, kill(2) failed with \"%s\", and "
	      "supervise() has not said so",
	      strerror(EPERM));
	expect_refusal(run, strerror(EPERM));
}

/* SIGTERM, SIGCONT and, as it has not ended, SIGKILL: each in turn. */
static void kill_in_time_fails(void)
{
	for (int n = 1; n <= 3; n++) {
		struct run *run = START(
			"probe", "launch", blocked(bit_of(SIGTERM)),
			word("fail=kill:%d:%d", n, EPERM),
			word("supervise --timeout 0.01 --grace 0 probe hold %s",
			     fresh_token()));

		AWAIT(has_ended(run),
		      "the timeout has come, kill(2) number %d failed with "
		      "\"%s\", and supervise() has not said so",
		      n, strerror(EPERM));
		EXPECT(finish(run) == 125,
		       "the timeout has come and kill(2) number %d failed with "
		       "\"%s\": keep_time() is to say so, and supervise(), for "
		       "exit status 125; saw %d",
		       n, strerror(EPERM), finish(run));
		expect_refusal(run, strerror(EPERM));
	}
}

static void no_such_child(void)
{
	struct run *run = START("driver", "stranger");

	AWAIT(has_ended(run),
	      "supervise() of a process that is no child sleeps for ever: it "
	      "is to be -1 with ECHILD");
	expect_refusal(run, strerror(ECHILD));
}

static void failures(void)
{
	static const char *const bad[] = {"-1",	 "x",	  "",
					  "1s",	 "nan",	  "inf",
					  "0x1", "1.2.3", "2000000000"};
	int status = random_between(1, 99);
	char fault[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		REFUSES("--grace", "supervise", "--grace", bad[i], "probe",
			"exit", "0");
		REFUSES("--timeout", "supervise", "--timeout", bad[i], "probe",
			"exit", "0");
	}
	REFUSES("--grace", "supervise", "--grace");
	REFUSES("CMD", "supervise", "--timeout", "1");
	snprintf(fault, sizeof(fault), "fail=fork:1:%d", EAGAIN);
	REFUSES("Resource temporarily unavailable", "probe", "launch", fault,
		"supervise probe exit 0");
	snprintf(fault, sizeof(fault), "fail=wait:1:%d", EINVAL);
	REFUSES("Invalid argument", "probe", "launch", fault,
		"supervise probe exit 0");
	no_such_child();
	about_task(4);
	kill_fails();
	about_task(5);
	kill_in_time_fails();
	about_task(3);
	interrupted_sleep();
	interrupted_timeout();
	about_task(7);
	expect_status(START("supervise", "--grace", "1.5", "--timeout", "2.",
			    "probe", "exit", number_word(status)),
		      status);
}

static const struct test tests[] = {
	{"exit_status", 1, "supervise exits as CMD did", exit_status_kept, 0,
	 7},
	{"every_signal", 1, "every signal that can be passed on reaches CMD",
	 every_signal, 0, 4},
	{"starts_as_called", 1,
	 "CMD starts with the signal mask that supervise was called with",
	 starts_as_called, 0, 2},
	{"no_signal_lost", 1,
	 "a signal that comes before CMD runs is not lost: it waits",
	 no_signal_lost, 0, 1},
	{"grace_period", 1,
	 "SIGTERM, then after the grace period SIGKILL for the whole group",
	 grace_period, TAKES_LONG, 5},
	{"timeout", 1,
	 "when the timeout is over CMD gets SIGTERM, and supervise exits 124",
	 timeout, TAKES_LONG, 5},
	{"stops_and_continues", 1,
	 "CMD can be stopped and continued through "
	 "supervise",
	 stops_and_continues, 0, 4},
	{"collects_and_sleeps", 1,
	 "other children are collected, and supervise sleeps meanwhile",
	 collects_and_sleeps, 0, 3},
	{"terminal", 1,
	 "CMD has the terminal; with it supervise stops, goes on, and ends",
	 terminal, TAKES_LONG, 6},
	{"failures", 1, "what is not a time is refused, and what fails is said",
	 failures, 0, 7},
	{0},
};

const struct gate gate = {"03-signals", "supervise", tests};
