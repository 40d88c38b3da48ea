/* ipc: processes that pass data to each other. Stage 04. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "counter.h"
#include "failure.h"
#include "options.h"
#include "pipes.h"
#include "reap.h"
#include "signals.h"
#include "sockets.h"
#include "spawn.h"
#include "watch.h"

static const struct option_spec no_specs[] = {{0}};

/* The operands that are left, which must be `count`: those of the usage. */
static char **exactly(struct options *options, int count, const char *usage)
{
	int n = 0;

	while (options->argv[n])
		n++;
	if (n != count)
		bad_usage("expected: ipc %s (see --help)", usage);
	return options->argv;
}

static size_t count_commands(char **words)
{
	size_t count = 1;

	for (; *words; words++)
		if (strcmp(*words, "|") == 0)
			count++;
	return count;
}

/* Cuts the words at every "|". */
static void split_commands(char **words, struct command *commands, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		commands[i].argv = words;
		while (*words && strcmp(*words, "|") != 0)
			words++;
		if (commands[i].argv == words)
			bad_usage("pipeline: command %zu of %zu is empty",
				  i + 1, count);
		*words++ = NULL;
		commands[i].file = commands[i].argv[0];
	}
}

static int run_pipeline(char **words)
{
	struct options options = {
		.usage = "pipeline CMD... '|' CMD...",
		.summary =
			"Runs the commands at the same time, the output of "
			"each connected to the input of\nthe next, and exits "
			"as the last one did once all have ended. Signals are "
			"passed on\nto all of them; when ipc itself is killed "
			"they are too.",
		.specs = no_specs,
		.argv = words,
	};
	struct command *commands;
	pid_t *pids, self = getpid();
	sigset_t before;
	size_t count;
	int *statuses, status;

	next_option(&options);
	words = operands(&options, "CMD");
	count = count_commands(words);
	commands = calloc(count, sizeof(*commands));
	pids = calloc(count, sizeof(*pids));
	statuses = calloc(count, sizeof(*statuses));
	if (!commands || !pids || !statuses) {
		failed("calloc", "%zu commands", count);
		die(EXIT_OURS);
	}
	split_commands(words, commands, count);
	for (size_t i = 0; i < count; i++) {
		commands[i].mask = &before;
		commands[i].prepare = end_with_parent;
		commands[i].data = &self;
	}
	if (hold_signals(&before) < 0 || pipeline(commands, count, pids) < 0)
		die(EXIT_OURS);
	if (watch_all(pids, statuses, count) < 0) {
		end_all(pids, count);
		die(EXIT_OURS);
	}
	status = exit_status(statuses[count - 1]);
	free(statuses);
	free(pids);
	free(commands);
	return status;
}

static const char *volatile unfinished;

static void remove_and_end(int sig)
{
	if (unfinished)
		unlink(unfinished);
	/* SA_RESETHAND: this time the signal does what it does by itself. */
	(void)raise(sig);
}

/*
 * From here on a signal that ends the program removes the file `path` first,
 * unless somebody else's is there already.
 */
static void remove_on_signal(const char *path)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct sigaction old, action = {
				      .sa_handler = remove_and_end,
				      .sa_flags = (int)SA_RESETHAND,
			      };
	struct stat file;

	if (lstat(path, &file) == 0)
		return;
	unfinished = path;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* What nohup(1) or a shell had us ignore stays ignored. */
		if (sigaction(signals[i], NULL, &old) < 0 ||
		    (old.sa_handler != SIG_IGN &&
		     sigaction(signals[i], &action, NULL) < 0)) {
			failed("sigaction", "%d", signals[i]);
			die(EXIT_OURS);
		}
	}
}

static int transfer_fifo(char **words)
{
	struct options options = {
		.usage = "fifo receive PATH\n       ipc fifo send PATH",
		.summary = "receive makes the FIFO PATH, copies what comes to "
			   "standard output until the last\nwriter has closed, "
			   "and removes it. send copies standard input into "
			   "it.",
		.specs = no_specs,
		.argv = words,
	};
	ssize_t copied;

	next_option(&options);
	words = exactly(&options, 2, "fifo receive|send PATH");
	if (strcmp(words[0], "send") == 0)
		return fifo_send(words[1], STDIN_FILENO) < 0 ? -1 : 0;
	if (strcmp(words[0], "receive") != 0)
		bad_usage("fifo %s: neither receive nor send", words[0]);
	remove_on_signal(words[1]);
	copied = fifo_receive(words[1], STDOUT_FILENO);
	unfinished = NULL;
	return copied < 0 ? -1 : 0;
}

static int accept_peer(int listening)
{
	int peer;

	do
		peer = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	while (peer < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (peer < 0)
		return failed("accept4", "");
	return peer;
}

static int receive_file(const char *path)
{
	struct ucred who;
	int listening, peer, fd, saved;

	remove_on_signal(path);
	listening = socket_listen(path);
	if (listening < 0)
		return -1;
	peer = accept_peer(listening);
	/* One peer is enough: the next finds that nobody listens. */
	saved = errno;
	if (unlink(path) < 0 && peer >= 0)
		return failed("unlink", "%s", path);
	unfinished = NULL;
	close(listening);
	errno = saved;
	if (peer < 0 || peer_credentials(peer, &who) < 0)
		return -1;
	warning("peer pid %d uid %u gid %u", (int)who.pid, who.uid, who.gid);
	fd = receive_fd(peer);
	if (fd < 0 || copy_all(fd, STDOUT_FILENO) < 0)
		return -1;
	close(fd);
	close(peer);
	return 0;
}

static int send_file(const char *path, const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	int peer;

	if (fd < 0)
		return failed("open", "%s", name);
	peer = socket_connect(path);
	if (peer < 0 || send_fd(peer, fd) < 0)
		return -1;
	close(peer);
	close(fd);
	return 0;
}

static int transfer_socket(char **words)
{
	struct options options = {
		.usage =
			"socket receive PATH\n       ipc socket send PATH FILE",
		.summary = "receive listens at the socket PATH, says on "
			   "standard error who connected, and\ncopies the file "
			   "that it is handed to standard output. send opens "
			   "FILE and hands it\nover: the receiver needs no "
			   "right to open it.",
		.specs = no_specs,
		.argv = words,
	};

	next_option(&options);
	words = operands(&options, "receive or send");
	if (strcmp(words[0], "receive") == 0)
		return receive_file(
			exactly(&options, 2, "socket receive PATH")[1]);
	if (strcmp(words[0], "send") != 0)
		bad_usage("socket %s: neither receive nor send", words[0]);
	words = exactly(&options, 3, "socket send PATH FILE");
	return send_file(words[1], words[2]);
}

static int share(char **words)
{
	enum { PROCESSES = 1, TIMES, UNLOCKED };
	static const struct option_spec specs[] = {
		{0, "processes", "N", "how many add; default 4", PROCESSES},
		{0, "times", "N", "how often each adds 1; default 10000",
		 TIMES},
		{0, "unlocked", NULL, "without the lock: some get lost",
		 UNLOCKED},
		{0},
	};
	struct options options = {
		.usage = "share [--processes N] [--times N] [--unlocked] FILE",
		.summary =
			"Several processes add to the counter in FILE, "
			"which they share as memory, each\ntime under the "
			"file's lock. Exits with 1 when additions were lost.",
		.specs = specs,
		.argv = words,
	};
	struct count count = {.processes = 4, .times = 10000, .locked = true};
	sigset_t before;

	for (int id; (id = next_option(&options)) != 0;) {
		if (id == PROCESSES)
			count.processes = (size_t)number_of(
				&options, options.value, 1, MOST_PROCESSES);
		else if (id == TIMES)
			count.times = (uint64_t)number_of(
				&options, options.value, 0, 1000000000);
		else
			count.locked = false;
	}
	words = exactly(&options, 1, "share [OPTIONS] FILE");
	if (hold_signals(&before) < 0 ||
	    count_together(words[0], &count, &before) < 0)
		return -1;
	if (printf("expected %" PRIu64 "\ncounted %" PRIu64 "\n",
		   count.expected, count.counted) < 0 ||
	    fflush(stdout) == EOF)
		return failed("write", "standard output");
	return count.counted != count.expected;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(char **words);
	} commands[] = {
		{"pipeline", run_pipeline},
		{"fifo", transfer_fifo},
		{"socket", transfer_socket},
		{"share", share},
	};
	struct options options = {
		.usage = "pipeline|fifo|socket|share ...",
		.summary = "Four ways for processes to pass data to each "
			   "other. Each has its own --help:\n\n"
			   "  ipc pipeline CMD... '|' CMD...\n"
			   "  ipc fifo receive PATH | ipc fifo send PATH\n"
			   "  ipc socket receive PATH | ipc socket send PATH "
			   "FILE\n"
			   "  ipc share [--processes N] [--times N] "
			   "[--unlocked] FILE",
		.specs = no_specs,
		.argv = argv + 1,
	};
	char **words;
	int status;

	(void)argc;
	next_option(&options);
	words = operands(&options, "pipeline, fifo, socket or share");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(words[0], commands[i].name) != 0)
			continue;
		/* To whom nobody listens any more: told, not killed for it. */
		if (commands[i].run != run_pipeline &&
		    signal(SIGPIPE, SIG_IGN) == SIG_ERR)
			die(EXIT_OURS);
		status = commands[i].run(words + 1);
		if (status < 0)
			die(EXIT_OURS);
		return status;
	}
	bad_usage("%s: none of pipeline, fifo, socket, share", words[0]);
}
