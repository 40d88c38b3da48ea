/* Stage 01: spawn.h. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "gate.h"
#include "process.h"

/* A process of its own, executing what was asked for, below its parent. */
static void new_process(void)
{
	const char *token = fresh_token();
	struct run *run = START("spawn", "probe", "hold", token);
	pid_t command = await_probe(token);
	pid_t parent = pid_of(run);

	EXPECT(command != parent,
	       "spawn itself became the command: it was executed without a "
	       "fork(2)");
	EXPECT(parent_of(command) == parent,
	       "the command's parent is process %d, not spawn (%d)",
	       parent_of(command), parent);
	EXPECT(argument_is(command, 0, "probe") &&
		       argument_is(command, 2, token),
	       "the command's arguments are not those that were given");
	EXPECT(!has_ended(run), "spawn has ended before its command");
}

static void exit_status_kept(void)
{
	static const int fixed[] = {0, 1, 125, 255};
	char word[16];

	for (size_t i = 0; i < 6; i++) {
		int status = i < 4 ? fixed[i] : random_between(2, 124);

		snprintf(word, sizeof(word), "%d", status);
		expect_status(START("spawn", "probe", "exit", word), status);
	}
	expect_nothing_left();
}

static void ended_by_signal(void)
{
	static const int signals[] = {1, 2, 9, 15};
	const char *token = fresh_token();
	int sig = signals[random_between(0, 3)];
	struct run *run = START("spawn", "probe", "hold", token);

	kill(await_probe(token), sig);
	expect_status(run, 128 + sig);
}

static void not_found(void)
{
	struct run *run = START("spawn", fresh_token());

	EXPECT(finish(run) == 127, "expected exit status 127, saw %d",
	       finish(run));
	EXPECT(strstr(errors_of(run), "spawn:"),
	       "expected a line that names the program and the reason");
	expect_nothing_left();
}

static void cannot_execute(void)
{
	write_in_sandbox("/tmp/noformat", "\x01\x02 no program\n");
	expect_status(START("spawn", "/tmp"), 126);
	expect_status(START("spawn", "/tmp/noformat"), 126);
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
	START_WITH({.env = env}, "spawn", "-e", assignment, "-e", changed,
		   "probe", "hold", token);
	command = await_probe(token);
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
	const char *token = fresh_token();
	struct run *run;

	run = START("spawn", "-e", "PATH=/nowhere", "probe", "hold", token);
	EXPECT(finish(run) == 127,
	       "with PATH=/nowhere in the command's environment, expected "
	       "exit status 127, saw %d",
	       finish(run));
}

static void working_directory(void)
{
	const char *token = fresh_token();
	struct run *run;

	START("spawn", "-C", "/usr", "probe", "hold", token);
	EXPECT(strcmp(proc_link(await_probe(token), "cwd"), "/usr") == 0,
	       "its working directory is %s, not /usr",
	       proc_link(find_probe(token), "cwd"));
	kill(find_probe(token), SIGKILL);
	run = START("spawn", "-C", "/nowhere", "probe", "exit", "0");
	expect_refusal(run, "/nowhere");
}

/* What exec keeps and what it does not. */
static void descriptors_inherited(void)
{
	const char *token = fresh_token();
	pid_t command;

	START("sh", "-c", "exec 7</etc/passwd; exec spawn probe hold \"$1\"",
	      "sh", token);
	command = await_probe(token);

	EXPECT(strcmp(proc_link(command, "fd/7"), "/etc/passwd") == 0,
	       "descriptor 7 did not reach the command");
	EXPECT(count_descriptors(command) == 4,
	       "the command has %d descriptors: expected 0, 1, 2 and 7",
	       count_descriptors(command));
}

static void arguments(void)
{
	const char *token = fresh_token(), *name = fresh_token();

	START("spawn", "-a", name, "probe", "hold", token);
	EXPECT(argument_is(await_probe(token), 0, name),
	       "its argv[0] is not %s", name);
	kill(find_probe(token), SIGKILL);
	REFUSES("CMD", "spawn");
	REFUSES("--nonsense", "spawn", "--nonsense", "probe", "exit", "0");
	REFUSES("-e", "spawn", "-e", "NOVALUE", "probe", "exit", "0");
	REFUSES("-C", "spawn", "-C");
	expect_status(START("spawn", "--help"), 0);
}

static const struct test tests[] = {
	{"new_process", 1, "CMD runs in a new process, which is spawn's child",
	 new_process, 0},
	{"exit_status", 1, "spawn exits with the status of CMD",
	 exit_status_kept, 0},
	{"ended_by_signal", 1, "a CMD that signal n ended makes 128 + n",
	 ended_by_signal, 0},
	{"not_found", 1,
	 "no such program: 127, said on standard error, and "
	 "no second spawn left running",
	 not_found, 0},
	{"cannot_execute", 1, "found but not executable: 126", cannot_execute,
	 0},
	{"environment", 1, "-e adds and replaces, all else is inherited",
	 environment, 0},
	{"path_of_command", 1, "PATH is searched as the command gets it",
	 path_of_command, 0},
	{"working_directory", 1, "-C starts CMD there, or refuses",
	 working_directory, 0},
	{"descriptors", 1, "open descriptors reach CMD, and no others",
	 descriptors_inherited, 0},
	{"arguments", 1, "-a names it, and a bad command line is refused",
	 arguments, 0},
	{0},
};

const struct gate gate = {"01-fork-exec", "spawn", tests};
