#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"

#define TEXTS 4
#define TEXT_SIZE 65536

static char *next_text(void)
{
	static char texts[TEXTS][TEXT_SIZE];
	static int next;

	next = (next + 1) % TEXTS;
	texts[next][0] = '\0';
	return texts[next];
}

static const char *path_of(pid_t pid, const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return path;
}

static ssize_t read_proc(pid_t pid, const char *file, char *text, size_t size)
{
	int fd = open(path_of(pid, file), O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (length + 1 < size &&
	       (n = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)n;
	close(fd);
	text[length] = '\0';
	return n < 0 ? -1 : (ssize_t)length;
}

const char *proc_file(pid_t pid, const char *file)
{
	char *text = next_text();

	if (read_proc(pid, file, text, TEXT_SIZE) < 0)
		text[0] = '\0';
	return text;
}

const char *proc_link(pid_t pid, const char *file)
{
	char *text = next_text();
	ssize_t n = readlink(path_of(pid, file), text, TEXT_SIZE - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* Field `number` of /proc/PID/stat as proc(5) counts: 3 is the state. */
static const char *stat_field(pid_t pid, int number)
{
	static char text[1024];
	char *at;

	if (pid <= 0 || read_proc(pid, "stat", text, sizeof(text)) <= 0)
		return NULL;
	/* The name in parentheses may hold anything, parentheses too. */
	at = strrchr(text, ')');
	for (int i = 2; at && i < number; i++)
		at = strchr(at + 1, ' ');
	return at ? at + 1 : NULL;
}

static long stat_number(pid_t pid, int number)
{
	const char *field = stat_field(pid, number);

	return field ? strtol(field, NULL, 10) : 0;
}

char state_of(pid_t pid)
{
	const char *field = stat_field(pid, 3);

	return field ? *field : 0;
}

pid_t parent_of(pid_t pid)
{
	return (pid_t)stat_number(pid, 4);
}

pid_t group_of(pid_t pid)
{
	return (pid_t)stat_number(pid, 5);
}

pid_t session_of(pid_t pid)
{
	return (pid_t)stat_number(pid, 6);
}

pid_t foreground_of(pid_t pid)
{
	return (pid_t)stat_number(pid, 8);
}

int nice_of(pid_t pid)
{
	return (int)stat_number(pid, 19);
}

long cpu_ticks(pid_t pid)
{
	return stat_number(pid, 14) + stat_number(pid, 15);
}

double cpu_seconds(pid_t pid)
{
	unsigned long long ns = strtoull(proc_file(pid, "schedstat"), NULL, 10);

	if (ns > 0)
		return (double)ns / 1e9;
	return (double)cpu_ticks(pid) / (double)sysconf(_SC_CLK_TCK);
}

/*
 * How long it has wanted the CPU, in seconds: that it had it, or waited for it.
 * What is on a run queue tells of its time there when it leaves.
 */
static double cpu_demand(pid_t pid)
{
	unsigned long long had = 0, waited = 0;

	if (sscanf(proc_file(pid, "schedstat"), "%llu %llu", &had, &waited) < 2)
		return 0;
	return (double)(had + waited) / 1e9;
}

/* Watches it once, for 60 ms or longer. */
static bool is_idle_now(pid_t pid)
{
	const struct timespec nap = {.tv_nsec = 5000000};
	const double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
	const double started = seconds_now(), demand = cpu_demand(pid);
	const long ticks = cpu_ticks(pid), slept = times_slept(pid);
	double watched = 0, used;

	/* On a busy machine our naps take longer, and so do those of a loop. */
	for (int naps = 0; naps < 12 || watched < 0.06; naps++) {
		nanosleep(&nap, NULL);
		watched = seconds_now() - started;
	}
	used = (double)(cpu_ticks(pid) - ticks) * tick;
	/* A wait of a few ms again and again is a loop too, only slower. */
	return state_of(pid) != 'R' && used < tick + watched / 4 &&
	       cpu_demand(pid) - demand < tick + watched / 4 &&
	       times_slept(pid) - slept < 4;
}

bool is_idle(pid_t pid)
{
	/* What has just been woken is about to wait again. */
	for (int i = 0; i < 5; i++)
		if (is_idle_now(pid))
			return true;
	return false;
}

const char *status_of(pid_t pid, const char *name)
{
	const char *text = proc_file(pid, "status"), *line = text;
	size_t length = strlen(name);
	char *value = next_text();

	while (line &&
	       (strncmp(line, name, length) != 0 || line[length] != ':')) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return value;
	line += length + 1;
	line += strspn(line, " \t");
	snprintf(value, TEXT_SIZE, "%.*s", (int)strcspn(line, "\n"), line);
	return value;
}

long times_slept(pid_t pid)
{
	return strtol(status_of(pid, "voluntary_ctxt_switches"), NULL, 10);
}

pid_t inner_pid(pid_t pid)
{
	const char *ids = status_of(pid, "NSpid"), *last = strrchr(ids, '\t');

	return atoi(last ? last : ids);
}

uint64_t status_mask(pid_t pid, const char *name)
{
	return strtoull(status_of(pid, name), NULL, 16);
}

uint64_t bit_of(int sig)
{
	return UINT64_C(1) << (sig - 1);
}

bool is_dying(pid_t pid)
{
	const uint64_t pending =
		status_mask(pid, "SigPnd") | status_mask(pid, "ShdPnd");
	const char state = state_of(pid);

	return state == 0 || state == 'Z' || (pending & bit_of(SIGKILL));
}

ino_t namespace_of(pid_t pid, const char *type)
{
	char file[32];
	struct stat st;

	snprintf(file, sizeof(file), "ns/%s", type);
	return stat(path_of(pid, file), &st) == 0 ? st.st_ino : 0;
}

/* Whether one of these words of a file with a '\0' after each is that one. */
static bool has_word(pid_t pid, const char *file, int first, int last,
		     const char *word)
{
	char *text = next_text(), *at = text;
	ssize_t length = read_proc(pid, file, text, TEXT_SIZE);

	for (int n = 0; n <= last && at < text + length; n++) {
		if (n >= first && strcmp(at, word) == 0)
			return true;
		at += strlen(at) + 1;
	}
	return false;
}

bool argument_is(pid_t pid, int n, const char *word)
{
	return has_word(pid, "cmdline", n, n, word);
}

bool has_operand(pid_t pid, const char *word)
{
	return has_word(pid, "cmdline", 2, INT_MAX, word);
}

bool environment_has(pid_t pid, const char *assignment)
{
	return has_word(pid, "environ", 0, INT_MAX, assignment);
}

bool executes(pid_t pid, dev_t dev, ino_t ino)
{
	struct stat st;

	/* Where its code starts (field 26) is set last, after environment. */
	return stat(path_of(pid, "exe"), &st) == 0 && st.st_dev == dev &&
	       st.st_ino == ino && stat_number(pid, 26) != 0;
}

int count_descriptors(pid_t pid)
{
	DIR *dir = opendir(path_of(pid, "fd"));
	int count = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

size_t descriptors_of(pid_t pid, int *fds, size_t room)
{
	DIR *dir = opendir(path_of(pid, "fd"));
	size_t count = 0;

	if (!dir)
		return 0;
	for (struct dirent *entry; count < room && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			fds[count++] = atoi(entry->d_name);
	closedir(dir);
	return count;
}

/* A number of /proc/PID/fdinfo/FD, or -1. */
static long descriptor_number(pid_t pid, int fd, const char *name, int base)
{
	const char *at;
	char file[32];

	snprintf(file, sizeof(file), "fdinfo/%d", fd);
	at = strstr(proc_file(pid, file), name);
	return at ? strtol(at + strlen(name), NULL, base) : -1;
}

int flags_of(pid_t pid, int fd)
{
	return (int)descriptor_number(pid, fd, "flags:", 8);
}

long position_of(pid_t pid, int fd)
{
	return descriptor_number(pid, fd, "pos:", 10);
}

bool is_open_to(pid_t pid, int fd, dev_t dev, ino_t ino)
{
	char file[32];
	struct stat st;

	snprintf(file, sizeof(file), "fd/%d", fd);
	return stat(path_of(pid, file), &st) == 0 && st.st_dev == dev &&
	       st.st_ino == ino;
}

size_t children_of(pid_t pid, pid_t *pids, size_t room)
{
	char file[64], *text = next_text(), *at = text, *end;
	size_t count = 0;

	snprintf(file, sizeof(file), "task/%d/children", (int)pid);
	if (pid <= 0 || read_proc(pid, file, text, TEXT_SIZE) < 0)
		return 0;
	while (count < room) {
		pid_t child = (pid_t)strtol(at, &end, 10);

		if (end == at)
			break;
		pids[count++] = child;
		at = end;
	}
	return count;
}

size_t descendants_of(pid_t pid, pid_t *pids, size_t room)
{
	size_t count = children_of(pid, pids, room);

	for (size_t i = 0; i < count; i++)
		count += children_of(pids[i], pids + count, room - count);
	return count;
}

const char *mount_at(pid_t pid, const char *dir)
{
	const char *text = proc_file(pid, "mountinfo");
	char *found = next_text();
	char point[512];

	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");

		/* A later line is mounted on top of an earlier one. */
		if (sscanf(line, "%*s %*s %*s %*s %511s", point) == 1 &&
		    strcmp(point, dir) == 0)
			snprintf(found, TEXT_SIZE, "%.*s", (int)length, line);
		line += length;
		line += *line == '\n';
	}
	return found;
}
