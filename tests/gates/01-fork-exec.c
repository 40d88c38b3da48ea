/* Stage 01: spawn.h. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gate.h"
#include "process.h"

/* The mask of the driver. */
static const uint64_t only_alarm = 1U << (SIGALRM - 1);

static bool is_below(pid_t pid, pid_t ancestor)
{
	while (pid > 1 && pid != ancestor)
		pid = parent_of(pid);
	return pid == ancestor;
}

/*
 * The command, still below whoever has started it. That nobody is between the
 * two has a test of its own; who is there waits, or leaves it an orphan.
 */
static pid_t await_child(struct run *run, const char *token)
{
	pid_t command = await_probe(token), spawn = pid_of(run);

	AWAIT(!is_below(command, spawn) || command == spawn ||
		      parent_of(command) == spawn ||
		      state_of(parent_of(command)) == 'S',
	      "the command's parent, %d, neither waits nor ends",
	      parent_of(command));
	EXPECT(is_below(command, spawn),
	       "the command's parent is process %d, not spawn (%d)",
	       parent_of(command), spawn);
	return command;
}

/*
 * exec_command() by itself: what it gets wrong would be found in every test,
 * and is not spawn()'s.
 */
static void expect_becomes(void)
{
	const char *token = fresh_token();
	int before = about_task(1);
	struct run *run =
		START("driver", "become", "alone", "probe", "hold", token);
	pid_t command = await_probe(token);

	EXPECT(command == pid_of(run),
	       "exec_command() made a process of its own, %d, for the command: "
	       "it is to turn the caller into it",
	       command);
	EXPECT(argument_is(command, 0, "probe") &&
		       argument_is(command, 2, token),
	       "the command's arguments are not those that were given");
	about_task(before);
}

/* A process of its own, executing what was asked for, below its parent. */
static void new_process(void)
{
	const char *token = fresh_token();
	struct run *run;
	pid_t command, parent;

	expect_becomes();
	run = START("spawn", "probe", "hold", token);
	command = await_probe(token);
	parent = pid_of(run);
	EXPECT(command != parent,
	       "spawn itself became the command: a child of it is to");
	EXPECT(parent_of(command) == parent,
	       "the command's parent is process %d, not spawn (%d)",
	       parent_of(command), parent);
	EXPECT(group_of(command) == group_of(parent) &&
		       session_of(command) == session_of(parent),
	       "the command is in process group %d of session %d, and not in "
	       "its parent's, %d of %d",
	       group_of(command), session_of(command), group_of(parent),
	       session_of(parent));
	EXPECT(!has_ended(run), "spawn has ended before its command");
}

static void exit_status_kept(void)
{
	static const int fixed[] = {0, 1, 125, 255};
	static const int signals[] = {1, 2, 9, 15};
	const char *token = fresh_token();
	int sig = signals[random_between(0, 3)];
	struct run *run;
	char word[16];

	for (size_t i = 0; i < 6; i++) {
		int status = i < 4 ? fixed[i] : random_between(2, 124);

		snprintf(word, sizeof(word), "%d", status);
		expect_status(START("spawn", "probe", "exit", word), status);
	}
	run = START("spawn", "probe", "hold", token);
	kill_process(await_child(run, token), sig);
	expect_status(run, 128 + sig);
	expect_nothing_left();
}

static void environment(void)
{
	const char *token = fresh_token(), *value = fresh_token();
	const char *const env[] = {"KEPT=as it was", "CHANGED=before", NULL};
	char assignment[64], changed[64];
	pid_t command;

	snprintf(assignment, sizeof(assignment), "NEW=%s", value);
	snprintf(changed, sizeof(changed), "CHANGED=%s", value);
	command =
		await_child(START_WITH({.env = env}, "spawn", "-e", assignment,
				       "-e", changed, "probe", "hold", token),
			    token);
	EXPECT(environment_has(command, assignment),
	       "%s is not in its environment", assignment);
	EXPECT(environment_has(command, changed) &&
		       !environment_has(command, "CHANGED=before"),
	       "CHANGED still has its old value");
	EXPECT(environment_has(command, "KEPT=as it was"),
	       "the rest of the environment is gone");
}

static void path_of_command(void)
{
	const char *token = fresh_token(), *other = fresh_token();
	struct run *run;

	EXPECT(RUN("mkdir", "/tmp/bin", "/tmp/shut") == 0 &&
		       RUN("ln", "-s", "/mnt/probe", "/tmp/bin/hidden") == 0,
	       "the test could not make its link");
	write_in_sandbox("/tmp/shut/hidden", "");
	EXPECT(RUN("chmod", "a-x", "/tmp/shut/hidden") == 0,
	       "the test could not make its file");
	await_child(START("spawn", "-e", "PATH=/nowhere:/tmp/shut:/tmp/bin",
			  "hidden", "hold", token),
		    token);
	/* The same by envp, which is not the caller's environment. */
	run = START("driver", "path", "hidden", "hold", other);
	AWAIT(has_ended(run) || find_probe(other), "it has not ended");
	EXPECT(find_probe(other),
	       "with PATH=/tmp/bin in command->envp, what is in /tmp/bin was "
	       "not executed: exit status %d",
	       finish(run));
	await_child(run, other);
	run = START("spawn", "-e", "PATH=/tmp/shut:/nowhere", "hidden");
	EXPECT(finish(run) == 126,
	       "with a file in PATH that may not be executed, and no other, "
	       "expected exit status 126, saw %d",
	       finish(run));
	run = START("spawn", "-e", "PATH=/nowhere", "probe", "hold", token);
	EXPECT(finish(run) == 127,
	       "with PATH=/nowhere in the command's environment, expected "
	       "exit status 127, saw %d",
	       finish(run));
}

/*
 * The line names the operation by one of the words. The program's name and the
 * reason have words of their own.
 */
static void expect_operation(struct run *run, const char *example,
			     const char *const words[])
{
	const char *line = errors_of(run), *reason = strrchr(line, ':');
	const char *found = NULL;

	if (strncmp(line, "spawn: ", 7) == 0)
		line += 7;
	for (; *words && !found; words++)
		found = strstr(line, *words);
	EXPECT(found && reason && found < reason,
	       "the line on standard error does not say which operation "
	       "failed, as in \"%s\"",
	       example);
}

static void expect_no_directory(void)
{
	static const char *const words[] = {"dir", "cd", NULL};
	struct run *run =
		START("spawn", "-C", "/nowhere", "probe", "exit", "0");

	expect_refusal(run, "/nowhere");
	expect_operation(run, "chdir /nowhere", words);
}

static void working_directory(void)
{
	const char *token = fresh_token();
	pid_t command = await_child(
		START("spawn", "-C", "/usr", "probe", "hold", token), token);

	EXPECT(strcmp(proc_link(command, "cwd"), "/usr") == 0,
	       "its working directory is %s, not /usr",
	       proc_link(command, "cwd"));
	EXPECT(count_descriptors(command) == 3,
	       "with a directory the command has %d descriptors, not 3",
	       count_descriptors(command));
	kill_process(command, SIGKILL);
	expect_no_directory();
	REFUSES(strerror(ENOENT), "spawn", "-C", "", "probe", "exit", "0");
}

/* What is as it is with its parent. */
static void expect_same(pid_t command, pid_t parent, const char *name)
{
	EXPECT(strcmp(status_of(command, name), status_of(parent, name)) == 0,
	       "its %s is %s in /proc/PID/status, and its parent's %s", name,
	       status_of(command, name), status_of(parent, name));
}

/* All that can be, but the real-time ones. */
static void expect_still_ignored(void)
{
	const uint64_t all =
		(bit_of(32) - 1) & ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
	const char *token = fresh_token();
	struct run *run = START("probe", "launch",
				word("ignore=%llx", (unsigned long long)all),
				word("spawn probe hold %s", token));
	pid_t command = await_child(run, token), parent = pid_of(run);

	EXPECT((status_mask(parent, "SigIgn") & all) == all,
	       "spawn was to ignore the signals %016llx, and ignores %s",
	       (unsigned long long)all, status_of(parent, "SigIgn"));
	expect_same(command, parent, "SigIgn");
}

/* What fork and exec keep and what they do not. */
static void inherited(void)
{
	const char *token = fresh_token();
	struct run *run = START("sh", "-c",
				"umask 027; cd /usr/bin; "
				"exec 7</etc/passwd <&7; "
				"exec spawn probe hold \"$1\"",
				"sh", token);
	pid_t command = await_child(run, token), parent = pid_of(run);

	EXPECT(strcmp(proc_link(command, "fd/7"), "/etc/passwd") == 0,
	       "descriptor 7 did not reach the command");
	EXPECT(strcmp(proc_link(command, "fd/0"), proc_link(parent, "fd/0")) ==
		       0,
	       "its standard input is %s, and its parent's %s",
	       proc_link(command, "fd/0"), proc_link(parent, "fd/0"));
	EXPECT(count_descriptors(command) == 4,
	       "the command has %d descriptors: expected 0, 1, 2 and 7",
	       count_descriptors(command));
	EXPECT(strcmp(proc_link(command, "cwd"), "/usr/bin") == 0,
	       "without -C its working directory is %s, and its parent's "
	       "/usr/bin",
	       proc_link(command, "cwd"));
	expect_same(command, parent, "Umask");
	/* What is not ignored, and then what is. */
	expect_same(command, parent, "SigIgn");
	expect_still_ignored();
}

static void arguments(void)
{
	const char *token = fresh_token(), *name = fresh_token();
	struct run *run;

	run = START("spawn", "-a", name, "probe", "hold", token);
	EXPECT(argument_is(await_child(run, token), 0, name),
	       "its argv[0] is not %s", name);
	kill_process(find_probe(token), SIGKILL);
	REFUSES("CMD", "spawn");
	REFUSES("--nonsense", "spawn", "--nonsense", "probe", "exit", "0");
	REFUSES("-e", "spawn", "-e", "NOVALUE", "probe", "exit", "0");
	REFUSES("-C", "spawn", "-C");
	expect_status(START("spawn", "--help"), 0);
}

/* Waits for its end; the command is not to be executed before that. */
static void expect_not_executed(struct run *run, const char *token,
				const char *what)
{
	AWAIT(has_ended(run) || find_probe(token), "it has not ended");
	EXPECT(!find_probe(token),
	       "%s failed, and the command was executed all the same", what);
}

static void await_return(struct run *run)
{
	AWAIT(strchr(output_of(run), '\n') || has_ended(run),
	      "spawn() does not return: it is to wait for nothing");
}

/* The driver, when spawn() has returned: it waits, or holds still. */
static void expect_caller_as_before(struct run *run, pid_t id, const char *why)
{
	pid_t caller;

	await_return(run);
	EXPECT(!strstr(output_of(run), "environ"),
	       "spawn() has changed its caller's environ: the environment is "
	       "the child's");
	EXPECT(strcmp(output_of(run), word("returned %d\n", id)) == 0,
	       "spawn() was to return %d, %s: %s", id, why,
	       *output_of(run) ? output_of(run) : "it has ended its caller");
	caller = pid_of(run);
	EXPECT(strcmp(proc_link(caller, "cwd"), "/tmp") == 0,
	       "spawn() has changed its caller's working directory to %s",
	       proc_link(caller, "cwd"));
	EXPECT(status_mask(caller, "SigBlk") == only_alarm,
	       "spawn() has changed its caller's signal mask to %s",
	       status_of(caller, "SigBlk"));
	EXPECT(count_descriptors(caller) == 3,
	       "spawn() has left descriptors open in its caller: it has %d, "
	       "not 3",
	       count_descriptors(caller));
}

/* All that a command can have. */
static void expect_full(pid_t command)
{
	uint64_t mask = 1U << (SIGUSR1 - 1) | 1U << (SIGUSR2 - 1);

	EXPECT(exists("prepared", ""), "prepare() was not called");
	EXPECT(*read_in_sandbox("/tmp/prepared") == '\0',
	       "prepare() was called %s", read_in_sandbox("/tmp/prepared"));
	EXPECT(strcmp(proc_link(command, "cwd"), "/usr") == 0,
	       "its working directory is %s, not /usr",
	       proc_link(command, "cwd"));
	EXPECT(environment_has(command, "ONLY=this") &&
		       !environment_has(command, "HOME=/tmp"),
	       "its environment is not the one that was given, and it alone");
	EXPECT(status_mask(command, "SigBlk") == mask,
	       "its signal mask is %s, expected %016llx, SIGUSR1 and SIGUSR2",
	       status_of(command, "SigBlk"), (unsigned long long)mask);
}

/* What later stages ask of spawn() and exec_command(), by the driver. */
static void prepared(void)
{
	const char *token = fresh_token(), *refused = fresh_token();
	struct run *run = START("driver", "full", "probe", "hold", token);
	pid_t command = await_child(run, token);

	expect_full(command);
	expect_caller_as_before(run, inner_pid(command),
				"the command's process id there");
	EXPECT(RUN("rm", "/tmp/prepared") == 0, "the test could not go on");
	token = fresh_token();
	START("driver", "become", "full", "probe", "hold", token);
	expect_full(await_probe(token));
	token = fresh_token();
	command = await_child(START("driver", "alone", "probe", "hold", token),
			      token);
	EXPECT(status_mask(command, "SigBlk") == only_alarm,
	       "no signal mask was given, and it is %s, not the caller's",
	       status_of(command, "SigBlk"));
	run = START("driver", "refused", "probe", "hold", refused);
	expect_not_executed(run, refused, "prepare()");
	expect_refusal(run, "prepare nothing");
}

/* `why` is what strerror(3) has of it; no second copy of the caller goes on. */
static void expect_not_started(struct run *run, int status, const char *why)
{
	int seen = finish(run);
	const char *newline = strchr(errors_of(run), '\n');

	EXPECT(seen == status, "expected exit status %d, saw %d%s", status,
	       seen,
	       seen == 0 ? ": a child that could not be executed goes on as "
			   "its parent"
			 : "");
	EXPECT(strstr(errors_of(run), why) && newline && newline[1] == '\0',
	       "expected one line on standard error that says \"%s\"", why);
	expect_nothing_left();
}

static void cannot_start(void)
{
	static const char *const words[] = {"exec", "spawn", "run", "start",
					    NULL};
	const char *missing = fresh_token();
	struct run *run = START("spawn", "-a", "other", missing);

	expect_not_started(run, 127, missing);
	expect_operation(run, word("execve %s", missing), words);
	expect_not_started(START("spawn", "/tmp/none/such"), 127, "No such");
	expect_not_started(START("spawn", "/tmp"), 126, "Permission denied");
	write_in_sandbox("/tmp/noformat", "\x01\x02 no program\n");
	expect_not_started(START("spawn", "/tmp/noformat"), 126, "/noformat");
	expect_not_started(
		START("probe", "launch", "fail=exec:2:12", "spawn /bin/true"),
		126, strerror(ENOMEM));
}

static size_t count_words(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		count++;
	return count;
}

/* A child in which `what` fails leaves what is its parent's alone. */
static void expect_quiet_end(const char *how, const char *what, int status)
{
	struct run *run = START("driver", "buffered", how, fresh_token());

	EXPECT(finish(run) == status,
	       "%s failed: expected exit status %d, saw %d", what, status,
	       finish(run));
	EXPECT(count_words(output_of(run), "buffer") == 1,
	       "%s failed, and what stood in its parent's buffer came out %zu "
	       "times: the child ended through exit(3), not _exit(2)",
	       what, count_words(output_of(run), "buffer"));
	EXPECT(count_words(output_of(run), "handler") == 1,
	       "%s failed, and the parent's exit handler was called %zu times: "
	       "the child ended through exit(3), not _exit(2)",
	       what, count_words(output_of(run), "handler"));
}

/* A fork(2) that fails is told of, and leaves the caller as it was. */
static void expect_no_child(void)
{
	static const char *const words[] = {"fork", "clone", "spawn", "start",
					    NULL};
	const char *token = fresh_token(), *fails = "fail=fork:1:11";
	struct run *run = START("probe", "launch", fails,
				word("spawn probe hold %s", token));

	expect_not_executed(run, token, "fork(2)");
	expect_refusal(run, word("probe: %s", strerror(EAGAIN)));
	expect_operation(run, "fork for probe", words);
	run = START("probe", "launch", fails, "driver alone probe");
	expect_caller_as_before(run, -1, "for fork(2) failed");
}

static void failures(void)
{
	const char *token = fresh_token();
	struct run *run = START("driver", "alone", "probe", "hold", token);

	await_child(run, token);
	await_return(run);
	kill_process(find_probe(token), SIGKILL);
	expect_status(run, 128 + SIGKILL);
	expect_no_child();
	about_task(1);
	expect_quiet_end("alone", "execve(2)", 127);
	expect_quiet_end("refused", "prepare()", 125);
	expect_quiet_end("lost", "chdir(2)", 125);
}

static const struct test tests[] = {
	{"new_process", 1, "CMD runs in a new process, which is spawn's child",
	 new_process, 0, 2},
	{"exit_status", 1,
	 "spawn exits with the status of CMD, 128 + n after signal n",
	 exit_status_kept, 0, 2},
	{"environment", 1, "-e adds and replaces, all else is inherited",
	 environment, 0, 1},
	{"path_of_command", 1, "PATH is searched as the command gets it",
	 path_of_command, 0, 1},
	{"working_directory", 1, "-C starts CMD there, or refuses",
	 working_directory, 0, 1},
	{"descriptors", 1,
	 "CMD has what its parent has, open descriptors too, and no others",
	 inherited, 0, 2},
	{"arguments", 1, "-a names it, and a bad command line is refused",
	 arguments, 0, 1},
	{"prepared", 1,
	 "prepare(), directory, environment, mask: all of them, in order",
	 prepared, 0, 1},
	{"cannot_start", 1,
	 "127 when there is no such program, 126 when it cannot be executed, "
	 "said once",
	 cannot_start, 0, 1},
	{"failures", 1,
	 "a failed fork is -1, a failed child touches nothing of its parent's",
	 failures, 0, 2},
	{0},
};

const struct gate gate = {"01-fork-exec", "spawn", tests};
