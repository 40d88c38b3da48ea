/* Stage 07: init.h, mounts.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

#define CROWD 200

/* The sandbox's own mounts are changed by its user 0 only. */
#define AS_ROOT(...)                                                           \
	expect_status(START_WITH({.as_root = true}, __VA_ARGS__), 0)

/* "/tmp/TOKEN" or "/tmp/TOKEN/name" */
static const char *in_tmp(const char *token, const char *name)
{
	static char paths[8][80];
	static int next;

	next = (next + 1) % 8;
	snprintf(paths[next], sizeof(paths[next]), "/tmp/%s%s%s", token,
		 *name ? "/" : "", name);
	return paths[next];
}

static bool file_exists(const char *path)
{
	return access(sandbox_path(path), F_OK) == 0;
}

/* The probe that holds the sandbox open, in the world pidns is started in. */
static pid_t caller(void)
{
	return sandbox_holder();
}

/*
 * The probe that a driver becomes, or has as its child, unless the function
 * fails that it calls.
 */
static pid_t await_driver(struct run *run, const char *token,
			  const char *function)
{
	pid_t pid = 0;

	AWAIT((pid = find_probe(token)) || has_ended(run) ||
		      strstr(output_of(run), "done"),
	      "%s does not return", function);
	EXPECT(pid, "%s has failed, and was not to", function);
	return pid;
}

static pid_t family[CROWD + 64];

static size_t count_children(pid_t pid)
{
	return children_of(pid, family, CROWD + 64);
}

static void process_one(void)
{
	for (int root = 0; root < 2; root++) {
		const char *token = fresh_token();
		struct run *run = START_WITH({.as_root = root}, "pidns",
					     "probe", "hold", token);
		pid_t command = await_probe(token), pidns = pid_of(run);
		pid_t init = parent_of(command);

		EXPECT(inner_pid(command) != 1,
		       "CMD itself is process 1: signals that it does not "
		       "handle are kept from it, and nobody collects orphans");
		EXPECT(inner_pid(init) == 1 && parent_of(init) == pidns,
		       "CMD's parent is process %d of its namespace, and the "
		       "child of %d; expected process 1, a child of pidns (%d)",
		       inner_pid(init), parent_of(init), pidns);
		EXPECT(namespace_of(command, "pid") ==
			       namespace_of(init, "pid"),
		       "CMD and process 1 are in different PID namespaces");
		EXPECT(namespace_of(command, "pid") !=
				       namespace_of(pidns, "pid") &&
			       namespace_of(command, "mnt") !=
				       namespace_of(pidns, "mnt"),
		       "CMD shares a PID or mount namespace with pidns");
		EXPECT(namespace_of(pidns, "mnt") ==
			       namespace_of(caller(), "mnt"),
		       "pidns itself has left its mount namespace");
		EXPECT(status_mask(command, "SigBlk") == 0,
		       "CMD was called with no signal blocked and has SigBlk "
		       "%s",
		       status_of(command, "SigBlk"));
		EXPECT(count_descriptors(command) == 3,
		       "CMD has %d descriptors: expected 0, 1 and 2",
		       count_descriptors(command));
		kill_process(command, SIGKILL);
		expect_status(run, 128 + SIGKILL);
	}
	expect_nothing_left();
}

/* What the driver says of *outcome: reap.h, and ru_minflt of its usage. */
struct told {
	int ended, status;
	unsigned long reaped;
	long faults;
};

static struct told told_by(struct run *run)
{
	struct told told = {.status = -1};

	sscanf(output_of(run), "outcome %d %d %lu %ld", &told.ended,
	       &told.status, &told.reaped, &told.faults);
	return told;
}

static void expect_count_told(void)
{
	const char *token = fresh_token();
	struct run *run = START("driver", "init", "0", "10", "probe", "orphans",
				"3", token);
	pid_t init = 0;

	AWAIT((children_of(pid_of(run), &init, 1) == 1 &&
	       count_children(init) == 4) ||
		      has_ended(run),
	      "process 1 has not become the parent of orphans");
	release(token);
	AWAIT(count_children(init) == 1 || has_ended(run),
	      "3 orphans have ended, and process 1 has left %zu of them as "
	      "zombies",
	      count_children(init) - 1);
	kill_process(family[0], SIGINT);
	finish(run);
	EXPECT(told_by(run).reaped == 4,
	       "CMD and 3 orphans were collected, and *outcome says: reaped "
	       "%lu",
	       told_by(run).reaped);
}

/* What run_init() returns, and what its caller is told. */
static void expect_outcomes(void)
{
	const char *token = fresh_token();
	struct run *run =
		START("driver", "init", "0.1", "10", "probe", "hold", token);
	const int status = random_between(1, 99);
	struct told told;

	EXPECT(finish(run) == 124,
	       "its timeout ended CMD: expected run_init() to return 124, saw "
	       "%d",
	       finish(run));
	told = told_by(run);
	EXPECT(told.ended && told.status == SIGTERM,
	       "CMD was ended by SIGTERM, and *outcome says: ended %d, wait "
	       "status %#x",
	       told.ended, (unsigned)told.status);
	run = START("driver", "init", "0", "10", "probe", "exit",
		    number_word(status));
	EXPECT(finish(run) == status,
	       "CMD has exited with %d: expected run_init() to return that, "
	       "saw %d",
	       status, finish(run));
	told = told_by(run);
	EXPECT(told.ended && told.status == status << 8,
	       "CMD has exited with %d, and *outcome says: ended %d, wait "
	       "status %#x",
	       status, told.ended, (unsigned)told.status);
	EXPECT(told.faults > 0,
	       "CMD has been executed, and *outcome says that its usage was "
	       "nothing at all");
	expect_count_told();
}

/* What process 1 waits in fails: it says so, or has another way to go on. */
static void expect_failure_told(void)
{
	const char *token = fresh_token();
	char fault[64], program[96];
	struct run *run;
	pid_t command = 0;

	snprintf(fault, sizeof(fault), "fail=sleep:1:%d:%s", EINVAL, token);
	snprintf(program, sizeof(program), "driver init 0 10 probe hold %s",
		 token);
	run = START("probe", "launch", fault, program);
	AWAIT(has_ended(run) || ((command = find_probe(token)) &&
				 (exists(token, ".failed") ||
				  is_idle(parent_of(command)))),
	      "CMD was not executed");
	kill_process(command, SIGKILL);
	if (finish(run) == 128 + SIGKILL)
		return;
	EXPECT(finish(run) == 125,
	       "process 1 could not wait for signals (%s), of which "
	       "supervise() tells by -1: expected run_init() to return 125, "
	       "saw %d",
	       strerror(EINVAL), finish(run));
	expect_refusal(run, strerror(EINVAL));
}

static bool recorded(const char *path, int sig)
{
	char line[16];

	snprintf(line, sizeof(line), "\n%d\n", sig);
	return strstr(read_in_sandbox(path), line) != NULL;
}

/* Process 1 at rest after SIGTERM, with CMD not killed, gives it some time. */
static void expect_no_grace(void)
{
	const char *path = in_tmp(fresh_token(), "");
	struct run *run =
		START("driver", "init", "0", "0", "probe", "record", path, "0");
	pid_t command = await_probe(path), init = parent_of(command);

	AWAIT(strncmp(read_in_sandbox(path), "ready", 5) == 0 || has_ended(run),
	      "CMD was not executed");
	kill_process(init, SIGTERM);
	AWAIT(is_dying(command) || (recorded(path, SIGTERM) && is_idle(init)),
	      "SIGTERM was sent to process 1 and has not reached CMD");
	EXPECT(is_dying(command),
	       "how->grace is 0, and CMD was sent SIGTERM: expected SIGKILL "
	       "at once, and process 1 waits for something");
	expect_status(run, 128 + SIGKILL);
}

static void exit_status_kept(void)
{
	const int signals[] = {SIGHUP, SIGTERM, SIGKILL,
			       random_between(SIGRTMIN, SIGRTMAX)};
	const int statuses[] = {0, 1, random_between(2, 254), 255};
	char fault[32];

	for (size_t i = 0; i < 4; i++) {
		const char *token = fresh_token();
		struct run *run = START("pidns", "probe", "hold", token);

		kill_process(await_probe(token), signals[i]);
		expect_status(run, 128 + signals[i]);
		expect_status(START("pidns", "probe", "exit",
				    number_word(statuses[i])),
			      statuses[i]);
	}
	expect_status(START("pidns", fresh_token()), 127);
	expect_status(START("pidns", "/tmp"), 126);
	expect_outcomes();
	expect_failure_told();
	expect_no_grace();
	/* Process 1 is the first, CMD the second. */
	snprintf(fault, sizeof(fault), "fail=fork:2:%d", EAGAIN);
	REFUSES("Resource temporarily unavailable", "probe", "launch", fault,
		"pidns probe exit 0");
	REFUSES("CMD", "pidns");
	REFUSES("--nonsense", "pidns", "--nonsense", "probe", "exit", "0");
}

static void reaps_orphans(void)
{
	const char *token = fresh_token();
	struct run *run =
		START("pidns", "probe", "orphans", number_word(CROWD), token);
	pid_t pidns = pid_of(run), init = 0;

	AWAIT((children_of(pidns, &init, 1) == 1 &&
	       count_children(init) == CROWD + 1) ||
		      has_ended(run),
	      "of %d orphans and CMD, process 1 has %zu as children", CROWD,
	      count_children(init));
	EXPECT(!has_ended(run), "pidns has ended before CMD");
	release(token);
	AWAIT(count_children(init) == 1 || has_ended(run),
	      "%d orphans have ended, and process 1 has left %zu of them as "
	      "zombies",
	      CROWD, count_children(init) - 1);
	EXPECT(is_idle(init) && is_idle(pidns),
	       "process 1 or pidns uses the CPU while CMD runs");
	EXPECT(state_of(init) && state_of(init) != 'Z' && !has_ended(run),
	       "orphans have ended, and process 1 with them: it has taken the "
	       "first child that ended for CMD");
	kill_process(family[0], SIGINT);
	expect_status(run, 128 + SIGINT);
	/* They end with process 1, which ends with CMD. */
	token = fresh_token();
	run = START("pidns", "probe", "orphans", "3", token);
	AWAIT((children_of(pid_of(run), &init, 1) == 1 &&
	       count_children(init) == 4) ||
		      has_ended(run),
	      "process 1 has not become the parent of orphans");
	kill_process(family[0], SIGINT);
	expect_status(run, 128 + SIGINT);
	expect_nothing_left();
}

/* Process 1 is at this system call, with no CMD yet, until release(). */
static struct run *start_paused(const char *call, int number, const char *token)
{
	char setting[64], program[64];
	struct run *run;

	snprintf(setting, sizeof(setting), "pause=%s:%d:%s", call, number,
		 token);
	snprintf(program, sizeof(program), "pidns probe hold %s", token);
	run = START("probe", "launch", setting, program);
	AWAIT(exists(token, ".paused") || has_ended(run),
	      "process 1 never came to %s number %d", call, number);
	EXPECT(!has_ended(run), "pidns has ended before CMD was started");
	return run;
}

/* One that comes when there is no CMD yet. */
static void early_signal(const char *call, int number)
{
	const char *token = fresh_token();
	struct run *run = start_paused(call, number, token);

	send_signal(run, SIGHUP);
	AWAIT(is_idle(pid_of(run)), "pidns does not come to rest");
	release(token);
	EXPECT(finish(run) == 128 + SIGHUP,
	       "SIGHUP came before CMD was started and was to end it: expected "
	       "exit status %d, saw %d",
	       128 + SIGHUP, finish(run));
}

static void passes_signals(void)
{
	const int signals[] = {
		SIGHUP,	 SIGINT,  SIGQUIT,
		SIGUSR1, SIGUSR2, SIGALRM,
		SIGCONT, SIGURG,  random_between(SIGRTMIN, SIGRTMAX)};
	const char *path = in_tmp(fresh_token(), "");
	struct run *run = START("pidns", "probe", "record", path);
	pid_t init = 0;

	AWAIT(strncmp(read_in_sandbox(path), "ready", 5) == 0 || has_ended(run),
	      "CMD was not executed");
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		send_signal(run, signals[i]);
		AWAIT(recorded(path, signals[i]) || has_ended(run),
		      "signal %d (%s) was sent to pidns and has not reached "
		      "CMD",
		      signals[i], strsignal(signals[i]));
	}
	/* To process 1, as docker kill and box do. */
	children_of(pid_of(run), &init, 1);
	kill_process(init, SIGPIPE);
	AWAIT(recorded(path, SIGPIPE) || has_ended(run),
	      "SIGPIPE was sent to process 1 and has not reached CMD");
	send_signal(run, SIGTERM);
	expect_status(run, 0);
	EXPECT(recorded(path, SIGTERM), "CMD has had no SIGTERM");
	early_signal("mount", 1);
	early_signal("fork", 2);
	expect_nothing_left();
}

/* The options of the mount at `dir`, as "rw,nosuid,relatime", or "". */
static const char *options_at(pid_t pid, const char *dir)
{
	static char options[4][256];
	static int next;

	next = (next + 1) % 4;
	options[next][0] = '\0';
	sscanf(mount_at(pid, dir), "%*s %*s %*s %*s %*s %255s", options[next]);
	return options[next];
}

/* The same of the file system that is mounted there. */
static const char *type_options_at(pid_t pid, const char *dir)
{
	static char options[256];
	const char *type = strstr(mount_at(pid, dir), " - ");

	options[0] = '\0';
	if (type)
		sscanf(type, " - %*s %*s %255s", options);
	return options;
}

/* True when the mount at `dir` has this option of its own. */
static bool has_option(pid_t pid, const char *dir, const char *option)
{
	char options[256], *rest;

	snprintf(options, sizeof(options), "%s", options_at(pid, dir));
	for (char *word = strtok_r(options, ",", &rest); word;
	     word = strtok_r(NULL, ",", &rest))
		if (strcmp(word, option) == 0)
			return true;
	return false;
}

static void expect_options(pid_t pid, const char *dir,
			   const char *const options[])
{
	for (; *options; options++)
		EXPECT(has_option(pid, dir, *options),
		       "expected the mount at %s to be %s, saw %s", dir,
		       *options, mount_at(pid, dir));
}

/*
 * What a file system says of itself only when it was asked for. A machine whose
 * memory comes and goes has other limits now than then: what `plain` says, of
 * the same type and mounted without options, is none.
 */
static void expect_not_asked(pid_t pid, const char *dir, const char *plain,
			     const char *const names[])
{
	for (; *names; names++)
		EXPECT(!strstr(type_options_at(pid, dir), *names) ||
			       strstr(type_options_at(caller(), plain), *names),
		       "nobody asked for %s, and what is mounted at %s has the "
		       "options %s",
		       *names, dir, type_options_at(pid, dir));
}

static bool has_type(pid_t pid, const char *dir, const char *type)
{
	char part[32];

	snprintf(part, sizeof(part), " - %s ", type);
	return strstr(mount_at(pid, dir), part) != NULL;
}

/* A path as `pid` would find it, from out here. */
static const char *path_for(pid_t pid, const char *path)
{
	static char paths[4][128];
	static int next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof(paths[next]), "/proc/%d/root%s", (int)pid,
		 path);
	return paths[next];
}

static size_t count_entries(pid_t pid, const char *path, bool numbers_only)
{
	int fd = open_below(pid, path, O_RDONLY | O_DIRECTORY, S_IFDIR);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t count = 0;

	if (!dir)
		fail("open %s: %s", path, strerror(errno));
	while ((entry = readdir(dir)))
		count += numbers_only ? isdigit(entry->d_name[0]) != 0
				      : entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* A driver whose first mount(2), or what is there for it, fails. */
static void expect_failing(const char *driver)
{
	char fault[64];
	struct run *run;

	snprintf(fault, sizeof(fault), "fail=mount:1:%d", EPERM);
	run = START("probe", "launch", fault, driver);
	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "mount(2) has failed, and that was not noticed");
	EXPECT(!has_ended(run),
	       "mount(2) has failed: expected -1, and it has ended with status "
	       "%d",
	       finish(run));
	EXPECT(strstr(errors_of(run), strerror(EPERM)),
	       "mount(2) has failed: expected its errno, %s", strerror(EPERM));
	send_signal(run, SIGKILL);
	expect_status(run, 128 + SIGKILL);
}

static void expect_own_proc(pid_t command, const char *dir)
{
	static const char *const options[] = {"rw", "nosuid", "nodev", "noexec",
					      NULL};
	static const char *const not_asked[] = {"hidepid=", "subset=", NULL};

	EXPECT(has_type(command, dir, "proc"),
	       "no proc file system is mounted at %s", dir);
	EXPECT(count_entries(command, dir, true) == 1,
	       "CMD, alone in its PID namespace, sees %zu processes in %s: a "
	       "proc file system shows the PID namespace of who mounted it, "
	       "and a bound one what it has always shown",
	       count_entries(command, dir, true), dir);
	expect_options(command, dir, options);
	expect_not_asked(command, dir, "/proc", not_asked);
}

static void own_proc(void)
{
	const char *other = in_tmp(fresh_token(), "");
	char before[64];
	struct run *run;

	AS_ROOT("mkdir", other);
	for (int n = 0; n < 4; n++) {
		const char *token = fresh_token();
		const char *dir = n < 2 ? "/proc" : other;
		pid_t command;

		run = START_WITH({.as_root = n % 2}, "driver", "proc", dir,
				 "probe", "hold", token);
		command = await_driver(run, token, "mount_proc()");
		expect_own_proc(command, dir);
		if (n >= 2)
			EXPECT(strcmp(mount_at(command, "/proc"),
				      mount_at(pid_of(run), "/proc")) == 0,
			       "something was mounted at /proc, and %s was "
			       "asked for",
			       dir);
		kill_process(command, SIGKILL);
		expect_status(run, 128 + SIGKILL);
	}
	snprintf(before, sizeof(before), "%s", mount_at(caller(), "/proc"));
	EXPECT(*before && !*mount_at(caller(), other),
	       "the caller's own mounts have changed");
	expect_failing("driver proc /proc probe exit 0");
}

static char *mounts_of_caller(void)
{
	char *text = strdup(proc_file(caller(), "mountinfo"));

	return text && *text ? text : (fail("no list of mounts"), NULL);
}

static size_t count_lines_with(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

static void expect_private(pid_t command)
{
	char *text = strdup(proc_file(command, "mountinfo"));

	EXPECT(text && count_lines_with(text, " shared:") == 0 &&
		       count_lines_with(text, " master:") == 0,
	       "of %zu mounts that CMD sees %zu are shared with others and %zu "
	       "follow others; expected all of them to be private, also those "
	       "below /",
	       count_lines_with(text, "\n"), count_lines_with(text, " shared:"),
	       count_lines_with(text, " master:"));
	free(text);
}

/* In a user namespace of its own, and in that of the caller. */
static void private_mounts(void)
{
	char *before;

	/* As they are on a machine, other than in a sandbox. */
	AS_ROOT("mount", "--make-rshared", "/");
	before = mounts_of_caller();
	EXPECT(count_lines_with(before, " shared:") ==
		       count_lines_with(before, "\n"),
	       "the caller's own mounts could not be made shared");
	for (int root = 0; root < 2; root++) {
		const char *token = fresh_token();
		struct run *run = START_WITH({.as_root = root}, "driver",
					     "private", "probe", "hold", token);
		pid_t command =
			await_driver(run, token, "make_mounts_private()");

		expect_private(command);
		EXPECT(strcmp(before, proc_file(caller(), "mountinfo")) == 0,
		       "the caller's own mounts have changed: CMD's have "
		       "spread to it");
		AS_ROOT("mount", "-t", "tmpfs", "none", "/home");
		EXPECT(*mount_at(caller(), "/home") &&
			       !*mount_at(command, "/home"),
		       "what the caller has mounted after CMD was started has "
		       "spread to CMD");
		AS_ROOT("umount", "/home");
		kill_process(command, SIGKILL);
		expect_status(run, 128 + SIGKILL);
	}
	free(before);
	expect_failing("driver private probe exit 0");
}

/* As mountinfo has it: a blank in a name is \040. proc_pid_mountinfo(5) */
#define BE_LOW "be\\040low"

/*
 * A file system with a file in it, one below with another one, and one whose
 * name has a blank; each with flags of its own. (Older programs mount(1) have
 * no nosymfollow.)
 */
static void make_source(const char *source)
{
	static const char script[] =
		"set -e; mkdir $0; mount -t tmpfs -o nodev,noatime none $0;"
		"mkdir $0/below \"$0/be low\"; flags=nosuid,nodev,noexec;"
		"mount -t tmpfs -o $flags,nosymfollow none $0/below ||"
		"mount -t tmpfs -o $flags none $0/below;"
		"mount -t tmpfs none \"$0/be low\"; chmod 777 $0";

	AS_ROOT("sh", "-c", script, in_tmp(source, ""));
	write_in_sandbox(in_tmp(source, "file"), source);
	write_in_sandbox(in_tmp(source, "below/file"), source);
}

static bool same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static void expect_bound(pid_t command, const char *source, const char *target)
{
	EXPECT(count_descriptors(command) == 3,
	       "CMD has %d descriptors: expected 0, 1 and 2",
	       count_descriptors(command));
	EXPECT(same_file(path_for(command, in_tmp(target, "file")),
			 sandbox_path(in_tmp(source, "file"))),
	       "%s is not to be seen at %s", in_tmp(source, ""),
	       in_tmp(target, ""));
	EXPECT(same_file(path_for(command, in_tmp(target, "below/file")),
			 sandbox_path(in_tmp(source, "below/file"))),
	       "what is mounted at %s is not to be seen at %s",
	       in_tmp(source, "below"), in_tmp(target, "below"));
}

/* Those of the caller's mount at `from`, but for the first: rw or ro. */
static void expect_same_options(pid_t command, const char *from,
				const char *dir, bool read_only)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "%s%s", read_only ? "ro" : "rw",
		 options_at(caller(), from) + strlen("rw"));
	EXPECT(strcmp(options_at(command, dir), wanted) == 0,
	       "expected the mount at %s to be %s (as its source%s), saw %s",
	       dir, wanted, read_only ? ", but read-only" : "",
	       mount_at(command, dir));
}

static void expect_flags_kept(pid_t command, const char *source,
			      const char *target, bool read_only)
{
	static const char *const mounts[] = {"", "below", BE_LOW};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++)
		expect_same_options(command, in_tmp(source, mounts[i]),
				    in_tmp(target, mounts[i]), read_only);
}

static void bind(void)
{
	const char *source = fresh_token(), *target = fresh_token();
	const char *missing = fresh_token();
	char words[256], of_file[256], *before;

	make_source(source);
	AS_ROOT("mkdir", in_tmp(target, ""));
	before = mounts_of_caller();
	snprintf(words, sizeof(words), "%s:%s", in_tmp(source, ""),
		 in_tmp(target, ""));
	snprintf(of_file, sizeof(of_file), "/bin/busybox:%s",
		 in_tmp(source, "file"));
	for (int root = 0; root < 2; root++) {
		const char *token = fresh_token();
		struct run *run =
			START_WITH({.as_root = root}, "pidns", "--bind", words,
				   "--bind", of_file, "probe", "hold", token);
		pid_t command = await_probe(token);

		expect_bound(command, source, target);
		expect_flags_kept(command, source, target, false);
		EXPECT(same_file(path_for(command, in_tmp(source, "file")),
				 path_for(command, "/bin/busybox")),
		       "a file was not bound to another file");
		EXPECT(!file_exists(in_tmp(target, "file")) &&
			       strcmp(before,
				      proc_file(caller(), "mountinfo")) == 0,
		       "the caller's own mounts have changed");
		kill_process(command, SIGKILL);
		expect_status(run, 128 + SIGKILL);
	}
	free(before);
	snprintf(words, sizeof(words), "%s:/tmp", in_tmp(missing, ""));
	REFUSES(missing, "pidns", "--bind", words, "probe", "exit", "0");
	snprintf(words, sizeof(words), "/etc:%s", in_tmp(missing, ""));
	REFUSES(missing, "pidns", "--bind", words, "probe", "exit", "0");
	REFUSES(missing, "pidns", "--bind", words, "--bind", "/etc:/tmp",
		"probe", "exit", "0");
	snprintf(words, sizeof(words), "/etc:%s", in_tmp(source, "file"));
	REFUSES(in_tmp(source, "file"), "pidns", "--bind", words, "probe",
		"exit", "0");
	REFUSES("--bind", "pidns", "--bind", "/etc", "probe", "exit", "0");
	REFUSES("--bind", "pidns", "--bind", ":/tmp", "probe", "exit", "0");
	REFUSES("--bind", "pidns", "--bind", "/etc:", "probe", "exit", "0");
	REFUSES("--bind", "pidns", "--bind", "/etc:/tmp:rw", "probe", "exit",
		"0");
	REFUSES("--bind", "pidns", "--bind");
}

/* Where no flag is locked, one that is not repeated is lost. */
static void expect_read_only(const char *source, const char *target)
{
	const char *token = fresh_token();
	struct run *run = START_WITH({.as_root = true}, "driver", "bind",
				     in_tmp(source, ""), in_tmp(target, ""),
				     "ro", "probe", "hold", token);
	pid_t command = await_driver(run, token, "bind_mount()");

	EXPECT(count_descriptors(command) == 3,
	       "bind_mount() has left %d descriptors open",
	       count_descriptors(command) - 3);
	expect_bound(command, source, target);
	expect_flags_kept(command, source, target, true);
	EXPECT(has_option(command, in_tmp(source, "below"), "rw") &&
		       !strstr(mount_at(command, in_tmp(source, "below")),
			       " ro"),
	       "the source has become read-only too: %s",
	       mount_at(command, in_tmp(source, "below")));
	kill_process(command, SIGKILL);
	expect_status(run, 128 + SIGKILL);
}

/* At `dir` and below. */
static size_t count_mounts_at(pid_t pid, const char *dir)
{
	char part[96];

	snprintf(part, sizeof(part), " %s", dir);
	return count_lines_with(proc_file(pid, "mountinfo"), part);
}

/*
 * Whichever of its calls fails, what is mounted is what was before. As root: in
 * a user namespace of its own nobody could unmount that.
 */
static void expect_undone(const char *source, const char *target)
{
	AS_ROOT("mount", "-t", "tmpfs", "none", in_tmp(target, ""));
	for (int call = 1; call <= 6; call++) {
		const char *token = fresh_token();
		char fault[64], made[64], program[200];
		struct run *run;
		size_t mounts;
		bool failed;

		snprintf(fault, sizeof(fault), "fail=mount:%d:%d:%s", call,
			 EPERM, token);
		snprintf(made, sizeof(made), "/tmp/%s.failed", token);
		snprintf(program, sizeof(program),
			 "driver bind %s %s ro probe hold %s",
			 in_tmp(source, ""), in_tmp(target, ""), token);
		run = START_WITH({.as_root = true}, "probe", "launch", fault,
				 program);
		AWAIT(strstr(output_of(run), "done") || find_probe(token) ||
			      has_ended(run),
		      "bind_mount() does not return");
		failed = file_exists(made);
		EXPECT(failed == (strstr(output_of(run), "done") != NULL),
		       failed ? "mount call %d has failed, and bind_mount() "
				"has not"
			      : "mount call %d was not made, and bind_mount() "
				"has failed",
		       call);
		EXPECT(!failed || strstr(errors_of(run), strerror(EPERM)),
		       "mount call %d has failed: expected its errno, %s", call,
		       strerror(EPERM));
		mounts = count_mounts_at(pid_of(run), in_tmp(target, ""));
		EXPECT(!failed || mounts <= 1,
		       "mount call %d has failed, and this was left mounted: "
		       "%s",
		       call, mount_at(pid_of(run), in_tmp(target, "")));
		EXPECT(!failed || count_descriptors(pid_of(run)) == 3,
		       "mount call %d has failed, and %d descriptors were left "
		       "open",
		       call, count_descriptors(pid_of(run)) - 3);
		EXPECT(!failed || mounts == 1,
		       "mount call %d has failed, and what had been mounted at "
		       "%s before was unmounted",
		       call, in_tmp(target, ""));
		send_signal(run, SIGKILL);
		expect_status(run, 128 + SIGKILL);
		if (!failed)
			return;
	}
}

static void bind_read_only(void)
{
	const char *source = fresh_token(), *target = fresh_token();
	const char *file = in_tmp(fresh_token(), "");
	char words[256], of_file[256];

	make_source(source);
	write_in_sandbox(file, source);
	AS_ROOT("mkdir", in_tmp(target, ""));
	snprintf(words, sizeof(words), "%s:%s:ro", in_tmp(source, ""),
		 in_tmp(target, ""));
	snprintf(of_file, sizeof(of_file), "%s:%s:ro", file,
		 in_tmp(source, "file"));
	for (int root = 0; root < 2; root++) {
		const char *token = fresh_token();
		struct run *run =
			START_WITH({.as_root = root}, "pidns", "--bind", words,
				   "--bind", of_file, "probe", "hold", token);
		pid_t command = await_probe(token);

		expect_bound(command, source, target);
		expect_flags_kept(command, source, target, true);
		expect_same_options(command, "/tmp", in_tmp(source, "file"),
				    true);
		EXPECT(has_option(command, in_tmp(source, "below"), "rw") &&
			       has_option(caller(), in_tmp(source, "below"),
					  "rw"),
		       "the source has become read-only too");
		kill_process(command, SIGKILL);
		expect_status(run, 128 + SIGKILL);
	}
	expect_read_only(source, target);
	expect_undone(source, target);
	snprintf(words, sizeof(words), "/etc:%s:ro", in_tmp(source, "none"));
	REFUSES(in_tmp(source, "none"), "pidns", "--bind", words, "probe",
		"exit", "0");
}

/* What is asked for later lies in, or on, what was asked for before. */
static void expect_order(const char *source, const char *target, bool last)
{
	const char *token = fresh_token();
	char words[256], dir[80];
	pid_t command;

	snprintf(words, sizeof(words), "%s:%s", in_tmp(source, ""),
		 in_tmp(target, ""));
	snprintf(dir, sizeof(dir), "%s", in_tmp(target, "below"));
	if (last)
		START("pidns", "--bind", words, "--tmpfs", dir, "probe", "hold",
		      token);
	else
		START("pidns", "--tmpfs", dir, "--bind", words, "probe", "hold",
		      token);
	command = await_probe(token);
	EXPECT((access(path_for(command, in_tmp(target, "below/file")), F_OK) <
		0) == last,
	       "--tmpfs %s was asked for %s --bind %s and is %s", dir,
	       last ? "after" : "before", words,
	       last ? "not to be seen" : "not hidden by it");
	kill_process(command, SIGKILL);
}

static void expect_tmpfs_options(const char *dir)
{
	static const char *const flags[] = {"rw", "nosuid", "nodev", NULL};
	const char *token = fresh_token();
	const int kib = 4 * random_between(4, 99);
	char options[64], size[32];
	struct run *run;
	pid_t command;

	snprintf(options, sizeof(options), "mode=711,size=%dk", kib);
	run = START("driver", "tmpfs", dir, options, "probe", "hold", token);
	command = await_driver(run, token, "mount_tmpfs()");
	expect_options(command, dir, flags);
	snprintf(size, sizeof(size), "size=%dk", kib);
	EXPECT(strstr(mount_at(command, dir), size) &&
		       strstr(mount_at(command, dir), "mode=711"),
	       "expected a tmpfs with the options %s, saw %s", options,
	       mount_at(command, dir));
	kill_process(command, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	run = START("driver", "tmpfs", dir, "size=nonsense", "probe", "exit",
		    "0");
	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "mount_tmpfs() does not return");
	EXPECT(!has_ended(run), "options that tmpfs does not have were taken");
	send_signal(run, SIGKILL);
}

static void tmpfs(void)
{
	static const char *const options[] = {"rw", "nosuid", "nodev", NULL};
	static const char *const not_asked[] = {
		"mode=", "size=", "nr_blocks=", "nr_inodes=", NULL};
	static const char script[] = ": >$0/new && exec probe hold $1";
	const char *source = fresh_token(), *target = fresh_token();
	const char *missing = fresh_token();

	make_source(source);
	AS_ROOT("mkdir", "-p", in_tmp(target, "below"));
	for (int root = 0; root < 2; root++) {
		const char *token = fresh_token();
		const char *dir = in_tmp(source, "below");
		struct run *run =
			START_WITH({.as_root = root}, "pidns", "--tmpfs", dir,
				   "sh", "-c", script, dir, token);
		pid_t command = await_probe(token);

		EXPECT(has_type(command, dir, "tmpfs"),
		       "no tmpfs is mounted at %s", dir);
		expect_options(command, dir, options);
		expect_not_asked(command, dir, in_tmp(source, BE_LOW),
				 not_asked);
		EXPECT(!has_option(command, dir, "noexec"),
		       "the mount at %s is that of the caller: %s", dir,
		       mount_at(command, dir));
		EXPECT(count_entries(command, dir, false) == 1,
		       "expected one file in the tmpfs, what CMD has made; saw "
		       "%zu",
		       count_entries(command, dir, false));
		EXPECT(!file_exists(in_tmp(source, "below/new")) &&
			       file_exists(in_tmp(source, "below/file")),
		       "the caller sees the tmpfs too");
		kill_process(command, SIGKILL);
		expect_status(run, 128 + SIGKILL);
	}
	expect_tmpfs_options(in_tmp(target, ""));
	expect_failing("driver tmpfs /sys - probe exit 0");
	expect_order(source, target, true);
	expect_order(source, target, false);
	REFUSES(missing, "pidns", "--tmpfs", in_tmp(missing, ""), "probe",
		"exit", "0");
	REFUSES(missing, "pidns", "--tmpfs", "/tmp", "--tmpfs",
		in_tmp(missing, ""), "probe", "exit", "0");
	REFUSES("--tmpfs", "pidns", "--tmpfs");
}

/* Everything below pidns is to go with it. */
static void expect_gone(struct run *run)
{
	send_signal(run, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	expect_nothing_left();
}

static void paused_then_killed(const char *call, int number, bool go_on)
{
	const char *token = fresh_token();
	struct run *run = start_paused(call, number, token);

	send_signal(run, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	if (go_on)
		release(token);
	expect_nothing_left();
}

/* Killed, and not asked: a signal that can be refused will be. */
static void expect_killed(void)
{
	const char *path = in_tmp(fresh_token(), "");
	struct run *run = START("pidns", "probe", "record", path, "0");

	AWAIT(strncmp(read_in_sandbox(path), "ready", 5) == 0 || has_ended(run),
	      "CMD was not executed");
	send_signal(run, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	AWAIT(!find_probe(path) || strlen(read_in_sandbox(path)) > 6,
	      "pidns was killed, and CMD goes on");
	/* Who passes a signal on has passed it on by then. */
	EXPECT(strcmp(read_in_sandbox(path), "ready\n") == 0,
	       "pidns was killed, and CMD was sent signal %d: process 1 was "
	       "asked to end, and is to be killed",
	       atoi(read_in_sandbox(path) + 6));
	expect_nothing_left();
}

/* That the parent lives is not known either then. */
static void expect_look(void)
{
	const char *token = fresh_token();
	char fault[64], program[96];
	struct run *run;

	snprintf(fault, sizeof(fault), "fail=sleep:0:%d:%s", ENOMEM, token);
	snprintf(program, sizeof(program), "driver child %s probe exit 0",
		 in_tmp(token, ""));
	run = START("probe", "launch", fault, program);
	finish(run);
	/* There are other calls to look with. */
	if (!exists(token, ".failed"))
		return;
	EXPECT(*errors_of(run),
	       "die_with_parent() cannot look whether its parent lives (%s): "
	       "expected -1, saw 0",
	       strerror(ENOMEM));
	expect_refusal(run, strerror(ENOMEM));
}

/* Nobody's: whether it lives cannot be seen, and is no reason to say so. */
static void expect_unseen(const char *number)
{
	struct run *run = START("driver", "unseen", number);

	EXPECT(finish(run) == 125,
	       "die_with_parent() with the descriptor %s, which is not open: "
	       "expected -1, saw %d",
	       number, finish(run));
	expect_refusal(run, strerror(EBADF));
}

static void alone(void)
{
	const char *token = fresh_token(), *go = in_tmp(fresh_token(), "");
	struct run *run = START("driver", "child", go, "probe", "hold", token);
	char fault[32];

	await_driver(run, token, "die_with_parent()");
	write_in_sandbox(go, "");
	expect_status(run, 0);
	expect_nothing_left();
	run = START("driver", "late");
	EXPECT(finish(run) == 125,
	       "die_with_parent() of a parent that is gone already: expected "
	       "-1, saw %d",
	       finish(run));
	expect_refusal(run, strerror(ESRCH));
	expect_unseen("-1");
	/* What is open here is 0, 1 and 2. */
	expect_unseen("9");
	expect_look();
	snprintf(fault, sizeof(fault), "fail=pdeathsig:1:%d", EPERM);
	run = START("probe", "launch", fault, "pidns probe exit 0");
	EXPECT(finish(run) == 125,
	       "PR_SET_PDEATHSIG fails: expected exit status 125, saw %d",
	       finish(run));
	expect_refusal(run, strerror(EPERM));
}

static void dies_with_parent(void)
{
	const char *token;
	struct run *run;
	double since;

	alone();
	/* A pidns that never lives has no moment to be killed at. */
	token = fresh_token();
	run = START("pidns", "probe", "hold", token);
	await_probe(token);
	kill_process(parent_of(find_probe(token)), SIGKILL);
	EXPECT(finish(run) == 128 + SIGKILL,
	       "process 1 was killed: expected exit status %d, saw %d",
	       128 + SIGKILL, finish(run));
	expect_nothing_left();
	for (int i = 0; i < 12; i++) {
		int after = random_between(0, 2500);

		token = fresh_token();
		run = START("pidns", "probe", "hold", token);
		pid_of(run);
		/* The moment is what is wanted here, and no nap that short. */
		since = seconds_now();
		while (seconds_now() - since < after / 1e6)
			;
		expect_gone(run);
	}
	expect_killed();
	/* The parent dies just before process 1 asks to die with it. */
	paused_then_killed("pdeathsig", 1, true);
	paused_then_killed("mount", 1, false);
	paused_then_killed("fork", 2, false);
}

static const struct test tests[] = {
	{"private_mounts", 1, "mounts spread neither in nor out",
	 private_mounts, 0, 1},
	{"own_proc", 1, "/proc shows the processes in there, and no others",
	 own_proc, 0, 2},
	{"dies_with_parent", 1,
	 "whenever pidns is killed, everything below it ends", dies_with_parent,
	 TAKES_LONG, 3},
	{"process_one", 1,
	 "CMD is the child of process 1, in namespaces of its own", process_one,
	 0, 4},
	{"exit_status", 1, "pidns exits as CMD did, through process 1",
	 exit_status_kept, TAKES_LONG, 4},
	{"reaps_orphans", 1,
	 "process 1 collects orphans, and what is left ends with it",
	 reaps_orphans, TAKES_LONG, 4},
	{"passes_signals", 1, "signals reach CMD through process 1",
	 passes_signals, 0, 4},
	{"bind", 1, "--bind shows SRC at DST, with what is mounted below", bind,
	 0, 5},
	{"bind_read_only", 1,
	 "with :ro all of it is read-only, and keeps its other flags",
	 bind_read_only, 0, 5},
	{"tmpfs", 1, "--tmpfs is empty, CMD's alone, and mounted in its turn",
	 tmpfs, 0, 6},
	{0},
};

const struct gate gate = {"07-pid-mount", "pidns", tests};
