/* Stage 04: pipes.h, sockets.h, shared.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

/* The most commands of one pipeline here. */
#define CROWD 200

static const char *number_word(int number)
{
	static char words[4][16];
	static int next;

	next = (next + 1) % 4;
	snprintf(words[next], sizeof(words[next]), "%d", number);
	return words[next];
}

/* A new name in /tmp that nobody has made yet. */
static const char *fresh_path(void)
{
	static char paths[8][64];
	static int next;

	next = (next + 1) % 8;
	snprintf(paths[next], sizeof(paths[next]), "/tmp/%s", fresh_token());
	return paths[next];
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

/* What kind of file it is, S_IFIFO for one; 0: there is none. */
static mode_t type_of(const char *path)
{
	struct stat st;

	return lstat(sandbox_path(path), &st) == 0 ? st.st_mode & S_IFMT : 0;
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

/* The program, begun with a system call of it disturbed. */
static struct run *launch(const char *disturbance, const char *program)
{
	return START("probe", "launch", disturbance, program);
}

/* A command line that is put together word by word. */
static const char *line[3 * CROWD + 16];
static size_t length;

static void word(const char *text)
{
	line[length++] = text;
	line[length] = NULL;
}

/* With descriptors closed or limits set by a shell that then is executed. */
static void begin_line(const char *shell)
{
	length = 0;
	word("sh");
	word("-c");
	word(shell);
	word("sh");
	word("ipc");
	word("pipeline");
}

/* A pipeline that holds still: its processes in their order. */
static pid_t commands[CROWD];
static char names[CROWD][32];

static bool all_hold(pid_t ipc, size_t count)
{
	pid_t found[CROWD + 1];

	if (children_of(ipc, found, CROWD + 1) != count)
		return false;
	memset(commands, 0, sizeof(commands));
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < count && !commands[i]; n++)
			/* Mostly the first look is right. */
			if (argument_is(found[(i + n) % count], 2, names[i]))
				commands[i] = found[(i + n) % count];
	for (size_t i = 0; i < count; i++)
		if (!commands[i])
			return false;
	return true;
}

static struct run *start_holding(const char *shell, size_t count)
{
	const char *token = fresh_token();
	const struct start how = {.input = token};
	struct run *run;

	begin_line(shell);
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "%s-%zu", token, i + 1);
		if (i > 0)
			word("|");
		word("probe");
		word("hold");
		word(names[i]);
	}
	run = start(&how, line);
	AWAIT(all_hold(pid_of(run), count) || has_ended(run),
	      "of %zu commands not all are executed", count);
	EXPECT(!has_ended(run),
	       "ipc has ended, with status %d, and not one of "
	       "its commands had",
	       finish(run));
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

/* All of it; `closed`: as many of descriptors 0 and 1 ipc began without. */
static void expect_pipeline(struct run *run, size_t count, int closed)
{
	const pid_t ipc = pid_of(run), first = commands[0],
		    last = commands[count - 1];
	char who[32];

	for (size_t i = 0; i + 1 < count; i++)
		expect_connected(i);
	for (size_t i = 0; i < count; i++) {
		snprintf(who, sizeof(who), "command %zu of %zu", i + 1, count);
		expect_no_foreign_ends(commands[i], who);
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
	static const char *const shells[] = {"exec \"$@\"", "exec \"$@\" <&-",
					     "exec \"$@\" <&- >&-"};

	/* Pipes made while 0 or 1 are free are given these numbers. */
	for (int closed = 0; closed < 3; closed++) {
		size_t count = (size_t)random_between(3, 6);
		struct run *run = start_holding(shells[closed], count);

		expect_pipeline(run, count, closed);
		kill(pid_of(run), SIGKILL);
		finish(run);
	}
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
	const char *token = fresh_token(), *sum;
	struct run *run, *other;

	make_payload(random_between(1000000, 1100000));
	run = START("ipc", "pipeline", "cat", "/tmp/payload", "|", "cat", "|",
		    "cat", "|", "cmp", "-", "/tmp/payload");
	expect_end(run, 0,
		   "a reader sees no end of file, for somebody still has the "
		   "writing end open");
	run = START("ipc", "pipeline", "cat", "/tmp/payload", "|", "sha256sum");
	expect_end(run, 0, "sha256sum sees no end of file");
	other = START_WITH({.dir = "/tmp"}, "sh", "-c", "sha256sum <payload");
	finish(other);
	sum = output_of(other);
	EXPECT(sum[0] && strcmp(output_of(run), sum) == 0,
	       "expected the checksum %s, saw %s", sum, output_of(run));
	run = START_WITH({.input = token}, "ipc", "pipeline", "cat", "|",
			 "cat");
	expect_end(run, 0, "cat sees no end of file");
	EXPECT(strcmp(output_of(run), token) == 0,
	       "what was written to the first command's standard input does "
	       "not come out of the last one: expected %s, saw %s",
	       token, output_of(run));
	/* Two who would write for ever. */
	run = START("ipc", "pipeline", "yes", token, "|", "cat", "|", "head",
		    "-n1");
	expect_end(run, 0,
		   "nobody reads from yes any more, and it gets no SIGPIPE: "
		   "somebody else still has the reading end open");
	EXPECT(strncmp(output_of(run), token, strlen(token)) == 0,
	       "expected %s, saw %s", token, output_of(run));
	expect_nothing_left();
}

/* pipeline() fails; it has cleaned up before anybody says so. */
static void expect_undone(const char *shell, const char *fault, int error)
{
	const char *token = fresh_token();
	char pause[64];
	pid_t left;
	struct run *run;

	snprintf(pause, sizeof(pause), "pause=write:1:%s", token);
	run = START("sh", "-c", shell, "sh", "probe", "launch", pause, fault,
		    "ipc pipeline probe hold a | probe hold b | probe hold c");
	AWAIT(exists(token, ".paused") || has_ended(run),
	      "a pipe or a process could not be made (%s), and ipc does not "
	      "say so",
	      strerror(error));
	EXPECT(!has_ended(run), "expected a line that says \"%s\", saw none",
	       strerror(error));
	EXPECT(children_of(pid_of(run), &left, 1) == 0,
	       "pipeline() has failed with \"%s\", and a command that was "
	       "started before is still there (state %c): expected it killed "
	       "and collected",
	       strerror(error), state_of(left));
	expect_no_foreign_ends(pid_of(run), "after the failure ipc");
	release(token);
	expect_error(run, "ipc", error);
}

static void many_commands(void)
{
	/* 0, 1, 2 and three more. */
	const char *shell = "ulimit -n 6; exec \"$@\"";
	const char *token = fresh_token();
	const struct start how = {.input = token};
	char fault[48];
	struct run *run;

	run = start_holding(shell, 64);
	expect_pipeline(run, 64, 0);
	kill(pid_of(run), SIGKILL);
	finish(run);
	begin_line(shell);
	for (int i = 0; i < CROWD; i++) {
		if (i > 0)
			word("|");
		word("cat");
	}
	run = start(&how, line);
	expect_end(run, 0, "among 200 commands the end of file is lost");
	EXPECT(strcmp(output_of(run), token) == 0,
	       "of %s, passed on by 200 commands, came: %s", token,
	       output_of(run));
	expect_undone("ulimit -n 5; exec \"$@\"", "block=0", EMFILE);
	snprintf(fault, sizeof(fault), "fail=fork:%d:%d", random_between(1, 3),
		 EAGAIN);
	expect_undone("exec \"$@\"", fault, EAGAIN);
}

/* What holds its end open with the first command goes on as well. */
static void waits_for_all(int status)
{
	const char *token = fresh_token();
	struct run *run = START("ipc", "pipeline", "probe", "hold", token, "|",
				"probe", "exit", number_word(status));
	pid_t first = await_probe(token), found[2];

	AWAIT(children_of(pid_of(run), found, 2) == 1 || has_ended(run),
	      "the last command has ended and was not waited for");
	EXPECT(!has_ended(run),
	       "ipc has ended with its last command: the first one runs on");
	kill(first, SIGKILL);
	expect_status(run, status);
}

/* A signal to ipc goes on to all; when it is killed all end too. */
static void signalled(void)
{
	size_t count = (size_t)random_between(2, 5);
	int sig = random_between(0, 1) ? SIGTERM : SIGHUP;
	struct run *run = start_holding("exec \"$@\"", count);

	for (size_t i = 0; i < count; i++)
		EXPECT(status_mask(commands[i], "SigBlk") == 0,
		       "command %zu has signals blocked (%s), which the caller "
		       "of ipc had not",
		       i + 1, status_of(commands[i], "SigBlk"));
	send_signal(run, sig);
	expect_end(run, 128 + sig, "it was sent a signal that is to end all");
	expect_nothing_left();
	run = start_holding("exec \"$@\"", count);
	send_signal(run, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	expect_nothing_left();
}

static void exits(void)
{
	const char *token = fresh_token(), *other = fresh_token();
	int status = random_between(1, 120), sig = random_between(1, 15);
	struct run *run;

	expect_status(START("ipc", "pipeline", "probe", "exit", "7", "|",
			    "probe", "exit", number_word(status)),
		      status);
	expect_status(START("ipc", "pipeline", "probe", "exit",
			    number_word(status), "|", "probe", "exit", "0"),
		      0);
	expect_status(
		START("ipc", "pipeline", "probe", "exit", number_word(status)),
		status);
	waits_for_all(status);
	/* Commands that cannot be executed, and the others. */
	run = START("ipc", "pipeline", "echo", token, "|", other, "|", "probe",
		    "exit", number_word(status));
	expect_end(run, status,
		   "the command after one that is not found "
		   "waits");
	EXPECT(strstr(errors_of(run), other),
	       "expected a line that names %s, which is not found", other);
	run = START("ipc", "pipeline", other, "|", "cat", "|", "wc", "-c");
	expect_end(run, 0, "the commands after one that is not found wait");
	EXPECT(atoi(output_of(run)) == 0 && output_of(run)[0] == '0',
	       "what was read from a command that is not found: %s bytes",
	       output_of(run));
	expect_end(START("ipc", "pipeline", "yes", "|", other), 127,
		   "the command before one that is not found writes on");
	expect_end(START("ipc", "pipeline", "yes", "|", "/tmp"), 126,
		   "the command before one that cannot be executed writes on");
	run = START("ipc", "pipeline", "yes", "|", "probe", "hold", token);
	kill(await_probe(token), sig);
	expect_status(run, 128 + sig);
	expect_nothing_left();
	REFUSES("CMD", "ipc", "pipeline");
	REFUSES("empty", "ipc", "pipeline", "|", "cat");
	REFUSES("empty", "ipc", "pipeline", "cat", "|");
	REFUSES("empty", "ipc", "pipeline", "probe", "hold", "a", "|", "|",
		"cat");
	REFUSES("--nonsense", "ipc", "pipeline", "--nonsense", "cat");
	signalled();
}

/* `ipc fifo receive`, once it waits at its FIFO. */
static struct run *start_receiving(const char *path)
{
	struct run *run = START("ipc", "fifo", "receive", path);

	AWAIT(type_of(path) == S_IFIFO || has_ended(run), "there is no FIFO %s",
	      path);
	EXPECT(!has_ended(run),
	       "it has ended, with status %d, before anybody wrote",
	       finish(run));
	return run;
}

/* Until the last writer has closed, not the first. */
static void two_writers(const char *path)
{
	static const char script[] =
		"exec >$0; printf %s $1; "
		"until [ -e /tmp/$2 ]; do usleep 1000; done; printf %s $3";
	const char *first = fresh_token(), *second = fresh_token(),
		   *third = fresh_token(), *go = fresh_token();
	struct run *run = start_receiving(path);
	char all[128];

	START("sh", "-c", script, path, first, go, third);
	AWAIT(strcmp(output_of(run), first) == 0 || has_ended(run),
	      "what a writer has written does not arrive before it closes");
	expect_end(START_WITH({.input = second}, "ipc", "fifo", "send", path),
		   0, "the receiver does not read");
	snprintf(all, sizeof(all), "%s%s", first, second);
	AWAIT(strcmp(output_of(run), all) == 0 || has_ended(run),
	      "what a second writer has written does not arrive");
	EXPECT(!has_ended(run),
	       "the receiver has ended with one of its writers: another one "
	       "had not closed");
	release(go);
	expect_end(run, 0,
		   "the last writer has closed: a receiver that has its own "
		   "writing end open (O_RDWR) sees no end of file");
	strncat(all, third, sizeof(all) - strlen(all) - 1);
	EXPECT(strcmp(output_of(run), all) == 0, "expected %s, saw %s", all,
	       output_of(run));
}

static void sends(void)
{
	const char *path = fresh_path(), *token = fresh_token();
	struct run *run;

	EXPECT(RUN("mkfifo", path) == 0, "the test could not make a FIFO");
	run = START_WITH({.input = token}, "ipc", "fifo", "send", path);
	AWAIT(is_idle(pid_of(run)), "send does not sleep until there is a "
				    "reader");
	EXPECT(!has_ended(run),
	       "send has ended, with status %d, and nobody has read",
	       finish(run));
	expect_status(START("sh", "-c", "[ $(cat $0) = $1 ]", path, token), 0);
	expect_status(run, 0);
	EXPECT(type_of(path) == S_IFIFO, "send has removed the FIFO, which is "
					 "the receiver's");
	/* Nothing else is written to. */
	path = fresh_path();
	write_in_sandbox(path, token);
	run = START_WITH({.input = "not to be written"}, "ipc", "fifo", "send",
			 path);
	expect_error(run, path, EINVAL);
	EXPECT(strcmp(read_in_sandbox(path), token) == 0,
	       "a file that is no FIFO was written to: %s",
	       read_in_sandbox(path));
	path = fresh_path();
	expect_error(START("ipc", "fifo", "send", path), path, ENOENT);
	EXPECT(type_of(path) == 0, "send has made %s", path);
	REFUSES("/tmp", "ipc", "fifo", "send", "/tmp");
}

static void fifo(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	const char *path = fresh_path(), *token = fresh_token();
	struct run *run = start_receiving(path);
	struct stat st = {0};

	lstat(sandbox_path(path), &st);
	EXPECT((st.st_mode & 07777) == 0600,
	       "the mode of the FIFO is %o: expected 600",
	       (unsigned)st.st_mode & 07777);
	for (size_t i = 0; i < 4; i++) {
		send_signal(run, signals[i]);
		expect_status(run, 128 + signals[i]);
		EXPECT(type_of(path) == 0,
		       "ended by signal %d, it has left the FIFO behind",
		       signals[i]);
		run = start_receiving(path);
	}
	send_signal(run, SIGTERM);
	finish(run);
	two_writers(path);
	EXPECT(type_of(path) == 0, "the FIFO is left behind");
	sends();
	/* What was there before is somebody's. */
	path = fresh_path();
	write_in_sandbox(path, token);
	expect_error(START("ipc", "fifo", "receive", path), path, EEXIST);
	EXPECT(strcmp(read_in_sandbox(path), token) == 0,
	       "a file that was there before was changed or removed");
	path = fresh_path();
	EXPECT(RUN("mkfifo", path) == 0, "the test could not make a FIFO");
	expect_error(START("ipc", "fifo", "receive", path), path, EEXIST);
	EXPECT(type_of(path) == S_IFIFO, "a FIFO that was there before was "
					 "removed");
	REFUSES("/nowhere/f", "ipc", "fifo", "receive", "/nowhere/f");
	REFUSES("fifo", "ipc", "fifo");
	REFUSES("fifo", "ipc", "fifo", "receive");
	REFUSES("fifo", "ipc", "fifo", "receive", "a", "b");
	REFUSES("devour", "ipc", "fifo", "devour", "a");
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
	static char text[1 << 20];
	int fd = open(sandbox_path(path), O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	size_t same = 0;

	if (fd >= 0)
		close(fd);
	text[size < 0 ? 0 : size] = '\0';
	while (text[same] && text[same] == seen[same])
		same++;
	EXPECT(text[0] && strcmp(text, seen) == 0,
	       "expected %zd bytes, saw %zu, and number %zu is not the same: "
	       "write(2) may write less than it was given",
	       size, strlen(seen), same + 1);
}

/*
 * A pipe of two pages is full, and one of them is read: what is being written
 * has room for a part of it, and waits for more. When the process is stopped
 * then and goes on, write(2) returns with that part.
 */
static void short_writes(const char *path)
{
	static char seen[1 << 20];
	const char *out = fresh_path();
	struct run *run;
	size_t size = 0;
	ssize_t n;
	pid_t pid;
	int fd;

	make_text(random_between(150000, 160000));
	EXPECT(RUN("mkfifo", out) == 0, "the test could not make a FIFO");
	fd = open(sandbox_path(out), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	EXPECT(fd >= 0 && fcntl(fd, F_SETPIPE_SZ, 8192) > 0,
	       "the test could not open its FIFO: %s", strerror(errno));
	run = START("sh", "-c", "exec ipc fifo receive $0 >$1", path, out);
	AWAIT(type_of(path) == S_IFIFO || has_ended(run), "there is no FIFO");
	START("sh", "-c", "exec cat /tmp/text >$0", path);
	pid = pid_of(run);
	do {
		AWAIT(state_of(pid) == 'S' || has_ended(run),
		      "it neither waits nor ends");
		kill(pid, SIGSTOP);
		AWAIT(state_of(pid) == 'T' || has_ended(run),
		      "it does not stop");
		kill(pid, SIGCONT);
		n = read(fd, seen + size, 4096);
		size += n > 0 ? (size_t)n : 0;
	} while ((n > 0 || !has_ended(run)) && size < sizeof(seen) - 4096);
	close(fd);
	seen[size] = '\0';
	expect_status(run, 0);
	expect_same_text(seen, "/tmp/text");
}

static void copies(void)
{
	static const char *const calls[] = {"read:1", "read:2", "write:1"};
	const char *path = fresh_path(), *token = fresh_token();
	char fault[32], program[96];
	struct run *run;

	for (size_t i = 0; i < 3; i++) {
		snprintf(fault, sizeof(fault), "fail=%s:%d", calls[i], EINTR);
		snprintf(program, sizeof(program), "ipc fifo receive %s", path);
		run = launch(fault, program);
		AWAIT(type_of(path) == S_IFIFO || has_ended(run),
		      "there is no FIFO");
		RUN("sh", "-c", "echo -n $1 >$0", path, token);
		EXPECT(finish(run) == 0 && strcmp(output_of(run), token) == 0,
		       "when a signal has interrupted %s (EINTR) expected all "
		       "to be copied and exit status 0, saw %s and status %d",
		       calls[i], output_of(run), finish(run));
	}
	make_payload(random_between(100000, 300000));
	run = START("sh", "-c", "exec ipc fifo receive $0 >/tmp/out", path);
	AWAIT(type_of(path) == S_IFIFO || has_ended(run), "there is no FIFO");
	expect_status(
		START("sh", "-c", "exec ipc fifo send $0 </tmp/payload", path),
		0);
	expect_status(run, 0);
	EXPECT(RUN("cmp", "/tmp/payload", "/tmp/out") == 0,
	       "bytes were changed on the way: are they copied as text?");
	short_writes(path);
	/* What cannot be read or written is said; the FIFO goes all the same */
	START("sh", "-c", "until [ -e $0 ]; do usleep 1000; done; echo x >$0",
	      path);
	run = START("sh", "-c", "exec ipc fifo receive $0 >/dev/full", path);
	expect_failure(run, "its output could not be written", ENOSPC);
	EXPECT(type_of(path) == 0,
	       "copying has failed, and the FIFO is left behind");
	make_text(600000);
	EXPECT(RUN("mkfifo", path) == 0, "the test could not make a FIFO");
	START("head", "-c", "1", path);
	run = START("sh", "-c", "exec ipc fifo send $0 </tmp/text", path);
	expect_failure(run, "nobody reads any more", EPIPE);
	START("cat", path);
	run = START("sh", "-c", "exec ipc fifo send $0 </tmp", path);
	expect_failure(run, "its input could not be read", EISDIR);
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

/* True when somebody listens at it: there is a name before that. */
static bool is_listening(pid_t pid, const char *path)
{
	const char *at = strstr(proc_file(pid, "net/unix"), path);

	/* "Num RefCount Protocol Flags Type St Inode Path", Flags of listen */
	while (at && *at != ':')
		at--;
	return at && strstr(at, " 00010000 ") &&
	       strstr(at, " 00010000 ") < strstr(at, path);
}

/* `ipc socket receive`, once it listens; `setting` as of the launcher. */
static struct run *start_listening(const char *path, const char *setting)
{
	char program[256];
	struct run *run;

	snprintf(program, sizeof(program), "ipc socket receive %s", path);
	run = launch(setting, program);
	AWAIT(is_listening(pid_of(run), path) || has_ended(run),
	      "nobody listens at the socket %s", path);
	EXPECT(!has_ended(run),
	       "it has ended, with status %d, before anybody connected",
	       finish(run));
	expect_close_on_exec(pid_of(run), "receiver");
	return run;
}

/* One who sends what is no single descriptor; nothing of it may stay. */
static void expect_bad_message(const char *count, int error)
{
	const char *path = fresh_path(), *token = fresh_token();
	char pause[64], when[80];
	struct stat file = {0};
	struct run *run;
	int fd;

	/* It writes who has connected, and then what was wrong. */
	snprintf(pause, sizeof(pause), "pause=write:2:%s", token);
	write_in_sandbox("/tmp/passed", token);
	stat(sandbox_path("/tmp/passed"), &file);
	run = start_listening(path, pause);
	EXPECT(RUN("probe", "pass", path, "/tmp/passed", count) == 0,
	       "the test could not send its message");
	AWAIT(exists(token, ".paused") || has_ended(run),
	      "a message with %s descriptors (-1: none was sent at all), and "
	      "the receiver waits on",
	      count);
	EXPECT(!has_ended(run), "expected a line that says \"%s\", saw: %s",
	       strerror(error), errors_of(run));
	EXPECT(count_open(pid_of(run), &file, &fd) == 0,
	       "a message brought %s descriptors where one was expected, and "
	       "the receiver has not closed them",
	       count);
	release(token);
	snprintf(when, sizeof(when), "a message with %s descriptors came%s",
		 count, count[0] == '-' ? " (none at all)" : "");
	expect_failure(run, when, error);
	EXPECT(!strstr(output_of(run), token),
	       "what came with a bad message was copied");
}

/* What is done about SIGPIPE by main() is taken away from it. */
static void peer_closes(void)
{
	const char *path = fresh_path(), *token = fresh_token();
	char pause[64], program[128];
	struct run *run, *other = START("probe", "shut", path);

	AWAIT(is_listening(pid_of(other), path), "the test could not listen");
	snprintf(pause, sizeof(pause), "pause=sendmsg:1:%s", token);
	snprintf(program, sizeof(program), "ipc socket send %s /etc/passwd",
		 path);
	run = START("probe", "launch", "fake=sigaction:1", pause, program);
	expect_end(other, 0, "nobody has connected");
	AWAIT(exists(token, ".paused") || has_ended(run),
	      "it does not use sendmsg(2)");
	release(token);
	expect_failure(run,
		       "the peer had closed, which send_fd() is to say and not "
		       "die of",
		       EPIPE);
}

static void descriptor_passed(void)
{
	/* By then it has no name, and nobody might open it. */
	static const char script[] = "exec 3</tmp/text; rm /tmp/text; "
				     "exec ipc socket send $0 /proc/self/fd/3";
	const char *path = fresh_path(), *token = fresh_token();
	char pause[64];
	struct stat file = {0};
	struct run *run;
	pid_t pid;
	int fd = -1;

	make_text(600000);
	EXPECT(RUN("cp", "/tmp/text", "/tmp/copy") == 0,
	       "the test could not copy its data");
	stat(sandbox_path("/tmp/text"), &file);
	/* Close-on-exec from the start, and not by a call that comes later. */
	snprintf(pause, sizeof(pause), "pause=fcntl:1:%s", token);
	run = start_listening(path, pause);
	pid = pid_of(run);
	expect_status(START("sh", "-c", script, path), 0);
	/* Its output fills the pipe, and nobody reads it yet. */
	AWAIT(count_open(pid, &file, &fd) > 0 || state_of(pid) == 'Z' ||
		      state_of(pid) == 0,
	      "no descriptor arrives");
	expect_close_on_exec(pid, "receiver");
	release(token);
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
	expect_bad_message("2", EBADMSG);
	expect_bad_message("3", EBADMSG);
	expect_bad_message("0", EBADMSG);
	expect_bad_message("-1", ENOTCONN);
	peer_closes();
}

/* As many ids as the sandbox has: one, or others besides the student's. */
static bool has_other_ids(void)
{
	long count = 0;

	sscanf(proc_file(sandbox_init(), "uid_map"), "%*d %*d %ld", &count);
	return count > 50000;
}

/* Who connected: process id inside, user and group. */
static void peer_told(void)
{
	const bool others = has_other_ids();
	const char *path = fresh_path(), *token = fresh_token();
	unsigned uid = others ? (unsigned)random_between(2000, 40000) : 1000;
	unsigned gid = others ? uid + 1 : 1000, seen_uid = 0, seen_gid = 0;
	char settings[3][64], program[128], pid[16] = "";
	const char *errors, *ids;
	struct run *run, *sender;
	int seen = 0;

	run = start_listening(path, "block=0");
	write_in_sandbox("/tmp/passed", token);
	snprintf(settings[0], 64, "gid=%u", gid);
	snprintf(settings[1], 64, "uid=%u", uid);
	snprintf(settings[2], 64, "pause=sendmsg:1:%s", token);
	snprintf(program, sizeof(program), "ipc socket send %s /tmp/passed",
		 path);
	sender = START_WITH({.as_root = others}, "probe", "launch",
			    others ? settings[0] : "block=0",
			    others ? settings[1] : "block=0", settings[2],
			    program);
	AWAIT(exists(token, ".paused") || has_ended(sender),
	      "the sender does not come to sendmsg(2)");
	EXPECT(!has_ended(sender), "the sender has not used sendmsg(2)");
	expect_close_on_exec(pid_of(sender), "sender");
	ids = strrchr(status_of(pid_of(sender), "NSpid"), '\t');
	snprintf(pid, sizeof(pid), "%s", ids ? ids + 1 : "");
	release(token);
	expect_status(sender, 0);
	expect_status(run, 0);
	EXPECT(strcmp(output_of(run), token) == 0,
	       "expected the file's text, %s, saw %s", token, output_of(run));
	errors = strstr(errors_of(run), "peer pid ");
	EXPECT(errors && sscanf(errors, "peer pid %d uid %u gid %u", &seen,
				&seen_uid, &seen_gid) == 3,
	       "it does not say who has connected");
	EXPECT(seen == atoi(pid) && seen_uid == uid && seen_gid == gid,
	       "process %s of user %u and group %u has connected; it says %d, "
	       "%u and %u",
	       pid, uid, gid, seen, seen_uid, seen_gid);
	EXPECT(type_of(path) == 0, "the socket is left behind");
}

/* A path of that many bytes. */
static void make_path(char *path, size_t bytes)
{
	size_t at = (size_t)snprintf(path, bytes, "%s", fresh_path());

	memset(path + at, 'x', bytes - at);
	path[bytes] = '\0';
}

static void long_paths(void)
{
	char path[128], cut[112];
	struct run *run;

	make_path(cut, 107);
	snprintf(path, sizeof(path), "%sy", cut);
	expect_error(START("ipc", "socket", "receive", path), path,
		     ENAMETOOLONG);
	EXPECT(type_of(cut) == 0 && type_of(path) == 0,
	       "a path of 108 bytes was cut short, and a socket is there");
	run = start_listening(cut, "block=0");
	expect_error(START("ipc", "socket", "send", path, "/etc/passwd"), path,
		     ENAMETOOLONG);
	expect_status(START("ipc", "socket", "send", cut, "/etc/passwd"), 0);
	expect_end(run, 0, "a path of 107 bytes fits a socket's name");
	expect_error(START("ipc", "socket", "receive", ""), "socket", ENOENT);
	expect_error(START("ipc", "socket", "send", "", "/etc/passwd"),
		     "socket", ENOENT);
}

static void taken_paths(void)
{
	const char *path = fresh_path(), *token = fresh_token();
	char fault[32], program[96];
	struct run *run;

	/* A file, a socket somebody listens at, and one that is forsaken. */
	write_in_sandbox(path, token);
	expect_error(START("ipc", "socket", "receive", path), path, EADDRINUSE);
	EXPECT(strcmp(read_in_sandbox(path), token) == 0,
	       "a file that was there before was changed or removed");
	expect_error(START("ipc", "socket", "send", path, "/etc/passwd"), path,
		     ECONNREFUSED);
	path = fresh_path();
	run = start_listening(path, "block=0");
	expect_error(START("ipc", "socket", "receive", path), path, EADDRINUSE);
	EXPECT(type_of(path) == S_IFSOCK, "the socket of another was removed");
	send_signal(run, SIGKILL);
	finish(run);
	expect_error(START("ipc", "socket", "send", path, "/etc/passwd"), path,
		     ECONNREFUSED);
	expect_error(
		START("ipc", "socket", "send", fresh_path(), "/etc/passwd"),
		"/tmp/", ENOENT);
	/* Made, and then of no use. */
	path = fresh_path();
	snprintf(fault, sizeof(fault), "fail=listen:1:%d", ENOBUFS);
	snprintf(program, sizeof(program), "ipc socket receive %s", path);
	expect_error(launch(fault, program), path, ENOBUFS);
	EXPECT(type_of(path) == 0,
	       "listen(2) has failed, and the socket that bind(2) had made is "
	       "left behind");
	run = start_listening(path, "block=0");
	send_signal(run, SIGTERM);
	expect_status(run, 128 + SIGTERM);
	EXPECT(type_of(path) == 0, "ended by a signal, it has left the socket "
				   "behind");
}

static void socket_names(void)
{
	peer_told();
	long_paths();
	taken_paths();
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
	int fd = open(sandbox_path(path), O_RDONLY | O_CLOEXEC);
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

static void counter(void)
{
	const char *path = fresh_path(), *token = fresh_token();
	int processes = random_between(3, 9), times = random_between(200, 900);

	/* A new file, then one that is there: "--" is no option. */
	for (int i = 1; i <= 2; i++)
		EXPECT(count("--", processes, times, path) == 0,
		       "updates were lost: expected %d, saw %lld",
		       i * processes * times, counter_in(path));
	for (int i = 0; i < 3; i++)
		count("--unlocked", processes, times, path);
	EXPECT(count("--", 100, 3, fresh_path()) == 0,
	       "updates of 100 processes were lost");
	path = fresh_path();
	write_in_sandbox(path, token);
	REFUSES(path, "ipc", "share", path);
	EXPECT(strcmp(read_in_sandbox(path), token) == 0,
	       "a file that is no counter was changed");
	path = fresh_path();
	REFUSES("--processes", "ipc", "share", "--processes", "0", path);
	REFUSES("--processes", "ipc", "share", "--processes", "1001", path);
	REFUSES("--times", "ipc", "share", "--times", "-1", path);
	REFUSES("--times", "ipc", "share", "--times", "many", path);
	REFUSES("/nowhere", "ipc", "share", "/nowhere/file");
	REFUSES("share", "ipc", "share");
	REFUSES("share", "ipc", "share", path, path);
	EXPECT(type_of(path) == 0, "refused, it has made a file");
}

/*
 * How many wait for a lock of the file, as /proc/locks says. Theirs is to be
 * exclusive, for the whole file, and the open file's.
 */
static int count_waiting(const struct stat *file)
{
	char place[64];
	const char *text = proc_file(sandbox_init(), "../locks");
	int waiting = 0;

	snprintf(place, sizeof(place), " %02x:%02x:%llu ", major(file->st_dev),
		 minor(file->st_dev), (unsigned long long)file->st_ino);
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		char entry[256];

		n = strcspn(text, "\n");
		snprintf(entry, sizeof(entry), "%.*s", (int)n, text);
		if (!strstr(entry, place) || !strstr(entry, "->"))
			continue;
		waiting++;
		EXPECT(strstr(entry, "OFDLCK") && strstr(entry, "WRITE") &&
			       strstr(entry, " 0 EOF"),
		       "expected it to wait for an exclusive lock (WRITE) of "
		       "the open file (OFDLCK) from 0 to EOF; /proc/locks "
		       "says: %s",
		       entry);
	}
	return waiting;
}

/* A shared lock of our own, that excludes exclusive ones. */
static bool locked(int fd)
{
	const struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* The file is locked by somebody else: they wait, and count when it is not. */
static void waits_for_lock(void)
{
	const char *path = fresh_path();
	int processes = random_between(2, 5), times = random_between(20, 99);
	struct stat file = {0};
	struct run *run;
	int fd;

	expect_status(START("ipc", "share", "--times", "0", path), 0);
	EXPECT(counter_in(path) == 0, "a new counter is not 8 bytes of 0");
	fd = open(sandbox_path(path), O_RDWR | O_CLOEXEC);
	EXPECT(fd >= 0 && fstat(fd, &file) == 0 && locked(fd),
	       "the test could not lock %s: %s", path, strerror(errno));
	run = START("ipc", "share", "--processes", number_word(processes),
		    "--times", number_word(times), path);
	AWAIT(count_waiting(&file) == processes || has_ended(run),
	      "another process has locked the file: expected all %d to wait "
	      "for it, saw %d",
	      processes, count_waiting(&file));
	EXPECT(!has_ended(run) && counter_in(path) == 0,
	       "another process has locked the file, and they have counted to "
	       "%lld",
	       counter_in(path));
	close(fd);
	expect_end(run, 0, "the file is not locked any more");
	EXPECT(counter_in(path) == processes * times, "expected %d, saw %lld",
	       processes * times, counter_in(path));
}

/* Between two additions it is anybody's. */
static void gives_lock_back(void)
{
	const char *path = fresh_path();
	struct run *run = START("ipc", "share", "--processes", "1", "--times",
				"1000000000", path);
	int fd;

	AWAIT(counter_in(path) > 0 || has_ended(run), "it does not count");
	fd = open(sandbox_path(path), O_RDWR | O_CLOEXEC);
	AWAIT(locked(fd) || has_ended(run),
	      "the lock is never free while it counts: unlock_file() does not "
	      "give it back");
	close(fd);
	EXPECT(!has_ended(run), "it has ended, with status %d, at %lld",
	       finish(run), counter_in(path));
	send_signal(run, SIGKILL);
	finish(run);
}

/* The child that has the lock just now, all of them being stopped; or 0. */
static pid_t owner_among(const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int fds[32];
		size_t open = descriptors_of(pids[i], fds, 32);

		for (size_t n = 0; n < open; n++) {
			char file[32];

			snprintf(file, sizeof(file), "fdinfo/%d", fds[n]);
			if (strstr(proc_file(pids[i], file), "OFDLCK"))
				return pids[i];
		}
	}
	return 0;
}

static bool all_stopped(const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (state_of(pids[i]) != 'T')
			return false;
	return true;
}

static void signal_all(const pid_t *pids, size_t count, int sig)
{
	for (size_t i = 0; i < count; i++)
		kill(pids[i], sig);
}

/* Stops all at moments of chance, until one of them has the lock. */
static pid_t stop_with_lock(const pid_t *pids, size_t count)
{
	const double limit = deadline();
	pid_t owner = 0;

	while (!owner) {
		signal_all(pids, count, SIGSTOP);
		AWAIT(all_stopped(pids, count), "they do not stop");
		owner = owner_among(pids, count);
		if (!owner && past(limit))
			fail("none of them ever has an OFDLCK lock in "
			     "/proc/PID/fdinfo");
		if (!owner)
			signal_all(pids, count, SIGCONT);
	}
	return owner;
}

static void owner_is_killed(void)
{
	const char *path = fresh_path();
	size_t count = (size_t)random_between(2, 4);
	struct run *run =
		START("ipc", "share", "--processes", number_word((int)count),
		      "--times", "1000000000", path);
	pid_t pids[8], owner;
	long long before;

	AWAIT((children_of(pid_of(run), pids, 8) == count &&
	       counter_in(path) > 0) ||
		      has_ended(run),
	      "they do not count");
	EXPECT(!has_ended(run), "it has ended before it has counted");
	owner = stop_with_lock(pids, count);
	before = counter_in(path);
	kill(owner, SIGKILL);
	AWAIT(state_of(owner) == 0, "who was killed was not waited for");
	signal_all(pids, count, SIGCONT);
	AWAIT(counter_in(path) > before + 1,
	      "the owner of the lock was killed, and nobody gets it any more");
	send_signal(run, SIGKILL);
	finish(run);
	expect_nothing_left();
}

static void locks(void)
{
	const char *path = fresh_path();
	char fault[32], program[96];
	struct run *run;

	waits_for_lock();
	gives_lock_back();
	owner_is_killed();
	snprintf(program, sizeof(program),
		 "ipc share --processes 3 --times 30 %s", path);
	snprintf(fault, sizeof(fault), "fail=lock:%d:%d", random_between(1, 90),
		 EINTR);
	run = launch(fault, program);
	EXPECT(finish(run) == 0 && counter_in(path) == 90,
	       "when a signal has interrupted the waiting for the lock (EINTR) "
	       "expected 90 and status 0, saw %lld and status %d",
	       counter_in(path), finish(run));
	path = fresh_path();
	snprintf(program, sizeof(program),
		 "ipc share --processes 3 --times 30 %s", path);
	snprintf(fault, sizeof(fault), "fail=lock:%d:%d", random_between(1, 90),
		 ENOLCK);
	run = launch(fault, program);
	expect_failure(run, "the lock could not be had", ENOLCK);
	expect_nothing_left();
}

static const struct test tests[] = {
	{"connected", 1,
	 "each command writes to the pipe that the next reads, and has no end "
	 "that is not its own",
	 connected, 0, 0},
	{"ends_arrive", 1,
	 "data passes unchanged, then comes the end of file; a writer without "
	 "readers gets SIGPIPE",
	 ends_arrive, 0, 0},
	{"many_commands", 1,
	 "three descriptors do for 200 commands; when one cannot be started "
	 "all are undone",
	 many_commands, 0, 0},
	{"exits", 1,
	 "ends when all have ended, as the last did; what is not found makes "
	 "127; signals go on to all",
	 exits, 0, 0},
	{"fifo", 1,
	 "receive makes a FIFO of its own and removes it; send writes to "
	 "nothing else",
	 fifo, 0, 0},
	{"copies", 1,
	 "short writes and interrupted calls are gone on with, and what fails "
	 "is said",
	 copies, 0, 0},
	{"descriptor_passed", 1,
	 "one open file arrives, close-on-exec, and nothing else stays open",
	 descriptor_passed, 0, 0},
	{"socket_names", 1,
	 "the kernel says who connected; a path is never cut short, taken "
	 "over or left behind",
	 socket_names, 0, 0},
	{"counter", 1,
	 "processes that share a file lose no update under its lock, and tell "
	 "the truth without",
	 counter, 0, 0},
	{"locks", 1,
	 "the lock is the open file's: others wait for it, and a killed owner "
	 "leaves none",
	 locks, 0, 0},
	{0},
};

const struct gate gate = {"04-ipc", "ipc", tests};
