/* Stage 04: pipes.h, sockets.h, shared.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"
#include "sandbox.h"

/* The most commands of one pipeline here. */
#define CROWD 32

/* A new name in /tmp that nobody has made yet; valid for the whole test. */
static const char *fresh_path(void)
{
	static char paths[16][32];
	static int next;

	next = (next + 1) % 16;
	snprintf(paths[next], sizeof(paths[next]), "/tmp/%s", fresh_token());
	return paths[next];
}

/* The file that says that a process pauses, see the probe. */
static bool pauses(const char *token)
{
	return access(sandbox_path(word("/tmp/%s.paused", token)), F_OK) == 0;
}

/* As AWAIT(), of a run that is to go on: it has not ended. */
#define AWAIT_OF(run, condition, what)                                         \
	do {                                                                   \
		AWAIT((condition) || has_ended(run), "%s", what);              \
		EXPECT(!has_ended(run), "%s: it has ended, with status %d",    \
		       what, finish(run));                                     \
	} while (0)

/* What kind of file it is, S_IFIFO for one; 0: there is none. */
static mode_t type_of(const char *path)
{
	struct stat st;

	return lstat(sandbox_path(path), &st) == 0 ? st.st_mode & S_IFMT : 0;
}

static void expect_output(struct run *run, const char *expected,
			  const char *cause)
{
	EXPECT(strcmp(output_of(run), expected) == 0, "%s: expected %s, saw %s",
	       cause, expected, output_of(run));
}

/* What is somebody else's is left as it was. */
static void expect_untouched(const char *path, const char *contents)
{
	EXPECT(strcmp(read_in_sandbox(path), contents) == 0,
	       "a file that was there before was changed or removed");
}

static void make_fifo(const char *path)
{
	EXPECT(RUN("mkfifo", path) == 0, "the test could not make a FIFO");
}

static void expect_end(struct run *run, int status, const char *cause)
{
	AWAIT(has_ended(run), "it has not ended: %s", cause);
	expect_status(run, status);
}

/* Refused with the errno that the header promises. */
static void expect_error(struct run *run, const char *part, int error)
{
	AWAIT(has_ended(run), "it goes on: expected it to refuse %s (%s)", part,
	      strerror(error));
	expect_refusal(run, part);
	EXPECT(strstr(errors_of(run), strerror(error)),
	       "expected the reason \"%s\", saw: %s", strerror(error),
	       errors_of(run));
}

/* Failed on the way, after it may have said other things. */
static void expect_failure(struct run *run, const char *when, int error)
{
	int status;

	AWAIT(has_ended(run), "%s, and it goes on: expected \"%s\"", when,
	      strerror(error));
	status = finish(run);
	EXPECT(status == 125 && strstr(errors_of(run), strerror(error)),
	       "%s: expected exit status 125 and \"%s\", saw status %d%s", when,
	       strerror(error), status,
	       status == 128 + SIGPIPE ? " (SIGPIPE)" : "");
}

/* Call number `n` of them fails. */
static const char *failing(const char *call, int n, int error)
{
	return word("fail=%s:%d:%d", call, n, error);
}

/* A driver has come as far as the word. */
static void await_word(struct run *run, const char *word, const char *what)
{
	AWAIT(strstr(output_of(run), word) || has_ended(run), "%s", what);
	EXPECT(strstr(output_of(run), word), "%s: it has ended, with status %d",
	       what, finish(run));
}

/* The driver with the words; the launcher has become it when this returns. */
static struct run *driver(const char *disturbance, const char *words)
{
	struct run *run =
		START("probe", "launch", disturbance, word("driver %s", words));

	AWAIT(argument_is(pid_of(run), 0, "driver") || has_ended(run),
	      "the driver is not executed");
	return run;
}

/* Ends a run that was looked at. */
static void end(struct run *run)
{
	send_signal(run, SIGKILL);
	finish(run);
}

/* What failed in a driver was said, and has left no descriptor open. */
static void expect_closed(struct run *run, const char *when, int error)
{
	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "%s: it waits, expected \"%s\"", when, strerror(error));
	EXPECT(!has_ended(run),
	       "%s: expected \"%s\", saw it end with status %d%s", when,
	       strerror(error), finish(run),
	       finish(run) == 128 + SIGPIPE ? " (SIGPIPE)" : "");
	EXPECT(strstr(errors_of(run), strerror(error)),
	       "%s: expected \"%s\", saw %s", when, strerror(error),
	       errors_of(run)[0] ? errors_of(run) : "no failure");
	EXPECT(count_descriptors(pid_of(run)) <= 3,
	       "%s: it has failed, and %d descriptors are open: expected 0, 1 "
	       "and 2 alone",
	       when, count_descriptors(pid_of(run)));
}

/* A pipeline that holds still: its processes in their order. */
static pid_t commands[CROWD];

static bool all_hold(pid_t ipc, size_t count, const char *token)
{
	pid_t found[CROWD + 1];
	size_t seen = 0;

	if (children_of(ipc, found, CROWD + 1) != count)
		return false;
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < count; n++) {
			/* Mostly the first look is right. */
			commands[i] = found[(i + n) % count];
			if (argument_is(commands[i], 2,
					word("%s-%zu", token, i + 1))) {
				seen++;
				break;
			}
		}
	return seen == count;
}

/*
 * ipc pipeline with `count` times the same command, in which $i is its number,
 * started by a shell that has set `limits`; `closed` is a redirection of it.
 */
static struct run *start_pipeline(const char *command, size_t count,
				  const char *input, const char *limits,
				  const char *closed)
{
	const char *script =
		word("i=1; while [ $i -lt $1 ]; do "
		     "line=\"$line %s |\"; i=$((i + 1)); done; line=\"$line "
		     "%s\"; %s; set -f; exec ipc pipeline $line %s",
		     command, command, limits, closed);

	return START_WITH({.input = input}, "sh", "-c", script, "sh",
			  number_word((int)count));
}

static struct run *start_holding(size_t count, const char *limits,
				 const char *closed)
{
	const char *token = fresh_token();
	const char *command = word("probe hold %s-$i", token);
	struct run *run = start_pipeline(command, count, token, limits, closed);

	AWAIT_OF(run, all_hold(pid_of(run), count, token),
		 word("of %zu commands not all are executed", count));
	return run;
}

static const char *link_of(pid_t pid, int fd)
{
	char file[16];
	const char *link;

	snprintf(file, sizeof(file), "fd/%d", fd);
	link = proc_link(pid, file);
	return link[0] ? link : "closed";
}

/* Command i (from 0) writes to the very pipe that command i + 1 reads. */
static void expect_connected(size_t i)
{
	const char *out = link_of(commands[i], STDOUT_FILENO);
	const char *in = link_of(commands[i + 1], STDIN_FILENO);

	EXPECT(strncmp(out, "pipe:", 5) == 0,
	       "standard output of command %zu is %s: expected a pipe", i + 1,
	       out);
	EXPECT(strcmp(out, in) == 0,
	       "command %zu writes to %s, and command %zu reads from %s%s",
	       i + 1, out, i + 2, in,
	       strcmp(in, "closed") == 0
		       ? ": dup2(2) of a descriptor onto itself leaves "
			 "FD_CLOEXEC in place"
		       : "");
	EXPECT((flags_of(commands[i], STDOUT_FILENO) & O_ACCMODE) == O_WRONLY &&
		       (flags_of(commands[i + 1], STDIN_FILENO) & O_ACCMODE) ==
			       O_RDONLY,
	       "the ends between commands %zu and %zu are the wrong way round",
	       i + 1, i + 2);
}

static void expect_no_foreign_ends(pid_t pid, const char *who)
{
	int fds[64];
	size_t count = descriptors_of(pid, fds, 64);

	for (size_t i = 0; i < count; i++)
		EXPECT(fds[i] <= STDERR_FILENO,
		       "%s also has descriptor %d, %s: an end that is not its "
		       "own, and whoever is at the other end waits for it",
		       who, fds[i], link_of(pid, fds[i]));
}

/* What execve(2) keeps of signals is what the caller had. */
static void expect_signals(pid_t pid, uint64_t ignored, const char *who)
{
	EXPECT(status_mask(pid, "SigIgn") == ignored,
	       "%s ignores signals %s, expected %016llx (SIGPIPE is 1000): "
	       "every command inherits that",
	       who, status_of(pid, "SigIgn"), (unsigned long long)ignored);
	EXPECT(status_mask(pid, "SigBlk") == 0 &&
		       status_mask(pid, "SigCgt") == 0,
	       "%s has blocked signals %s and catches %s, expected none", who,
	       status_of(pid, "SigBlk"), status_of(pid, "SigCgt"));
}

/*
 * All of it; `closed`: as many of descriptors 0 and 1 ipc began without;
 * `ignored`: the signals that it was started with ignored.
 */
static void expect_pipeline(struct run *run, size_t count, int closed,
			    uint64_t ignored)
{
	const pid_t ipc = pid_of(run), first = commands[0],
		    last = commands[count - 1];
	char who[32];

	EXPECT(strcmp(proc_link(ipc, "exe"), SANDBOX_PROGRAMS "/ipc") == 0,
	       "ipc has become %s: pipeline() is to return to whoever has "
	       "called it",
	       proc_link(ipc, "exe"));
	for (size_t i = 0; i + 1 < count; i++)
		expect_connected(i);
	for (size_t i = 0; i < count; i++) {
		snprintf(who, sizeof(who), "command %zu of %zu", i + 1, count);
		expect_no_foreign_ends(commands[i], who);
		expect_signals(commands[i], ignored, who);
		EXPECT(group_of(commands[i]) == group_of(ipc),
		       "%s is in process group %d, ipc in %d: expected it to "
		       "stay in the caller's, for what the terminal sends "
		       "goes to that",
		       who, (int)group_of(commands[i]), (int)group_of(ipc));
		EXPECT(strcmp(link_of(commands[i], STDERR_FILENO),
			      link_of(ipc, STDERR_FILENO)) == 0,
		       "standard error of %s is not ipc's", who);
	}
	/* It may still be about to close the last one. */
	AWAIT(count_descriptors(ipc) <= 3 - closed,
	      "ipc itself still has %d descriptors, standard ones included: "
	      "an end that the parent keeps is open for ever",
	      count_descriptors(ipc));
	EXPECT(strcmp(link_of(first, STDIN_FILENO),
		      link_of(ipc, STDIN_FILENO)) == 0,
	       "the first command reads from %s, not what ipc does (%s)",
	       link_of(first, STDIN_FILENO), link_of(ipc, STDIN_FILENO));
	EXPECT(strcmp(link_of(last, STDOUT_FILENO),
		      link_of(ipc, STDOUT_FILENO)) == 0,
	       "the last command writes to %s, not where ipc does (%s)",
	       link_of(last, STDOUT_FILENO), link_of(ipc, STDOUT_FILENO));
}

static void connected(void)
{
	static const struct {
		const char *redirection;
		int closed;
	} rounds[] = {{"", 0}, {"<&-", 1}, {">&-", 1}, {"<&- >&-", 2}};
	struct run *run;

	/*
	 * Pipes made while 0 or 1 are free are given these numbers: of four
	 * commands one in the middle, and the last, has to read from 1.
	 */
	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		run = start_holding(4, ":", rounds[i].redirection);
		expect_pipeline(run, 4, rounds[i].closed, 0);
		end(run);
	}
	/* 0, 1, 2 and three more. */
	run = start_holding(CROWD, "trap '' PIPE; ulimit -n 6", "");
	expect_pipeline(run, CROWD, 0, bit_of(SIGPIPE));
	end(run);
	run = START("driver", "pipeline");
	expect_status(run, 0);
	expect_output(run, "0", "what pipeline() of two commands returns");
}

/* Random bytes, NUL bytes among them, in /tmp/payload. */
static void make_payload(int size)
{
	EXPECT(RUN("sh", "-c", "head -c $0 /dev/urandom >/tmp/payload",
		   number_word(size)) == 0,
	       "the test could not make its data");
}

static void ends_arrive(void)
{
	const char *token = fresh_token();
	struct run *run;

	make_payload(random_between(1000000, 1100000));
	run = START("ipc", "pipeline", "cat", "/tmp/payload", "|", "cat", "|",
		    "cat", "|", "cmp", "-", "/tmp/payload");
	expect_end(run, 0,
		   "somebody still has a writing end open, or a command was "
		   "waited for before the one that is to read from it was "
		   "started");
	run = START_WITH({.input = token}, "ipc", "pipeline", "cat", "|",
			 "cat");
	expect_end(run, 0, "cat sees no end of file");
	expect_output(run, token, "from standard input to standard output");
	/* One who would write for ever. */
	run = START("ipc", "pipeline", "yes", token, "|", "cat", "|", "head",
		    "-n1");
	expect_end(run, 0,
		   "nobody reads from yes any more, and it gets no SIGPIPE: "
		   "somebody else still has the reading end open");
	EXPECT(strncmp(output_of(run), token, strlen(token)) == 0,
	       "expected %s, saw %s", token, output_of(run));
	run = start_pipeline("cat", CROWD, token, "ulimit -n 6", "");
	expect_end(run, 0, "among 32 commands the end of file is lost");
	expect_output(run, token, "passed on by 32 commands");
	expect_nothing_left();
}

/* pipeline() fails; it has cleaned up before anybody says so. */
static void expect_undone(const char *shell, const char *fault, int error)
{
	const char *token = fresh_token();
	pid_t left;
	struct run *run = START(
		"sh", "-c", shell, "sh", "probe", "launch",
		word("pause=write:1:%s", token), fault,
		"ipc pipeline probe hold a | probe hold b | probe hold c");

	AWAIT_OF(run, pauses(token),
		 word("a pipe or a process could not be made: expected what "
		      "was started to be killed (SIGKILL: it may ignore all "
		      "others), and a line that says \"%s\"",
		      strerror(error)));
	EXPECT(children_of(pid_of(run), &left, 1) == 0,
	       "pipeline() has failed with \"%s\", and a command that was "
	       "started before is still there (state %c): expected it killed "
	       "and collected",
	       strerror(error), state_of(left));
	expect_no_foreign_ends(pid_of(run), "after the failure ipc");
	release(token);
	expect_error(run, "ipc", error);
}

/* What holds its end open with the first command goes on as well. */
static void waits_for_all(int status)
{
	const char *token = fresh_token();
	struct run *run = START("ipc", "pipeline", "probe", "hold", token, "|",
				"probe", "exit", number_word(status));
	pid_t first = await_probe(token), found[2];

	AWAIT_OF(run, children_of(pid_of(run), found, 2) == 1,
		 "the last command has ended, the first one runs on: expected "
		 "ipc to collect the one and to wait for the other");
	kill_process(first, SIGKILL);
	expect_status(run, status);
}

/* A signal to ipc goes on to all; when it is killed all end too. */
static void signalled(void)
{
	size_t count = (size_t)random_between(2, 5);
	int sig = random_between(0, 1) ? SIGTERM : SIGHUP;
	struct run *run = start_holding(count, ":", "");

	send_signal(run, sig);
	expect_end(run, 128 + sig, "it was sent a signal that is to end all");
	expect_nothing_left();
	run = start_holding(count, ":", "");
	send_signal(run, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	expect_nothing_left();
}

/* Commands that cannot be executed, and the others. */
static void not_executed(int status)
{
	const char *token = fresh_token(), *other = fresh_token();
	int sig = random_between(1, 15);
	struct run *run;

	run = START("ipc", "pipeline", "echo", token, "|", other, "|", "probe",
		    "exit", number_word(status));
	expect_end(run, status,
		   "the command after one that is not found waits");
	EXPECT(strstr(errors_of(run), other),
	       "expected a line that names %s, which is not found", other);
	run = START("ipc", "pipeline", other, "|", "cat", "|", "wc", "-c");
	expect_end(run, 0, "the commands after one that is not found wait");
	expect_output(run, "0\n", "bytes read from one that is not found");
	expect_end(START("ipc", "pipeline", "yes", "|", other), 127,
		   "the command before one that is not found writes on");
	expect_end(START("ipc", "pipeline", "yes", "|", "/tmp"), 126,
		   "the command before one that cannot be executed writes on");
	run = START("ipc", "pipeline", "yes", "|", "probe", "hold", token);
	kill_process(await_probe(token), sig);
	expect_status(run, 128 + sig);
	expect_nothing_left();
}

static void exits(void)
{
	int status = random_between(2, 120);
	struct run *run;

	run = START("ipc", "pipeline", "probe", "exit", "1", "|", "probe",
		    "exit", number_word(status));
	EXPECT(finish(run) == status,
	       "the first command ends with status 1, the last with %d: "
	       "expected %d, saw %d",
	       status, status, finish(run));
	expect_status(START("ipc", "pipeline", "probe", "exit",
			    number_word(status), "|", "probe", "exit", "0"),
		      0);
	expect_status(
		START("ipc", "pipeline", "probe", "exit", number_word(status)),
		status);
	waits_for_all(status);
	not_executed(status);
	signalled();
	/* SIGTERM, which one may ignore, kills nobody for certain. */
	expect_undone("trap '' TERM; ulimit -n 5; exec \"$@\"", "block=0",
		      EMFILE);
	/* To be closed: a new pipe; that and an old end; the old end alone. */
	for (int n = 1; n <= 3; n++)
		expect_undone("exec \"$@\"", failing("fork", n, EAGAIN),
			      EAGAIN);
	REFUSES("CMD", "ipc", "pipeline");
	REFUSES("empty", "ipc", "pipeline", "|", "cat");
	REFUSES("empty", "ipc", "pipeline", "cat", "|");
	REFUSES("empty", "ipc", "pipeline", "probe", "hold", "a", "|", "|",
		"cat");
	REFUSES("--nonsense", "ipc", "pipeline", "--nonsense", "cat");
	REFUSES("carry", "ipc", "carry");
	REFUSES("pipeline", "ipc");
}

/* Random letters in /tmp/text, so that it can be compared as text. */
static void make_text(int size)
{
	EXPECT(RUN("sh", "-c", "head -c $0 /dev/urandom | base64 >/tmp/text",
		   number_word(size)) == 0,
	       "the test could not make its data");
}

static void expect_same_text(const char *seen, const char *path)
{
	static char whole[1 << 20];
	int fd = open_in_sandbox(path, O_RDONLY, S_IFREG);
	ssize_t size = fd < 0 ? -1 : read(fd, whole, sizeof(whole) - 1);
	size_t same = 0;

	if (fd >= 0)
		close(fd);
	whole[size < 0 ? 0 : size] = '\0';
	while (whole[same] && whole[same] == seen[same])
		same++;
	EXPECT(whole[0] && strcmp(whole, seen) == 0,
	       "expected %zd bytes, saw %zu, and number %zu is not the same: "
	       "write(2) may write less than it was given",
	       size, strlen(seen), same + 1);
}

/*
 * driver copy, which writes to a FIFO of two pages: it is full, and it waits
 * for us to read from *fd.
 */
static struct run *start_copying(const char *setting, int *fd)
{
	static const char script[] = "exec probe launch $0 'driver copy' "
				     "</tmp/text >$1";
	const char *out = fresh_path();
	struct run *run;
	int size = 0;

	make_fifo(out);
	*fd = open_in_sandbox(out, O_RDONLY, S_IFIFO);
	EXPECT(*fd >= 0 && fcntl(*fd, F_SETPIPE_SZ, 8192) > 0,
	       "the test could not open its FIFO: %s", strerror(errno));
	run = START("sh", "-c", script, setting, out);
	AWAIT_OF(run,
		 ioctl(*fd, FIONREAD, &size) == 0 && size > 4096 &&
			 state_of(pid_of(run)) == 'S',
		 "it is to write until the pipe is full");
	return run;
}

/*
 * A pipe of two pages is full, and one of them is read: what is being written
 * has room for a part of it, and waits for more. When the process is stopped
 * then and goes on, write(2) returns with that part.
 */
static void short_writes(void)
{
	static char seen[1 << 20];
	int fd;
	struct run *run = start_copying("block=0", &fd);
	const pid_t pid = pid_of(run);
	size_t size = 0;
	ssize_t n;

	do {
		AWAIT(state_of(pid) == 'S' || has_ended(run),
		      "it neither waits nor ends");
		kill_process(pid, SIGSTOP);
		AWAIT(state_of(pid) == 'T' || has_ended(run),
		      "it does not stop");
		kill_process(pid, SIGCONT);
		n = read(fd, seen + size, 4096);
		size += n > 0 ? (size_t)n : 0;
	} while ((n > 0 || !has_ended(run)) && size < sizeof(seen) - 4096);
	close(fd);
	seen[size] = '\0';
	expect_status(run, 0);
	expect_same_text(seen, "/tmp/text");
}

/* What the caller wants done about SIGPIPE is done. */
static void reader_gone(void)
{
	struct run *run;
	int fd;

	run = start_copying("block=0", &fd);
	close(fd);
	expect_status(run, 128 + SIGPIPE);
	run = start_copying("ignore=1000", &fd);
	close(fd);
	expect_failure(run, "nobody reads any more, and SIGPIPE is ignored",
		       EPIPE);
}

/*
 * Reading fails after something came, in whatever way it is done: the input is
 * a socket whose peer has closed and left something unread.
 */
static void cut_off(void)
{
	const char *token = fresh_token();
	struct run *run = START("driver", "copy-reset", token);

	expect_failure(run, "some bytes came, and then reading failed",
		       ECONNRESET);
	expect_output(run, token, "what came before reading failed");
}

static void copies(void)
{
	static const char *const calls[] = {"read:1", "read:2", "write:1"};
	const char *token = fresh_token();
	int size = random_between(100000, 300000);
	struct run *run;

	for (size_t i = 0; i < 3; i++) {
		run = START_WITH({.input = token}, "probe", "launch",
				 word("fail=%s:%d", calls[i], EINTR),
				 "driver copy");
		EXPECT(finish(run) == 0 && strcmp(output_of(run), token) == 0,
		       "when a signal has interrupted %s (EINTR) expected all "
		       "to be copied and exit status 0, saw %s and status %d",
		       calls[i], output_of(run), finish(run));
	}
	make_payload(size);
	run = START("sh", "-c", "exec driver copy </tmp/payload >/tmp/out");
	expect_status(run, 0);
	EXPECT(RUN("cmp", "/tmp/payload", "/tmp/out") == 0,
	       "bytes were changed on the way: are they copied as text?");
	EXPECT(atoi(errors_of(run)) == size,
	       "%d bytes were copied, and copy_all() has returned %s", size,
	       errors_of(run));
	make_text(random_between(150000, 160000));
	short_writes();
	reader_gone();
	expect_failure(
		START("sh", "-c", "echo x | exec driver copy >/dev/full"),
		"its output could not be written", ENOSPC);
	expect_failure(START("sh", "-c", "exec driver copy </tmp"),
		       "its input could not be read", EISDIR);
	cut_off();
}

/* Nothing that it has opened itself is to reach what it executes. */
static void expect_close_on_exec(pid_t pid, const char *who)
{
	int fds[64], flags;
	size_t count = descriptors_of(pid, fds, 64);

	for (size_t i = 0; i < count; i++) {
		flags = flags_of(pid, fds[i]);
		EXPECT(fds[i] <= STDERR_FILENO || flags < 0 ||
			       (flags & O_CLOEXEC),
		       "descriptor %d of the %s, %s, is not close-on-exec",
		       fds[i], who, link_of(pid, fds[i]));
	}
}

/* `what`, of a driver that goes on, has returned the number of its bytes. */
static void expect_transferred(struct run *run, const char *what, size_t bytes)
{
	await_word(run, "done", word("%s does not return", what));
	EXPECT(strcmp(errors_of(run), word("%zu bytes\n", bytes)) == 0,
	       "%s has copied %zu bytes: expected it to return that, saw %s",
	       what, bytes, errors_of(run));
	EXPECT(count_descriptors(pid_of(run)) == 3,
	       "%s has returned, and %d descriptors are open: expected it to "
	       "close the FIFO, for who is at the other end waits for that",
	       what, count_descriptors(pid_of(run)));
}

/* `ipc fifo receive`, once it waits at its FIFO. */
static struct run *start_receiving(const char *path)
{
	struct run *run = START("ipc", "fifo", "receive", path);

	AWAIT_OF(run, type_of(path) == S_IFIFO,
		 word("expected it to wait at the FIFO %s", path));
	return run;
}

/* Until the last writer has closed, not the first. */
static void two_writers(const char *path)
{
	static const char script[] = "exec >$0; printf %s $1; "
				     "probe await $2; printf %s $3";
	const char *first = fresh_token(), *second = fresh_token(),
		   *third = fresh_token(), *go = fresh_token();
	struct run *run = start_receiving(path);
	const char *all;

	START("sh", "-c", script, path, first, go, third);
	AWAIT(strcmp(output_of(run), first) == 0 || has_ended(run),
	      "what a writer has written does not arrive before it closes");
	expect_close_on_exec(pid_of(run), "receiver");
	expect_end(START_WITH({.input = second}, "ipc", "fifo", "send", path),
		   0, "the receiver does not read");
	all = word("%s%s", first, second);
	AWAIT_OF(run, strcmp(output_of(run), all) == 0,
		 "one of two writers has closed: expected what both have "
		 "written, and that the receiver goes on");
	release(go);
	expect_end(run, 0,
		   "the last writer has closed: a receiver that has its own "
		   "writing end open (O_RDWR) sees no end of file");
	expect_output(run, word("%s%s%s", first, second, third),
		      "what two writers have written");
}

/* What is written to one end has come out of the other, with nothing else. */
static void expect_through(int in, int out, const char *text, const char *how)
{
	char seen[64] = "";
	size_t size = 0;
	ssize_t n;

	EXPECT(write(in, text, strlen(text)) == (ssize_t)strlen(text),
	       "the test could not write: %s", strerror(errno));
	while (size < strlen(text)) {
		AWAIT((n = read(out, seen + size, sizeof(seen) - 1 - size)) > 0,
		      "%s: what is read is not sent on: expected %s, saw %s",
		      how, text, seen);
		size += (size_t)n;
	}
	EXPECT(strcmp(seen, text) == 0, "%s: expected %s, saw %s", how, text,
	       seen);
}

/* The sender waits for a reader, and closes when it has no more to send. */
static void sends(const char *path)
{
	const char *from = fresh_path(), *token = fresh_token();
	struct run *run;
	int in, out;
	char byte;

	make_fifo(path);
	make_fifo(from);
	in = open_in_sandbox(from, O_RDWR, S_IFIFO);
	run = START("sh", "-c", "exec driver send $0 <$1", path, from);
	AWAIT_OF(run,
		 argument_is(pid_of(run), 0, "driver") &&
			 is_idle(pid_of(run)) && state_of(pid_of(run)) == 'S',
		 "send is to sleep until there is a reader");
	out = open_in_sandbox(path, O_RDONLY, S_IFIFO);
	EXPECT(in >= 0 && out >= 0, "the test could not open its FIFOs");
	expect_through(in, out, token, "to a FIFO");
	expect_close_on_exec(pid_of(run), "sender");
	close(in);
	expect_transferred(run, "fifo_send()", strlen(token));
	EXPECT(read(out, &byte, 1) == 0,
	       "fifo_send() has returned, and who reads the FIFO sees no end "
	       "of file");
	end(run);
	run = START("sh", "-c", "exec driver send $0 </tmp", path);
	expect_closed(run, "what is to be sent cannot be read", EISDIR);
	end(run);
	close(out);
	EXPECT(type_of(path) == S_IFIFO, "send has removed the FIFO, which is "
					 "the receiver's");
}

/* To something else nothing is sent, and it does not stay open. */
static void expect_not_sent(struct run *run, const char *path)
{
	expect_closed(run, word("fifo_send() to %s, which is no FIFO", path),
		      EINVAL);
	end(run);
}

/* The name is an ordinary file's by the time it is opened. */
static void replaced(void)
{
	const char *path = fresh_path(), *other = fresh_path();
	const char *token = fresh_token(), *go = fresh_token();
	struct run *run;

	make_fifo(path);
	write_in_sandbox(other, token);
	run = START_WITH({.input = "not to be written"}, "probe", "launch",
			 word("pause=open:1:%s", go),
			 word("driver send %s", path));
	AWAIT_OF(run, pauses(go), "fifo_send() is to open the FIFO");
	EXPECT(RUN("mv", "-f", other, path) == 0,
	       "the test could not replace the FIFO");
	release(go);
	expect_not_sent(
		run,
		word("%s, a file that has just been given that name", path));
	expect_untouched(path, token);
}

static void refuses_to_send(void)
{
	static const char unwanted[] = "not to be written";
	const char *path = fresh_path(), *token = fresh_token();
	const char *const others[] = {path, "/dev/null"};

	write_in_sandbox(path, token);
	for (size_t i = 0; i < 2; i++)
		expect_not_sent(START_WITH({.input = unwanted}, "driver",
					   "send", others[i]),
				others[i]);
	expect_error(
		START_WITH({.input = unwanted}, "ipc", "fifo", "send", path),
		path, EINVAL);
	expect_untouched(path, token);
	path = fresh_path();
	expect_error(START("ipc", "fifo", "send", path), path, ENOENT);
	EXPECT(type_of(path) == 0, "send has made %s", path);
	replaced();
}

/* Its own FIFO is removed whatever comes, and no other one. */
static void removes(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	const char *path = fresh_path(), *token = fresh_token();
	int sig = signals[random_between(0, 3)];
	struct run *run = start_receiving(path);

	send_signal(run, sig);
	expect_status(run, 128 + sig);
	EXPECT(type_of(path) == 0,
	       "ended by signal %d, it has left the FIFO behind", sig);
	START("sh", "-c", "probe await ${0#/tmp/}; echo x >$0", path);
	run = START("driver", "receive-full", path);
	expect_closed(run, "what came through the FIFO cannot be written",
		      ENOSPC);
	end(run);
	EXPECT(type_of(path) == 0,
	       "copying has failed, and the FIFO is left behind");
	run = START("sh", "-c", "ulimit -n 3; exec driver receive $0", path);
	expect_closed(run, "open(2) of the FIFO fails", EMFILE);
	end(run);
	EXPECT(type_of(path) == 0,
	       "open(2) has failed, and the FIFO is left behind");
	write_in_sandbox(path, token);
	expect_error(START("ipc", "fifo", "receive", path), path, EEXIST);
	expect_untouched(path, token);
	path = fresh_path();
	make_fifo(path);
	expect_error(START("ipc", "fifo", "receive", path), path, EEXIST);
	EXPECT(type_of(path) == S_IFIFO, "a FIFO that was there before was "
					 "removed");
}

/* One who writes nothing is a writer too, and the last one. */
static void empty_writer(const char *path)
{
	struct run *run =
		START("sh", "-c", "umask 027; exec driver receive $0", path);

	AWAIT_OF(run, type_of(path) == S_IFIFO, "there is no FIFO");
	EXPECT(RUN("sh", "-c", ": >$0", path) == 0,
	       "the test could not open the FIFO");
	expect_transferred(
		run, "fifo_receive() from a writer that writes nothing", 0);
	EXPECT(type_of(path) == 0, "the FIFO is left behind");
	EXPECT(strcmp(status_of(pid_of(run), "Umask"), "0027") == 0,
	       "fifo_receive() has returned, and the umask is %s: expected "
	       "the caller's, 0027",
	       status_of(pid_of(run), "Umask"));
	end(run);
}

/* A signal comes while they wait for each other. */
static void waits_on(const char *path)
{
	const char *token = fresh_token();
	const char *fault = failing("open", 1, EINTR);
	struct run *run = START("probe", "launch", fault,
				word("driver receive %s", path));
	struct run *sender;

	AWAIT(type_of(path) == S_IFIFO || has_ended(run), "there is no FIFO");
	sender = START_WITH({.input = token}, "probe", "launch", fault,
			    word("driver send %s", path));
	AWAIT((strstr(output_of(run), "done") || has_ended(run)) &&
		      (strstr(output_of(sender), "done") || has_ended(sender)),
	      "open(2) was interrupted once on each side (EINTR), and one of "
	      "them waits on");
	EXPECT(strcmp(output_of(run), word("%sdone\n", token)) == 0,
	       "open(2) was interrupted once on each side (EINTR), which is no "
	       "failure: expected %s to arrive, saw %s; the receiver says %s, "
	       "the sender %s",
	       token, output_of(run), errors_of(run), errors_of(sender));
	expect_transferred(sender, "fifo_send()", strlen(token));
	expect_transferred(run, "fifo_receive()", strlen(token));
	end(sender);
	end(run);
}

static void fifo(void)
{
	const char *path = fresh_path();
	struct run *run = start_receiving(path);
	struct stat st = {0};

	lstat(sandbox_path(path), &st);
	EXPECT((st.st_mode & 07777) == 0600,
	       "the mode of the FIFO is %o: expected 600",
	       (unsigned)st.st_mode & 07777);
	send_signal(run, SIGTERM);
	expect_status(run, 128 + SIGTERM);
	two_writers(path);
	EXPECT(type_of(path) == 0, "the FIFO is left behind");
	sends(fresh_path());
	refuses_to_send();
	removes();
	empty_writer(fresh_path());
	waits_on(fresh_path());
	REFUSES("/nowhere/f", "ipc", "fifo", "receive", "/nowhere/f");
	REFUSES("/tmp", "ipc", "fifo", "send", "/tmp");
	REFUSES("fifo", "ipc", "fifo");
	REFUSES("fifo", "ipc", "fifo", "receive", "a", "b");
	REFUSES("devour", "ipc", "fifo", "devour", "a");
}

/* How many of its descriptors are open to this file; the last goes to *fd. */
static size_t count_open(pid_t pid, const struct stat *file, int *fd)
{
	int fds[64];
	size_t count = descriptors_of(pid, fds, 64), found = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_open_to(pid, fds[i], file->st_dev, file->st_ino))
			continue;
		*fd = fds[i];
		found++;
	}
	return found;
}

/*
 * The type of the socket that somebody listens at, SOCK_STREAM for one; 0:
 * nobody does, or there is no more than the name yet.
 */
static int listening_type(pid_t pid, const char *path)
{
	const char *at = strstr(proc_file(pid, "net/unix"), path);
	unsigned flags = 0, type = 0;

	/* "Num: RefCount Protocol Flags Type St Inode Path" */
	while (at && *at != ':')
		at--;
	if (at)
		sscanf(at, ": %*x %*x %x %x", &flags, &type);
	return flags & 0x10000 ? (int)type : 0; /* __SO_ACCEPTCON */
}

static bool is_listening(pid_t pid, const char *path)
{
	return listening_type(pid, path) != 0;
}

/* `driver barrier`, its child waiting; what happens next does so at `go`. */
static struct run *start_waiting(const char *fault, const char *what,
				 const char *go, pid_t *child)
{
	struct run *run = driver(fault, word("barrier %s %s", what, go));

	AWAIT_OF(run, children_of(pid_of(run), child, 1) == 1,
		 "a process is to wait at the barrier");
	/* One that only waits for a processor looks idle too. */
	AWAIT((is_idle(*child) && state_of(*child) == 'S') ||
		      state_of(*child) == 'Z',
	      "who waits at the barrier does not sleep");
	EXPECT(!strstr(output_of(run), "through") && state_of(*child) == 'S',
	       "barrier_wait() has returned before anybody released it");
	expect_close_on_exec(pid_of(run), "one who opened a barrier");
	AWAIT(count_descriptors(*child) == 4,
	      "who waits has %d descriptors: expected 0, 1, 2 and the read "
	      "end; with a write end of its own it waits for itself when the "
	      "other side is gone",
	      count_descriptors(*child));
	return run;
}

/* barrier_wait() has returned, and said that nobody will release it. */
static void expect_cancelled(struct run *run, pid_t child, const char *when)
{
	AWAIT(strstr(output_of(run), "through") || state_of(child) == 0 ||
		      state_of(child) == 'Z',
	      "%s, and the other one waits on at the barrier", when);
	EXPECT(strstr(errors_of(run), strerror(ECANCELED)),
	       "%s: expected barrier_wait() to fail with \"%s\", saw %s", when,
	       strerror(ECANCELED),
	       errors_of(run)[0] ? errors_of(run) : "that it did not fail");
	EXPECT(count_descriptors(child) == 3,
	       "%s: who has waited has %d descriptors, expected 3", when,
	       count_descriptors(child));
	kill_process(child, SIGKILL);
}

/* The handler that it had before: SIGPIPE comes. */
static void expect_handler(struct run *run)
{
	send_signal(run, SIGPIPE);
	await_word(run, "caught",
		   "the caller has a handler for SIGPIPE, and after "
		   "barrier_release() it is not called");
	EXPECT(status_mask(pid_of(run), "SigBlk") == bit_of(SIGUSR1),
	       "after barrier_release() the caller's handler for SIGPIPE runs "
	       "with signals %s blocked (SIGPIPE is 1000), expected SIGUSR1, "
	       "200, as sa_mask and SA_NODEFER said: sigaction(2) gives both "
	       "back, signal(2) does not",
	       status_of(pid_of(run), "SigBlk"));
}

static void released(const char *fault, const char *what)
{
	const char *go = fresh_token();
	pid_t child;
	struct run *run = start_waiting(fault, what, go, &child);

	release(go);
	await_word(run, "done", "the parent is to get past barrier_release()");
	await_word(run, "through", "it was released, and waits on");
	EXPECT(errors_of(run)[0] == '\0',
	       "expected one to wait and the other to release it, saw: %s",
	       errors_of(run));
	EXPECT(count_descriptors(child) == 3 &&
		       count_descriptors(pid_of(run)) == 3,
	       "after the barrier one process has %d descriptors, the other "
	       "%d: expected 3, both ends closed",
	       count_descriptors(child), count_descriptors(pid_of(run)));
	if (strcmp(what, "handled") == 0)
		expect_handler(run);
	else
		expect_signals(pid_of(run), 0,
			       "after barrier_release() the caller");
	kill_process(child, SIGKILL);
	end(run);
}

/* Nobody waits any more: `ignored` is what was done about SIGPIPE before. */
static void expect_nobody(uint64_t ignored)
{
	const char *go = fresh_token();
	struct run *run =
		driver(word("ignore=%llx", (unsigned long long)ignored),
		       word("barrier nobody %s", go));
	uint64_t before = status_mask(pid_of(run), "SigIgn");

	release(go);
	expect_closed(run, "nobody waits any more", EPIPE);
	expect_signals(pid_of(run), before,
		       "after barrier_release() the caller");
	end(run);
}

static void barrier(void)
{
	static const struct {
		const char *fault, *what;
	} rounds[] = {
		{"block=0", "handled"},
		{"fail=read:1:4", "release"}, /* EINTR */
		{"fail=write:1:4", "release"},
	};
	const char *go = fresh_token();
	struct run *run;
	pid_t child;

	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++)
		released(rounds[i].fault, rounds[i].what);
	run = start_waiting("block=0", "release", fresh_token(), &child);
	end(run);
	expect_cancelled(run, child, "the one who was to release was killed");
	run = start_waiting("block=0", "close", go, &child);
	release(go);
	await_word(run, "done", "barrier_close() does not return");
	EXPECT(!strstr(errors_of(run), strerror(EBADF)),
	       "barrier_close() has closed an end, which is not -1 now: closed "
	       "once more, it may be another's");
	expect_cancelled(run, child, "the other side has closed the barrier");
	EXPECT(count_descriptors(pid_of(run)) == 3,
	       "barrier_close() has left %d descriptors open, expected 3",
	       count_descriptors(pid_of(run)));
	expect_nobody(0);
	expect_nobody(bit_of(SIGPIPE));
	run = START("sh", "-c", "ulimit -n 3; exec driver barrier release x");
	expect_error(run, "driver", EMFILE);
}

/* A driver at a path cannot be what it wants to. */
static void expect_refused(const char *what, const char *path, int error)
{
	struct run *run = START("driver", what, path);

	expect_closed(run, word("%s at %s", what, path), error);
	end(run);
}

/* `driver listen`, once it does. */
static struct run *start_listening(const char *path)
{
	struct run *run = START("driver", "listen", path);

	AWAIT(is_listening(pid_of(run), path) || has_ended(run) ||
		      strstr(output_of(run), "done"),
	      "nobody listens at the socket %s", path);
	EXPECT(is_listening(pid_of(run), path),
	       "expected a socket at %s that somebody listens at", path);
	EXPECT(listening_type(pid_of(run), path) == SOCK_STREAM,
	       "the socket at %s is of type %d: expected %d, SOCK_STREAM", path,
	       listening_type(pid_of(run), path), SOCK_STREAM);
	expect_close_on_exec(pid_of(run), "one who listens");
	return run;
}

/* As many ids as the sandbox has: one, or others besides the student's. */
static bool has_other_ids(void)
{
	long count = 0;

	sscanf(proc_file(sandbox_init(), "uid_map"), "%*d %*d %ld", &count);
	return count > 50000;
}

/* The kernel says who connects; the process and its ids are of our choice. */
static void peer_told(const char *path)
{
	const bool others = has_other_ids();
	const unsigned uid =
		others ? (unsigned)random_between(2000, 40000) : 1000;
	const unsigned gid = others ? uid + 1 : 1000;
	struct run *run = start_listening(path), *peer;
	const char *ids, *expected;

	peer = START_WITH({.as_root = others}, "probe", "launch",
			  others ? word("gid=%u", gid) : "block=0",
			  others ? word("uid=%u", uid) : "block=0",
			  failing("connect", 1, EINTR),
			  word("driver connect %s", path));
	await_word(peer, "done", "connecting does not end");
	EXPECT(errors_of(peer)[0] == '\0',
	       "connect(2) was interrupted once (EINTR), which is no failure; "
	       "saw: %s",
	       errors_of(peer));
	expect_close_on_exec(pid_of(peer), "one who has connected");
	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "peer_credentials() does not return: the peer has sent no "
	      "message, and need not");
	ids = strrchr(status_of(pid_of(peer), "NSpid"), '\t');
	expected = word("%d %u %u\n", ids ? atoi(ids + 1) : 0, uid, gid);
	EXPECT(strncmp(output_of(run), expected, strlen(expected)) == 0,
	       "expected process, user and group id of who has connected, "
	       "%sand saw %s",
	       expected, output_of(run));
}

/* A path of that many bytes. */
static void make_path(char *path, size_t bytes)
{
	size_t at = (size_t)snprintf(path, bytes, "%s", fresh_path());

	memset(path + at, 'x', bytes - at);
	path[bytes] = '\0';
}

static void socket_names(void)
{
	const char *path = fresh_path(), *token = fresh_token();
	char fits[112], cut[112], longer[128];
	struct run *run;

	make_path(fits, 107);
	peer_told(fits);
	make_path(cut, 107);
	snprintf(longer, sizeof(longer), "%sy", cut);
	expect_refused("listen", longer, ENAMETOOLONG);
	EXPECT(type_of(cut) == 0 && type_of(longer) == 0,
	       "a path of 108 bytes was cut short, and a socket is there");
	start_listening(cut);
	expect_refused("connect", longer, ENAMETOOLONG);
	expect_refused("listen", "", ENOENT);
	expect_refused("connect", "", ENOENT);
	/* A file, a socket somebody listens at, and one that is forsaken. */
	write_in_sandbox(path, token);
	expect_refused("listen", path, EADDRINUSE);
	expect_untouched(path, token);
	expect_refused("connect", path, ECONNREFUSED);
	path = fresh_path();
	run = start_listening(path);
	expect_refused("listen", path, EADDRINUSE);
	EXPECT(is_listening(pid_of(run), path) && type_of(path) == S_IFSOCK,
	       "the socket of another was removed");
	end(run);
	expect_refused("connect", path, ECONNREFUSED);
	expect_refused("listen", path, EADDRINUSE);
	EXPECT(type_of(path) == S_IFSOCK, "the socket of another was removed");
	expect_refused("connect", fresh_path(), ENOENT);
	/* Made, and then of no use. */
	path = fresh_path();
	run = driver(failing("listen", 1, ENOBUFS), word("listen %s", path));
	expect_closed(run, "listen(2) fails", ENOBUFS);
	end(run);
	EXPECT(type_of(path) == 0,
	       "listen(2) has failed, and the socket that bind(2) had made is "
	       "left behind");
}

/* A message that is to be refused: nothing of it may stay. */
static void expect_bad_message(const char *shell, const char *count, int error)
{
	struct run *run = START("sh", "-c", shell, "sh", "driver", "take",
				count, "/tmp/passed");

	expect_closed(run,
		      word("a message with %s descriptors (-1: none at all, "
			   "the peer has closed; -2: without having read what "
			   "was sent to it)",
			   count),
		      error);
	end(run);
}

/* Sent once the receiver sleeps. */
static void received_late(const struct stat *file)
{
	const char *go = fresh_token();
	struct run *run = START("driver", "take-late", go, "/tmp/passed");
	pid_t sender;
	int fd;

	AWAIT(strstr(output_of(run), "done") || has_ended(run) ||
		      (children_of(pid_of(run), &sender, 1) == 1 &&
		       is_idle(pid_of(run)) && state_of(pid_of(run)) == 'S'),
	      "receive_fd() neither sleeps nor returns");
	EXPECT(!strstr(output_of(run), "done") && !has_ended(run),
	       "nothing has been sent yet, and receive_fd() does not wait: %s",
	       errors_of(run));
	release(go);
	await_word(run, "done",
		   "a descriptor was sent, and receive_fd() waits on");
	EXPECT(errors_of(run)[0] == '\0' &&
		       count_open(pid_of(run), file, &fd) == 1,
	       "a descriptor was sent to one who waits for it: expected it to "
	       "arrive, saw %zu and %s",
	       count_open(pid_of(run), file, &fd), errors_of(run));
	end(run);
}

/* One descriptor, one byte; a signal comes in between. */
static void one_passed(void)
{
	const char *token = fresh_token();
	struct stat file = {0};
	struct run *run;
	int fd;

	stat(sandbox_path("/tmp/passed"), &file);
	run = driver(failing("sendmsg", 1, EINTR), "give /tmp/passed");
	await_word(run, "done", "send_fd() does not return");
	EXPECT(strcmp(output_of(run), "1\ndone\n") == 0 &&
		       count_open(pid_of(run), &file, &fd) == 2,
	       "send_fd(), interrupted once (EINTR), was to send one byte with "
	       "one descriptor, and to leave that open, which is its caller's: "
	       "expected 2 in all, saw %zu descriptors, and bytes: %s",
	       count_open(pid_of(run), &file, &fd), output_of(run));
	end(run);
	run = START("probe", "launch", failing("recvmsg", 1, EINTR),
		    word("pause=fcntl:1:%s", token),
		    "driver take 1 /tmp/passed");
	AWAIT(strstr(output_of(run), "done") || pauses(token) || has_ended(run),
	      "receive_fd() does not return");
	/* From the start, and not by a call that comes later. */
	expect_close_on_exec(pid_of(run), "receiver");
	EXPECT(errors_of(run)[0] == '\0' &&
		       count_open(pid_of(run), &file, &fd) == 1,
	       "receive_fd(), interrupted once (EINTR), was to have one "
	       "descriptor: saw %zu",
	       count_open(pid_of(run), &file, &fd));
	end(run);
	received_late(&file);
	run = START("driver", "take-credentials");
	await_word(run, "done", "receive_fd() does not return");
	EXPECT(strstr(errors_of(run), strerror(EBADMSG)) &&
		       count_descriptors(pid_of(run)) == 4,
	       "a message has brought credentials (SCM_CREDENTIALS) and no "
	       "descriptor: expected \"%s\", and that 4 descriptors stay "
	       "open, one of which has the number of the process id; saw %d "
	       "descriptors and %s",
	       strerror(EBADMSG), count_descriptors(pid_of(run)),
	       errors_of(run)[0] ? errors_of(run) : "no failure");
	end(run);
	run = START("driver", "give-closed");
	expect_closed(run, "the peer has closed", EPIPE);
	end(run);
}

/* `ipc socket receive`, once it listens. */
static struct run *start_taking(const char *path)
{
	struct run *run = START("ipc", "socket", "receive", path);

	AWAIT_OF(run, is_listening(pid_of(run), path),
		 word("expected it to listen at the socket %s", path));
	return run;
}

static void descriptor_passed(void)
{
	/* By then it has no name, and nobody might open it. */
	static const char script[] = "exec 3</tmp/text; rm /tmp/text; "
				     "exec ipc socket send $0 /proc/self/fd/3";
	const char *path = fresh_path(), *token = fresh_token();
	struct stat file = {0};
	struct run *run;
	pid_t pid;
	int fd = -1;

	make_text(600000);
	EXPECT(RUN("cp", "/tmp/text", "/tmp/copy") == 0,
	       "the test could not copy its data");
	stat(sandbox_path("/tmp/text"), &file);
	run = start_taking(path);
	pid = pid_of(run);
	expect_status(START("sh", "-c", script, path), 0);
	/* Its output fills the pipe, and nobody reads it yet. */
	AWAIT(count_open(pid, &file, &fd) > 0 || state_of(pid) == 'Z' ||
		      state_of(pid) == 0,
	      "no descriptor arrives");
	EXPECT(count_open(pid, &file, &fd) > 0,
	       "the receiver has ended, and no descriptor of the file has "
	       "arrived: is it in an SCM_RIGHTS message that has a byte of "
	       "data?");
	expect_close_on_exec(pid, "receiver");
	AWAIT(position_of(pid, fd) > 0, "the file that came is not read");
	EXPECT(count_open(pid, &file, &fd) == 1,
	       "the receiver has %zu descriptors for the one that was passed",
	       count_open(pid, &file, &fd));
	EXPECT(count_descriptors(pid) <= 5,
	       "the receiver has %d descriptors: expected 0, 1, 2, the "
	       "connection and the file",
	       count_descriptors(pid));
	expect_end(run, 0, "copying does not end");
	expect_same_text(output_of(run), "/tmp/copy");
	EXPECT(type_of(path) == 0, "the socket is left behind");
	run = start_taking(path);
	send_signal(run, SIGTERM);
	expect_status(run, 128 + SIGTERM);
	EXPECT(type_of(path) == 0,
	       "ended by a signal, it has left the socket behind");
	write_in_sandbox("/tmp/passed", token);
	one_passed();
	expect_bad_message("exec \"$@\"", "2", EBADMSG);
	expect_bad_message("exec \"$@\"", "3", EBADMSG);
	expect_bad_message("exec \"$@\"", "0", EBADMSG);
	expect_bad_message("exec \"$@\"", "-1", ENOTCONN);
	expect_bad_message("exec \"$@\"", "-2", ECONNRESET);
	/* 0 to 4 are taken: one of them gets the number 5. MSG_CTRUNC */
	expect_bad_message("ulimit -n 6; exec \"$@\"", "2", EBADMSG);
	REFUSES("/nowhere", "ipc", "socket", "send", "/tmp/s", "/nowhere");
	REFUSES("receive", "ipc", "socket");
	REFUSES("socket", "ipc", "socket", "receive");
	REFUSES("socket", "ipc", "socket", "send", "/tmp/s");
	REFUSES("devour", "ipc", "socket", "devour", "/tmp/s");
}

/* What the counter in the file says; -1: there is none of 8 bytes. */
static long long counter_in(const char *path)
{
	long long value[2] = {0};
	int fd = open_in_sandbox(path, O_RDONLY, S_IFREG);
	ssize_t n = fd < 0 ? -1 : read(fd, value, sizeof(value));

	if (fd >= 0)
		close(fd);
	return n == sizeof(*value) ? *value : -1;
}

/* `ipc share`; it has told the truth. Returns its exit status. */
static int count(const char *locking, int processes, int times,
		 const char *path)
{
	long long before = counter_in(path), expected = -1, counted = -1, sum;
	struct run *run =
		START("ipc", "share", "--processes", number_word(processes),
		      "--times", number_word(times), locking, path);
	int status;

	AWAIT(has_ended(run),
	      "it has not ended: they wait for each other in memory that is "
	      "not shared, or for a lock");
	status = finish(run);
	sum = (before < 0 ? 0 : before) + (long long)processes * times;
	sscanf(output_of(run), "expected %lld\ncounted %lld\n", &expected,
	       &counted);
	EXPECT(expected == sum && counted == counter_in(path) &&
		       status == (counted != expected),
	       "%d processes add 1 for %d times to %lld, and the file says "
	       "%lld; it has ended with status %d and printed: %s",
	       processes, times, before, counter_in(path), status,
	       output_of(run));
	return status;
}

/* What the driver maps of a file: its length then, and what others see. */
static void expect_mapped(const char *path, int size, int length)
{
	const int number = random_between(1, 1 << 30);
	struct run *run = START("driver", "file", path, number_word(size),
				number_word(number));
	struct stat file = {0};
	uint64_t seen = 0;
	int fd;

	await_word(run, "done",
		   "the memory of shared_file() cannot be used "
		   "(SIGBUS, 135: behind the end of the file)");
	fd = open_in_sandbox(path, O_RDONLY, S_IFREG);
	EXPECT(fd >= 0 && fstat(fd, &file) == 0 && file.st_size == length,
	       "%d bytes of a file are to be shared: expected it to have %d "
	       "bytes, saw %lld",
	       size, length, (long long)file.st_size);
	EXPECT(pread(fd, &seen, sizeof(seen), size - 8) == 8 &&
		       seen == (uint64_t)number,
	       "%d was written to the memory, and the file says %llu: is it "
	       "mapped MAP_SHARED?",
	       number, (unsigned long long)seen);
	close(fd);
}

/* Which errno it is depends on the call that notices. */
static void expect_null(struct run *run, const char *when)
{
	EXPECT(finish(run) == 125 && errors_of(run)[0],
	       "%s: expected NULL and exit status 125, saw status %d%s", when,
	       finish(run),
	       finish(run) == 128 + SIGBUS
		       ? " (SIGBUS: memory behind the end of the file)"
		       : "; mmap(2) returns MAP_FAILED, which is not NULL");
}

static void shares(void)
{
	const char *path = fresh_path();
	const char *number = number_word(random_between(1, 1 << 30));
	struct run *run = START("driver", "memory", number);

	AWAIT(has_ended(run), "shared_memory() does not return");
	EXPECT(atoi(output_of(run)) == atoi(number),
	       "a child has put %s into the shared memory, its parent sees: "
	       "%s; is it MAP_SHARED?",
	       number, output_of(run));
	expect_null(run, "more memory than there can be was asked for");
	expect_mapped(path, 5000, 5000);
	expect_mapped(path, 64, 5000);
	expect_mapped(path, 9000, 9000);
	for (int i = 0; i < 2; i++)
		expect_null(START("driver", "read-only", path,
				  i ? "64" : "90000", number),
			    "a descriptor that cannot write was given");
	expect_null(START("driver", "sealed", "64", number),
		    "a file that cannot be made longer was given");
}

static void counter(void)
{
	const char *path = fresh_path(), *token = fresh_token();
	int processes = random_between(3, 6), times = random_between(200, 500);

	shares();
	/* A new file, then one that is there: "--" is no option. */
	for (int i = 1; i <= 2; i++)
		EXPECT(count("--", processes, times, path) == 0,
		       "updates were lost: expected %d, saw %lld",
		       i * processes * times, counter_in(path));
	count("--unlocked", processes, times, path);
	EXPECT(count("--", 40, 5, fresh_path()) == 0,
	       "updates of 40 processes were lost");
	path = fresh_path();
	write_in_sandbox(path, token);
	REFUSES(path, "ipc", "share", path);
	expect_untouched(path, token);
	path = fresh_path();
	REFUSES("--processes", "ipc", "share", "--processes", "0", path);
	REFUSES("--processes", "ipc", "share", "--processes", "1001", path);
	REFUSES("--times", "ipc", "share", "--times", "-1", path);
	REFUSES("/nowhere", "ipc", "share", "/nowhere/file");
	REFUSES("share", "ipc", "share");
	REFUSES("share", "ipc", "share", path, path);
	EXPECT(type_of(path) == 0, "refused, it has made a file");
}

/*
 * A lock of our own, F_RDLCK or F_UNLCK, of so many bytes from that one on (0:
 * to the end): shared, it excludes exclusive ones. False: another's excludes
 * it.
 */
static bool lock_bytes(int fd, short type, off_t start, off_t count)
{
	const struct flock lock = {.l_type = type,
				   .l_whence = SEEK_SET,
				   .l_start = start,
				   .l_len = count};

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool lock_all(int fd, short type)
{
	return lock_bytes(fd, type, 0, 0);
}

/* Somebody else has the lock, and has it of the whole file. */
static void expect_locked(int fd)
{
	EXPECT(!lock_all(fd, F_RDLCK),
	       "lock_file() has returned 0, and the file is not locked: one of "
	       "the process (F_SETLKW) is gone as soon as it closes any "
	       "descriptor of the file");
	EXPECT(!lock_bytes(fd, F_RDLCK, 0, 1),
	       "the beginning of the file is not locked: is the lock from "
	       "where the descriptor is (SEEK_CUR), or from the end on?");
	EXPECT(!lock_bytes(fd, F_RDLCK, 1 << 20, 0),
	       "only the beginning of the file is locked, not the whole, and "
	       "what it may grow by");
}

/* `driver lock`, that has waited for the lock and has it; a file of our own. */
static struct run *start_locking(const char *path, const char *go, int *fd)
{
	struct run *run;
	int child = -1;

	/* Not empty: its end is not its beginning. */
	write_in_sandbox(path, go);
	*fd = open_in_sandbox(path, O_RDWR, S_IFREG);
	EXPECT(lock_all(*fd, F_RDLCK), "the test could not lock %s", path);
	run = START("driver", "lock", path, go);
	AWAIT_OF(run,
		 strstr(output_of(run), "owned") ||
			 (is_idle(pid_of(run)) && state_of(pid_of(run)) == 'S'),
		 "another process has locked the file: lock_file() is to wait");
	EXPECT(!strstr(output_of(run), "owned"),
	       "another process has locked the file, and lock_file() does not "
	       "wait for it: is its lock shared, or of another kind "
	       "(flock(2))?");
	lock_all(*fd, F_UNLCK);
	await_word(run, "owned",
		   "the file is not locked any more, and "
		   "lock_file() waits on");
	await_word(run, "child", "try_lock_file() waits");
	sscanf(strstr(output_of(run), "child"), "child %d", &child);
	EXPECT(child == 0, "the file is locked, and a child of the owner %s",
	       child == 1 ? "cannot use the lock by the descriptor that it has "
			    "inherited: a lock of the process (F_SETLKW)?"
	       : child == 2 ? "gets the lock by another opening of the file"
			    : "sees try_lock_file() fail, and not with EAGAIN");
	await_word(run, "done", "locking does not end");
	expect_locked(*fd);
	return run;
}

static void owned(void)
{
	const char *path = fresh_path(), *go = fresh_token();
	struct run *run;
	int fd;

	run = start_locking(path, go, &fd);
	release(go);
	await_word(run, "unlocked", "unlock_file() does not return");
	EXPECT(lock_all(fd, F_RDLCK),
	       "unlock_file() has returned, and the file is still locked");
	close(fd);
	run = start_locking(fresh_path(), fresh_token(), &fd);
	send_signal(run, SIGKILL);
	AWAIT(lock_all(fd, F_RDLCK),
	      "the owner of the lock was killed, and it is still locked");
	close(fd);
}

/* A signal comes before it has the lock: it is not had yet. */
static void interrupted(void)
{
	const char *path = fresh_path(), *go = fresh_token();
	struct run *run;
	int fd;

	write_in_sandbox(path, go);
	fd = open_in_sandbox(path, O_RDWR, S_IFREG);
	/* Its child waits: what that gets would be the owner's too. */
	run = START("probe", "launch", failing("lock", 1, EINTR),
		    word("pause=trylock:1:%s", go),
		    word("driver lock %s %s", path, go));
	AWAIT_OF(run, pauses(go),
		 "a signal has interrupted the waiting for the lock (EINTR), "
		 "which is no failure");
	EXPECT(!lock_all(fd, F_RDLCK),
	       "a signal has interrupted the waiting for the lock (EINTR), "
	       "lock_file() has returned 0, and the file is not locked");
	close(fd);
	release(go);
	await_word(run, "unlocked", "locking does not end");
	end(run);
}

static void locks(void)
{
	struct run *run;

	run = START("driver", "lock-nothing");
	expect_status(run, 0);
	expect_output(run, "-1 -1 -1",
		      "lock_file(), try_lock_file() and unlock_file() of "
		      "descriptor -1, which is not open");
	owned();
	interrupted();
	run = START(
		"probe", "launch",
		failing("lock", random_between(1, 90), ENOLCK),
		word("ipc share --processes 3 --times 30 %s", fresh_path()));
	expect_failure(run, "the lock could not be had", ENOLCK);
	expect_nothing_left();
}

static const struct test tests[] = {
	{"connected", 1,
	 "each command writes to the pipe that the next reads, and has no end "
	 "that is not its own; three descriptors do for any number of them",
	 connected, 0, 1},
	{"ends_arrive", 1,
	 "data passes unchanged, then comes the end of file; a writer without "
	 "readers gets SIGPIPE",
	 ends_arrive, 0, 1},
	{"exits", 1,
	 "ends when all have ended, as the last did; what is not found makes "
	 "127; when one cannot be started all are undone",
	 exits, 0, 1},
	{"copies", 1,
	 "short writes and interrupted calls are gone on with, and what fails "
	 "is said",
	 copies, 0, 2},
	{"fifo", 1,
	 "receive makes a FIFO of its own and removes it; send writes to "
	 "nothing else",
	 fifo, 0, 3},
	{"barrier", 1,
	 "who waits goes on when it is released, and fails when the other side "
	 "is gone; no end stays open, no signal kills",
	 barrier, TAKES_LONG, 4},
	{"socket_names", 1,
	 "the kernel says who connected; a path is never cut short, taken "
	 "over or left behind",
	 socket_names, 0, 5},
	{"descriptor_passed", 1,
	 "one open file arrives, close-on-exec, and nothing else stays open",
	 descriptor_passed, TAKES_LONG, 6},
	{"counter", 1,
	 "processes that share memory or a file see each other's writes, and "
	 "lose no update under its lock",
	 counter, TAKES_LONG, 7},
	{"locks", 1,
	 "the lock is the open file's: others wait for it, and a killed owner "
	 "leaves none",
	 locks, 0, 7},
	{0},
};

const struct gate gate = {"04-ipc", "ipc", tests};
