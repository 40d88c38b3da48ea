/* sandbox_exec(): a program, from out here into the sandbox. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone.h"
#include "container.h"
#include "failure.h"
#include "joining.h"
#include "reap.h"
#include "sandbox.h"
#include "spawn.h"
#include "syscalls.h"

/* Generous for an honest program of the course. */
static const struct limit bounds[] = {
	{RLIMIT_NPROC, {SANDBOX_PROCESSES, SANDBOX_PROCESSES}},
	{RLIMIT_NOFILE, {256, 4096}},
	{RLIMIT_FSIZE, {64 << 20, 64 << 20}},
	{RLIMIT_CORE, {0, 0}},
	{RLIMIT_AS, {UINT64_C(1) << 30, UINT64_C(1) << 30}},
};

/*
 * Until it executes the program, this is a copy of the judge, and seen in
 * there: nobody is to trace it or to take one of its descriptors. New
 * credentials may turn that off. PR_SET_DUMPABLE in prctl(2), pidfd_getfd(2)
 */
static int hide(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return failed("prctl", "PR_SET_DUMPABLE");
	return 0;
}

/* Of descriptors above the standard ones; -1 and 0 are none. */
static int keep_only(const int *fds, size_t count)
{
	for (int next = 3;;) {
		int lowest = INT_MAX;

		for (size_t i = 0; i < count; i++)
			if (fds[i] >= next && fds[i] < lowest)
				lowest = fds[i];
		if (next < lowest &&
		    sys_close_range((unsigned)next, (unsigned)lowest - 1, 0) <
			    0)
			return failed("close_range", "");
		if (lowest == INT_MAX)
			return 0;
		next = lowest + 1;
	}
}

/* All capabilities, through execve(2), for one who is not user 0. */
static int keep_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (sys_capget(&header, data) < 0)
		return failed("capget", "");
	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted;
		data[i].inheritable = data[i].permitted;
	}
	if (sys_capset(&header, data) < 0)
		return failed("capset", "");
	for (int cap = 0; cap < 64; cap++)
		if (data[cap / 32].permitted & (1U << (cap % 32)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return failed("prctl", "PR_CAP_AMBIENT_RAISE");
	return 0;
}

static int take_descriptors(const struct sandbox_start *start)
{
	if (dup2(start->in, STDIN_FILENO) < 0 ||
	    dup2(start->out, STDOUT_FILENO) < 0 ||
	    dup2(start->err, STDERR_FILENO) < 0)
		return failed("dup2", "standard descriptors");
	if (sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return failed("close_range", "");
	if (start->inherit && fcntl(start->inherit, F_SETFD, 0) < 0)
		return failed("fcntl", "%d", start->inherit);
	return 0;
}

/*
 * Who judges may ignore some: a shell's background job does, nohup(1), and what
 * posix_spawn(3) of glibc started. Not by the library: it keeps 32 to 34 for
 * itself and would refuse them.
 */
static void reset_signals(void)
{
	const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		unsigned long mask;
	} as_new = {0};

	for (int sig = 1; sig <= 64; sig++)
		syscall(SYS_rt_sigaction, sig, &as_new, NULL, sizeof(long));
}

/* In the program's process, just before it is executed. */
static int become_student(const struct sandbox_start *start)
{
	if (setsid() < 0)
		return failed("setsid", "");
	reset_signals();
	if (start->terminal && ioctl(start->in, TIOCSCTTY, 0) < 0)
		return failed("ioctl", "TIOCSCTTY");
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		struct rlimit now, limit = bounds[i].value;

		/* A lower one is the machine's, and stays. */
		getrlimit(bounds[i].resource, &now);
		if (limit.rlim_max > now.rlim_max)
			limit.rlim_max = now.rlim_max;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		if (setrlimit(bounds[i].resource, &limit) < 0)
			return failed("setrlimit", "");
	}
	umask(022);
	if (become_user(STUDENT_ID, STUDENT_ID) < 0 || hide() < 0)
		return -1;
	if (start->privileged ? keep_capabilities() < 0
			      : drop_capabilities(0) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed("prctl", "PR_SET_NO_NEW_PRIVS");
	return take_descriptors(start);
}

static void make_environment(const struct sandbox_start *start, char **envp,
			     size_t room)
{
	static char *const standard[] = {
		"PATH=" SANDBOX_PROGRAMS ":/bin:/sbin:/usr/bin:/usr/sbin",
		"HOME=/tmp", "LANG=C.UTF-8", "USER=student"};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
		envp[n++] = standard[i];
	for (size_t i = 0; start->env && start->env[i] && n + 1 < room; i++)
		envp[n++] = (char *)start->env[i];
	envp[n] = NULL;
}

/* What the program's process needs of its keeper's, from before it joined. */
struct joined_start {
	const struct sandbox_start *start;
	int procs; /* cgroup.procs of its group; -1 */
};

/* The program alone enters: its keeper would be in its way in there. */
static int prepare_program(void *data)
{
	const struct joined_start *joined = data;

	if (joined->procs >= 0 && write(joined->procs, "0", 1) != 1)
		return failed("write", "%s/cgroup.procs", joined->start->group);
	return become_student(joined->start);
}

static int open_procs(const char *group)
{
	char path[700];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? failed("open", "%s", path) : fd;
}

/*
 * Where memory ends, what is in the sandbox ends first, however small: several
 * sandboxes may fill together what each alone may have. A machine that has no
 * such file, or lets nobody write it, chooses by size. proc(5)
 */
static void go_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		dprintf(fd, "1000");
		close(fd);
	}
}

/* The program's parent: joins, starts it, waits, exits as it did. */
static _Noreturn void keep_program(const struct sandbox *sandbox,
				   const struct sandbox_start *start)
{
	struct joined_start joined = {start, -1};
	char *envp[32];
	struct command command = {
		.file = start->words[0],
		.argv = (char *const *)start->words,
		.envp = envp,
		.dir = start->dir,
		.prepare = prepare_program,
		.data = &joined,
	};
	struct joining joining;
	sigset_t none;
	pid_t child;
	int status;

	make_environment(start, envp, sizeof(envp) / sizeof(envp[0]));
	sigemptyset(&none);
	command.mask = &none;
	go_first();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    look_at_container(sandbox->holder, &joining) < 0 ||
	    (start->group && (joined.procs = open_procs(start->group)) < 0) ||
	    (!start->group && enter_group(&joining) < 0))
		die(EXIT_OURS);
	if (keep_only((const int[]){start->in, start->out, start->err,
				    start->inherit, joined.procs,
				    joining.pidfd},
		      6) < 0 ||
	    hide() < 0 || join_namespaces(joining.pidfd, JOINED_NAMESPACES) < 0)
		die(EXIT_OURS);
	/* Its new credentials have cancelled the request. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		die(EXIT_OURS);
	child = spawn(&command);
	if (child < 0)
		die(EXIT_OURS);
	/* The reading ends of its pipes are to close with it, not with us. */
	sys_close_range(0, ~0U, 0);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			_exit(EXIT_OURS);
	_exit(exit_status(status));
}

pid_t sandbox_exec(const struct sandbox *sandbox,
		   const struct sandbox_start *start)
{
	pid_t keeper;

	fflush(NULL);
	keeper = fork();
	if (keeper < 0)
		return failed("fork for", "%s", start->words[0]);
	if (keeper == 0)
		keep_program(sandbox, start);
	return keeper;
}
