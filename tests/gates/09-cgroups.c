/* Stage 09: cgroup.h. Every test needs limits: a machine of its own, as root */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"
#include "removal.h"

#define MOST_GROUPS 8

/* In the group that was given to the student: the program, and the driver. */
#define DELEGATED(...) START_WITH({.in_delegated = true}, __VA_ARGS__)
#define CGROUP(...) DELEGATED("cgroup", __VA_ARGS__)
#define DRIVE(...) DELEGATED("driver", __VA_ARGS__)

/* A word to be put together. Static, 64 at a time. */
/* The directory out here of the group that a process is in. */
static const char *group_of_process(pid_t pid)
{
	const char *line = strstr(proc_file(pid, "cgroup"), "0::/");

	EXPECT(line, "process %d is in no version 2 group", pid);
	return word("/sys/fs/cgroup%.*s", (int)strcspn(line + 3, "\n"),
		    line + 3);
}

/* A file of a group, without a newline at its end; "" when it is not there. */
static const char *group_file(const char *dir, const char *file)
{
	static char texts[8][4096];
	static int next;
	char *text = texts[next = (next + 1) % 8], path[900];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, text, sizeof(texts[0]) - 1);
	if (fd >= 0)
		close(fd);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The number behind a key at the start of a line, or -1. */
static long long number_in(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (*text) {
		if (strncmp(text, key, length) == 0 && text[length] == ' ')
			return strtoll(text + length, NULL, 10);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return -1;
}

static long long value_in(const char *dir, const char *file, const char *key)
{
	return number_in(group_file(dir, file), key);
}

static bool lists(const char *dir, const char *file, const char *name)
{
	const char *at = strstr(group_file(dir, file), name);

	return at && (at[strlen(name)] == ' ' || at[strlen(name)] == '\0');
}

/* Writes to a file of a group, as whoever gave it to the student. */
static void put(const char *dir, const char *file, const char *text)
{
	int fd = open(word("%s/%s", dir, file), O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int error = errno;

	if (fd >= 0)
		close(fd);
	EXPECT(n >= 0, "the test could not write %s to %s of %s: %s", text,
	       file, dir, strerror(error));
}

static void move_to(const char *dir, pid_t pid)
{
	put(dir, "cgroup.procs", word("%d", (int)pid));
}

/* The groups below the student's; how many. */
static size_t list_groups(char names[MOST_GROUPS][256])
{
	DIR *dir = opendir(delegated_cgroup());
	struct dirent *entry;
	size_t count = 0;

	EXPECT(dir, "the student's group is gone");
	while ((entry = readdir(dir)) && count < MOST_GROUPS)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			snprintf(names[count++], 256, "%s", entry->d_name);
	closedir(dir);
	return count;
}

static size_t count_groups(void)
{
	char names[MOST_GROUPS][256];

	return list_groups(names);
}

static void expect_no_group_left(void)
{
	char names[MOST_GROUPS][256];

	AWAIT(list_groups(names) == 0,
	      "%zu groups are left behind in the caller's, %s among them",
	      count_groups(), names[0]);
}

/*
 * The group that was made, of those below the student's that are not in
 * `known`; the sibling of it that its maker has gone to does not count.
 */
static const char *new_group(const char *known, const char *known_too)
{
	char names[MOST_GROUPS][256];
	const char *found = NULL;
	size_t count = list_groups(names);

	for (size_t i = 0; i < count; i++) {
		const char *dir = word("%s/%s", delegated_cgroup(), names[i]);

		if (strstr(names[i], ".maker") || strcmp(dir, known) == 0 ||
		    strcmp(dir, known_too) == 0)
			continue;
		EXPECT(!found,
		       "more than one new group is in the caller's: %s and %s",
		       found, dir);
		found = dir;
	}
	EXPECT(found, "there is no new group in the caller's, %s",
	       delegated_cgroup());
	return found;
}

/* Makes the student's group what it was before, without the student's help. */
static void clear_student(void)
{
	char names[MOST_GROUPS][256];
	size_t count = list_groups(names);
	int parent = open(delegated_cgroup(), O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < count; i++) {
		const char *dir = word("%s/%s", delegated_cgroup(), names[i]);

		put(dir, "cgroup.kill", "1");
		AWAIT(value_in(dir, "cgroup.events", "populated") == 0,
		      "the test could not empty %s", dir);
		EXPECT(remove_tree(parent, names[i]) == 0,
		       "the test could not remove %s: %s", dir,
		       strerror(errno));
	}
	close(parent);
	put(delegated_cgroup(), "cgroup.subtree_control", "-cpu -memory -pids");
}

/* A group below another, made by its owner. */
static const char *make_below(const char *dir, const char *name)
{
	const char *path = word("%s/%s", dir, name);
	struct stat above;

	EXPECT(stat(dir, &above) == 0 && mkdir(path, 0755) == 0 &&
		       chown(path, above.st_uid, above.st_gid) == 0,
	       "the test could not make %s: %s", path, strerror(errno));
	return path;
}

/* Ends a run outright, and clears up after it. */
static void end(struct run *run)
{
	send_signal(run, SIGKILL);
	finish(run);
	clear_student();
}

static const char *const functions[][2] = {
	{"make", "cgroup_create()"},	    {"limit", "cgroup_limit()"},
	{"move", "cgroup_enter()"},	    {"vanished", "cgroup_enter()"},
	{"enter", "cgroup_enter(, 0)"},	    {"spawn", "cgroup_spawn()"},
	{"busy", "cgroup_spawn()"},	    {"wait", "cgroup_wait()"},
	{"freezes", "cgroup_freeze()"},	    {"freeze", "cgroup_freeze(, true)"},
	{"thaw", "cgroup_freeze(, false)"}, {"kill", "cgroup_kill()"},
	{"stats", "cgroup_read_stats()"},   {"remove", "cgroup_remove()"},
	{"finish", "cgroup_finish()"},
};

static const char *function_of(const char *step)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(functions[i][0], step) == 0)
			return functions[i][1];
	return step;
}

static const char *text_of(int error)
{
	return error ? strerror(error) : "success";
}

static bool has_done(struct run *run, const char *step)
{
	const char *text = output_of(run);

	/* A whole line: it is written at once, but read as it comes. */
	return number_in(text, step) >= 0 && text[strlen(text) - 1] == '\n';
}

/* The errno that a step of the driver ended with, waited for; 0: none. */
static int result_of(struct run *run, const char *step)
{
	AWAIT(has_done(run, step) || has_ended(run), "%s does not return",
	      function_of(step));
	EXPECT(has_done(run, step),
	       "the driver has ended, with status %d, in or before %s",
	       finish(run), function_of(step));
	return (int)number_in(output_of(run), step);
}

static void expect_result(struct run *run, const char *step, int error)
{
	int seen = result_of(run, step);

	/* What it says on standard error is to be there, to be shown. */
	errors_of(run);
	if (seen == error)
		return;
	/* Without a group nothing else can be right. */
	if (strcmp(step, "make") != 0)
		expect_result(run, "make", 0);
	if (error == 0)
		fail("%s failed: %s", function_of(step), strerror(seen));
	fail("%s: expected it to fail with \"%s\", saw %s", function_of(step),
	     strerror(error), text_of(seen));
}

/* The second number of a step's line. */
static long second_of(struct run *run, const char *step)
{
	const char *line = strstr(output_of(run), word("%s 0 ", step));

	return line ? strtol(line + strlen(step) + 3, NULL, 10) : -1;
}

/* Until the driver has come to "until=TOKEN". */
static void await_at(struct run *run, const char *token)
{
	const char *line = word("at %s\n", token);

	AWAIT(strstr(output_of(run), line) || has_ended(run),
	      "the driver does not get on; it has written: %s", output_of(run));
	EXPECT(strstr(output_of(run), line),
	       "the driver has ended, with status %d", finish(run));
}

/* What it has written since it came to "until=TOKEN". */
static const char *written_since(struct run *run, const char *token)
{
	const char *line = strstr(output_of(run), word("at %s\n", token));

	return line ? line : "";
}

static void go_on(const char *token)
{
	write_in_sandbox(word("/tmp/%s", token), "");
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static void set_mode(const char *dir, const char *file, mode_t mode)
{
	EXPECT(chmod(word("%s/%s", dir, file), mode) == 0,
	       "the test could not change the mode of %s: %s", file,
	       strerror(errno));
}

/* That the step has failed so, in the way that is said first. */
static void expect_failure(const char *what, const char *step, int seen,
			   int error)
{
	EXPECT(seen == error, "%s: expected %s to fail with \"%s\", saw %s",
	       what, function_of(step), strerror(error), text_of(seen));
}

/* No student may read or write it: EACCES. */
static void lock_up(const char *dir, const char *file)
{
	set_mode(dir, file, 0);
}

/*
 * A driver that makes a group with all limits, and then does the step once for
 * each of the files, with that one alone locked up.
 */
static void expect_each_file_needed(const char *step, const char *const files[],
				    size_t count)
{
	const char *words[32] = {"driver", "memory=50000000", "pids=9",
				 "cpu=50", "weight=50",	      "make"};
	const char *at[12], *dir;
	size_t n = 6;
	struct run *run;

	for (size_t i = 0; i <= count; i++) {
		at[i] = fresh_token();
		words[n++] = word("until=%s", at[i]);
		words[n++] = i < count ? step : NULL;
	}
	run = start(&(const struct start){.in_delegated = true}, words);
	expect_result(run, "make", 0);
	await_at(run, at[0]);
	dir = new_group("", "");
	for (size_t i = 0; i < count; i++) {
		/* Not every kernel has every file. */
		const bool is = is_there(word("%s/%s", dir, files[i]));
		int seen;

		if (is)
			lock_up(dir, files[i]);
		go_on(at[i]);
		await_at(run, at[i + 1]);
		seen = (int)number_in(written_since(run, at[i]), step);
		if (!is)
			continue;
		expect_failure(word("%s cannot be opened", files[i]), step,
			       seen, EACCES);
		set_mode(dir, files[i], 0644);
	}
	end(run);
}

/* The group cannot be removed any more: EPERM, as in a /tmp of the judge's. */
static void keep_from_removal(const char *dir)
{
	EXPECT(chown(dir, 0, 0) == 0 && chown(delegated_cgroup(), 0, 0) == 0,
	       "the test could not take %s: %s", dir, strerror(errno));
	set_mode(dir, "", 0755);
	set_mode(delegated_cgroup(), "", 01777);
}

/* Clears up after that. */
static void take_from_judge(void)
{
	struct stat student;

	EXPECT(stat(word("%s/cgroup.procs", delegated_cgroup()), &student) ==
			       0 &&
		       chown(delegated_cgroup(), student.st_uid,
			     student.st_gid) == 0,
	       "the test could not give the student's group back: %s",
	       strerror(errno));
	set_mode(delegated_cgroup(), "", 0755);
	clear_student();
}

/* Whether a run would find that somebody holds the group (neighbours.h). */
static bool is_held(const char *dir)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(word("%s/cgroup.kill", dir), O_WRONLY | O_CLOEXEC);
	bool held = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 &&
		    lock.l_type != F_UNLCK;

	if (fd >= 0)
		close(fd);
	return held;
}

/* Another run's sweep comes between mkdir(2) and hold_group(). */
static void expect_made_again(const char *first, const char *second)
{
	const char *token = fresh_token(), *at = fresh_token();
	const char *paused = sandbox_path(word("/tmp/%s.paused", token));
	const char *taken = NULL, *made;
	struct run *run;

	run = DELEGATED("probe", "launch", word("pause=trylock:1:%s", token),
			word("driver make until=%s", at));
	AWAIT(is_there(paused) || strstr(output_of(run), "at ") ||
		      has_ended(run),
	      "cgroup_create() does not return");
	if (is_there(paused)) {
		taken = new_group(first, second);
		EXPECT(rmdir(taken) == 0, "the test could not remove %s: %s",
		       taken, strerror(errno));
		go_on(token);
	}
	expect_result(run, "make", 0);
	await_at(run, at);
	made = new_group(first, second);
	EXPECT(!taken || strcmp(made, taken) != 0,
	       "a group that another run had swept away was made again under "
	       "its old name");
	EXPECT(is_held(made), "nobody holds the group that was made again");
}

/* Whatever else keeps it from being held, there is no group then. */
static void expect_not_held(void)
{
	const char *token = fresh_token(), *at = fresh_token();
	size_t before = count_groups();
	struct run *run;
	bool failed;

	run = DELEGATED("probe", "launch",
			word("fail=trylock:1:%d:%s", ENOLCK, token),
			word("driver make until=%s", at));
	await_at(run, at);
	failed = exists(token, ".failed");
	if (failed)
		expect_failure("a new group could not be held", "make",
			       result_of(run, "make"), ENOLCK);
	EXPECT(!failed || count_groups() == before,
	       "a new group could not be held: cgroup_create() has failed, and "
	       "left one behind");
	go_on(at);
	finish(run);
}

static void own_group(void)
{
	const char *at = fresh_token(), *too = fresh_token(), *first, *second;
	struct run *run = DRIVE("make", word("until=%s", at));

	expect_result(run, "make", 0);
	await_at(run, at);
	first = new_group("", "");
	EXPECT(strncmp(strrchr(first, '/'), "/driver.", 8) == 0,
	       "the new group is %s: expected a name that starts with the "
	       "prefix, \"driver\"",
	       first);
	EXPECT(strcmp(group_of_process(pid_of(run)), delegated_cgroup()) == 0,
	       "the caller is in %s: expected it to be left where it was, "
	       "since no limit was asked for",
	       group_of_process(pid_of(run)));
	EXPECT(strcmp(group_file(delegated_cgroup(), "cgroup.subtree_control"),
		      "") == 0,
	       "controllers are enabled that no limit needs: %s",
	       group_file(delegated_cgroup(), "cgroup.subtree_control"));
	EXPECT(is_held(first),
	       "nobody holds the new group: the next run would take it for a "
	       "leftover. It is for hold_group() to open it");
	run = DRIVE("make", word("until=%s", too));
	expect_result(run, "make", 0);
	await_at(run, too);
	second = new_group(first, "");
	EXPECT(is_held(first) && is_held(second),
	       "of two runs at once, one has lost its group");
	expect_not_held();
	expect_made_again(first, second);
}

/* A driver that makes a group with one limit; the group. */
static const char *make_limited(struct run **run, const char *limit)
{
	const char *at = fresh_token();

	*run = DRIVE(limit, "make", "limit", word("until=%s", at));
	expect_result(*run, "make", 0);
	await_at(*run, at);
	return new_group("", "");
}

static void expect_enabled(const char *limit, const char *controller)
{
	static const char *const all[] = {"memory", "pids", "cpu"};
	struct run *run;
	const char *dir = make_limited(&run, limit);
	const char *caller = group_of_process(pid_of(run));

	for (int i = 0; i < 3; i++) {
		bool wanted = strcmp(all[i], controller) == 0;

		EXPECT(lists(dir, "cgroup.controllers", all[i]) == wanted,
		       "with %s the new group has the controllers \"%s\": "
		       "expected %s alone, which cgroup.subtree_control of "
		       "the group above is to enable",
		       limit, group_file(dir, "cgroup.controllers"),
		       controller);
	}
	EXPECT(strcmp(group_file(dir, "cgroup.type"), "domain") == 0,
	       "with %s the new group is of the type \"%s\", in which no "
	       "process can be: the controllers were enabled before the caller "
	       "had stepped aside",
	       limit, group_file(dir, "cgroup.type"));
	EXPECT(strcmp(caller, dir) != 0,
	       "the caller itself is in the new group, and limited with it");
	EXPECT(strcmp(caller, delegated_cgroup()) != 0,
	       "the caller is in the way of its own new group");
	end(run);
}

/* That it cannot be made, and that nothing is left of the attempt. */
static void expect_not_made(const char *limit, int error)
{
	const char *at = fresh_token();
	struct run *run = DRIVE(limit, "make", word("until=%s", at));

	expect_result(run, "make", error);
	await_at(run, at);
	EXPECT(count_groups() == 0,
	       "cgroup_create() has failed, and left %zu groups behind",
	       count_groups());
	EXPECT(strcmp(group_of_process(pid_of(run)), delegated_cgroup()) == 0,
	       "cgroup_create() has failed, and left its caller in %s",
	       group_of_process(pid_of(run)));
	EXPECT(strcmp(group_file(delegated_cgroup(), "cgroup.subtree_control"),
		      "") == 0,
	       "cgroup_create() has failed, and left controllers enabled: %s",
	       group_file(delegated_cgroup(), "cgroup.subtree_control"));
	end(run);
}

/*
 * Beside a process of somebody else, in what looks like the root group, which
 * has no cgroup.type.
 */
static void expect_not_in_the_way_of_root(void)
{
	const char *at = fresh_token();
	struct run *run;

	run = DELEGATED("probe", "launch",
			word("fail=look.cgroup.type:0:%d", ENOENT),
			word("driver pids=9 make until=%s", at));
	EXPECT(result_of(run, "make") == 0,
	       "cgroup_create() failed in the root group, beside other "
	       "processes: %s. That group may have both processes and groups "
	       "with controllers: is_root_group()",
	       text_of(result_of(run, "make")));
	await_at(run, at);
	EXPECT(strcmp(group_of_process(pid_of(run)), delegated_cgroup()) == 0,
	       "the caller has stepped aside in the root group, where nobody "
	       "is in the way");
	EXPECT(lists(delegated_cgroup(), "cgroup.subtree_control", "pids"),
	       "no controller was enabled in the root group");
	end(run);
}

/* A controller that is not passed on to the student. */
static void expect_controllers_needed(void)
{
	static const char *const needs[][2] = {
		{"cpu=50", "cpu"},
		{"weight=50", "cpu"},
		{"memory=50000000", "memory"},
		{"pids=9", "pids"},
	};
	const int length =
		(int)(strrchr(delegated_cgroup(), '/') - delegated_cgroup());

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		const char *above = word("%.*s", length, delegated_cgroup());

		put(above, "cgroup.subtree_control", word("-%s", needs[i][1]));
		expect_not_made(needs[i][0], EOPNOTSUPP);
		put(above, "cgroup.subtree_control", word("+%s", needs[i][1]));
	}
}

static void controllers(void)
{
	const char *token = fresh_token(), *control;
	struct run *other;

	expect_enabled("memory=50000000", "memory");
	expect_enabled("pids=9", "pids");
	expect_enabled("weight=50", "cpu");
	/* In the way: a process of somebody else. */
	other = DELEGATED("probe", "hold", token);
	await_probe(token);
	expect_not_made("pids=9", EBUSY);
	expect_not_made("memory=50000000", EBUSY);
	expect_not_in_the_way_of_root();
	send_signal(other, SIGKILL);
	finish(other);
	expect_controllers_needed();
	/* Not the student's to enable them. */
	control = word("%s/cgroup.subtree_control", delegated_cgroup());
	EXPECT(chown(control, 0, 0) == 0, "chown: %s", strerror(errno));
	expect_not_made("pids=9", EACCES);
}

static void expect_file(const char *dir, const char *file, const char *text)
{
	EXPECT(strcmp(group_file(dir, file), text) == 0,
	       "%s is \"%s\", expected \"%s\"", file, group_file(dir, file),
	       text);
}

/* With all controllers in the group, but only one limit asked for. */
static void expect_others_left(const char *limit, const char *file,
			       const char *text)
{
	static const char *const files[][2] = {
		{"memory.max", "max"}, {"memory.oom.group", "0"},
		{"pids.max", "max"},   {"cpu.max", "max 100000"},
		{"cpu.weight", "100"},
	};
	const char *at = fresh_token(), *dir;
	struct run *run = DRIVE("memory=50000000", "pids=9", "weight=50",
				"make", "memory=0", "pids=0", "weight=0", limit,
				"limit", word("until=%s", at));

	expect_result(run, "limit", 0);
	await_at(run, at);
	dir = new_group("", "");
	expect_file(dir, file, text);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i][0], file) != 0)
			EXPECT(strcmp(group_file(dir, files[i][0]),
				      files[i][1]) == 0,
			       "%s is \"%s\": expected what it was before, "
			       "\"%s\", because that limit was 0",
			       files[i][0], group_file(dir, files[i][0]),
			       files[i][1]);
	end(run);
}

static void expect_memory(void)
{
	/* More than 32 bits, in pages. */
	uint64_t bytes = UINT64_C(5) << 30;
	const char *number, *dir;
	struct run *run;

	bytes += (uint64_t)random_between(1, 1 << 20) << 12;
	number = word("%llu", (unsigned long long)bytes);
	dir = make_limited(&run, word("memory=%s", number));
	expect_result(run, "limit", 0);
	expect_file(dir, "memory.max", number);
	/* A kernel that cannot swap has no such file. */
	if (is_there(word("%s/memory.swap.max", dir)))
		expect_file(dir, "memory.swap.max", "0");
	expect_file(dir, "memory.oom.group", "1");
	end(run);
	/* No controller, no file. */
	run = DRIVE("make", "memory=50000000", "limit");
	expect_result(run, "limit", ENOENT);
	finish(run);
	clear_student();
}

/* A directory of the sandbox in a group's place, to hold what files we like. */
static const char *make_directory(void)
{
	const char *dir = word("/tmp/%s", fresh_token());

	expect_status(START("mkdir", dir), 0);
	return dir;
}

/* A kernel that cannot swap: all the rest is to be as with one that can. */
static void expect_without_swap(void)
{
	static const char *const files[][2] = {{"memory.max", "67108864"},
					       {"memory.oom.group", "1"},
					       {"pids.max", "9"},
					       {"cpu.weight", "50"}};
	const size_t count = sizeof(files) / sizeof(files[0]);
	const char *dir = make_directory();
	struct run *run;

	for (size_t i = 0; i < count; i++)
		write_in_sandbox(word("%s/%s", dir, files[i][0]), "");
	run = DRIVE(word("group=%s", dir), "memory=67108864", "pids=9",
		    "weight=50", "limit");
	EXPECT(result_of(run, "limit") == 0,
	       "there is no memory.swap.max, as in a kernel that cannot swap, "
	       "and cgroup_limit() failed: %s",
	       text_of(result_of(run, "limit")));
	finish(run);
	for (size_t i = 0; i < count; i++) {
		const char *text =
			read_in_sandbox(word("%s/%s", dir, files[i][0]));

		EXPECT(atoll(text) == atoll(files[i][1]),
		       "there is no memory.swap.max, as in a kernel that "
		       "cannot swap: expected %s in %s all the same, saw "
		       "\"%s\"",
		       files[i][1], files[i][0], text);
	}
}

/* QUOTA PERIOD: any period will do. */
static void expect_percent(int percent)
{
	long long quota = 0, period = 1;
	struct run *run;
	const char *dir = make_limited(&run, word("cpu=%d", percent));
	const char *text = group_file(dir, "cpu.max");

	expect_result(run, "limit", 0);
	EXPECT(sscanf(text, "%lld %lld", &quota, &period) == 2 &&
		       quota * 100 == period * percent,
	       "with %d percent of a CPU cpu.max is \"%s\": expected that "
	       "part of its period, as in \"%d 100000\"",
	       percent, text, percent * 1000);
	expect_file(dir, "cpu.weight", "100");
	end(run);
}

static void limits(void)
{
	static const char *const files[] = {
		"memory.max", "memory.swap.max", "memory.oom.group",
		"pids.max",   "cpu.max",	 "cpu.weight"};
	const char *most = word("%d", random_between(4, 40));
	const char *weight = word("%d", random_between(200, 10000));
	const char *dir;
	struct run *run;

	expect_memory();
	dir = make_limited(&run, word("pids=%s", most));
	expect_result(run, "limit", 0);
	expect_file(dir, "pids.max", most);
	end(run);
	expect_percent(1);
	expect_percent(random_between(101, 400));
	/* In microseconds more than 32 bits, before the division at least. */
	expect_percent(random_between(42950, 100000));
	dir = make_limited(&run, word("weight=%s", weight));
	expect_result(run, "limit", 0);
	expect_file(dir, "cpu.weight", weight);
	expect_file(dir, "cpu.max", "max 100000");
	end(run);
	expect_others_left("pids=77", "pids.max", "77");
	make_limited(&run, "weight=20000");
	expect_result(run, "limit", ERANGE);
	end(run);
	expect_each_file_needed("limit", files, 6);
	expect_without_swap();
}

/* All of a run is asleep: it waits for something that has not come. */
static bool is_quiet(struct run *run)
{
	pid_t pids[16] = {pid_of(run)};
	size_t count = 1 + descendants_of(pids[0], pids + 1, 15);

	for (size_t i = 0; i < count; i++)
		if (state_of(pids[i]) != 'S' || !is_idle(pids[i]))
			return false;
	return true;
}

/*
 * Whoever moves CMD into its group, if somebody does, is held up: CMD has to
 * wait for it.
 */
static void expect_entered_before_exec(void)
{
	const char *token = fresh_token(), *held = fresh_token();
	const char *at = fresh_token();
	const char *paused = sandbox_path(word("/tmp/%s.paused", held));
	struct run *run;

	run = DELEGATED(
		"probe", "launch", word("pause=cgroup.procs:1:%s", held),
		word("driver make spawn=probe,hold,%s until=%s", token, at));
	AWAIT(find_probe(token) || is_there(paused) || has_ended(run),
	      "CMD was not executed");
	if (is_there(paused)) {
		AWAIT(find_probe(token) || has_done(run, "spawn") ||
			      is_quiet(run),
		      "CMD was not executed");
		EXPECT(!find_probe(token),
		       "CMD is executed before it has been moved into its "
		       "group: what it does until then escapes the limits");
		EXPECT(!has_done(run, "spawn"),
		       "cgroup_spawn() returns before the child is in its "
		       "group: a cgroup_kill() would miss it");
		go_on(held);
	}
	expect_result(run, "spawn", 0);
	await_at(run, at);
	EXPECT(strcmp(group_of_process(await_probe(token)),
		      new_group("", "")) == 0,
	       "CMD is in %s, expected %s",
	       group_of_process(await_probe(token)), new_group("", ""));
	end(run);
}

static void expect_enters(void)
{
	const char *outside = fresh_token(), *inside = fresh_token();
	const char *at = fresh_token(), *dir;
	struct run *run;

	run = DRIVE("make", word("outside=%s", outside), "move", "vanished",
		    word("enter=%s", inside), word("until=%s", at));
	expect_result(run, "move", 0);
	expect_result(run, "vanished", ESRCH);
	expect_result(run, "enter", 0);
	await_at(run, at);
	dir = new_group("", "");
	EXPECT(strcmp(group_of_process(await_probe(outside)), dir) == 0,
	       "cgroup_enter() of a process: it is in %s, expected %s",
	       group_of_process(find_probe(outside)), dir);
	EXPECT(strcmp(group_of_process(await_probe(inside)), dir) == 0,
	       "cgroup_enter() of the caller: it is in %s, expected %s",
	       group_of_process(find_probe(inside)), dir);
	EXPECT(strcmp(group_of_process(pid_of(run)), delegated_cgroup()) == 0,
	       "cgroup_enter() of another process has moved the caller");
	end(run);
}

static void from_the_start(void)
{
	const char *token = fresh_token();
	int most = random_between(3, 20);
	unsigned inside, outside;
	struct run *run;
	pid_t command;

	expect_enters();
	expect_entered_before_exec();
	run = CGROUP("probe", "hold", token);
	command = await_probe(token);
	EXPECT(strcmp(group_of_process(command), new_group("", "")) == 0,
	       "CMD is in %s: expected %s, the group that was made for it",
	       group_of_process(command), new_group("", ""));
	EXPECT(strcmp(group_of_process(pid_of(run)), delegated_cgroup()) == 0,
	       "who started CMD is in %s: expected it to be left where it was",
	       group_of_process(pid_of(run)));
	EXPECT(namespace_of(command, "cgroup") !=
			       namespace_of(pid_of(run), "cgroup") &&
		       namespace_of(command, "user") !=
			       namespace_of(pid_of(run), "user"),
	       "CMD is in the user or the cgroup namespace of its caller");
	EXPECT(sscanf(proc_file(command, "uid_map"), " %u %u", &inside,
		      &outside) == 2 &&
		       inside == 0 &&
		       outside == strtoul(status_of(command, "Uid"), NULL, 10),
	       "CMD is not user 0 of its user namespace; its uid_map is: %s",
	       proc_file(command, "uid_map"));
	EXPECT(count_descriptors(command) == 3,
	       "CMD has %d descriptors: expected 0, 1 and 2. With a lock that "
	       "it inherits the group would never look like a leftover",
	       count_descriptors(command));
	kill_process(command, SIGTERM);
	expect_status(run, 128 + SIGTERM);
	run = CGROUP("cat", "/proc/self/cgroup");
	EXPECT(finish(run) == 0 && strstr(output_of(run), "0::/\n"),
	       "CMD sees its group as %s expected \"0::/\": the root of a "
	       "cgroup namespace is the group of whoever asks for it",
	       output_of(run));
	/* CMD alone is one of them; who watches over it is none. */
	run = CGROUP("--pids", word("%d", most), "probe", "fork", "50");
	expect_status(run, 1);
	EXPECT(atoi(output_of(run)) == most - 1,
	       "with --pids %d CMD could fork %d times, expected %d", most,
	       atoi(output_of(run)), most - 1);
	expect_no_group_left();
}

/* It is asleep again, or has come back with a result. */
static void expect_waits_on(struct run *run, const char *step, long slept,
			    const char *why)
{
	/* In a VM, time that others took from it counts too. */
	const long most = cpu_ticks(pid_of(run)) + (long)(100 * time_factor());
	bool looking = false;

	AWAIT(has_done(run, step) || times_slept(pid_of(run)) > slept ||
		      is_idle(pid_of(run)) ||
		      (looking = cpu_ticks(pid_of(run)) > most),
	      "%s does not wait", function_of(step));
	EXPECT(!looking,
	       "%s does not sleep while nothing changes, it looks again and "
	       "again",
	       function_of(step));
	EXPECT(!has_done(run, step),
	       "%s came back (%s) while a process was in the group: %s",
	       function_of(step), text_of(result_of(run, step)), why);
}

/* Nothing wakes it: what it sleeps for is a change, and not some time. */
static void expect_undisturbed_sleep(pid_t pid)
{
	const long most = times_slept(pid) + 200;
	bool looking = false;

	AWAIT(is_idle(pid) || (looking = times_slept(pid) > most),
	      "cgroup_wait() does not come to rest");
	EXPECT(!looking,
	       "cgroup_wait() wakes up again and again while nothing changes: "
	       "it is to sleep until cgroup.events does");
}

/*
 * For what does not come yet, while a signal comes all the time ("alarms"), or
 * somebody sets the clock ("clock").
 */
static void expect_waits(const char *trouble, const char *why)
{
	const char *token = fresh_token(), *at = fresh_token(), *dir;
	struct run *run;
	long slept;
	pid_t pid;

	run = DRIVE("make", word("spawn=probe hold %s", token),
		    word("until=%s", at), trouble, "wait=populated:0:30000");
	expect_result(run, "spawn", 0);
	await_at(run, at);
	dir = new_group("", "");
	pid = pid_of(run);
	await_probe(token);
	go_on(at);
	expect_waits_on(run, "wait", times_slept(pid) + 20, why);
	if (strcmp(trouble, "alarms") != 0)
		expect_undisturbed_sleep(pid);
	slept = times_slept(pid);
	put(dir, "cgroup.freeze", "1");
	AWAIT(value_in(dir, "cgroup.events", "frozen") == 1,
	      "the test could not freeze %s", dir);
	expect_waits_on(run, "wait", slept,
			"something else had changed in cgroup.events, which "
			"has to be read again, from its start");
	put(dir, "cgroup.freeze", "0");
	kill_process(find_probe(token), SIGKILL);
	expect_result(run, "wait", 0);
	finish(run);
	clear_student();
	/* It stays until it is looked at. */
	at = fresh_token();
	run = DRIVE("make", "spawn=probe hold longer", trouble,
		    "wait=populated:0:150", word("until=%s", at));
	expect_result(run, "spawn", 0);
	/* 5 ms at least from one alarm to the next. */
	AWAIT(has_done(run, "wait") || has_ended(run) ||
		      times_slept(pid_of(run)) > 400,
	      "cgroup_wait() does not return when its time is over");
	EXPECT(has_done(run, "wait") || has_ended(run),
	       "cgroup_wait() was to wait for 150 ms, and goes on and on: each "
	       "signal prolongs it");
	expect_result(run, "wait", ETIMEDOUT);
	go_on(at);
	finish(run);
	clear_student();
}

/*
 * Whoever looks at the clock is not let run for 40 ms after that: where there
 * was time left there is less than none, wherever that comes in between.
 */
static void expect_late_end(void)
{
	const char *at = fresh_token(), *ended, *next;
	char waits[3][32];
	struct run *run;
	int count = 0;

	for (int i = 0; i < 3; i++)
		snprintf(waits[i], sizeof(waits[i]), "wait=populated:0:%d",
			 20 + 40 * i);
	run = DRIVE("make", "spawn=probe hold longer", "late", waits[0],
		    waits[1], waits[2], word("until=%s", at));
	expect_result(run, "spawn", 0);
	ended = word("at %s\n", at);
	AWAIT(strstr(output_of(run), ended) || has_ended(run),
	      "cgroup_wait() does not return when its time is over: it was not "
	      "let run after it had looked at the clock, and then there was "
	      "less than nothing left");
	ended = word("wait %d\n", ETIMEDOUT);
	next = output_of(run);
	while ((next = strstr(next, ended)) != NULL) {
		next++;
		count++;
	}
	EXPECT(count == 3,
	       "cgroup_wait() was not let run after it had looked at the "
	       "clock, "
	       "and then there was less than nothing left: expected ETIMEDOUT "
	       "three times, saw: %s",
	       output_of(run));
	go_on(at);
	finish(run);
	clear_student();
}

/*
 * The step waits for what does not come, with a cgroup_patience of 150 ms: not
 * for 10 seconds, or near that. On a machine that is too busy it has more
 * chances, and longer ones. The run is then at "until=AT".
 */
static struct run *expect_gives_up(const char *step, const char *at)
{
	for (int seconds = 2;; seconds += 2) {
		/* Nothing freezes. To another step that is all the same. */
		struct run *run =
			DELEGATED("probe", "launch", "fake=cgroup.freeze:0",
				  word("driver patience=150 make "
				       "spawn=probe,hold,longer %s until=%s",
				       step, at));
		double limit;

		expect_result(run, "spawn", 0);
		limit = deadline() - time_limit() + seconds;
		while (!has_done(run, step) && !has_ended(run) && !past(limit))
			;
		if (has_done(run, step) || has_ended(run)) {
			expect_result(run, step, ETIMEDOUT);
			await_at(run, at);
			return run;
		}
		EXPECT(seconds < 6,
		       "%s was to wait for 150 ms, which is cgroup_patience, "
		       "and has not come back after %d seconds",
		       function_of(step), seconds);
		end(run);
	}
}

/* What cannot be done at all is said, and not waited for. */
static void expect_no_wait_in_vain(void)
{
	const char *at[] = {fresh_token(), fresh_token()}, *dir;
	struct run *run;

	run = DRIVE("patience=1", "make", word("until=%s", at[0]), "freeze",
		    word("until=%s", at[1]), "wait=populated:1:1");
	await_at(run, at[0]);
	dir = new_group("", "");
	lock_up(dir, "cgroup.freeze");
	go_on(at[0]);
	expect_failure("cgroup.freeze cannot be opened", "freeze",
		       result_of(run, "freeze"), EACCES);
	await_at(run, at[1]);
	lock_up(dir, "cgroup.events");
	go_on(at[1]);
	expect_failure("cgroup.events cannot be opened", "wait",
		       result_of(run, "wait"), EACCES);
	finish(run);
	clear_student();
}

static void waits_and_freezes(void)
{
	const char *token = fresh_token(), *at = fresh_token();
	const char *too = fresh_token(), *dir;
	struct run *run;

	expect_waits("clock", "nothing had changed in cgroup.events, but "
			      "somebody had set the clock: CLOCK_MONOTONIC "
			      "cannot be set");
	expect_waits("alarms", "nothing had changed in cgroup.events, but a "
			       "signal may have interrupted its sleep");
	expect_late_end();
	run = DRIVE("make", word("spawn=probe hold %s", token), "busy=10",
		    "freeze", word("until=%s", at), "thaw",
		    word("until=%s", too), "freezes=5");
	expect_result(run, "busy", 0);
	expect_result(run, "freeze", 0);
	await_at(run, at);
	dir = new_group("", "");
	expect_file(dir, "cgroup.freeze", "1");
	go_on(at);
	expect_result(run, "thaw", 0);
	await_at(run, too);
	expect_file(dir, "cgroup.freeze", "0");
	go_on(too);
	expect_result(run, "freezes", 0);
	EXPECT(second_of(run, "freeze") == 1 && second_of(run, "thaw") == 0 &&
		       second_of(run, "freezes") == 0,
	       "cgroup_freeze() came back before cgroup.events said that all "
	       "were frozen, or running again: it is to wait for that");
	finish(run);
	clear_student();
	end(expect_gives_up("freeze", fresh_token()));
	expect_no_wait_in_vain();
}

/* A child whose parent was in the middle of fork(2): the first kill is lost. */
static void expect_killed_again(void)
{
	const char *token = fresh_token(), *held = fresh_token();
	const char *at = fresh_token();
	struct run *run;
	int seen;

	run = DELEGATED("probe", "launch", "fake=cgroup.kill:1",
			word("driver make patience=5000 spawn=probe,hold,%s "
			     "kill",
			     token));
	expect_result(run, "spawn", 0);
	EXPECT(result_of(run, "kill") == 0 && !find_probe(token),
	       "one write to cgroup.kill has missed a process, and "
	       "cgroup_kill() did not write again");
	finish(run);
	clear_student();
	/* All of them are lost: then it has to say so. */
	token = fresh_token();
	run = DELEGATED("probe", "launch", word("fake=cgroup.kill:0:%s", token),
			word("driver make patience=1 spawn=probe,hold,%s "
			     "until=%s kill until=%s",
			     token, held, at));
	expect_result(run, "spawn", 0);
	await_at(run, held);
	/* Who does not find it later is to have killed it. */
	await_probe(token);
	go_on(held);
	AWAIT(has_done(run, "kill") || has_ended(run) || exists(token, ".30"),
	      "cgroup_kill() does not return when its time is over");
	EXPECT(!exists(token, ".30"),
	       "cgroup_kill() was to try for 1 ms, which is cgroup_patience, "
	       "and has written to cgroup.kill 30 times");
	seen = result_of(run, "kill");
	EXPECT(seen == ETIMEDOUT || (seen == 0 && !find_probe(token)),
	       "cgroup_kill() has not killed all, and returned with %s: "
	       "expected \"%s\"",
	       text_of(seen), strerror(ETIMEDOUT));
	go_on(at);
	finish(run);
	clear_student();
}

static void kills_what_is_left(void)
{
	const char *first = fresh_token(), *second = fresh_token();
	const char *third = fresh_token(), *at = fresh_token();
	const char *below, *dir;
	struct run *run;

	run = DRIVE("patience=5000", "make",
		    word("spawn=setsid probe hold %s", first),
		    word("spawn=probe hold %s", second),
		    word("spawn=probe hold %s", third), "busy=10",
		    word("until=%s", at), "kill");
	expect_result(run, "busy", 0);
	await_at(run, at);
	dir = new_group("", "");
	below = make_below(dir, "a");
	move_to(below, await_probe(second));
	move_to(make_below(below, "b"), await_probe(third));
	await_probe(first);
	go_on(at);
	expect_result(run, "kill", 0);
	EXPECT(second_of(run, "kill") == 0,
	       "cgroup_kill() came back while cgroup.events still said "
	       "\"populated 1\": it is to wait until all of them are gone");
	EXPECT(!find_probe(first) && !find_probe(second) && !find_probe(third),
	       "a process of the group, or of one below it, has outlived "
	       "cgroup_kill()");
	finish(run);
	clear_student();
	expect_killed_again();
	/* All of it together. */
	run = CGROUP("sh", "-c",
		     word("probe hold %s & (setsid probe hold %s &); "
			  "mkdir -p $(echo /sys/fs/cgroup/student/*/)/a/b && "
			  "exit 3",
			  first, second));
	expect_status(run, 3);
	EXPECT(find_probe(first) == 0 && find_probe(second) == 0,
	       "what CMD left running still runs");
	expect_no_group_left();
}

/* While a process is in the group, it waits; until it is told to give up. */
static void expect_removed_when_empty(void)
{
	const char *before = fresh_token(), *at = fresh_token();
	const char *after = fresh_token(), *token = fresh_token(), *dir;
	struct run *run;
	int descriptors;

	run = DRIVE(word("until=%s", before), "pids=20", "make",
		    word("spawn=probe hold %s", token), word("until=%s", at),
		    "alarms", "remove", word("until=%s", after));
	await_at(run, before);
	descriptors = count_descriptors(pid_of(run));
	go_on(before);
	expect_result(run, "spawn", 0);
	await_at(run, at);
	dir = new_group("", "");
	make_below(make_below(dir, "a"), "b");
	await_probe(token);
	go_on(at);
	expect_waits_on(run, "remove", times_slept(pid_of(run)) + 20,
			"it is to wait until cgroup.events says "
			"\"populated 0\"");
	kill_process(find_probe(token), SIGKILL);
	expect_result(run, "remove", 0);
	await_at(run, after);
	expect_no_group_left();
	EXPECT(strcmp(group_of_process(pid_of(run)), delegated_cgroup()) == 0,
	       "the caller had stepped aside, and is in %s afterwards",
	       group_of_process(pid_of(run)));
	EXPECT(count_descriptors(pid_of(run)) == descriptors,
	       "%d descriptors are open after cgroup_remove(), %d were before "
	       "cgroup_create()",
	       count_descriptors(pid_of(run)), descriptors);
	end(run);
}

static void leaves_nothing(void)
{
	const char *at = fresh_token(), *after = fresh_token(), *dir;
	struct run *run;
	int descriptors;

	expect_removed_when_empty();
	/* Somebody else was faster. */
	run = DRIVE("make", word("until=%s", at), "remove",
		    word("until=%s", after));
	await_at(run, at);
	dir = new_group("", "");
	EXPECT(rmdir(dir) == 0, "the test could not remove %s: %s", dir,
	       strerror(errno));
	go_on(at);
	expect_result(run, "remove", 0);
	await_at(run, after);
	descriptors = count_descriptors(pid_of(run));
	end(run);
	/* Somebody in it will not go. */
	run = expect_gives_up("remove", fresh_token());
	EXPECT(count_descriptors(pid_of(run)) == descriptors,
	       "%d descriptors are open after a cgroup_remove() that failed, "
	       "%d after one that did not",
	       count_descriptors(pid_of(run)), descriptors);
	end(run);
	/* It is not the student's to remove. */
	at = fresh_token();
	run = DRIVE("make", word("until=%s", at), "remove");
	await_at(run, at);
	keep_from_removal(new_group("", ""));
	go_on(at);
	expect_failure("the group cannot be removed", "remove",
		       result_of(run, "remove"), EPERM);
	finish(run);
	take_from_judge();
}

static const char *const counts[][3] = {
	{"user_usec", "cpu.stat", "user_usec"},
	{"system_usec", "cpu.stat", "system_usec"},
	{"nr_throttled", "cpu.stat", "nr_throttled"},
	{"throttled_usec", "cpu.stat", "throttled_usec"},
	{"oom_kill", "memory.events", "oom_kill"},
	{"max", "pids.events", "max"},
	{"memory_peak", "memory.peak", NULL},
	{"pids_peak", "pids.peak", NULL},
};

#define COUNTS (sizeof(counts) / sizeof(counts[0]))

static void read_counts(const char *dir, long long values[COUNTS])
{
	for (size_t i = 0; i < COUNTS; i++) {
		const char *text = group_file(dir, counts[i][1]);

		values[i] = counts[i][2] ? number_in(text, counts[i][2])
					 : atoll(text);
		if (values[i] < 0)
			values[i] = 0;
	}
}

/* Even those who have ended may have some of their time added later. */
static void expect_counts(const char *function, const char *output,
			  const long long before[COUNTS],
			  const long long after[COUNTS])
{
	for (size_t i = 0; i < COUNTS; i++) {
		long long told = number_in(output, counts[i][0]);

		EXPECT(told >= before[i] && told <= after[i],
		       "%s: %s%s%s is %lld, it says %lld", function,
		       counts[i][2] ? counts[i][2] : "",
		       counts[i][2] ? " of " : "", counts[i][1], before[i],
		       told);
	}
}

/* What is counted in a group is counted in all above it as well. */
static void run_out_of_memory_below(const char *dir)
{
	const char *token = fresh_token(), *below = make_below(dir, "below");
	struct run *run = START("sh", "-c",
				"probe await $0 && exec probe fill 64", token);

	put(dir, "cgroup.subtree_control", "+memory");
	move_to(below, pid_of(run));
	go_on(token);
	expect_status(run, 128 + SIGKILL);
	AWAIT(rmdir(below) == 0, "the test could not remove %s: %s", below,
	      strerror(errno));
	put(dir, "cgroup.subtree_control", "-memory");
}

/* Uses some of everything, more than it may, and is killed for it. */
static const char *use_up(struct run *run, const char *const at[3])
{
	const char *dir;

	await_at(run, at[0]);
	dir = new_group("", "");
	AWAIT(value_in(dir, "cpu.stat", "nr_throttled") > 1,
	      "a process that spins is not throttled in %s, where cpu.max is "
	      "%s",
	      dir, group_file(dir, "cpu.max"));
	put(dir, "cpu.max", "max");
	go_on(at[0]);
	await_at(run, at[1]);
	AWAIT(value_in(dir, "pids.events", "max") > 0,
	      "forks are not refused in %s, where pids.max is %s", dir,
	      group_file(dir, "pids.max"));
	put(dir, "pids.max", "max");
	put(dir, "memory.max", "16M");
	put(dir, "memory.swap.max", "0");
	put(dir, "memory.oom.group", "1");
	go_on(at[1]);
	await_at(run, at[2]);
	AWAIT(value_in(dir, "cgroup.events", "populated") == 0,
	      "%s has not run out of memory; its memory.peak is %s", dir,
	      group_file(dir, "memory.peak"));
	run_out_of_memory_below(dir);
	return dir;
}

static void expect_usage(void)
{
	const char *const at[] = {fresh_token(), fresh_token(), fresh_token()};
	const char *later = fresh_token(), *gone = fresh_token(), *dir;
	const char *token = fresh_token();
	long long before[COUNTS], after[COUNTS];
	struct run *run;

	run = DRIVE("memory=50000000", "pids=4", "cpu=20", "make", "limit",
		    "spawn=probe spin spinner", word("until=%s", at[0]),
		    "spawn=probe fork 10", word("until=%s", at[1]),
		    "spawn=probe fill 64", word("until=%s", at[2]), "stats",
		    word("spawn=probe hold %s", token), word("until=%s", later),
		    "finish", word("until=%s", gone));
	dir = use_up(run, at);
	read_counts(dir, before);
	go_on(at[2]);
	expect_result(run, "stats", 0);
	await_at(run, later);
	/* The run that was started last is another one. */
	AWAIT(find_probe(token) || has_ended(run), "CMD was not executed");
	read_counts(dir, after);
	expect_counts("cgroup_read_stats()", output_of(run), before, after);
	go_on(later);
	expect_result(run, "finish", 0);
	await_at(run, gone);
	/* What it goes on to use until it is killed. */
	memcpy(before, after, sizeof(before));
	after[0] += 1000000000;
	after[1] += 1000000000;
	expect_counts("cgroup_finish(), which is to read before it removes",
		      strstr(output_of(run), "\nstats "), before, after);
	EXPECT(!find_probe(token),
	       "what was left in the group has outlived cgroup_finish()");
	expect_no_group_left();
	end(run);
}

/* More than 32 bits of everything, from a directory that is no group. */
static void expect_large_counts(void)
{
	const char *dir = make_directory(), *at = fresh_token();
	long long numbers[COUNTS];
	struct run *run;

	for (size_t i = 0; i < COUNTS; i++) {
		const char *file = word("%s/%s", dir, counts[i][1]);
		const char *key = counts[i][2];

		numbers[i] = ((5LL + (long long)i) << 30) +
			     random_between(1, 1 << 29);
		write_in_sandbox(
			file, word("%s%s%s%lld\n", read_in_sandbox(file),
				   key ? key : "", key ? " " : "", numbers[i]));
	}
	run = DRIVE(word("group=%s", dir), "stats", word("until=%s", at));
	EXPECT(result_of(run, "stats") == 0,
	       "cgroup_read_stats() failed, where a count has more than 32 "
	       "bits: %s",
	       text_of(result_of(run, "stats")));
	await_at(run, at);
	expect_counts("cgroup_read_stats()", output_of(run), numbers, numbers);
	end(run);
}

static void statistics(void)
{
	static const char *const files[] = {"cpu.stat", "memory.peak",
					    "memory.events", "pids.peak",
					    "pids.events"};
	const char *at = fresh_token();
	int status = random_between(1, 120);
	struct run *run;

	/* Without the controllers: what the kernel does not count is 0. */
	run = DRIVE("make", "spawn=true", "stats", word("until=%s", at));
	expect_result(run, "stats", 0);
	await_at(run, at);
	EXPECT(number_in(output_of(run), "memory_peak") == 0 &&
		       number_in(output_of(run), "oom_kill") == 0 &&
		       number_in(output_of(run), "nr_throttled") == 0 &&
		       number_in(output_of(run), "max") == 0,
	       "cgroup_read_stats() of a group that nothing is counted in "
	       "tells of something else than 0");
	end(run);
	expect_usage();
	expect_large_counts();
	expect_each_file_needed("stats", files, 5);
	/* A process of CMD runs out of memory, and takes all of CMD along. */
	run = CGROUP("--memory", "12M", "--stats", "sh", "-c",
		     "probe hold alone & probe fill 48; exit 3");
	expect_status(run, 128 + SIGKILL);
	EXPECT(strstr(errors_of(run), "cause oom\n"),
	       "--stats does not tell of the out-of-memory kill");
	expect_status(CGROUP("--memory", "64M", "probe", "fill", "16"), 0);
	run = CGROUP("--stats", "probe", "exit", word("%d", status));
	expect_status(run, status);
	EXPECT(strstr(errors_of(run), "cause exited\n"),
	       "--stats does not say that it exited");
	expect_no_group_left();
}

static void killed_and_swept(void)
{
	const char *neighbour = fresh_token(), *daemon = fresh_token();
	struct run *beside;

	beside = CGROUP("probe", "hold", neighbour);
	await_probe(neighbour);
	for (int i = 0; i < 3; i++) {
		const char *token = fresh_token();
		struct run *run = CGROUP("sh", "-c",
					 "probe hold \"$1\" & exec probe hold "
					 "\"$2\"",
					 "sh", daemon, token);
		pid_t command = await_probe(token), maker;
		int adopter;

		maker = pid_of(run);
		adopter = parent_of(maker);
		AWAIT(find_probe(daemon), "CMD could not start its daemon");
		kill_process(maker, SIGKILL);
		finish(run);
		AWAIT(is_dying(command),
		      "CMD outlives a cgroup that was killed (its state is "
		      "%c, its parent %d, that of cgroup %d was %d): "
		      "prepare(), which asks for that, was not called",
		      state_of(command), parent_of(command), (int)maker,
		      adopter);
	}
	/* From one parent to the next, it may be seen with neither. */
	AWAIT(find_probe(daemon), "the daemon of CMD has died by itself");
	/* Who kills once, or does not wait, has left a group that is in use. */
	expect_status(DELEGATED("probe", "launch", "fake=cgroup.kill:1",
				"cgroup true"),
		      0);
	EXPECT(find_probe(daemon) == 0,
	       "what was left in the groups of the killed still runs after the "
	       "next run");
	EXPECT(count_groups() == 1,
	       "%zu groups are there after the next run: expected those of "
	       "the killed to be swept, and the one that is in use to be left "
	       "alone",
	       count_groups());
	EXPECT(find_probe(neighbour) != 0, "a run at the same time was harmed");
	send_signal(beside, SIGTERM);
	expect_status(beside, 128 + SIGTERM);
	expect_no_group_left();
}

static void bad_command_lines(void)
{
	expect_refusal(CGROUP("--memory", "12Q", "true"), "12Q");
	expect_refusal(CGROUP("--memory", "99999999999T", "true"), "--memory");
	expect_refusal(CGROUP("--memory", "0", "true"), "--memory");
	expect_refusal(CGROUP("--pids", "0", "true"), "--pids");
	expect_refusal(CGROUP("--cpu", "0", "true"), "--cpu");
	expect_refusal(CGROUP("--weight", "10001", "true"), "--weight");
	expect_refusal(CGROUP("--pids", "9"), "CMD");
	/* Not delegated: the sandbox's own group is not the student's. */
	REFUSES("cgroup:", "cgroup", "--pids", "9", "true");
}

/* The three steps of the end: each fails with an errno of its own. */
enum { KILL = 1, READ = 2, REMOVE = 4 };

static const struct {
	int step, error;
	const char *what;
} refusals[] = {
	{KILL, EIO, "cgroup.kill could not be written"},
	{READ, EACCES, "cpu.stat could not be read"},
	{REMOVE, EPERM, "the group could not be removed"},
};

/* What fails keeps none of the rest from being done, and the first is told. */
static void expect_finished_all_the_same(int failing)
{
	const char *token = fresh_token(), *at = fresh_token(), *what = "";
	const char *steps = word("driver make until=%s finish", at);
	struct run *run;
	int seen, expected = 0;

	if (failing & KILL)
		run = DELEGATED("probe", "launch",
				word("fail=cgroup.kill:0:%d:%s", EIO, token),
				steps);
	else
		run = DELEGATED("probe", "launch", steps);
	await_at(run, at);
	if (failing & READ)
		lock_up(new_group("", ""), "cpu.stat");
	if (failing & REMOVE)
		keep_from_removal(new_group("", ""));
	go_on(at);
	seen = result_of(run, "finish");
	finish(run);
	/* There are other ways to kill. */
	if (!exists(token, ".failed"))
		failing &= ~KILL;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (!(failing & refusals[i].step))
			continue;
		if (!expected)
			expected = refusals[i].error;
		what = word("%s%s%s (%s)", what, *what ? ", " : "",
			    refusals[i].what, strerror(refusals[i].error));
	}
	EXPECT(seen == expected,
	       "cgroup_finish(): %s, and it returned with %s: expected the "
	       "first failure",
	       what, text_of(seen));
	EXPECT(failing & REMOVE || count_groups() == 0,
	       "cgroup_finish(): %s, and an empty group was not removed", what);
	if (failing & REMOVE)
		take_from_judge();
}

static void failures(void)
{
	static const char most[] = "cgroup.max.descendants";

	expect_status(CGROUP("--pids", "9", "probe", "exit", "7"), 7);
	expect_no_group_left();
	expect_status(CGROUP("--pids", "9", fresh_token()), 127);
	expect_no_group_left();
	/* No room for a group; for one, but not for the caller's. */
	put(delegated_cgroup(), most, "0");
	expect_refusal(CGROUP("true"), strerror(EAGAIN));
	put(delegated_cgroup(), most, "1");
	expect_refusal(CGROUP("--pids", "9", "true"), strerror(EAGAIN));
	expect_no_group_left();
	put(delegated_cgroup(), most, "max");
	/* No room for another process. */
	put(delegated_cgroup(), "pids.max", "1");
	expect_refusal(CGROUP("--pids", "9", "true"), strerror(EAGAIN));
	put(delegated_cgroup(), "pids.max", "max");
	expect_no_group_left();
	expect_finished_all_the_same(KILL);
	expect_finished_all_the_same(READ);
	expect_finished_all_the_same(REMOVE);
	expect_finished_all_the_same(READ | REMOVE);
	expect_finished_all_the_same(KILL | READ | REMOVE);
	bad_command_lines();
	expect_no_group_left();
}

static const struct test tests[] = {
	{"own_group", 1, "a new group below the caller's, held, and no other's",
	 own_group, NEEDS_LIMITS, 1},
	{"controllers", 1,
	 "the controllers of the limits are enabled, and nobody is in the way",
	 controllers, NEEDS_LIMITS, 2},
	{"limits", 1, "each limit is set to the byte, and nothing else is",
	 limits, NEEDS_LIMITS, 3},
	{"from_the_start", 1, "CMD is in its group from its first instruction",
	 from_the_start, NEEDS_LIMITS, 4},
	{"waits_and_freezes", 1,
	 "what cgroup.events is to say is waited for, and nothing else",
	 waits_and_freezes, NEEDS_LIMITS, 5},
	{"kills_what_is_left", 1,
	 "all of the group is killed, in the groups below it too",
	 kills_what_is_left, NEEDS_LIMITS, 6},
	{"leaves_nothing", 1,
	 "a group is removed when it is empty, the caller is where it was",
	 leaves_nothing, NEEDS_LIMITS, 6},
	{"statistics", 1,
	 "what the group used is told as the kernel counted it", statistics,
	 NEEDS_LIMITS, 7},
	{"killed_and_swept", 1,
	 "killed, it takes CMD along; the next run sweeps up, and no other",
	 killed_and_swept, NEEDS_LIMITS, 4},
	{"failures", 1,
	 "what cannot be done is said, and leaves nothing behind", failures,
	 NEEDS_LIMITS, 7},
	{0},
};

const struct gate gate = {"09-cgroups", "cgroup", tests};
