#include "crowd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"
#include "hierarchy.h"
#include "process.h"
#include "stopwatch.h"

#define START_SECONDS 20
#define END_SECONDS 60
/* Box, its process 1, the command. */
#define PROCESSES_EACH 3
/* How many are looked at for their memory. */
#define SAMPLES 20

struct box {
	pid_t pid;
	double seconds;
	bool ended;
	double plain; /* of a plain process, just before */
};

/* The two pipes that all boxes share. */
struct lines {
	int hold[2];  /* standard input: its end is theirs */
	int ready[2]; /* standard output: a line when they run */
};

static size_t count_mounts(void)
{
	FILE *stream = fopen("/proc/self/mountinfo", "re");
	size_t lines = 0;
	int c;

	while (stream && (c = getc(stream)) != EOF)
		lines += c == '\n';
	if (stream)
		fclose(stream);
	return lines;
}

/* Groups that these boxes made: "box.PID.number". */
static size_t count_groups(const struct box *boxes, size_t count)
{
	int dir = open_group_of(0);
	DIR *stream = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *entry;
	size_t groups = 0;
	int pid;

	while (stream && (entry = readdir(stream)) != NULL) {
		if (sscanf(entry->d_name, "box.%d.", &pid) != 1)
			continue;
		for (size_t i = 0; i < count; i++)
			groups += boxes[i].pid == pid;
	}
	if (stream)
		closedir(stream);
	return groups;
}

/* All threads of the machine (false) or processes of this user (true). */
static long count_running(bool ours)
{
	DIR *stream = opendir("/proc");
	struct dirent *entry;
	struct stat st;
	char text[256];
	long count = 0;

	if (!ours) {
		int threads = 0;

		/* "0.1 0.2 0.3 1/123 456": runnable and all */
		if (stream)
			closedir(stream);
		if (read_file(AT_FDCWD, "/proc/loadavg", text, sizeof(text)) <
			    0 ||
		    sscanf(text, "%*s %*s %*s %*d/%d", &threads) != 1)
			return 0;
		return threads;
	}
	while (stream && (entry = readdir(stream)) != NULL)
		count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			 fstatat(dirfd(stream), entry->d_name, &st, 0) == 0 &&
			 st.st_uid == geteuid();
	if (stream)
		closedir(stream);
	return count;
}

static long number_in(const char *path)
{
	char text[64];

	if (read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return -1;
	return strtol(text, NULL, 10);
}

static void at_most(struct crowd *crowd, size_t *boxes, long room,
		    const char *limit)
{
	if (room < 0)
		room = 0;
	if ((size_t)room >= *boxes)
		return;
	*boxes = (size_t)room;
	snprintf(crowd->why_fewer, sizeof(crowd->why_fewer), "%s", limit);
}

/* How many there may be; a tenth of each limit is left to others. */
static size_t bound(struct crowd *crowd)
{
	static const char *const namespaces[] = {
		"user", "pid", "mnt", "uts", "ipc", "net", "time", "cgroup"};
	size_t boxes = crowd->wanted;
	long running = count_running(false), limit;
	struct rlimit own;
	char path[64];

	limit = number_in("/proc/sys/kernel/pid_max");
	if (limit >= 0)
		at_most(crowd, &boxes,
			(limit * 9 / 10 - running) / PROCESSES_EACH,
			"kernel.pid_max");
	limit = number_in("/proc/sys/kernel/threads-max");
	if (limit >= 0)
		at_most(crowd, &boxes,
			(limit * 9 / 10 - running) / PROCESSES_EACH,
			"kernel.threads-max");
	if (getrlimit(RLIMIT_NPROC, &own) == 0 && own.rlim_cur != RLIM_INFINITY)
		at_most(crowd, &boxes,
			((long)own.rlim_cur * 9 / 10 - count_running(true)) /
				PROCESSES_EACH,
			"RLIMIT_NPROC (ulimit -u)");
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]);
	     i++) {
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces",
			 namespaces[i]);
		limit = number_in(path);
		/* Newer kernels have newer namespaces; older ones no limit. */
		if (limit >= 0)
			at_most(crowd, &boxes, limit * 9 / 10,
				path + strlen("/proc/sys/"));
	}
	return boxes;
}

/* A fifth of it, and never less than 256 MiB, stays free. */
static bool is_short(const struct memory *now)
{
	long keep = now->total / 5;

	return now->available < (keep > 262144 ? keep : 262144);
}

static int start_box(const struct programs *p, const struct lines *lines,
		     pid_t *pid)
{
	const char *const argv[] = {
		p->box,	   "run", "--stats",	    "/dev/null", p->rootfs,
		"/bin/sh", "-c",  "echo; exec cat", NULL};

	*pid = start_program(argv, lines->hold[0], lines->ready[1], -1);
	return *pid < 0 ? -1 : 0;
}

/* The same static busybox in no container, from start to end. */
static int start_plain(const struct programs *p, double *seconds)
{
	char busybox[PATH_MAX];
	const char *const argv[] = {busybox, "true", NULL};
	double started = seconds_now();
	pid_t pid;

	snprintf(busybox, sizeof(busybox), "%s/bin/busybox", p->rootfs);
	pid = start_program(argv, -1, -1, -1);
	if (pid < 0)
		return -1;
	while (waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			return failed("waitpid", "%s", busybox);
	*seconds = seconds_now() - started;
	return 0;
}

/* Until its command says so. A box that ends instead has said why. */
static int await_start(const struct lines *lines, pid_t pid)
{
	struct pollfd ready = {.fd = lines->ready[0], .events = POLLIN};
	double limit = seconds_now() + START_SECONDS;
	siginfo_t ended = {0};
	char byte;
	int n;

	while (seconds_now() < limit) {
		n = poll(&ready, 1, 100);
		if (interrupted)
			errno = EINTR;
		if (interrupted || (n < 0 && errno != EINTR))
			return failed("wait for", "a box");
		if (n > 0)
			return read(lines->ready[0], &byte, 1) == 1 ? 0 : -1;
		/* It stays a zombie: its number is still its own. */
		if (waitid(P_PID, (id_t)pid, &ended,
			   WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    ended.si_pid == pid) {
			errno = ECHILD;
			return failed("start", "a box: it has ended");
		}
	}
	errno = ETIMEDOUT;
	return failed("start", "a box");
}

/* A box that gets the time to clean up leaves nothing behind. */
static void end_box(pid_t pid)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	double limit = seconds_now() + 2;
	int saved = errno;

	kill(pid, SIGTERM);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (seconds_now() > limit)
			kill(pid, SIGKILL);
		nanosleep(&moment, NULL);
	}
	errno = saved;
}

static int open_lines(struct lines *lines)
{
	if (pipe2(lines->hold, O_CLOEXEC) < 0)
		return failed("pipe2", "");
	if (pipe2(lines->ready, O_CLOEXEC) < 0) {
		close(lines->hold[0]);
		close(lines->hold[1]);
		return failed("pipe2", "");
	}
	return 0;
}

static int start_all(const struct programs *programs, const struct lines *lines,
		     struct box *boxes, struct crowd *crowd)
{
	double begun = seconds_now();
	size_t room = bound(crowd);

	while (crowd->alive < room) {
		struct box *box = &boxes[crowd->alive];
		struct memory now;
		double started;
		int result;

		if ((crowd->alive < CROWD_ENDS ||
		     crowd->alive + CROWD_ENDS >= room) &&
		    start_plain(programs, &box->plain) < 0)
			return -1;
		started = seconds_now();
		result = start_box(programs, lines, &box->pid);
		if (result == 0) {
			result = await_start(lines, box->pid);
			if (result < 0)
				end_box(box->pid);
		}
		if (result < 0) {
			if (crowd->alive == 0 || interrupted)
				return -1;
			snprintf(crowd->why_fewer, sizeof(crowd->why_fewer),
				 "box %zu did not start", crowd->alive + 1);
			break;
		}
		box->seconds = seconds_now() - started;
		crowd->alive++;
		crowd->all = seconds_now() - begun;
		if (crowd->alive % 16 || read_memory(&now) < 0)
			continue;
		if (is_short(&now)) {
			snprintf(crowd->why_fewer, sizeof(crowd->why_fewer),
				 "memory gets short");
			break;
		}
	}
	return 0;
}

struct sum {
	long total;
	size_t count;
};

static void add(struct sum *sum, long value)
{
	if (value < 0)
		return;
	sum->total += value;
	sum->count++;
}

static long mean(const struct sum *sum)
{
	return sum->count ? sum->total / (long)sum->count : -1;
}

static long larger(long a, long b)
{
	return a > b ? a : b;
}

static void look_at_memory(const struct box *boxes, struct crowd *crowd)
{
	size_t step = crowd->alive / SAMPLES + 1;
	struct sum box = {0}, init = {0}, command = {0};

	for (size_t i = 0; i < crowd->alive; i += step) {
		pid_t first, second;

		if (children_of(boxes[i].pid, &first, 1) == 0 ||
		    children_of(first, &second, 1) == 0)
			continue;
		add(&box, share_of(boxes[i].pid));
		add(&init, share_of(first));
		add(&command, share_of(second));
		crowd->box_peak =
			larger(crowd->box_peak, peak_of(boxes[i].pid));
		crowd->init_peak = larger(crowd->init_peak, peak_of(first));
	}
	crowd->box_share = mean(&box);
	crowd->init_share = mean(&init);
	crowd->command_share = mean(&command);
}

static void medians(const struct box *boxes, size_t count, double *start,
		    double *plain)
{
	double starts[CROWD_ENDS], plains[CROWD_ENDS];
	size_t measured = 0;

	for (size_t i = 0; i < count; i++) {
		starts[i] = boxes[i].seconds;
		if (boxes[i].plain > 0)
			plains[measured++] = boxes[i].plain;
	}
	*start = median(starts, count);
	*plain = measured ? median(plains, measured) : 0;
}

static void look_at_starts(const struct box *boxes, struct crowd *crowd)
{
	size_t n = crowd->alive < CROWD_ENDS ? crowd->alive : CROWD_ENDS;

	if (n == 0)
		return;
	medians(boxes, n, &crowd->first, &crowd->first_plain);
	medians(boxes + crowd->alive - n, n, &crowd->last, &crowd->last_plain);
}

/* Their commands have ended; they get time, and then no more. */
static void end_all(struct box *boxes, struct crowd *crowd)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	double started = seconds_now(), limit = started + END_SECONDS;
	size_t left = crowd->alive;
	int status;

	while (left > 0) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid < 0 && errno != EINTR)
			break;
		if (pid == 0 && seconds_now() > limit) {
			for (size_t i = 0; i < crowd->alive; i++)
				if (!boxes[i].ended)
					kill(boxes[i].pid, SIGKILL);
			limit += END_SECONDS;
		}
		if (pid == 0)
			nanosleep(&moment, NULL);
		for (size_t i = 0; pid > 0 && i < crowd->alive; i++) {
			if (boxes[i].pid != pid)
				continue;
			boxes[i].ended = true;
			crowd->failures += status != 0;
			left--;
		}
	}
	crowd->end = seconds_now() - started;
}

static size_t more_than(size_t now, size_t before)
{
	return now > before ? now - before : 0;
}

int gather(const struct programs *programs, size_t wanted, struct crowd *crowd)
{
	struct box *boxes = calloc(wanted, sizeof(*boxes));
	size_t mounts = count_mounts();
	struct lines lines;
	int result, saved;

	*crowd = (struct crowd){.wanted = wanted};
	if (!boxes)
		return failed("allocate", "memory");
	if (read_memory(&crowd->before) < 0 || open_lines(&lines) < 0) {
		free(boxes);
		return -1;
	}
	result = start_all(programs, &lines, boxes, crowd);
	saved = errno;
	if (result == 0 && read_memory(&crowd->full) < 0) {
		result = -1;
		saved = errno;
	}
	if (result == 0) {
		look_at_starts(boxes, crowd);
		look_at_memory(boxes, crowd);
	}
	close(lines.hold[0]);
	close(lines.hold[1]);
	end_all(boxes, crowd);
	close(lines.ready[0]);
	close(lines.ready[1]);
	crowd->left_mounts = more_than(count_mounts(), mounts);
	crowd->left_groups = count_groups(boxes, crowd->alive);
	free(boxes);
	errno = saved;
	return result;
}
