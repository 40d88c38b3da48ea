/*
 * No call that POSIX did not have in 1990: pipe(2), fcntl(2). Pipe ends with
 * low numbers are moved out of the way in the child.
 */
#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"

static void end_of(int *fd)
{
	int e = errno;

	if (*fd > -1) {
		close(*fd);
		*fd = -1;
	}
	errno = e;
}

static int private_pipe(int ends[2])
{
	if (pipe(ends) != 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0)
			return -1;
	return 0;
}

/* In the child: an end that stands where a standard one belongs goes up. */
static int out_of_the_way(int end)
{
	int moved;

	if (end < 0 || end > 2)
		return end;
	moved = fcntl(end, F_DUPFD, 3);
	if (moved < 0 || fcntl(moved, F_SETFD, FD_CLOEXEC) != 0) {
		failed("fcntl", "%d", end);
		die(EXIT_OURS);
	}
	return moved;
}

static _Noreturn void become(const struct command *command, int in, int out)
{
	in = out_of_the_way(in);
	out = out_of_the_way(out);
	if ((in >= 0 && dup2(in, 0) != 0) || (out >= 0 && dup2(out, 1) != 1)) {
		failed("dup2", "for %s", command->file);
		die(EXIT_OURS);
	}
	exec_command(command);
}

static int start_from(const struct command *commands, size_t count, pid_t *pids,
		      int in)
{
	int ends[2] = {-1, -1};
	int result = -1, e;

	if (count == 0)
		return 0;
	if (count > 1 && private_pipe(ends) != 0) {
		failed("pipe", "");
	} else if ((pids[0] = fork()) == 0) {
		become(&commands[0], in, ends[1]);
	} else if (pids[0] < 0) {
		failed("fork", "");
	} else {
		result = 0;
	}
	end_of(&in);
	end_of(&ends[1]);
	if (result == 0) {
		result = start_from(commands + 1, count - 1, pids + 1, ends[0]);
		if (result == 0)
			return 0;
		e = errno;
		kill(pids[0], SIGKILL);
		while (waitpid(pids[0], NULL, 0) < 0 && errno == EINTR)
			;
		errno = e;
	} else {
		end_of(&ends[0]);
	}
	return -1;
}

int pipeline(const struct command *commands, size_t count, pid_t *pids)
{
	return start_from(commands, count, pids, -1);
}

/* One loop: what has been read and is not written yet stands at `first`. */
ssize_t copy_all(int from, int to)
{
	char buffer[1000];
	ssize_t first = 0, end = 0, total = 0, n;

	for (;;) {
		if (first == end) {
			n = read(from, buffer, sizeof(buffer));
			if (n == 0)
				return total;
			first = 0;
			end = n > 0 ? n : 0;
		} else {
			n = write(to, buffer + first, (size_t)(end - first));
			first += n > 0 ? n : 0;
			total += n > 0 ? n : 0;
		}
		if (n < 0 && errno != EINTR)
			return failed("copy", "%d to %d", from, to);
	}
}

static int open_again_and_again(const char *path, int flags)
{
	int fd;

	do {
		fd = open(path, flags);
	} while (fd < 0 && errno == EINTR);
	if (fd >= 0)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

ssize_t fifo_receive(const char *path, int to)
{
	ssize_t copied;
	mode_t mask;
	int fd, made, e;

	mask = umask(0);
	made = mkfifo(path, 0600);
	e = errno;
	umask(mask);
	errno = e;
	if (made != 0)
		return failed("mkfifo", "%s", path);
	fd = open_again_and_again(path, O_RDONLY);
	copied = fd < 0 ? failed("open", "%s", path) : copy_all(fd, to);
	e = errno;
	unlink(path);
	errno = e;
	end_of(&fd);
	return copied;
}

ssize_t fifo_send(const char *path, int from)
{
	struct stat s;
	ssize_t copied;
	int fd = open_again_and_again(path, O_WRONLY);

	if (fd < 0)
		return failed("open", "%s", path);
	if (fstat(fd, &s) != 0 || !S_ISFIFO(s.st_mode)) {
		end_of(&fd);
		errno = EINVAL;
		return failed("send", "%s", path);
	}
	copied = copy_all(from, fd);
	end_of(&fd);
	return copied;
}

int barrier_open(struct barrier *barrier)
{
	int ends[2];

	if (private_pipe(ends) != 0)
		return failed("pipe", "");
	barrier->read_end = ends[0];
	barrier->write_end = ends[1];
	return 0;
}

int barrier_wait(struct barrier *barrier)
{
	ssize_t n = -1;
	char word[3];

	end_of(&barrier->write_end);
	do {
		n = read(barrier->read_end, word, sizeof(word));
	} while (n < 0 && errno == EINTR);
	end_of(&barrier->read_end);
	if (n > 0)
		return 0;
	if (n == 0)
		errno = ECANCELED;
	return failed("wait", "");
}

int barrier_release(struct barrier *barrier)
{
	struct sigaction ignore, before;
	ssize_t n;
	int e;

	end_of(&barrier->read_end);
	ignore.sa_handler = SIG_IGN;
	ignore.sa_flags = 0;
	sigemptyset(&ignore.sa_mask);
	if (sigaction(SIGPIPE, &ignore, &before) != 0)
		return failed("sigaction", "");
	do {
		n = write(barrier->write_end, "go!", 3);
	} while (n < 0 && errno == EINTR);
	e = errno;
	sigaction(SIGPIPE, &before, NULL);
	errno = e;
	end_of(&barrier->write_end);
	return n > 0 ? 0 : failed("release", "");
}

void barrier_close(struct barrier *barrier)
{
	end_of(&barrier->read_end);
	end_of(&barrier->write_end);
}
