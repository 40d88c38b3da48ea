#include "counter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "shared.h"
#include "watch.h"

/* The file, and whether it was made just now. */
static int open_counter(const char *path, bool *made)
{
	struct stat file;
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	*made = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return failed("open", "%s", path);
	if (fstat(fd, &file) < 0) {
		failed("fstat", "%s", path);
	} else if (!S_ISREG(file.st_mode) ||
		   (file.st_size != 0 && file.st_size != sizeof(uint64_t))) {
		errno = EINVAL;
		failed("count in", "%s, which is no counter of 8 bytes", path);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

static int read_counter(int fd, uint64_t *value)
{
	const uint64_t *counter = shared_file(fd, sizeof(*counter));

	if (!counter)
		return -1;
	*value = *counter;
	if (munmap((void *)counter, sizeof(*counter)) < 0)
		return failed("munmap", "");
	return 0;
}

static void add_one(volatile uint64_t *counter)
{
	uint64_t seen = *counter;

	/* In place of what a program does between reading and writing. */
	sched_yield();
	*counter = seen + 1;
}

static int add(const char *path, const struct count *count, sem_t *start)
{
	bool made;
	/* The lock knows openings of the file: each process needs its own. */
	int fd = open_counter(path, &made);
	uint64_t *counter;

	if (fd < 0)
		return -1;
	counter = shared_file(fd, sizeof(*counter));
	if (!counter)
		return -1;
	while (sem_wait(start) < 0)
		if (errno != EINTR)
			return failed("sem_wait", "");
	for (uint64_t i = 0; i < count->times; i++) {
		if (count->locked && lock_file(fd) < 0)
			return -1;
		add_one(counter);
		if (count->locked && unlock_file(fd) < 0)
			return -1;
	}
	return 0;
}

static pid_t start_adding(const char *path, const struct count *count,
			  const sigset_t *mask, sem_t *start)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child < 0)
		return failed("fork", "");
	if (child > 0)
		return child;
	if (end_with_parent(&parent) < 0 ||
	    sigprocmask(SIG_SETMASK, mask, NULL) < 0 ||
	    add(path, count, start) < 0)
		die(EXIT_OURS);
	_exit(0);
}

static int run(const char *path, const struct count *count,
	       const sigset_t *mask, sem_t *start)
{
	pid_t pids[MOST_PROCESSES] = {0};
	int statuses[MOST_PROCESSES];

	for (size_t i = 0; i < count->processes; i++) {
		pids[i] = start_adding(path, count, mask, start);
		if (pids[i] < 0) {
			end_all(pids, i);
			return -1;
		}
	}
	for (size_t i = 0; i < count->processes; i++)
		sem_post(start);
	if (watch_all(pids, statuses, count->processes) < 0) {
		end_all(pids, count->processes);
		return -1;
	}
	for (size_t i = 0; i < count->processes; i++)
		if (statuses[i] != 0) {
			errno = ECANCELED;
			return failed("count in", "%s", path);
		}
	return 0;
}

static int run_together(const char *path, const struct count *count,
			const sigset_t *mask)
{
	sem_t *start = shared_memory(sizeof(*start));
	int result;

	if (!start)
		return -1;
	result = sem_init(start, 1, 0) < 0 ? failed("sem_init", "")
					   : run(path, count, mask, start);
	munmap(start, sizeof(*start));
	return result;
}

int count_together(const char *path, struct count *count, const sigset_t *mask)
{
	bool made;
	int fd = open_counter(path, &made);
	uint64_t before = 0;
	int result, saved;

	if (fd < 0)
		return -1;
	result = read_counter(fd, &before);
	if (result == 0)
		result = run_together(path, count, mask);
	if (result == 0)
		result = read_counter(fd, &count->counted);
	count->expected = before + count->processes * count->times;
	saved = errno;
	if (result < 0 && made)
		unlink(path);
	close(fd);
	errno = saved;
	return result;
}
