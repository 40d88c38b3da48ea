/* Stage 06: clone.h, user.h, uts.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

/* Nobody can be the one after it: (uid_t)-1. */
#define LAST_ID 4294967294U

/* Sets of capabilities: all 64 bits, and what it takes to give others up. */
#define EVERYTHING (~UINT64_C(0))
#define CAN_DROP (UINT64_C(1) << 8) /* CAP_SETPCAP */

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

/* The probe that holds the sandbox open, in the world userns is started in. */
static pid_t caller(void)
{
	return sandbox_holder();
}

static bool same_namespace(pid_t a, pid_t b, const char *type)
{
	return namespace_of(a, type) == namespace_of(b, type);
}

/* In these, and in none but these, `pid` is elsewhere than the caller. */
static void expect_namespaces(pid_t pid, const char *whose, const char *new)
{
	static const char *const types[] = {"user", "uts", "ipc",    "mnt",
					    "pid",  "net", "cgroup", "time"};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		bool same = same_namespace(pid, caller(), types[i]);
		bool is_new = strstr(new, types[i]) != NULL;

		EXPECT(same != is_new,
		       is_new ? "%s is in the %s namespace of its caller: "
				"expected a new one, by CLONE_NEW*"
			      : "%s is in another %s namespace than its "
				"caller: nobody asked for that",
		       whose, types[i]);
	}
}

static void end(struct run *run, const char *token)
{
	kill_process(find_probe(token), SIGKILL);
	expect_status(run, 128 + SIGKILL);
}

/* Exit status 125 and one line that says `part`; `what` is what was asked. */
static void expect_refused(struct run *run, const char *part, const char *what)
{
	EXPECT(finish(run) == 125,
	       "%s: expected a failure and exit status 125, saw %d", what,
	       finish(run));
	expect_refusal(run, part);
}

/* A driver that holds still when it has not failed, as it is to. */
static void expect_failure(struct run *run, const char *part, const char *what)
{
	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "%s: it does not return", what);
	EXPECT(has_ended(run), "%s: expected a failure, saw none", what);
	expect_refused(run, part, what);
}

/* The process that a driver has said is `what`; 0: it has not. */
static pid_t told_pid(struct run *run, const char *what)
{
	const char *line = strstr(output_of(run), what);
	int pid = 0;

	if (line)
		sscanf(line + strlen(what), "%d", &pid);
	return pid;
}

/* The children of a driver, but for one that was there before. */
static void expect_no_child(struct run *run, const char *what)
{
	const pid_t older = told_pid(run, "older ");
	bool is_there = older == 0;
	pid_t children[8];
	size_t count = children_of(pid_of(run), children, 8);

	for (size_t i = 0; i < count; i++) {
		bool is_older = inner_pid(children[i]) == older;

		EXPECT(is_older, "%s: the child that was given up is %s", what,
		       state_of(children[i]) == 'Z'
			       ? "a zombie: nobody waited for it"
			       : "still there");
		is_there |= is_older;
	}
	EXPECT(is_there,
	       "%s: another child of the caller's has been collected, which is "
	       "the caller's to wait for",
	       what);
}

static void expect_nothing_open(struct run *run, const char *what)
{
	const pid_t pid = pid_of(run);
	const char *file;
	int fds[16];
	size_t count = descriptors_of(pid, fds, 16);

	for (size_t i = 0; i < count; i++) {
		if (fds[i] < 3)
			continue;
		file = proc_link(pid, word("fd/%d", fds[i]));
		/* To close these is for map_ids(), whoever calls it. */
		if (strstr(file, "_map") || strstr(file, "/setgroups"))
			about_task(2);
		fail("%s: descriptor %d, %s, is left open in the caller", what,
		     fds[i], file);
	}
}

/*
 * A driver that holds still when it has failed, as it is to: nothing may be
 * left with the caller of what has returned -1.
 */
static void expect_taken_back(struct run *run, const char *part,
			      const char *what)
{
	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "%s: it does not return", what);
	EXPECT(!has_ended(run),
	       "%s: expected -1 to be returned in the caller, saw it end with "
	       "status %d",
	       what, finish(run));
	expect_no_child(run, what);
	expect_nothing_open(run, what);
	EXPECT(strstr(errors_of(run), part),
	       "%s: expected the failure and its errno (%s)", what, part);
	kill_process(pid_of(run), SIGKILL);
	expect_status(run, 128 + SIGKILL);
}

/* The number that an id of the sandbox has out here. */
static unsigned id_out_here(const char *file, unsigned id)
{
	unsigned inside, outside, count;

	if (sscanf(proc_file(caller(), file), "%u %u %u", &inside, &outside,
		   &count) != 3)
		fail("the sandbox has no %s", file);
	return id - inside + outside;
}

/* A judge without privileges has one id to give, and that is the student's. */
static bool many_ids(void)
{
	unsigned count = 0;

	sscanf(proc_file(caller(), "uid_map"), "%*u %*u %u", &count);
	return count > 1;
}

/* What the driver says as soon as it has a child. */
static void expect_started(struct run *run, pid_t command, bool with_pidfd)
{
	pid_t driver = pid_of(run);
	int pidfd = -1, child = -1, pid = 0;
	char info[32];
	const char *line = NULL;

	EXPECT(parent_of(command) == driver,
	       "the child's parent is %d, expected its caller, %d",
	       parent_of(command), driver);
	AWAIT(((line = strstr(output_of(run), "started ")) &&
	       sscanf(line, "started %d %d", &pidfd, &child) == 2) ||
		      has_ended(run),
	      "the parent has not got its child's process id back");
	EXPECT(child == inner_pid(command),
	       "the parent was told %d, and its child is process %d", child,
	       inner_pid(command));
	EXPECT(count_descriptors(command) == 3,
	       "the command has %d descriptors, expected 0, 1 and 2: one that "
	       "is not close-on-exec has leaked into it",
	       count_descriptors(command));
	EXPECT(count_descriptors(driver) == 3 + with_pidfd,
	       "the parent has %d descriptors open, expected 0, 1, 2%s",
	       count_descriptors(driver),
	       with_pidfd ? " and the pidfd" : " alone");
	if (!with_pidfd)
		return;
	snprintf(info, sizeof(info), "fdinfo/%d", pidfd);
	line = strstr(proc_file(driver, info), "Pid:");
	EXPECT(line && sscanf(line, "Pid: %d", &pid) == 1 && pid == command,
	       "*pidfd is %d: expected a pidfd of the child (%d), saw %s",
	       pidfd, command, line ? line : "none");
	EXPECT(flags_of(driver, pidfd) & O_CLOEXEC,
	       "the pidfd is not close-on-exec: whatever is executed has it");
}

static void expect_told(struct run *run, int status)
{
	EXPECT(finish(run) == status,
	       "waitpid(2) for the child: expected exit status %d, saw %d: "
	       "its exit signal is SIGCHLD, or no wait finds it",
	       status, finish(run));
}

/* 0 is a descriptor like any other, and -1 alone means that none is given. */
static void expect_no_cgroup(int descriptor)
{
	struct run *run = START("driver", "cgroup", number_word(descriptor));

	EXPECT(finish(run) == 125,
	       "told to start the child in a cgroup whose descriptor is %d, "
	       "which is %s: expected EBADF and exit status 125, saw %d: "
	       "CLONE_INTO_CGROUP is not asked for",
	       descriptor, descriptor < 0 ? "none" : "that of another file",
	       finish(run));
	expect_refusal(run, strerror(EBADF));
}

static void clone_flags(void)
{
	static const struct {
		const char *flags, *names;
	} worlds[] = {
		{"10000000", "user"},	   {"14000000", "user uts"},
		{"18000000", "user ipc"},  {"12020000", "user mnt cgroup"},
		{"10000080", "user time"}, {"7c000000", "user uts ipc pid net"},
	};
	const size_t count = sizeof(worlds) / sizeof(*worlds);
	const char *token;
	char fault[32], program[64];
	struct run *run;
	pid_t command;

	for (size_t i = 0; i < count; i++) {
		/* A kernel may have been built without this type. */
		if (strstr(worlds[i].names, "time") &&
		    !namespace_of(caller(), "time"))
			continue;
		token = fresh_token();
		run = START("driver", "clone", worlds[i].flags, "probe", "hold",
			    token);
		command = await_probe(token);
		/* In a PID namespace of its own it is process 1. */
		if (i < count - 1)
			expect_started(run, command, true);
		expect_namespaces(command, "the child", worlds[i].names);
		kill_process(command, SIGKILL);
		expect_told(run, 128 + SIGKILL);
	}
	token = fresh_token();
	run = START("driver", "plain", "probe", "hold", token);
	command = await_probe(token);
	expect_started(run, command, false);
	expect_namespaces(command, "the child", "");
	kill_process(command, SIGKILL);
	expect_told(run, 128 + SIGKILL);
	expect_no_cgroup(0);
	expect_no_cgroup(1);
	expect_no_cgroup(-2);
	snprintf(fault, sizeof(fault), "fail=fork:1:%d", EAGAIN);
	snprintf(program, sizeof(program), "driver plain probe hold %s", token);
	REFUSES(strerror(EAGAIN), "probe", "launch", fault, program);
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

struct range {
	unsigned inside, outside, count;
};

/* "A:B:C,..." for the driver. */
static const char *ranges_word(const struct range *ranges, size_t count)
{
	static char words[2][128];
	static int next;
	size_t n = 0;

	next = (next + 1) % 2;
	for (size_t i = 0; i < count; i++)
		n += (size_t)snprintf(words[next] + n, sizeof(words[next]) - n,
				      "%s%u:%u:%u", i ? "," : "",
				      ranges[i].inside, ranges[i].outside,
				      ranges[i].count);
	return words[next];
}

/* Line by line, as they were asked for. */
static void expect_ranges(pid_t pid, const char *file,
			  const struct range *ranges, size_t count)
{
	char text[1024];
	const char *line = text;

	snprintf(text, sizeof(text), "%s", proc_file(pid, file));
	EXPECT(*text, "%s is empty: nobody wrote it", file);
	for (size_t i = 0; i < count; i++) {
		const struct range *r = &ranges[i];
		struct range seen = {0};

		sscanf(line, "%u %u %u", &seen.inside, &seen.outside,
		       &seen.count);
		EXPECT(seen.inside == r->inside && seen.count == r->count &&
			       seen.outside == id_out_here(file, r->outside),
		       "line %zu of %s: expected %u %u %u, saw %u %u %u", i + 1,
		       file, r->inside, id_out_here(file, r->outside), r->count,
		       seen.inside, seen.outside, seen.count);
		line = strchr(line, '\n');
		line = line ? line + 1 : "";
	}
	EXPECT(!*line, "%s has more lines than were asked for: %s", file, text);
}

static void expect_setgroups(pid_t pid, const char *word, const char *why)
{
	EXPECT(strncmp(proc_file(pid, "setgroups"), word, strlen(word)) == 0,
	       "%s: expected /proc/PID/setgroups to be \"%s\", saw %s", why,
	       word, proc_file(pid, "setgroups"));
}

/* What the driver is told to write, and what the kernel has then. */
static void check_maps(const struct range *users, size_t user_count,
		       const struct range *groups, size_t group_count)
{
	const char *token = fresh_token();
	bool one = group_count == 1 && groups[0].count == 1;
	struct run *run = START_WITH({.as_root = user_count > 1}, "driver",
				     "map", ranges_word(users, user_count),
				     ranges_word(groups, group_count), "probe",
				     "hold", token);
	pid_t command = await_probe(token);

	expect_ranges(command, "uid_map", users, user_count);
	expect_ranges(command, "gid_map", groups, group_count);
	expect_setgroups(command, one ? "deny" : "allow",
			 one ? "a group map of one id"
			     : "a group map of more than one id");
	end(run, token);
}

static int count_lines(const char *text)
{
	int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void check_many_maps(int count)
{
	const char *token = fresh_token();
	struct run *run =
		START_WITH({.as_root = true}, "driver", "maps",
			   id_word((unsigned)count), "probe", "hold", token);
	pid_t command = await_probe(token);

	EXPECT(count_lines(proc_file(command, "uid_map")) == count &&
		       count_lines(proc_file(command, "gid_map")) == count,
	       "of %d ranges %d are in uid_map and %d in gid_map", count,
	       count_lines(proc_file(command, "uid_map")),
	       count_lines(proc_file(command, "gid_map")));
	end(run, token);
}

/* More than the kernel takes in one write. */
static void expect_too_many(void)
{
	struct run *run = START_WITH({.as_root = true}, "driver", "maps",
				     "1500", "probe", "exit", "0");

	expect_refused(run, "map", "1500 ranges");
	EXPECT(strstr(errors_of(run), strerror(E2BIG)) ||
		       strstr(errors_of(run), strerror(EINVAL)),
	       "1500 ranges do not go into one write: expected E2BIG (%s) or "
	       "EINVAL (%s)",
	       strerror(E2BIG), strerror(EINVAL));
}

static void id_maps(void)
{
	const unsigned n = (unsigned)random_between(1, 900);
	const struct range one = {n, 1000, 1}, other = {n + 1, 1000, 1};
	const struct range users[] = {
		{0, 1000, 1}, {n, 2000 + n, 100}, {n + 100, 5000, n}};
	const struct range groups[] = {{0, 3000, 2}, {n + 2, 4000 + n, 200}};

	check_maps(&one, 1, &other, 1);
	check_maps(&(struct range){4294967294U, 1000, 1}, 1,
		   &(struct range){0, 1000, 1}, 1);
	REFUSES(strerror(EPERM), "driver", "map", "0:0:1", "0:1000:1", "probe",
		"exit", "0");
	REFUSES(strerror(EPERM), "driver", "map", "0:1000:1", "0:0:1", "probe",
		"exit", "0");
	expect_too_many();
	for (int i = 1; i <= 3; i++)
		expect_taken_back(
			START("probe", "launch",
			      word("fail=write:%d:%d", i, EIO),
			      "driver unmapped 0:1000:1 0:1000:1 probe exit 0"),
			strerror(EIO),
			word("write(2) number %d of the maps fails", i));
	if (!many_ids())
		return;
	/* Lines of 15 to 17 bytes; in a write there is room for 4095. */
	check_many_maps(random_between(200, 220));
	check_maps(users, 3, groups, 2);
	check_maps(users, 2, groups, 1);
	check_maps(users, 3, &other, 1);
	expect_refusal(START_WITH({.as_root = true}, "driver", "map",
				  "0:1000:10,5:2000:10", "0:1000:1", "probe",
				  "exit", "0"),
		       strerror(EINVAL));
}

/* All four of them, seen from outside, are what `id` is in the sandbox. */
static void expect_ids(pid_t pid, const char *field, const char *file,
		       unsigned id)
{
	const unsigned expected = id_out_here(file, id);
	unsigned ids[4] = {0};

	sscanf(status_of(pid, field), "%u %u %u %u", &ids[0], &ids[1], &ids[2],
	       &ids[3]);
	for (int i = 0; i < 4; i++)
		EXPECT(ids[i] == expected,
		       "expected real, effective, saved and file system id to "
		       "be %u (%u in there), saw %s: %s",
		       expected, id, field, status_of(pid, field));
}

static void check_become(const char *what, unsigned uid, unsigned gid)
{
	struct run *run = START_WITH({.as_root = true}, "driver", what,
				     id_word(uid), id_word(gid));
	pid_t driver;

	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "become_user() does not return");
	EXPECT(!has_ended(run),
	       "become_user(%u, %u), called by %s, has failed%s", uid, gid,
	       *what == 's' ? "user 0" : "a user with every capability",
	       *what == 's' && strstr(errors_of(run), strerror(EPERM))
		       ? ". If the user id is changed first, the capability to "
			 "change the group ids is gone"
		       : "");
	driver = pid_of(run);
	expect_ids(driver, "Uid", "uid_map", uid);
	expect_ids(driver, "Gid", "gid_map", gid);
	/* In a sandbox that an ordinary user made nobody can drop them. */
	EXPECT(!*status_of(driver, "Groups") ||
		       strstr(proc_file(driver, "setgroups"), "deny"),
	       "supplementary groups are left: %s",
	       status_of(driver, "Groups"));
	kill_process(driver, SIGKILL);
	expect_status(run, 128 + SIGKILL);
}

static void becomes_user(void)
{
	const unsigned uid = (unsigned)random_between(1, 60000);
	const unsigned gid = (unsigned)random_between(1, 60000);
	char fault[32];

	if (many_ids()) {
		check_become("superuser", uid, gid);
		check_become("superuser", 0, gid);
		check_become("become", uid, gid);
		snprintf(fault, sizeof(fault), "fail=setgroups:1:%d", ENOMEM);
		expect_failure(START_WITH({.as_root = true}, "probe", "launch",
					  fault, "driver become 1000 1000"),
			       strerror(ENOMEM), "setgroups(2) fails");
		expect_failure(START("driver", "become", "7", "1000"),
			       strerror(EPERM), "another user");
		expect_failure(START("driver", "become", "1000", "7"),
			       strerror(EPERM), "another group");
	}
	check_become("become", 1000, 1000);
	expect_failure(START_WITH({.as_root = true}, "driver", "become",
				  "100000", "1000"),
		       strerror(EINVAL), "a user that is not mapped");
	expect_failure(START_WITH({.as_root = true}, "driver", "become", "1000",
				  "100000"),
		       strerror(EINVAL), "a group that is not mapped");
	/* To the kernel this is none at all, and no reason to fail. */
	expect_failure(START_WITH({.as_root = true}, "driver", "become",
				  id_word((unsigned)-1), "1000"),
		       strerror(EINVAL), "user -1, which nobody is");
	expect_failure(START_WITH({.as_root = true}, "driver", "become", "1000",
				  id_word((unsigned)-1)),
		       strerror(EINVAL), "group -1, which nobody is");
}

/* Programs of ours, which write down what they are asked for and do nothing. */
static void expect_helpers(void)
{
	static const char script[] = "#!/bin/sh\necho ${0##*/} >>/tmp/helped\n";
	struct run *run;

	write_in_sandbox("/tmp/newuidmap", script);
	write_in_sandbox("/tmp/newgidmap", script);
	run = START("sh", "-c",
		    "PATH=/tmp:$PATH exec driver helpers probe exit 0");
	finish(run);
	EXPECT(strstr(read_in_sandbox("/tmp/helped"), "newuidmap") &&
		       strstr(read_in_sandbox("/tmp/helped"), "newgidmap"),
	       "newuidmap and newgidmap were to write the maps, and were not "
	       "both called: write_maps() knows who writes them");
}

static void ids(void)
{
	static const char *const bad[] = {"-1", "4294967295", "1x", "", " 1"};
	const unsigned inside[][2] = {
		{0, 0},
		{(unsigned)random_between(1, 60000),
		 (unsigned)random_between(1, 60000)},
		{0, (unsigned)random_between(1, 60000)},
		{65534, LAST_ID},
		{LAST_ID, 0},
	};
	const char *token;
	struct run *run;

	for (int n = 0; n < 10; n++) {
		const unsigned *id = inside[n / 2];
		pid_t command;

		token = fresh_token();
		run = START_WITH({.as_root = n % 2}, "userns", "--uid",
				 id_word(id[0]), "--gid", id_word(id[1]),
				 "probe", "hold", token);
		command = await_probe(token);
		expect_map(command, "uid_map", "Uid", id[0]);
		expect_map(command, "gid_map", "Gid", id[1]);
		expect_setgroups(command, "deny", "a group map of one id");
		end(run, token);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		REFUSES("--uid", "userns", "--uid", bad[i], "probe", "exit",
			"0");
		REFUSES("--gid", "userns", "--gid", bad[i], "probe", "exit",
			"0");
	}
	REFUSES("CMD", "userns", "--uid", "1");
	expect_helpers();
	if (!many_ids())
		return;
	/* A world with ranges, as the last stage makes it. */
	token = fresh_token();
	run = START_WITH({.as_root = true}, "driver", "world", "33", "44",
			 "0:1000:1,1:2000:100", "0:3000:1,1:5000:100", "probe",
			 "hold", token);
	expect_ids(await_probe(token), "Uid", "uid_map", 2032);
	expect_ids(find_probe(token), "Gid", "gid_map", 5043);
	expect_setgroups(find_probe(token), "allow", "a group map of ranges");
	end(run, token);
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

/* A pidfd that nobody asked for is not the caller's to close. */
static void expect_no_pidfd(void)
{
	const char *token = fresh_token();
	struct run *run = START("driver", "unasked", "probe", "hold", token);

	expect_started(run, await_probe(token), false);
	end(run, token);
}

static void user_namespace(void)
{
	static const char *const sets[] = {"CapEff", "CapPrm", "CapBnd"};
	const char *before = sandbox_hostname();

	for (int n = 0; n < 4; n++) {
		const bool root = n % 2, ipc = n / 2;
		const char *token = fresh_token();
		struct run *run =
			ipc ? START_WITH({.as_root = root}, "userns", "--ipc",
					 "probe", "hold", token)
			    : START_WITH({.as_root = root}, "userns", "probe",
					 "hold", token);
		pid_t command = await_probe(token);

		expect_namespaces(command, "CMD", ipc ? "user ipc" : "user");
		expect_namespaces(pid_of(run), "userns itself", "");
		EXPECT(count_descriptors(command) == 3,
		       "CMD has %d descriptors: expected 0, 1 and 2",
		       count_descriptors(command));
		for (size_t i = 0; i < 3; i++)
			EXPECT(status_mask(command, sets[i]) ==
				       all_capabilities(),
			       "expected user 0 of a namespace of its own to "
			       "have every capability there (%016llx), saw %s: "
			       "%s, Uid: %s",
			       (unsigned long long)all_capabilities(), sets[i],
			       status_of(command, sets[i]),
			       status_of(command, "Uid"));
		end(run, token);
		/* There is not here. */
		run = START_WITH({.as_root = root}, "userns", "hostname",
				 token);
		EXPECT(finish(run) == 1,
		       "CMD of a %s caller may change the host name of a "
		       "namespace that is not its own",
		       who(root));
	}
	EXPECT(strcmp(sandbox_hostname(), before) == 0,
	       "the host name outside is now %s", sandbox_hostname());
	expect_no_pidfd();
	expect_refused(START("driver", "group", "0", "probe", "exit", "0"),
		       strerror(EBADF),
		       "a child that starts in a cgroup which is none");
	expect_status(START("userns", "probe", "exit", "77"), 77);
	expect_status(START("userns", fresh_token()), 127);
	expect_nothing_left();
}

/* Some from each of the two words that the kernel has them in. */
static uint64_t some_capabilities(void)
{
	return (UINT64_C(1) << random_between(0, 15)) |
	       (UINT64_C(1) << random_between(16, 31)) |
	       (UINT64_C(1) << random_between(32, 37));
}

static const char *hex_word(uint64_t mask)
{
	return word("0x%llx", (unsigned long long)mask);
}

/* Called by one who has all, in all five sets, or has dropped all but `had`. */
static void check_drop(uint64_t had, uint64_t keep)
{
	const uint64_t left = had & keep & all_capabilities();
	const struct {
		const char *name;
		uint64_t expected;
	} sets[] = {
		{"CapBnd", left}, {"CapPrm", left}, {"CapEff", left},
		{"CapInh", 0},	  {"CapAmb", 0},
	};
	const char *mask = hex_word(keep), *before = hex_word(had);
	struct run *run =
		had == EVERYTHING
			? START_WITH({.as_root = true}, "driver", "drop", mask)
			: START_WITH({.as_root = true}, "driver", "again",
				     before, mask);

	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "drop_capabilities(%s) does not return", mask);
	EXPECT(!has_ended(run),
	       "drop_capabilities(%s), called by one who has %s, has failed",
	       mask, before);
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		EXPECT(status_mask(pid_of(run), sets[i].name) ==
			       sets[i].expected,
		       "after drop_capabilities(%s), called by one who had %s, "
		       "expected %s: %016llx, saw %s",
		       mask, before, sets[i].name,
		       (unsigned long long)sets[i].expected,
		       status_of(pid_of(run), sets[i].name));
	kill_process(pid_of(run), SIGKILL);
	expect_status(run, 128 + SIGKILL);
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
	/* All that can be asked for at once. */
	expect_status(START("userns", "--hostname", fresh_token(), "--ipc",
			    "--uid", "1", "--gid", "2", "--drop-caps", "probe",
			    "exit", "31"),
		      31);
	check_drop(EVERYTHING, 0);
	check_drop(EVERYTHING, some_capabilities());
	check_drop(EVERYTHING, EVERYTHING);
	/* What is to be kept and was not there is no failure. */
	check_drop(some_capabilities() | CAN_DROP, EVERYTHING);
	check_drop(some_capabilities() | CAN_DROP, some_capabilities());
	/* Who believes to have dropped them is worse off than who knows. */
	snprintf(fault, sizeof(fault), "fail=capbset_drop:1:%d", EPERM);
	expect_refused(START("probe", "launch", fault,
			     "userns --drop-caps probe exit 0"),
		       "not permitted", "PR_CAPBSET_DROP fails");
	snprintf(fault, sizeof(fault), "fail=capset:1:%d", EPERM);
	expect_refused(START("probe", "launch", fault,
			     "userns --drop-caps probe exit 0"),
		       "not permitted", "capset(2) fails");
}

static void hostname(void)
{
	static const char script[] = "hostname >$0; exec probe hold $1";
	const char *before = sandbox_hostname();
	char longest[66] = "";

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
		expect_namespaces(command, "CMD", "user uts");
		expect_namespaces(pid_of(run), "userns itself", "");
		EXPECT(strcspn(read_in_sandbox(path), "\n") == strlen(name) &&
			       strncmp(read_in_sandbox(path), name,
				       strlen(name)) == 0,
		       "expected the host name %s in there, saw %s", name,
		       read_in_sandbox(path));
		EXPECT(strcmp(sandbox_hostname(), before) == 0,
		       "the host name outside is now %s", sandbox_hostname());
		end(run, token);
	}
	/* That of the sandbox is not for an ordinary user to change. */
	expect_failure(START("driver", "hostname", fresh_token()),
		       strerror(EPERM),
		       "set_hostname() of one who may not do that");
	EXPECT(strcmp(sandbox_hostname(), before) == 0,
	       "the host name outside is now %s", sandbox_hostname());
	expect_refused(START("userns", "--hostname", "", "probe", "exit", "0"),
		       strerror(EINVAL), "an empty host name");
	memset(longest, 'a' + random_between(0, 25), 65);
	expect_refused(
		START("userns", "--hostname", longest, "probe", "exit", "0"),
		strerror(EINVAL), "a host name of 65 bytes");
	longest[64] = '\0';
	expect_status(START("userns", "--hostname", longest, "--ipc", "--uid",
			    "1", "--gid", "2", "probe", "exit", "31"),
		      31);
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

static void let_go(const char *token)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s", token);
	write_in_sandbox(path, "");
}

/* Of one that waits, and handles it: read(2) and its like end with EINTR. */
static void expect_not_let_go_by_signal(pid_t child, const char *token)
{
	kill_process(child, SIGUSR1);
	AWAIT(!(status_mask(child, "ShdPnd") & ~status_mask(child, "SigBlk") &
		bit_of(SIGUSR1)),
	      "SIGUSR1 does not reach the child");
	AWAIT(is_idle(child), "the child does not come to rest");
	EXPECT(state_of(child) == 'S' && !find_probe(token),
	       "a signal that the child handles came while it waited, before "
	       "arrange() had returned, and CMD was executed, or has ended: "
	       "EINTR is no word of the parent's");
}

/* The parent still has something to do when the maps are there. */
static void waits_for_arrangement(void)
{
	const char *token = fresh_token(), *go = fresh_token();
	struct run *run =
		START("driver", "arrange", go, "probe", "hold", token);
	pid_t child = 0, command;

	AWAIT(exists(go, ".arranging") || has_ended(run),
	      "arrange() was not called");
	EXPECT(!has_ended(run), "it has ended and arrange() was not called");
	children_of(pid_of(run), &child, 1);
	EXPECT(told_pid(run, "arranging ") == inner_pid(child),
	       "arrange() was told of process %d, and the child is %d",
	       told_pid(run, "arranging "), inner_pid(child));
	EXPECT(*proc_file(child, "uid_map") && *proc_file(child, "gid_map"),
	       "arrange() was called before the maps were written");
	AWAIT(strchr("SZ", state_of(child)), "the child does not wait");
	/* If it was let go, it has a moment to show it. */
	AWAIT(is_idle(child), "the child does not come to rest");
	EXPECT(state_of(child) == 'S' && !find_probe(token),
	       "CMD was executed, or has ended, before arrange() had returned");
	expect_not_let_go_by_signal(child, token);
	let_go(go);
	command = await_probe(token);
	expect_started(run, command, true);
	expect_map(command, "uid_map", "Uid", 0);
	end(run, token);
}

/* Of setgroups, gid_map and uid_map one is missing each time. */
static void waits_for_maps(void)
{
	for (int n = 0; n < 6; n++) {
		const char *token = fresh_token();
		struct run *run = start_paused(n % 2, 1 + n / 2, token);
		pid_t child = 0, command;

		children_of(pid_of(run), &child, 1);
		EXPECT(child, "it writes something, and there is no child yet "
			      "that maps could be written for");
		AWAIT(strchr("SZ", state_of(child)), "the child does not wait");
		is_idle(child);
		EXPECT(!find_probe(token),
		       "CMD was executed before its id maps were written: it "
		       "has been nobody, Uid: %s",
		       status_of(child, "Uid"));
		EXPECT(state_of(child) == 'S',
		       "the child has not waited for its id maps, and ended");
		let_go(token);
		command = await_probe(token);
		expect_map(command, "uid_map", "Uid", 7);
		expect_map(command, "gid_map", "Gid", 0);
		end(run, token);
	}
	waits_for_arrangement();
}

/*
 * -1, for whatever reason, by one who has an older child. The driver starts
 * that one, sees its end and says so: its first fork, wait and write.
 */
static void expect_all_taken_back(void)
{
	const struct {
		const char *fault;
		int error;
		const char *what;
	} faults[] = {
		{"", EDOM, "arrange() has failed"},
		{"fail=wait:2", EINTR,
		 "arrange() has failed, and a signal comes while the child is "
		 "waited for"},
		{"fail=write:2", EPERM, "the first write(2) of the maps fails"},
		{"fail=write:3", EPERM,
		 "the second write(2) of the maps fails"},
		{"fail=write:4", EPERM, "the third write(2) of the maps fails"},
		{"fail=fork:2", EAGAIN, "clone3(2) fails"},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		int error = faults[i].error;
		struct run *run =
			*faults[i].fault
				? START("probe", "launch",
					word("%s:%d", faults[i].fault, error),
					"driver refuse")
				: START("driver", "refuse");

		/* What interrupts the wait is not what has failed. */
		expect_taken_back(run, strerror(error == EINTR ? EDOM : error),
				  faults[i].what);
	}
}

/* It has ended in fork_in_namespaces(), and as a child ends. */
static void expect_child_ended(struct run *run)
{
	finish(run);
	EXPECT(!strstr(output_of(run), "-1 in the child"),
	       "fork_in_namespaces() has returned -1 in the child as well: its "
	       "caller would give up twice");
	EXPECT(!strstr(output_of(run), "exit(3)"),
	       "the child has ended by exit(3), which does what its parent has "
	       "left to be done then, and writes what is in its buffers: "
	       "expected _exit(2)");
}

/* Nobody is left who could be let go: that may be seen at once, or later. */
static void expect_bereaved(void)
{
	struct run *run = START("driver", "bereaved", "probe", "exit", "0");

	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "the child was killed before it was let go, and "
	      "fork_in_namespaces() does not return");
	if (!has_ended(run))
		expect_taken_back(run, "driver: ",
				  "the child was killed before it was let go");
	else
		EXPECT(finish(run) == 128 + SIGKILL,
		       "the child was killed before it was let go: expected "
		       "-1, or the child's exit status (%d), saw %d%s",
		       128 + SIGKILL, finish(run),
		       finish(run) == 128 + SIGPIPE
			       ? ": SIGPIPE ended the parent"
			       : "");
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
	for (int n = 0; n < 2; n++) {
		run = START(
			"probe", "launch",
			word("fail=%s:1:%d", n ? "setuid" : "setgid", EPERM),
			"driver world 0 0 0:1000:1 0:1000:1 probe exit 0");
		expect_child_ended(run);
		expect_refused(run, "not permitted",
			       "the child cannot become its user");
	}
	expect_all_taken_back();
	/* Nobody is left who could release the child. */
	run = start_paused(false, 2, token);
	send_signal(run, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	expect_nothing_left();
	run = START("driver", "orphan", "probe", "exit", "0");
	EXPECT(finish(run) == 125,
	       "the parent has died before it let the child go: expected the "
	       "child to exit with 125, saw %d",
	       finish(run));
	expect_child_ended(run);
	EXPECT(!*errors_of(run), "the child of a parent that died says %s",
	       errors_of(run));
	expect_bereaved();
	expect_nothing_left();
}

static bool has_joined(pid_t pid, pid_t target)
{
	return same_namespace(pid, target, "user") &&
	       same_namespace(pid, target, "uts");
}

/* -1, and where the driver was before, which is not where `target` is. */
static void expect_not_joined(struct run *joined, pid_t target, int error,
			      const char *what)
{
	AWAIT(strstr(output_of(joined), "done") || has_ended(joined),
	      "%s: join_namespaces() does not return", what);
	EXPECT(!has_ended(joined), "%s, and join_namespaces() has not failed",
	       what);
	EXPECT(strstr(errors_of(joined), strerror(error)),
	       "%s: expected the errno of setns(2): %s", what, strerror(error));
	EXPECT(same_namespace(pid_of(joined), caller(), "user") &&
		       !same_namespace(pid_of(joined), target, "uts"),
	       "%s, and the caller is in another all the same: setns(2) takes "
	       "all flags at once",
	       what);
	send_signal(joined, SIGKILL);
	expect_status(joined, 128 + SIGKILL);
}

/* What a driver becomes that has left; 0: it has not. */
static pid_t await_left(struct run *run, const char *token)
{
	AWAIT(find_probe(token) || has_ended(run) ||
		      strstr(output_of(run), "done"),
	      "leave_namespaces() does not return");
	return find_probe(token);
}

/* Where the driver was before, and it says why. */
static void expect_not_left(struct run *run, const char *what)
{
	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "%s: leave_namespaces() does not return", what);
	EXPECT(!has_ended(run), "%s: expected -1, saw exit status %d", what,
	       finish(run));
	EXPECT(strstr(errors_of(run), strerror(EPERM)),
	       "%s: expected the errno of unshare(2): %s", what,
	       strerror(EPERM));
	EXPECT(same_namespace(pid_of(run), caller(), "uts") &&
		       same_namespace(pid_of(run), caller(), "ipc"),
	       "%s, and the caller has left a namespace all the same: "
	       "unshare(2) takes all flags at once",
	       what);
	send_signal(run, SIGKILL);
	expect_status(run, 128 + SIGKILL);
}

/* A second call, should there be one, fails. */
static void expect_left_at_once(void)
{
	const char *token = fresh_token();
	struct run *run =
		START_WITH({.as_root = true}, "probe", "launch",
			   word("fail=unshare:2:%d", EPERM),
			   word("driver leave c000000 probe hold %s", token));
	const pid_t command = await_left(run, token);

	if (!command) {
		expect_not_left(run, "the second unshare(2) fails");
		return;
	}
	expect_namespaces(command, "the caller", "uts ipc");
	end(run, token);
}

static void leave_and_join(void)
{
	const char *token = fresh_token(), *joiner = fresh_token();
	const char *target_pid;
	struct run *run, *joined;
	pid_t command, target;

	run = START_WITH({.as_root = true}, "driver", "leave", "c000000",
			 "probe", "hold", token);
	target = await_left(run, token);
	EXPECT(target, "leave_namespaces() has failed, called by one who may "
		       "leave these");
	expect_namespaces(target, "the caller", "uts ipc");
	expect_not_joined(START_WITH({.as_root = true}, "driver", "join",
				     id_word((unsigned)inner_pid(target)),
				     "14000000", "probe", "exit", "0"),
			  target, EINVAL,
			  "one of two is the user namespace that the caller is "
			  "in already");
	end(run, token);
	expect_not_left(
		START("driver", "leave", "4000000", "probe", "exit", "0"),
		"a UTS namespace without the right to one");
	expect_left_at_once();
	token = fresh_token();
	run = START("driver", "leave", "14000000", "probe", "hold", token);
	target = await_left(run, token);
	EXPECT(target, "leave_namespaces() has failed for a new user namespace "
		       "and a UTS namespace that it owns");
	expect_namespaces(target, "the caller", "user uts");
	target_pid = id_word((unsigned)inner_pid(target));
	joined = START("driver", "join", target_pid, "14000000", "probe",
		       "hold", joiner);
	AWAIT(find_probe(joiner) || strstr(output_of(joined), "done") ||
		      has_ended(joined),
	      "join_namespaces() does not return");
	command = find_probe(joiner);
	EXPECT(command,
	       "the user and UTS namespace of a child of its own user could "
	       "not be joined");
	EXPECT(has_joined(command, target),
	       "expected to be in the user and UTS namespace of process %d",
	       target);
	expect_namespaces(command, "the caller", "user uts");
	end(joined, joiner);
	/* Its IPC namespace is not for it to give. */
	expect_not_joined(START("driver", "join", target_pid, "1c000000",
				"probe", "exit", "0"),
			  target, EPERM,
			  "the last of three namespaces may not be joined");
	REFUSES(strerror(ESRCH), "driver", "late");
	end(run, token);
}

static const struct test tests[] = {
	{"clone", 1,
	 "clone3(2) with flags, pidfd and cgroup, and a child to wait for",
	 clone_flags, 0, 1},
	{"id_maps", 1,
	 "maps of one id or many, each in one write; setgroups(2) denied for "
	 "one",
	 id_maps, 0, 2},
	{"become_user", 1,
	 "groups first, then the user, nothing left of before", becomes_user, 0,
	 3},
	{"user_namespace", 1,
	 "CMD runs in new namespaces, the ones asked for, with every "
	 "capability there and none here",
	 user_namespace, 0, 4},
	{"ids", 1, "inside CMD is the user and group that were asked for", ids,
	 TAKES_LONG, 4},
	{"waits_for_maps", 1,
	 "CMD is not executed before its ids are mapped and all is arranged",
	 waits_for_maps, TAKES_LONG, 4},
	{"gives_up", 1, "what fails is said, and leaves no child", gives_up, 0,
	 4},
	{"hostname", 1, "--hostname is CMD's alone", hostname, 0, 5},
	{"drop_caps", 1,
	 "--drop-caps leaves no capability, and none to be had again",
	 capabilities_dropped, 0, 6},
	{"leave_and_join", 1,
	 "namespaces are left for new ones, and joined, all or none",
	 leave_and_join, 0, 7},
	{0},
};

const struct gate gate = {"06-user-uts-ipc", "userns", tests};
