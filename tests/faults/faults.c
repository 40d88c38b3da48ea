/*
 * The matrix of failures: every system call that a program makes on its way,
 * the first, the second, and so on, fails once. Each time the program is to
 * end with the right status, say what it was doing and why that failed, and
 * leave nothing behind.
 *
 * It is written as a gate, with a test for each way through a program; the
 * driver is inject.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "gate.h"
#include "process.h"
#include "runs.h"

#define MOST_WORDS 40

/* A way through a program, and how it ends when nothing fails. */
struct way {
	bool as_root;
	bool in_delegated;
	bool last_decides; /* the failure of another command is only said */
	int status;
	const char *words[MOST_WORDS];
};

/*
 * What may fail without the program failing, so many times on a way, each with
 * its reason. `program` NULL: in all of them.
 */
static const struct {
	const char *program, *call;
	unsigned most;
	const char *reason;
} tolerated[] = {
	{NULL, "mmap", 1, "musl's first, for which it has another way"},
	{"ipc", "ioctl", 1, "musl's: is standard output a terminal"},
	{"schedule", "ioctl", 3, "is standard output a terminal, and how wide"},
	{"supervise", "open", 1, "/dev/tty: then there is no terminal"},
	{"userns", "open", 1, "/etc/subuid: then there is one id"},
	{"netns", "open", 1, "/etc/subuid: then there is one id"},
	{"cgroup", "open", 2, "/etc/subuid; the usual place of cgroups"},
	{"cgroup", "openat", 1, "the sweep, which the next run does"},
	{"cgroup", "getdents64", 2, "the sweep, which the next run does"},
	{"cgroup", "mmap", 1, "the sweep, which the next run does"},
	{"box", "open", 2, "/etc/subuid; the usual place of cgroups"},
	{"box", "openat", 1, "the sweep, which the next run does"},
	{"box", "getdents64", 2, "the sweep, which the next run does"},
	{"box", "mmap", 1, "the sweep, which the next run does"},
	{"box", "openat2", 5, "a look at what is to be removed in the end"},
	{"box", "flock", 1, "then nothing is removed in the end"},
	{"box", "mount_setattr", 1, "then the root is bound from inside"},
	{"box", "sched_getaffinity", 5, "musl's sysconf(3): then one CPU"},
};

#define TOLERATED (sizeof(tolerated) / sizeof(tolerated[0]))

static struct {
	unsigned failed, refused, went_on;
	unsigned left; /* cgroups that could not be removed, which was said */
	unsigned tolerated[TOLERATED];
	unsigned wrong;
	char complaints[3000]; /* those that have room */
} total;

static void complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	size_t length = strlen(total.complaints);
	va_list arguments;

	total.wrong++;
	va_start(arguments, format);
	vsnprintf(total.complaints + length, sizeof(total.complaints) - length,
		  format, arguments);
	va_end(arguments);
}

/* True, and one less from then on. */
static bool is_tolerated(const char *program, const char *call)
{
	for (size_t i = 0; i < TOLERATED; i++)
		if ((!tolerated[i].program ||
		     strcmp(tolerated[i].program, program) == 0) &&
		    strcmp(tolerated[i].call, call) == 0 &&
		    total.tolerated[i]++ < tolerated[i].most)
			return true;
	return false;
}

static size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	EXPECT(dir != NULL, "%s cannot be looked at: %s", path,
	       strerror(errno));
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* What a program could leave behind, counted. */
struct traces {
	size_t files, groups, mounts, interfaces;
};

static struct traces look(const struct way *way)
{
	return (struct traces){
		.files = count_entries(sandbox_path("/tmp")),
		.groups = way->in_delegated ? count_entries(delegated_cgroup())
					    : 0,
		.mounts = count_lines(proc_file(sandbox_init(), "mountinfo")),
		.interfaces = count_lines(proc_file(sandbox_init(), "net/dev")),
	};
}

/* inject FILE CALL N PROCS PROGRAM... */
static struct run *inject(const struct way *way, const char *call, int number)
{
	const char *words[MOST_WORDS + 5] = {"driver", "/tmp/fate", call};
	struct start how = {.as_root = way->as_root};
	char text[16], procs[16], path[700];
	struct run *run;

	if (way->in_delegated) {
		snprintf(path, sizeof(path), "%s/cgroup.procs",
			 delegated_cgroup());
		how.inherit = open(path, O_WRONLY | O_CLOEXEC);
		EXPECT(how.inherit > 0, "%s: %s", path, strerror(errno));
	}
	snprintf(text, sizeof(text), "%d", number);
	snprintf(procs, sizeof(procs), "%d", how.inherit);
	words[3] = text;
	words[4] = procs;
	for (size_t i = 0; way->words[i]; i++)
		words[5 + i] = way->words[i];
	run = start(&how, words);
	if (how.inherit > 0)
		close(how.inherit);
	return run;
}

/*
 * What removes a cgroup may be what fails. Then it is enough that this is
 * said; we do it.
 */
static void remove_groups(void)
{
	char path[900];
	DIR *dir = opendir(delegated_cgroup());
	struct dirent *entry;
	int fd;

	while (dir && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", delegated_cgroup(),
			 entry->d_name);
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			rmdir(path);
	}
	if (dir)
		closedir(dir);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control",
		 delegated_cgroup());
	fd = open(path, O_WRONLY | O_CLOEXEC);
	EXPECT(fd >= 0 && write(fd, "-memory -pids -cpu", 18) == 18, "%s: %s",
	       path, strerror(errno));
	close(fd);
}

static void expect_no_traces(const struct way *way, const struct traces *before,
			     int status)
{
	struct traces now;

	expect_nothing_left();
	/* An interface goes with its namespace, which goes a moment later. */
	AWAIT((now = look(way)).interfaces == before->interfaces,
	      "a network interface is left behind");
	if (now.groups != before->groups) {
		total.left++;
		EXPECT(status == 125, "a cgroup is left behind unsaid");
		remove_groups();
		now = look(way);
	}
	EXPECT(now.files == before->files, "a file is left behind in /tmp");
	EXPECT(now.groups == before->groups, "a cgroup is left behind");
	EXPECT(now.mounts == before->mounts, "a mount is left behind");
}

/* One of the words, each between two "|", is in the text. */
static bool says_one_of(const char *text, const char *words)
{
	char word[32];

	for (; *words; words += strcspn(words, "|") + 1) {
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(words, "|"),
			 words);
		if (strstr(text, word))
			return true;
	}
	return false;
}

static const struct call *find_call(const char *name)
{
	for (size_t i = 0; i < call_count; i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	fail("%s: not in the table", name);
}

/* Call number `number` fails; false when it never came to that. */
static bool fail_once(const struct way *way, const struct call *call,
		      int number, const struct traces *before)
{
	struct run *run = inject(way, call->name, number);
	int status = finish(run), wanted = 125;
	const char *errors = errors_of(run), *fate;

	fate = read_in_sandbox("/tmp/fate");
	EXPECT(status != 99, "the test could not disturb: %s", errors);
	if (fate[0] == '\0')
		return false;
	if (strcmp(fate, "command") == 0)
		return true;
	total.failed++;
	if (strcmp(call->name, "execve") == 0)
		wanted = 126;
	if (status == way->status && is_tolerated(way->words[0], call->name)) {
		total.went_on++;
	} else {
		total.refused++;
		if (way->last_decides && status == way->status)
			wanted = status;
		if (status != wanted || count_lines(errors) > 2 ||
		    !strstr(errors, strerror(call->error)) ||
		    !says_one_of(errors, call->words))
			complain("\n%s number %d failed with \"%s\": expected "
				 "status %d, saw %d, and it said: %.*s",
				 call->name, number, strerror(call->error),
				 wanted, status, (int)strcspn(errors, "\n"),
				 errors);
	}
	expect_no_traces(way, before, status);
	return true;
}

/* "name count" for each call that is made when nothing fails. */
static void walk(const struct way *way)
{
	struct traces before;
	char made[4096], name[32];
	int count, used, status;

	memset(&total, 0, sizeof(total));
	status = finish(inject(way, "-", 0));
	before = look(way);
	EXPECT(status == way->status,
	       "with nothing failing, expected exit status %d, saw %d",
	       way->status, status);
	snprintf(made, sizeof(made), "%s", read_in_sandbox("/tmp/fate"));
	for (const char *at = made;
	     sscanf(at, "%31s %d\n%n", name, &count, &used) == 2; at += used)
		for (int number = 1; number <= count; number++) {
			runs_end();
			if (!fail_once(way, find_call(name), number, &before))
				break;
		}
	EXPECT(total.failed > 0, "no call was made to fail");
	EXPECT(total.wrong == 0, "%u failures badly met:%s", total.wrong,
	       total.complaints);
	printf("  calls failed: %u refused: %u harmless: %u left: %u\n",
	       total.failed, total.refused, total.went_on, total.left);
}

#define WAY(name, ...)                                                         \
	static void name(void)                                                 \
	{                                                                      \
		static const struct way way = {__VA_ARGS__};                   \
		walk(&way);                                                    \
	}

#define CMD "probe", "exit", "7"

WAY(spawn, .status = 7,
    .words = {"spawn", "-C", "/tmp", "-e", "A=b", "-a", "me", CMD})
WAY(reap, .status = 7, .words = {"reap", CMD})
WAY(reap_long, .status = 143,
    .words = {"reap", "timeout", "0.05", "probe", "hold", "it"})
WAY(supervise, .status = 7,
    .words = {"supervise", "--grace", "1", "--timeout", "100", CMD})
WAY(supervise_ends, .status = 124,
    .words = {"supervise", "--grace", "0.01", "--timeout", "0.01", "probe",
	      "hold", "it"})
WAY(ipc_pipeline, .status = 7, .last_decides = true,
    .words = {"ipc", "pipeline", "probe", "exit", "0", "|", "probe", "exit",
	      "0", "|", CMD})
WAY(ipc_share,
    .words = {"ipc", "share", "--processes", "2", "--times", "3", "/tmp/fate"})
WAY(schedule, .status = 7,
    .words = {"schedule", "--nice", "5", "--cpus", "0", "--policy", "batch",
	      "--io", "idle", CMD})
/* On a busy machine a lane is to have come so far as to fail. */
WAY(schedule_race, .words = {"schedule", "--race", "0,5", "--seconds", "0.1"})
WAY(userns, .status = 7,
    .words = {"userns", "--uid", "5", "--gid", "6", "--hostname", "other",
	      "--ipc", "--drop-caps", CMD})
WAY(pidns, .status = 7,
    .words = {"pidns", "--bind", "/etc:/tmp:ro", "--tmpfs", "/root", CMD})
WAY(netns, .status = 7, .as_root = true,
    .words = {"netns", "--veth", "10.9.8.1/24,10.9.8.2/24", "--uptime", "100",
	      CMD})
WAY(cgroup, .status = 7, .in_delegated = true,
    .words = {"cgroup", "--memory", "64M", "--pids", "20", "--cpu", "50",
	      "--weight", "50", CMD})
WAY(box, .status = 7, .words = {"box",	       "run",
				"--hostname",  "other",
				"--uptime",    "100",
				"--nice",      "5",
				"--cpus",      "0",
				"--policy",    "batch",
				"--io",	       "idle",
				"--rlimit",    "nofile=64",
				"--workdir",   "/tmp",
				"--tmpfs",     "/tmp",
				"--volume",    "/etc:/mnt:ro",
				"--read-only", "--timeout",
				"100",	       "/mnt/rootfs",
				"sh",	       "-c",
				"exit 7"})
WAY(box_overlay, .status = 7,
    .words = {"box", "run", "--overlay", "--user", "0", "--env", "A=b",
	      "--no-init", "/mnt/rootfs", "sh", "-c", "exit 7"})
WAY(box_veth, .status = 7, .as_root = true,
    .words = {"box", "run", "--read-only", "--net", "veth", "--ip",
	      "10.9.8.1/24,10.9.8.2/24", "/mnt/rootfs", "sh", "-c", "exit 7"})
WAY(box_limits, .status = 7, .in_delegated = true,
    .words = {"box", "run", "--read-only", "--memory", "64M", "--pids", "20",
	      "--cpu", "50", "--weight", "50", "--stats", "/tmp/fate",
	      "/mnt/rootfs", "sh", "-c", "exit 7"})

#define FAILS "every call on this way fails once"

/* "PROGRAM" or "PROGRAM_WAY" */
static const struct test tests[] = {
	{"spawn", 1, FAILS, spawn, 0, 0},
	{"reap", 1, FAILS, reap, 0, 0},
	{"reap_long", 1, FAILS, reap_long, 0, 0},
	{"supervise", 1, FAILS, supervise, 0, 0},
	{"supervise_ends", 1, FAILS, supervise_ends, 0, 0},
	{"ipc_pipeline", 1, FAILS, ipc_pipeline, 0, 0},
	{"ipc_share", 1, FAILS, ipc_share, 0, 0},
	{"schedule", 1, FAILS, schedule, 0, 0},
	{"schedule_race", 1, FAILS, schedule_race, 0, 0},
	{"userns", 1, FAILS, userns, 0, 0},
	{"pidns", 1, FAILS, pidns, 0, 0},
	{"netns", 1, FAILS, netns, 0, 0},
	{"cgroup", 1, FAILS, cgroup, NEEDS_LIMITS, 0},
	{"box", 1, FAILS, box, 0, 0},
	{"box_overlay", 1, FAILS, box_overlay, 0, 0},
	{"box_veth", 1, FAILS, box_veth, 0, 0},
	{"box_limits", 1, FAILS, box_limits, NEEDS_LIMITS, 0},
	{0},
};

const struct gate gate = {"faults", "", tests};
