/*
 * driver of stage 04: calls the modules as the later stages do, in ways that
 * the program of the stage does not. A case that is named with GO goes on once
 * the file GO appears in /tmp.
 *
 *	driver pipeline		pipeline() of two commands: what it has returned
 *	driver copy		copy_all() from standard input to output
 *	driver copy-reset TEXT	the same from a socket: TEXT comes, and then the
 *				peer closes, with something unread
 *	driver receive PATH	fifo_receive() to standard output
 *	driver receive-full PATH
 *				the same to a disk that is full
 *	driver send PATH	fifo_send() from standard input; these five
 *				print the result on standard error
 *	driver barrier WHAT GO	a child waits at a barrier; at GO its parent
 *				does WHAT: "release" or "close", or "handled":
 *				release, having a handler for SIGPIPE, which
 *				says "caught" and holds still, with SIGUSR1
 *				blocked and SIGPIPE not. With "nobody" the child
 *				has ended before, and the parent releases.
 *				"through" when the child has returned, "done"
 *				when the parent has; a closed end that is not -1
 *				then is a failure, EBADF
 *	driver listen PATH	socket_listen(), then who connects: "pid uid
 *				gid"
 *	driver connect PATH	socket_connect()
 *	driver give FILE	send_fd() to itself of FILE, opened, which stays
 *				so: how many bytes came
 *	driver give-closed	send_fd() to a peer that has closed
 *	driver take COUNT FILE	receive_fd() of a message that carries FILE,
 *				opened, COUNT times (0: a message without; -1:
 *				none, the peer has closed; -2: it has done so
 *				with something unread)
 *	driver take-late GO FILE
 *				the same of one that a child sends at GO
 *	driver take-credentials	the same of one that carries credentials alone;
 *				a descriptor has the number of the process id
 *	driver memory NUMBER	what a child has put into shared_memory(); then
 *				asks for more than there can be
 *	driver file PATH SIZE NUMBER
 *				shared_file(), NUMBER put at its end
 *	driver read-only PATH SIZE NUMBER
 *				the same with a descriptor that cannot write
 *	driver sealed SIZE NUMBER
 *				the same with a file that cannot grow
 *	driver lock-nothing	what the three return of no descriptor
 *	driver lock PATH GO	lock_file() behind the file's first byte,
 *				"owned"; "child 0" when a child that has
 *				inherited the descriptor has the lock as well,
 *				and no other opening of the file; at GO
 *				unlock_file(), "unlocked"
 *
 * Cases that leave something to be looked at say "done" and hold still, also
 * after a failure, which they report.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"
#include "pipes.h"
#include "shared.h"
#include "sockets.h"

/* A write(2) that fails once is meant for the modules. */
#define SAY(...) RETRY(dprintf(STDOUT_FILENO, __VA_ARGS__))

static _Noreturn void settle(long result, const char *word)
{
	if (result < 0)
		report_failure();
	SAY("%s\n", word);
	for (;;)
		pause();
}

static void wait_for(const char *go)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s", go);
	while (access(path, F_OK) < 0)
		nanosleep(&nap, NULL);
}

static int wait_for_child(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What cannot go wrong here is no fault of the modules. */
static int must(int result, const char *call)
{
	if (result < 0) {
		failed(call, "");
		die(99);
	}
	return result;
}

static int two_commands(char **words)
{
	char *const argv[] = {"true", NULL};
	const struct command commands[] = {
		{.file = "true", .argv = argv},
		{.file = "true", .argv = argv},
	};
	pid_t pids[2];
	int result = pipeline(commands, 2, pids);

	(void)words;
	if (result < 0)
		die(EXIT_OURS);
	for (int i = 0; i < 2; i++)
		wait_for_child(pids[i]);
	SAY("%d", result);
	return 0;
}

static void say_bytes(ssize_t bytes)
{
	dprintf(STDERR_FILENO, "%zd bytes\n", bytes);
}

static int copied(ssize_t result)
{
	if (result < 0)
		die(EXIT_OURS);
	say_bytes(result);
	return 0;
}

static int copy(char **words)
{
	(void)words;
	return copied(copy_all(STDIN_FILENO, STDOUT_FILENO));
}

static void pair(int ends[2])
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
	     "socketpair");
}

static int copy_reset(char **words)
{
	int ends[2];

	pair(ends);
	must(dprintf(ends[0], "%s", words[0]), "write");
	must((int)write(ends[1], "x", 1), "write");
	close_end(&ends[0]);
	return copied(copy_all(ends[1], STDOUT_FILENO));
}

/* The process goes on, and what it has left open with it. */
static _Noreturn void transferred(ssize_t result)
{
	if (result >= 0)
		say_bytes(result);
	settle(result, "done");
}

static int receive(char **words)
{
	transferred(fifo_receive(words[0], STDOUT_FILENO));
}

static int receive_full(char **words)
{
	int full = must(open("/dev/full", O_WRONLY | O_CLOEXEC), "open");
	ssize_t result = fifo_receive(words[0], full);

	close_end(&full);
	transferred(result);
}

static int send_all(char **words)
{
	transferred(fifo_send(words[0], STDIN_FILENO));
}

/* Who closes it once more, by a number that it keeps, closes another's. */
static int marked(int end)
{
	if (end != -1 && fcntl(end, F_GETFD) < 0)
		return failed("use", "an end that is closed, and not -1");
	return 0;
}

static _Noreturn void settle_at(const struct barrier *barrier, int result,
				const char *word)
{
	if (marked(barrier->read_end) < 0 || marked(barrier->write_end) < 0)
		result = -1;
	settle(result, word);
}

static void caught(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	(void)!write(STDOUT_FILENO, "caught\n", 7);
	for (;;)
		pause();
}

/* What signal(2) can set is less than this. */
static void handle_sigpipe(void)
{
	struct sigaction action = {
		.sa_sigaction = caught,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR1);
	must(sigaction(SIGPIPE, &action, NULL), "sigaction");
}

static int barrier(char **words)
{
	const char *what = words[0];
	struct barrier barrier;
	pid_t child;
	int result = 0;

	if (strcmp(what, "handled") == 0)
		handle_sigpipe();
	if (barrier_open(&barrier) < 0)
		die(EXIT_OURS);
	child = must(fork(), "fork");
	if (child == 0 && strcmp(what, "nobody") == 0)
		_exit(0);
	if (child == 0) {
		result = barrier_wait(&barrier);
		settle_at(&barrier, result, "through");
	}
	if (strcmp(what, "nobody") == 0)
		wait_for_child(child);
	wait_for(words[1]);
	if (strcmp(what, "close") == 0)
		barrier_close(&barrier);
	else
		result = barrier_release(&barrier);
	settle_at(&barrier, result, "done");
}

static int listen_at(char **words)
{
	int listening = socket_listen(words[0]), peer;
	struct ucred who;

	if (listening < 0)
		settle(-1, "done");
	if (peer_credentials(STDIN_FILENO, &who) == 0)
		bad_usage("peer_credentials() of what is no socket is 0");
	peer = must(accept4(listening, NULL, NULL, SOCK_CLOEXEC), "accept4");
	if (peer_credentials(peer, &who) < 0)
		settle(-1, "done");
	SAY("%d %u %u\n", (int)who.pid, who.uid, who.gid);
	settle(0, "done");
}

static int connect_to(char **words)
{
	settle(socket_connect(words[0]), "done");
}

/* More room than is needed: what comes is to be seen whole. */
union many {
	char room[CMSG_SPACE(8 * sizeof(int))];
	struct cmsghdr align;
};

static int give(char **words)
{
	union many control;
	char bytes[64];
	struct iovec data = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int ends[2], fd = must(open(words[0], O_RDONLY | O_CLOEXEC), "open");

	pair(ends);
	if (send_fd(ends[0], fd) < 0)
		settle(-1, "done");
	SAY("%zd\n", recvmsg(ends[1], &message, MSG_DONTWAIT));
	settle(0, "done");
}

static int give_closed(char **words)
{
	int ends[2], result;

	(void)words;
	pair(ends);
	close_end(&ends[1]);
	result = send_fd(ends[0], STDIN_FILENO);
	close_end(&ends[0]);
	settle(result, "done");
}

static void send_many(int socket, const char *file, size_t count)
{
	const size_t size = count * sizeof(int);
	union many control = {0};
	struct iovec data = {.iov_base = "x", .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = count > 0 ? &control : NULL,
		.msg_controllen = count > 0 ? CMSG_SPACE(size) : 0,
	};
	/* Not O_CLOEXEC: this C library calls fcntl(2) for it as well. */
	int fd = must(open(file, O_RDONLY), "open");

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(size);
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(&control.align) + i * sizeof(fd), &fd,
		       sizeof(fd));
	must((int)sendmsg(socket, &message, MSG_NOSIGNAL), "sendmsg");
	close(fd);
}

static int take(char **words)
{
	int count = atoi(words[0]), ends[2], fd;

	pair(ends);
	if (count == -2)
		must((int)write(ends[1], "x", 1), "write");
	if (count >= 0)
		send_many(ends[0], words[1], (size_t)count);
	else
		close_end(&ends[0]);
	fd = receive_fd(ends[1]);
	close_end(&ends[0]);
	close_end(&ends[1]);
	settle(fd, "done");
}

static int take_late(char **words)
{
	int ends[2], fd;
	pid_t child;

	pair(ends);
	child = must(fork(), "fork");
	if (child == 0) {
		wait_for(words[0]);
		send_many(ends[0], words[1], 1);
		_exit(0);
	}
	fd = receive_fd(ends[1]);
	settle(fd, "done");
}

static int take_credentials(char **words)
{
	int ends[2], fd;

	(void)words;
	must(dup2(STDIN_FILENO, getpid()), "dup2");
	pair(ends);
	must(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &(int){1},
			sizeof(int)),
	     "setsockopt");
	must((int)write(ends[0], "x", 1), "write");
	fd = receive_fd(ends[1]);
	close_end(&ends[0]);
	close_end(&ends[1]);
	settle(fd, "done");
}

static int memory(char **words)
{
	enum { WORDS = 10000 };
	uint64_t *memory = shared_memory(WORDS * sizeof(*memory));
	pid_t child;

	if (!memory)
		die(EXIT_OURS);
	for (size_t i = 0; i < WORDS; i++)
		if (memory[i] != 0)
			bad_usage("new memory is not zeroed");
	child = must(fork(), "fork");
	if (child == 0) {
		memory[WORDS - 1] = strtoull(words[0], NULL, 10);
		_exit(0);
	}
	wait_for_child(child);
	SAY("%" PRIu64 "\n", memory[WORDS - 1]);
	/* As the length of a file, ftruncate(2), this is less than nothing. */
	if (!shared_memory(SIZE_MAX / 2 + 2))
		die(EXIT_OURS);
	return 0;
}

/* `words`: its size, and the number that is put at its end. */
static _Noreturn void map_file(int fd, char **words)
{
	size_t size = strtoul(words[0], NULL, 10);
	uint64_t number = strtoull(words[1], NULL, 10);
	char *memory = shared_file(fd, size);

	if (!memory)
		die(EXIT_OURS);
	memcpy(memory + size - sizeof(number), &number, sizeof(number));
	settle(0, "done");
}

static int open_as(const char *path, int flags)
{
	return must(open(path, flags | O_CREAT | O_CLOEXEC, 0600), "open");
}

static int file(char **words)
{
	map_file(open_as(words[0], O_RDWR), words + 1);
}

static int read_only(char **words)
{
	map_file(open_as(words[0], O_RDONLY), words + 1);
}

static int sealed(char **words)
{
	int fd = must(memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING),
		      "memfd_create");

	must(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), "fcntl");
	map_file(fd, words);
}

static int open_again(const char *path)
{
	return must(open(path, O_RDWR | O_CLOEXEC), "open");
}

static int lock_nothing(char **words)
{
	int locked = lock_file(-1), tried = try_lock_file(-1);

	(void)words;
	SAY("%d %d %d", locked, tried, unlock_file(-1));
	return 0;
}

static int lock(char **words)
{
	int fd = open_again(words[0]);
	pid_t child;

	must((int)lseek(fd, 1, SEEK_SET), "lseek");
	if (lock_file(fd) < 0)
		die(EXIT_OURS);
	SAY("owned\n");
	child = must(fork(), "fork");
	if (child == 0) {
		if (try_lock_file(fd) < 0)
			_exit(1);
		if (try_lock_file(open_again(words[0])) == 0)
			_exit(2);
		_exit(errno == EAGAIN ? 0 : 3);
	}
	SAY("child %d\n", wait_for_child(child));
	/* Another opening of the same file comes and goes. */
	close(open_again(words[0]));
	SAY("done\n");
	wait_for(words[1]);
	settle(unlock_file(fd), "unlocked");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int operands;
		int (*run)(char **words);
	} cases[] = {
		{"pipeline", 0, two_commands},
		{"copy", 0, copy},
		{"copy-reset", 1, copy_reset},
		{"receive", 1, receive},
		{"receive-full", 1, receive_full},
		{"send", 1, send_all},
		{"barrier", 2, barrier},
		{"listen", 1, listen_at},
		{"connect", 1, connect_to},
		{"give", 1, give},
		{"give-closed", 0, give_closed},
		{"take", 2, take},
		{"take-late", 2, take_late},
		{"take-credentials", 0, take_credentials},
		{"memory", 1, memory},
		{"file", 3, file},
		{"read-only", 3, read_only},
		{"sealed", 2, sealed},
		{"lock-nothing", 0, lock_nothing},
		{"lock", 2, lock},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (argc > 1 && strcmp(argv[1], cases[i].name) == 0 &&
		    argc == 2 + cases[i].operands)
			return cases[i].run(argv + 2);
	bad_usage("a case and its operands are needed");
}
