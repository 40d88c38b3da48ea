/* Stage 06: clone.h, user.h, uts.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

/* Nobody can be the one after it: (uid_t)-1. */
#define LAST_ID 4294967294U

static const char *id_word(unsigned id)
{
	static char words[4][16];
	static int next;

	next = (next + 1) % 4;
	snprintf(words[next], sizeof(words[next]), "%u", id);
	return words[next];
}

static const char *who(bool root)
{
	return root ? "privileged" : "unprivileged";
}

static bool exists(const char *token, const char *suffix)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s%s", token, suffix);
	return access(sandbox_path(path), F_OK) == 0;
}

/* The probe that holds the sandbox open, in the world userns is started in. */
static pid_t caller(void)
{
	return find_probe("sandbox");
}

static bool same_namespace(pid_t a, pid_t b, const char *type)
{
	return namespace_of(a, type) == namespace_of(b, type);
}

static void end(struct run *run, const char *token)
{
	kill(find_probe(token), SIGKILL);
	expect_status(run, 128 + SIGKILL);
}

static void new_user_namespace(void)
{
	static const char *const others[] = {"uts", "ipc", "mnt",
					     "pid", "net", "cgroup"};

	for (int root = 0; root < 2; root++) {
		const char *token = fresh_token();
		int status = random_between(1, 99);
		struct run *run = START_WITH({.as_root = root}, "userns",
					     "probe", "hold", token);
		pid_t command = await_probe(token), userns = pid_of(run);

		EXPECT(!same_namespace(command, userns, "user"),
		       "CMD is in the user namespace of its %s caller",
		       who(root));
		EXPECT(same_namespace(userns, caller(), "user"),
		       "userns itself has left the user namespace that it was "
		       "started in");
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
			EXPECT(same_namespace(command, userns, others[i]),
			       "CMD is in another %s namespace than its "
			       "caller: nobody asked for that",
			       others[i]);
		EXPECT(count_descriptors(command) == 3,
		       "CMD has %d descriptors: expected 0, 1 and 2",
		       count_descriptors(command));
		end(run, token);
		run = START_WITH({.as_root = root}, "userns", "probe", "exit",
				 id_word((unsigned)status));
		expect_status(run, status);
	}
	expect_status(START("userns", fresh_token()), 127);
	expect_nothing_left();
}

/* One line, one id: that of the process out here, which is `inside` there. */
static void expect_map(pid_t pid, const char *file, const char *field,
		       unsigned inside)
{
	unsigned map[3] = {0}, more, ids[4] = {0};
	int count = sscanf(proc_file(pid, file), "%u %u %u %u", &map[0],
			   &map[1], &map[2], &more);

	EXPECT(count > 0, "%s of CMD is empty: nobody wrote it", file);
	EXPECT(count == 3 && map[0] == inside && map[2] == 1,
	       "expected %s to map id %u and no other, saw %s", file, inside,
	       proc_file(pid, file));
	sscanf(status_of(pid, field), "%u %u %u %u", &ids[0], &ids[1], &ids[2],
	       &ids[3]);
	for (int i = 0; i < 4; i++)
		EXPECT(ids[i] == map[1],
		       "seen from outside, real, effective, saved and file "
		       "system id of CMD are to be %u; saw %s: %s",
		       map[1], field, status_of(pid, field));
}

static void ids(void)
{
	const unsigned inside[][2] = {
		{0, 0},
		{(unsigned)random_between(1, 60000),
		 (unsigned)random_between(1, 60000)},
		{0, (unsigned)random_between(1, 60000)},
		{65534, LAST_ID},
		{LAST_ID, 0},
	};

	for (int n = 0; n < 10; n++) {
		const char *token = fresh_token();
		const unsigned *id = inside[n / 2];
		struct run *run = START_WITH(
			{.as_root = n % 2}, "userns", "--uid", id_word(id[0]),
			"--gid", id_word(id[1]), "probe", "hold", token);
		pid_t command = await_probe(token);

		expect_map(command, "uid_map", "Uid", id[0]);
		expect_map(command, "gid_map", "Gid", id[1]);
		end(run, token);
	}
}

static void groups(void)
{
	for (int root = 0; root < 2; root++) {
		const char *token = fresh_token();
		struct run *run = START_WITH({.as_root = root}, "userns",
					     "probe", "hold", token);
		pid_t command = await_probe(token);

		/* The other way round the kernel would not have had it. */
		expect_map(command, "uid_map", "Uid", 0);
		expect_map(command, "gid_map", "Gid", 0);
		EXPECT(strncmp(proc_file(command, "setgroups"), "deny", 4) == 0,
		       "a group map of one id, written by a %s caller: "
		       "expected "
		       "/proc/PID/setgroups to be \"deny\", saw %s",
		       who(root), proc_file(command, "setgroups"));
		end(run, token);
	}
}

static uint64_t all_capabilities(void)
{
	const char *path = "/proc/sys/kernel/cap_last_cap";
	FILE *file = fopen(path, "re");
	int last = -1;

	if (!file || fscanf(file, "%d", &last) != 1 || last < 0)
		fail("no number in %s", path);
	fclose(file);
	return ((UINT64_C(1) << last) << 1) - 1;
}

static const char *sandbox_hostname(void)
{
	struct run *run = START("hostname");

	expect_status(run, 0);
	return output_of(run);
}

static void own_capabilities(void)
{
	static const char *const sets[] = {"CapEff", "CapPrm", "CapBnd"};
	const char *before = sandbox_hostname();

	for (int root = 0; root < 2; root++) {
		const char *token = fresh_token();
		struct run *run = START_WITH({.as_root = root}, "userns",
					     "probe", "hold", token);
		pid_t command = await_probe(token);

		for (size_t i = 0; i < 3; i++)
			EXPECT(status_mask(command, sets[i]) ==
				       all_capabilities(),
			       "expected user 0 of a namespace of its own to "
			       "have every capability there (%016llx), saw %s: "
			       "%s",
			       (unsigned long long)all_capabilities(), sets[i],
			       status_of(command, sets[i]));
		end(run, token);
		/* There is not here. */
		run = START_WITH({.as_root = root}, "userns", "hostname",
				 token);
		EXPECT(finish(run) == 1,
		       "CMD may change the host name of a namespace that is "
		       "not its own");
	}
	EXPECT(strcmp(sandbox_hostname(), before) == 0,
	       "the host name outside is now %s", sandbox_hostname());
}

static void capabilities_dropped(void)
{
	static const char *const sets[] = {"CapEff", "CapPrm", "CapBnd",
					   "CapInh", "CapAmb"};
	char fault[32];

	for (int n = 0; n < 4; n++) {
		const char *token = fresh_token();
		struct run *run = START_WITH(
			{.as_root = n % 2}, "userns", "--drop-caps", "--uid",
			n < 2 ? "0" : id_word((unsigned)random_between(1, 999)),
			"probe", "hold", token);
		pid_t command = await_probe(token);

		for (size_t i = 0; i < 5; i++)
			EXPECT(status_mask(command, sets[i]) == 0,
			       "expected no capability after execve(2) as "
			       "user %s, saw %s: %s",
			       n < 2 ? "0" : "N", sets[i],
			       status_of(command, sets[i]));
		end(run, token);
	}
	/* Who believes to have dropped them is worse off than who knows. */
	snprintf(fault, sizeof(fault), "fail=capbset_drop:1:%d", EPERM);
	REFUSES("not permitted", "probe", "launch", fault,
		"userns --drop-caps probe exit 0");
	snprintf(fault, sizeof(fault), "fail=capset:1:%d", EPERM);
	REFUSES("not permitted", "probe", "launch", fault,
		"userns --drop-caps probe exit 0");
}

static void hostname(void)
{
	static const char script[] = "hostname >$0; exec probe hold $1";
	const char *before = sandbox_hostname();

	for (int n = 0; n < 4; n++) {
		const char *token = fresh_token(), *file = fresh_token();
		struct run *run;
		char name[65], path[64];
		pid_t command;

		/* As long as may be, and a short one. */
		memset(name, 'x', sizeof(name));
		snprintf(name, sizeof(name), "%s", token);
		if (n < 2)
			name[strlen(name)] = '-';
		name[n < 2 ? 64 : 5] = '\0';
		snprintf(path, sizeof(path), "/tmp/%s", file);
		run = START_WITH({.as_root = n % 2}, "userns", "--hostname",
				 name, "sh", "-c", script, path, token);
		command = await_probe(token);
		EXPECT(!same_namespace(command, caller(), "uts"),
		       "CMD is in the UTS namespace of its caller");
		EXPECT(same_namespace(pid_of(run), caller(), "uts"),
		       "userns itself has left its UTS namespace");
		EXPECT(strcspn(read_in_sandbox(path), "\n") == strlen(name) &&
			       strncmp(read_in_sandbox(path), name,
				       strlen(name)) == 0,
		       "expected the host name %s in there, saw %s", name,
		       read_in_sandbox(path));
		EXPECT(strcmp(sandbox_hostname(), before) == 0,
		       "the host name outside is now %s", sandbox_hostname());
		end(run, token);
	}
}

static void ipc(void)
{
	for (int root = 0; root < 2; root++) {
		const char *token = fresh_token();
		struct run *run = START_WITH({.as_root = root}, "userns",
					     "--ipc", "probe", "hold", token);
		pid_t command = await_probe(token);

		EXPECT(!same_namespace(command, caller(), "ipc"),
		       "CMD is in the IPC namespace of its caller");
		EXPECT(same_namespace(command, caller(), "uts"),
		       "CMD is in another UTS namespace: nobody asked for "
		       "that");
		EXPECT(same_namespace(pid_of(run), caller(), "ipc"),
		       "userns itself has left its IPC namespace");
		end(run, token);
	}
}

/* Starts it, and returns when it is about to write for the nth time. */
static struct run *start_paused(bool root, int n, const char *token)
{
	char setting[64], program[64];
	struct run *run;

	snprintf(setting, sizeof(setting), "pause=write:%d:%s", n, token);
	snprintf(program, sizeof(program), "userns --uid 7 probe hold %s",
		 token);
	run = START_WITH({.as_root = root}, "probe", "launch", setting,
			 program);
	AWAIT(exists(token, ".paused") || has_ended(run),
	      "it has not written setgroups, gid_map and uid_map");
	EXPECT(!has_ended(run),
	       "it has ended, with status %d, before it had written "
	       "setgroups, gid_map and uid_map",
	       finish(run));
	return run;
}

/* Of setgroups, gid_map and uid_map one is missing each time. */
static void waits_for_maps(void)
{
	for (int n = 0; n < 6; n++) {
		const char *token = fresh_token();
		struct run *run = start_paused(n % 2, 1 + n / 2, token);
		pid_t child = 0, command;
		char path[64];

		children_of(pid_of(run), &child, 1);
		EXPECT(child, "the maps are written and there is no child");
		AWAIT(strchr("SZ", state_of(child)), "the child does not wait");
		EXPECT(!find_probe(token),
		       "CMD was executed before its id maps were written: it "
		       "has been nobody, Uid: %s",
		       status_of(child, "Uid"));
		EXPECT(state_of(child) == 'S',
		       "the child has not waited for its id maps, and ended");
		snprintf(path, sizeof(path), "/tmp/%s", token);
		write_in_sandbox(path, "");
		command = await_probe(token);
		expect_map(command, "uid_map", "Uid", 7);
		expect_map(command, "gid_map", "Gid", 0);
		end(run, token);
	}
}

static void gives_up(void)
{
	static const struct {
		const char *call;
		int number;
		const char *what;
	} faults[] = {
		{"write", 1, "setgroups, gid_map or uid_map"},
		{"write", 2, "setgroups, gid_map or uid_map"},
		{"write", 3, "setgroups, gid_map or uid_map"},
		{"setgid", 1, "setresgid(2)"},
		{"setuid", 1, "setresuid(2)"},
		{"fork", 1, "clone3(2)"},
	};
	const char *token = fresh_token();
	char fault[32];
	struct run *run;

	for (size_t n = 0; n < 2 * sizeof(faults) / sizeof(*faults); n++) {
		snprintf(fault, sizeof(fault), "fail=%s:%d:%d",
			 faults[n / 2].call, faults[n / 2].number, EPERM);
		run = START_WITH({.as_root = n % 2}, "probe", "launch", fault,
				 "userns probe exit 0");
		EXPECT(finish(run) == 125,
		       "%s fails: expected exit status 125, saw %d",
		       faults[n / 2].what, finish(run));
		expect_refusal(run, "not permitted");
	}
	/* Nobody is left who could release the child. */
	run = start_paused(false, 2, token);
	send_signal(run, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	expect_nothing_left();
}

static void refusals(void)
{
	static const char *const bad[] = {
		"-1",  "4294967295", "x",  "99999999999999999999",
		"1x",  "",	     " 1", "0x1",
		"1.0", "1 2"};
	int status = random_between(1, 99);
	char name[66];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		REFUSES("--uid", "userns", "--uid", bad[i], "probe", "exit",
			"0");
		REFUSES("--gid", "userns", "--gid", bad[i], "probe", "exit",
			"0");
	}
	memset(name, 'a' + random_between(0, 25), sizeof(name));
	name[65] = '\0';
	REFUSES(name, "userns", "--hostname", name, "probe", "exit", "0");
	REFUSES("userns: ", "userns", "--hostname", "", "probe", "exit", "0");
	REFUSES("--ipc", "userns", "--ipc=yes", "probe", "exit", "0");
	REFUSES("CMD", "userns", "--uid", "1");
	name[64] = '\0';
	expect_status(START("userns", "--hostname", name, "--ipc", "--uid", "1",
			    "--gid", "2", "--drop-caps", "probe", "exit",
			    id_word((unsigned)status)),
		      status);
}

static const struct test tests[] = {
	{"user_namespace", 1,
	 "CMD runs in a new user namespace, and only in that",
	 new_user_namespace, 0, 0},
	{"ids", 1, "inside CMD is the user and group that were asked for", ids,
	 0, 0},
	{"groups", 1, "setgroups(2) is denied before a group is mapped", groups,
	 0, 0},
	{"own_capabilities", 1,
	 "user 0 has every capability in there, and none out here",
	 own_capabilities, 0, 0},
	{"drop_caps", 1,
	 "--drop-caps leaves no capability, and none to be had again",
	 capabilities_dropped, 0, 0},
	{"hostname", 1, "--hostname is CMD's alone", hostname, 0, 0},
	{"ipc", 1, "--ipc gives CMD an IPC namespace, and nothing else", ipc, 0,
	 0},
	{"waits_for_maps", 1, "CMD is not executed before its ids are mapped",
	 waits_for_maps, 0, 0},
	{"gives_up", 1, "what fails is said, and leaves no child", gives_up, 0,
	 0},
	{"refusals", 1, "ids and host names that cannot be are refused",
	 refusals, 0, 0},
	{0},
};

const struct gate gate = {"06-user-uts-ipc", "userns", tests};
