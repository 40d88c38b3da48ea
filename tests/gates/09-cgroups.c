/* Stage 09: cgroup.h. Every test needs limits: a machine of its own, as root */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

/* The student's program, in the group that was given to the student. */
#define CGROUP(...) START_WITH({.in_delegated = true}, "cgroup", __VA_ARGS__)

/* The directory out here of the group that a process is in. */
static const char *group_dir(pid_t pid)
{
	static char dir[700];
	const char *line = strstr(proc_file(pid, "cgroup"), "0::/");

	EXPECT(line, "process %d is in no version 2 group", pid);
	snprintf(dir, sizeof(dir), "/sys/fs/cgroup%.*s",
		 (int)strcspn(line + 3, "\n"), line + 3);
	return dir;
}

/* The first line of a file of a group; "" when it is not there. */
static const char *group_file(const char *dir, const char *file)
{
	static char texts[2][4096];
	static int next;
	char path[900];
	ssize_t n = 0;
	int fd;

	next = !next;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, texts[next], sizeof(texts[next]) - 1);
		close(fd);
	}
	texts[next][n > 0 ? n : 0] = '\0';
	texts[next][strcspn(texts[next], "\n")] = '\0';
	return texts[next];
}

static long value_in(const char *dir, const char *file, const char *key)
{
	char path[900], line[256];
	long value = -1;
	FILE *text;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	text = fopen(path, "re");
	while (text && value < 0 && fgets(line, sizeof(line), text))
		if (strncmp(line, key, strlen(key)) == 0 &&
		    line[strlen(key)] == ' ')
			value = strtol(line + strlen(key), NULL, 10);
	if (text)
		fclose(text);
	return value;
}

/* How many groups there are below the student's. */
static int count_groups(void)
{
	DIR *dir = opendir(delegated_cgroup());
	struct dirent *entry;
	int count = 0;

	EXPECT(dir, "the student's group is gone");
	while ((entry = readdir(dir)))
		count += entry->d_type == DT_DIR && entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void expect_no_group_left(void)
{
	AWAIT(count_groups() == 0, "%d groups are left behind", count_groups());
}

static void own_group(void)
{
	const char *token = fresh_token();
	struct run *run = CGROUP("probe", "hold", token), *inside;
	pid_t command = await_probe(token);
	char dir[700];

	snprintf(dir, sizeof(dir), "%s", group_dir(command));
	EXPECT(strcmp(dir, delegated_cgroup()) != 0 &&
		       strncmp(dir, delegated_cgroup(),
			       strlen(delegated_cgroup())) == 0,
	       "CMD is in %s: expected a group of its own below its caller's, "
	       "%s",
	       dir, delegated_cgroup());
	EXPECT(namespace_of(command, "cgroup") !=
		       namespace_of(pid_of(run), "cgroup"),
	       "CMD is in the cgroup namespace of its caller");
	kill(command, SIGTERM);
	expect_status(run, 128 + SIGTERM);
	EXPECT(access(dir, F_OK) < 0, "the group is left behind: %s", dir);
	inside = CGROUP("cat", "/proc/self/cgroup");
	EXPECT(finish(inside) == 0 && strstr(output_of(inside), "0::/\n"),
	       "in its cgroup namespace CMD's group is not /: %s",
	       output_of(inside));
	expect_no_group_left();
}

static void memory_limit(void)
{
	const char *token = fresh_token();
	int mib = random_between(16, 40);
	char word[16], bytes[32];
	struct run *run;
	pid_t command;

	snprintf(word, sizeof(word), "%dM", mib);
	snprintf(bytes, sizeof(bytes), "%d", mib << 20);
	run = CGROUP("--memory", word, "probe", "hold", token);
	command = await_probe(token);
	EXPECT(strcmp(group_file(group_dir(command), "memory.max"), bytes) == 0,
	       "memory.max is %s, expected %s",
	       group_file(group_dir(command), "memory.max"), bytes);
	kill(command, SIGKILL);
	finish(run);
	run = CGROUP("--memory", word, "--stats", "probe", "fill", "64");
	expect_status(run, 128 + SIGKILL);
	EXPECT(strstr(errors_of(run), "cause oom\n") &&
		       !strstr(errors_of(run), "oom_kill 0\n"),
	       "--stats does not tell of the out-of-memory kill: %s",
	       errors_of(run));
	run = CGROUP("--memory", "100M", "--stats", "probe", "fill", "64");
	expect_status(run, 0);
	EXPECT(strstr(errors_of(run), "memory_peak "), "--stats has no "
						       "memory_peak");
	expect_no_group_left();
}

static void pids_limit(void)
{
	int most = random_between(3, 30);
	char word[16];
	struct run *run;

	snprintf(word, sizeof(word), "%d", most);
	run = CGROUP("--pids", word, "--stats", "probe", "fork", "50");
	expect_status(run, 1);
	EXPECT(atoi(output_of(run)) == most - 1,
	       "with --pids %d the probe could fork %s times, expected %d",
	       most, output_of(run), most - 1);
	EXPECT(strstr(errors_of(run), "pids_max 1\n"),
	       "--stats does not tell of the fork that was refused");
	expect_status(CGROUP("--pids", "60", "probe", "fork", "50"), 0);
	expect_no_group_left();
}

static void cpu_limit(void)
{
	const char *token = fresh_token();
	struct run *run = CGROUP("--cpu", "20", "--weight", "77", "--stats",
				 "probe", "spin", token);
	pid_t command = await_probe(token);
	char dir[700];

	snprintf(dir, sizeof(dir), "%s", group_dir(command));
	EXPECT(strcmp(group_file(dir, "cpu.max"), "20000 100000") == 0,
	       "cpu.max is %s, expected 20000 100000",
	       group_file(dir, "cpu.max"));
	EXPECT(strcmp(group_file(dir, "cpu.weight"), "77") == 0,
	       "cpu.weight is %s", group_file(dir, "cpu.weight"));
	AWAIT(value_in(dir, "cpu.stat", "nr_throttled") > 1,
	      "a CMD that spins is never throttled");
	kill(command, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	EXPECT(!strstr(errors_of(run), "nr_throttled 0\n") &&
		       strstr(errors_of(run), "nr_throttled "),
	       "--stats does not tell that it was throttled");
	expect_no_group_left();
}

/* From its first instruction: a fork or a page before would escape. */
static void limited_from_the_start(void)
{
	struct run *run;

	for (int i = 0; i < 5; i++) {
		run = CGROUP("--pids", "1", "probe", "fork", "3");
		expect_status(run, 1);
		EXPECT(atoi(output_of(run)) == 0,
		       "with --pids 1 the probe could fork %s times: it was "
		       "started before it was in its group",
		       output_of(run));
		expect_status(CGROUP("--memory", "8M", "probe", "fill", "32"),
			      128 + SIGKILL);
	}
	expect_no_group_left();
}

static void kills_what_is_left(void)
{
	const char *first = fresh_token(), *second = fresh_token();
	char script[512];
	struct run *run;

	snprintf(script, sizeof(script),
		 "probe hold %s & (setsid probe hold %s &); "
		 "mkdir -p $(echo /sys/fs/cgroup/student/*/)/a/b && exit 3",
		 first, second);
	run = CGROUP("sh", "-c", script);
	expect_status(run, 3);
	EXPECT(find_probe(first) == 0 && find_probe(second) == 0,
	       "what CMD left running still runs");
	expect_no_group_left();
}

static void statistics(void)
{
	static const char *const keys[] = {
		"status 0\n",	"signal 0\n",	 "wall_usec ",
		"user_usec ",	"system_usec ",	 "memory_peak ",
		"oom_kill 0\n", "nr_throttled ", "pids_max 0\n"};
	int status = random_between(1, 120);
	char word[16];
	struct run *run;

	run = CGROUP("--memory", "64M", "--pids", "20", "--stats", "probe",
		     "fill", "16");
	expect_status(run, 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EXPECT(strstr(errors_of(run), keys[i]),
		       "--stats lacks a line with \"%s\"", keys[i]);
	EXPECT(atol(strstr(errors_of(run), "memory_peak ") + 12) > 16 << 20,
	       "it touched 16 MiB, and memory_peak is less");
	snprintf(word, sizeof(word), "%d", status);
	run = CGROUP("--stats", "probe", "exit", word);
	expect_status(run, status);
	EXPECT(strstr(errors_of(run), "cause exited\n"),
	       "--stats does not say that it exited");
	expect_status(CGROUP(fresh_token()), 127);
	expect_no_group_left();
}

static void killed_and_swept(void)
{
	const char *neighbour = fresh_token();
	struct run *beside;

	beside = CGROUP("probe", "hold", neighbour);
	await_probe(neighbour);
	for (int i = 0; i < 5; i++) {
		const char *token = fresh_token();
		struct run *run = CGROUP("sh", "-c",
					 "probe hold daemon & exec probe hold "
					 "\"$1\"",
					 "sh", token);
		pid_t command = await_probe(token);

		kill(pid_of(run), SIGKILL);
		AWAIT(state_of(command) == 0 || state_of(command) == 'Z',
		      "CMD outlives a cgroup that was killed");
		finish(run);
	}
	expect_status(CGROUP("true"), 0);
	EXPECT(find_probe("daemon") == 0,
	       "what was left in the groups of the killed still runs after the "
	       "next run");
	EXPECT(count_groups() == 1,
	       "%d groups are there after the next run: expected those of the "
	       "killed to be swept, and the one that is in use to be left "
	       "alone",
	       count_groups());
	EXPECT(find_probe(neighbour) != 0, "a run at the same time was harmed");
	send_signal(beside, SIGTERM);
	finish(beside);
	expect_no_group_left();
}

static void refusals(void)
{
	const char *token = fresh_token();
	struct run *other;

	expect_refusal(CGROUP("--memory", "12Q", "true"), "12Q");
	expect_refusal(CGROUP("--memory", "99999999999T", "true"), "--memory");
	expect_refusal(CGROUP("--memory", "-1", "true"), "--memory");
	expect_refusal(CGROUP("--memory", "0", "true"), "--memory");
	expect_refusal(CGROUP("--pids", "0", "true"), "--pids");
	expect_refusal(CGROUP("--cpu", "0", "true"), "--cpu");
	expect_refusal(CGROUP("--weight", "10001", "true"), "--weight");
	expect_refusal(CGROUP("--weight", "0", "true"), "--weight");
	expect_refusal(CGROUP("--pids", "9"), "CMD");
	/* Not delegated: the sandbox's own group is not the student's. */
	REFUSES("cgroup:", "cgroup", "--pids", "9", "true");
	/* In the way: a group with processes cannot hand controllers down. */
	other = START_WITH({.in_delegated = true}, "probe", "hold", token);
	await_probe(token);
	expect_refusal(CGROUP("--memory", "9M", "true"), "busy");
	send_signal(other, SIGTERM);
	finish(other);
	expect_no_group_left();
}

static const struct test tests[] = {
	{"own_group", 1, "CMD runs in a new group and cgroup namespace",
	 own_group, NEEDS_LIMITS, 0},
	{"memory_limit", 1, "--memory is enforced, and the kill is told",
	 memory_limit, NEEDS_LIMITS, 0},
	{"pids_limit", 1, "--pids is enforced, and refusals are counted",
	 pids_limit, NEEDS_LIMITS, 0},
	{"cpu_limit", 1, "--cpu throttles, --weight is set", cpu_limit,
	 NEEDS_LIMITS, 0},
	{"from_the_start", 1, "CMD is limited from its first instruction",
	 limited_from_the_start, NEEDS_LIMITS, 0},
	{"kills_what_is_left", 1,
	 "what CMD left is killed, its groups are removed", kills_what_is_left,
	 NEEDS_LIMITS, 0},
	{"statistics", 1, "exit status is exact, --stats tells what was used",
	 statistics, NEEDS_LIMITS, 0},
	{"killed_and_swept", 2,
	 "killed, it takes CMD along; the next run sweeps up, and no other",
	 killed_and_swept, NEEDS_LIMITS, 0},
	{"refusals", 1,
	 "nonsense, and groups that are not its own, are refused", refusals,
	 NEEDS_LIMITS, 0},
	{0},
};

const struct gate gate = {"09-cgroups", "cgroup", tests};
