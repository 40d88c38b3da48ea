/*
 * driver of stage 06: calls the modules as later stages do, in ways that the
 * program of the stage does not, each alone. The gate looks at what comes of
 * it.
 *
 *	driver clone FLAGS CMD...	clone_process() with a pidfd; says
 *					"started PIDFD CHILD"
 *	driver plain CMD...		the same, without flags and pidfd
 *	driver cgroup N			with descriptor N as the cgroup
 *	driver map USERS GROUPS CMD...	map_ids() for a child of its own, which
 *					then is CMD; a map is A:B:C,A:B:C...
 *	driver maps COUNT CMD...	the same with that many ranges
 *	driver unmapped USERS GROUPS CMD...
 *					map_ids() is to fail: reports that, says
 *					"done", holds still
 *	driver become UID GID		become_user(); says "done", holds still
 *	driver superuser UID GID	the same as user 0 with other groups
 *	driver drop MASK		drop_capabilities(); says "done", holds
 *	driver drop MASK CMD...		then becomes CMD
 *	driver again HAD MASK		the same as one who has HAD at most
 *	driver world UID GID USERS GROUPS CMD...
 *					fork_in_namespaces() with these maps
 *	driver group N CMD...		the same, with descriptor N as the
 *					cgroup
 *	driver unasked CMD...		the same, own ids, without a pidfd
 *	driver helpers CMD...		the same, maps to be written by helpers
 *	driver arrange TOKEN CMD...	the same, own ids, by one who handles
 *					SIGUSR1; arrange() says "arranging
 *					CHILD", makes TOKEN.arranging and waits
 *					for TOKEN, both in /tmp
 *	driver refuse			by a caller who has a zombie, "older
 *					PID", with an arrange() that fails with
 *					EDOM; reports that, says "done", holds
 *					still
 *	driver orphan CMD...		with an arrange() that ends the parent;
 *					exits as the child does then
 *	driver bereaved CMD...		with an arrange() that ends the child;
 *					if that is -1, as "refuse"
 *	driver leave FLAGS CMD...	leave_namespaces(), then becomes CMD; or
 *					reports, says "done", holds still
 *	driver join PID FLAGS CMD...	the same with join_namespaces()
 *	driver late			join_namespaces() of one that has ended
 *	driver hostname NAME		set_hostname(); says "done", holds still
 *
 * Masks and flags are in base 16. What starts a child waits for it and exits
 * as that did. If the child that fork_in_namespaces() starts gets -1, or ends
 * by exit(3), that is said too.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clone.h"
#include "failure.h"
#include "syscalls.h"
#include "user.h"
#include "uts.h"

#define MOST_MAPS 2000

static _Noreturn void become(char **words)
{
	execvp(words[0], words);
	failed("execve", "%s", words[0]);
	die(EXIT_NOT_FOUND);
}

/* The gate has its time to look. */
static _Noreturn void hold(void)
{
	dprintf(STDOUT_FILENO, "done\n");
	for (;;)
		pause();
}

/* Not with __WALL: a child of another exit signal is not found. */
static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			failed("waitpid", "the child");
			die(EXIT_OURS);
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int start_clone(uint64_t flags, int cgroup, bool with_pidfd,
		       char **words)
{
	int pidfd = -1;
	pid_t child = clone_process(flags, cgroup, with_pidfd ? &pidfd : NULL);

	if (child < 0)
		die(EXIT_OURS);
	if (child == 0)
		become(words);
	dprintf(STDOUT_FILENO, "started %d %d\n", pidfd, (int)child);
	return wait_for(child);
}

static int start_in_cgroup(char **words)
{
	return start_clone(0, atoi(words[0]), false, (char *[]){"true", NULL});
}

static size_t read_maps(char *text, struct id_map *maps)
{
	char *rest;
	size_t n = 0;

	for (char *word = strtok_r(text, ",", &rest); word;
	     word = strtok_r(NULL, ",", &rest))
		if (sscanf(word, "%u:%u:%u", &maps[n].inside, &maps[n].outside,
			   &maps[n].count) == 3)
			n++;
	return n;
}

/* With the kernel's own call: this is about the maps alone. */
static int start_mapped(const struct id_map *users, size_t user_count,
			const struct id_map *groups, size_t group_count,
			char **words)
{
	int go[2];
	pid_t child;
	char byte;

	if (pipe2(go, O_CLOEXEC) < 0)
		die(EXIT_OURS);
	child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (child < 0)
		die(EXIT_OURS);
	if (child == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(EXIT_OURS);
		become(words);
	}
	close(go[0]);
	if (map_ids(child, users, user_count, groups, group_count) < 0) {
		report_failure();
		close(go[1]);
		wait_for(child);
		return EXIT_OURS;
	}
	if (write(go[1], "x", 1) != 1)
		die(EXIT_OURS);
	close(go[1]);
	return wait_for(child);
}

static int start_maps(char **words)
{
	struct id_map users[16], groups[16];
	size_t user_count = read_maps(words[0], users);
	size_t group_count = read_maps(words[1], groups);

	return start_mapped(users, user_count, groups, group_count, words + 2);
}

static int start_unmapped(char **words)
{
	if (start_maps(words) == EXIT_OURS)
		hold();
	return 0;
}

static int start_many_maps(size_t count, char **words)
{
	static struct id_map maps[MOST_MAPS];

	for (size_t i = 0; i < count && i < MOST_MAPS; i++)
		maps[i] = (struct id_map){(unsigned)i * 10 + 4000000000U,
					  (unsigned)i + 1, 1};
	return start_mapped(maps, count, maps, count, words);
}

static _Noreturn void be(char **words, bool as_user_0)
{
	const gid_t groups[] = {3, 4, 5};

	if (as_user_0 && (setgroups(3, groups) < 0 || setresgid(0, 0, 0) < 0 ||
			  setresuid(0, 0, 0) < 0)) {
		failed("become", "user 0");
		die(EXIT_OURS);
	}
	if (become_user((uid_t)strtoul(words[0], NULL, 10),
			(gid_t)strtoul(words[1], NULL, 10)) < 0)
		die(EXIT_OURS);
	hold();
}

static _Noreturn void drop(char **words)
{
	if (drop_capabilities(strtoull(words[0], NULL, 16)) < 0)
		die(EXIT_OURS);
	if (words[1])
		become(words + 1);
	hold();
}

static _Noreturn void drop_again(char **words)
{
	if (drop_capabilities(strtoull(words[0], NULL, 16)) < 0)
		die(EXIT_OURS);
	drop(words + 1);
}

static int wait_for_file(pid_t child, void *data)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	char path[64];
	int fd;

	dprintf(STDOUT_FILENO, "arranging %d\n", (int)child);
	snprintf(path, sizeof(path), "/tmp/%s.arranging", (char *)data);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return failed("open", "%s", path);
	close(fd);
	snprintf(path, sizeof(path), "/tmp/%s", (char *)data);
	while (access(path, F_OK) < 0)
		nanosleep(&nap, NULL);
	return 0;
}

static int refuse(pid_t child, void *data)
{
	(void)child;
	(void)data;
	errno = EDOM;
	return failed("arrange", "nothing");
}

static int end_parent(pid_t child, void *data)
{
	(void)child;
	(void)data;
	kill(getpid(), SIGKILL);
	return 0;
}

static int end_child(pid_t child, void *data)
{
	siginfo_t info;

	(void)data;
	kill(child, SIGKILL);
	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
}

static pid_t caller;

/* The caller has left this to be done when it ends itself. */
static void tell_of_exit(void)
{
	if (getpid() != caller)
		dprintf(STDOUT_FILENO, "exit(3) in the child\n");
}

static int start_in_world(const struct namespaces *world, bool with_pidfd,
			  char **words)
{
	int pidfd = -1;
	pid_t child;

	caller = getpid();
	if (atexit(tell_of_exit) != 0)
		die(EXIT_OURS);
	child = fork_in_namespaces(world, with_pidfd ? &pidfd : NULL);
	if (child < 0) {
		report_failure();
		if (getpid() == caller)
			return EXIT_OURS;
		dprintf(STDOUT_FILENO, "-1 in the child\n");
		_exit(EXIT_OURS);
	}
	if (child == 0)
		become(words);
	dprintf(STDOUT_FILENO, "started %d %d\n", pidfd, (int)child);
	return wait_for(child);
}

static int start_world(const struct namespaces *world, char **words)
{
	return start_in_world(world, true, words);
}

static int start_mapped_world(char **words)
{
	struct id_map users[16], groups[16];
	struct namespaces world = {
		.cgroup = -1,
		.uid = (uid_t)strtoul(words[0], NULL, 10),
		.gid = (gid_t)strtoul(words[1], NULL, 10),
		.users = users,
		.user_count = read_maps(words[2], users),
		.groups = groups,
		.group_count = read_maps(words[3], groups),
	};

	return start_world(&world, words + 4);
}

static int start_helped_world(char **words)
{
	static const struct id_map map = {0, 1000, 1};
	const struct namespaces world = {
		.cgroup = -1,
		.users = &map,
		.user_count = 1,
		.groups = &map,
		.group_count = 1,
		.helpers = true,
	};

	return start_world(&world, words);
}

static int start_grouped_world(char **words)
{
	const struct namespaces world = {
		.cgroup = atoi(words[0]),
	};

	return start_world(&world, words + 1);
}

static int start_unasked(char **words)
{
	const struct namespaces world = {.cgroup = -1};

	return start_in_world(&world, false, words);
}

/* The child of the one that ends is given to this process. */
static int start_orphan(const struct namespaces *world, char **words)
{
	int status = EXIT_OURS, last;
	pid_t parent;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		die(EXIT_OURS);
	parent = fork();
	if (parent == 0)
		_exit(start_world(world, words));
	for (pid_t pid; (pid = wait(&last)) > 0 || errno == EINTR;)
		if (pid > 0 && pid != parent)
			status = WIFEXITED(last) ? WEXITSTATUS(last)
						 : 128 + WTERMSIG(last);
	return status;
}

/* It has ended, and whoever waits for just any child collects it. */
static void leave_older_child(void)
{
	pid_t older = fork();
	siginfo_t info;

	if (older == 0)
		_exit(0);
	if (older < 0 ||
	    waitid(P_PID, (id_t)older, &info, WEXITED | WNOWAIT) < 0) {
		failed("start", "an older child");
		die(EXIT_OURS);
	}
	dprintf(STDOUT_FILENO, "older %d\n", (int)older);
}

/* -1 is to leave nothing with the caller, which holds still to be looked at. */
static int start_failing(const struct namespaces *world, char **words)
{
	int status = start_world(world, words);

	if (status == EXIT_OURS)
		hold();
	return status;
}

static void do_nothing(int sig)
{
	(void)sig;
}

static int start_arranged(const char *what, char **words)
{
	/* Without SA_RESTART: what waits is interrupted. */
	const struct sigaction handled = {.sa_handler = do_nothing};
	struct namespaces world = {.cgroup = -1, .data = words[0]};

	if (strcmp(what, "arrange") == 0) {
		sigaction(SIGUSR1, &handled, NULL);
		world.arrange = wait_for_file;
		return start_world(&world, words + 1);
	}
	if (strcmp(what, "orphan") == 0) {
		world.arrange = end_parent;
		return start_orphan(&world, words);
	}
	if (strcmp(what, "bereaved") == 0) {
		world.arrange = end_child;
		return start_failing(&world, words);
	}
	leave_older_child();
	world.arrange = refuse;
	return start_failing(&world, words);
}

static _Noreturn void leave(char **words)
{
	if (leave_namespaces((int)strtoul(words[0], NULL, 16)) < 0) {
		report_failure();
		hold();
	}
	become(words + 1);
}

static _Noreturn void join(char **words)
{
	int pidfd = sys_pidfd_open(atoi(words[0]), 0);

	if (pidfd < 0) {
		failed("pidfd_open", "%s", words[0]);
		die(EXIT_OURS);
	}
	if (join_namespaces(pidfd, (int)strtoul(words[1], NULL, 16)) < 0) {
		report_failure();
		hold();
	}
	close(pidfd);
	become(words + 2);
}

static _Noreturn void join_late(void)
{
	pid_t child = fork();
	int pidfd;

	if (child == 0)
		pause();
	pidfd = sys_pidfd_open(child, 0);
	kill(child, SIGKILL);
	wait_for(child);
	if (join_namespaces(pidfd, CLONE_NEWUSER | CLONE_NEWUTS) < 0)
		die(EXIT_OURS);
	_exit(0);
}

static _Noreturn void rename_host(char **words)
{
	if (set_hostname(words[0]) < 0)
		die(EXIT_OURS);
	hold();
}

static const struct {
	const char *what;
	int words; /* that follow, at least */
} cases[] = {
	{"clone", 2},	{"plain", 1},	 {"cgroup", 1},	  {"map", 3},
	{"maps", 2},	{"become", 2},	 {"drop", 1},	  {"superuser", 2},
	{"world", 5},	{"group", 2},	 {"helpers", 1},  {"arrange", 2},
	{"refuse", 0},	{"orphan", 1},	 {"bereaved", 1}, {"leave", 2},
	{"join", 3},	{"late", 0},	 {"unmapped", 3}, {"again", 2},
	{"unasked", 1}, {"hostname", 1},
};

static bool is_case(const char *what, int words)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(cases[i].what, what) == 0)
			return words >= cases[i].words;
	return false;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char **words = argv + 2;

	if (!is_case(what, argc - 2))
		bad_usage("a case and its words are needed");
	if (strcmp(what, "clone") == 0)
		return start_clone(strtoul(words[0], NULL, 16), -1, true,
				   words + 1);
	if (strcmp(what, "plain") == 0)
		return start_clone(0, -1, false, words);
	if (strcmp(what, "cgroup") == 0)
		return start_in_cgroup(words);
	if (strcmp(what, "map") == 0)
		return start_maps(words);
	if (strcmp(what, "unmapped") == 0)
		return start_unmapped(words);
	if (strcmp(what, "maps") == 0)
		return start_many_maps(strtoul(words[0], NULL, 10), words + 1);
	if (strcmp(what, "become") == 0 || strcmp(what, "superuser") == 0)
		be(words, *what == 's');
	if (strcmp(what, "drop") == 0)
		drop(words);
	if (strcmp(what, "again") == 0)
		drop_again(words);
	if (strcmp(what, "world") == 0)
		return start_mapped_world(words);
	if (strcmp(what, "group") == 0)
		return start_grouped_world(words);
	if (strcmp(what, "helpers") == 0)
		return start_helped_world(words);
	if (strcmp(what, "unasked") == 0)
		return start_unasked(words);
	if (strcmp(what, "leave") == 0)
		leave(words);
	if (strcmp(what, "join") == 0)
		join(words);
	if (strcmp(what, "late") == 0)
		join_late();
	if (strcmp(what, "hostname") == 0)
		rename_host(words);
	return start_arranged(what, words);
}
