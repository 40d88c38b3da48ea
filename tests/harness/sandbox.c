#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clone.h"
#include "container.h"
#include "failure.h"
#include "files.h"
#include "init.h"
#include "joining.h"
#include "process.h"
#include "reap.h"
#include "subid.h"
#include "syscalls.h"

/* Bounds, generous for an honest program of the course. */
#define PROCESS_LIMIT 2048
#define TMP_OPTIONS "mode=1777,size=16m,nr_inodes=4096"

static const struct limit bounds[] = {
	{RLIMIT_NPROC, {PROCESS_LIMIT, PROCESS_LIMIT}},
	{RLIMIT_NOFILE, {256, 4096}},
	{RLIMIT_FSIZE, {64 << 20, 64 << 20}},
	{RLIMIT_CORE, {0, 0}},
	{RLIMIT_AS, {UINT64_C(1) << 30, UINT64_C(1) << 30}},
};

/* Root has ids to give that are nobody's; anybody else has his own. */
static bool has_ids_to_give(void)
{
	struct namespaces world;

	return subid_maps(&world) && !world.helpers;
}

static void map_student(struct namespaces *world)
{
	static const struct id_map nobodies = {0, FIRST_CONTAINER_ID, 65536};

	if (has_ids_to_give()) {
		world->users = world->groups = &nobodies;
		world->user_count = world->group_count = 1;
	} else {
		world->uid = world->gid = STUDENT_ID;
	}
}

uid_t sandbox_student(void)
{
	return has_ids_to_give() ? FIRST_CONTAINER_ID + STUDENT_ID : geteuid();
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static _Noreturn void keep(const struct sandbox_settings *s)
{
	static const char *argv[] = {"probe", "hold", "sandbox", NULL};
	static const char *envp[] = {"PATH=/bin", NULL};
	char program[256];
	struct mount_request mounts[6] = {
		{.target = "/tmp", .options = TMP_OPTIONS, .tree = -1},
		{.target = SANDBOX_PROGRAMS,
		 .options = "mode=755,size=64k",
		 .tree = -1},
		{.source = s->probe,
		 .target = SANDBOX_PROGRAMS "/probe",
		 .read_only = true,
		 .tree = -1},
		{.source = s->rootfs,
		 .target = SANDBOX_ROOTFS,
		 .read_only = true,
		 .tree = -1},
	};
	size_t count = 4;
	struct container c = {
		.command = {.file = SANDBOX_PROGRAMS "/probe",
			    .argv = (char *const *)argv,
			    .envp = (char *const *)envp},
		.how = {.grace = 0},
		.hostname = "sandbox",
		.capabilities = ~UINT64_C(0),
		.root = {.path = s->rootfs,
			 .read_only = true,
			 .mounts = mounts,
			 .tree = -1},
	};
	struct report report = {0};

	snprintf(program, sizeof(program), SANDBOX_PROGRAMS "/%s",
		 s->program ? base_name(s->program) : "");
	if (s->program)
		mounts[count++] = (struct mount_request){
			.source = s->program,
			.target = program,
			.read_only = true,
			.tree = -1,
		};
	if (s->driver)
		mounts[count++] = (struct mount_request){
			.source = s->driver,
			.target = SANDBOX_PROGRAMS "/driver",
			.read_only = true,
			.tree = -1,
		};
	c.root.mount_count = count;
	map_student(&c.world);
	/* Process 1 maps to nobody's user 0, or is the student. */
	c.uid = c.world.uid;
	c.gid = c.world.gid;
	if (s->limits) {
		c.limits.memory = SANDBOX_MEMORY;
		c.limits.pids = PROCESS_LIMIT;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    run_container(&c, &report) < 0)
		die(EXIT_OURS);
	_exit(report.status);
}

/* The only process of its kind: known by the file that it executes. */
static bool find_holder(struct sandbox *sandbox, const struct stat *probe)
{
	pid_t child;

	if (sandbox->init == 0 &&
	    children_of(sandbox->keeper, &sandbox->init, 1) == 0)
		return false;
	if (children_of(sandbox->init, &child, 1) == 0 ||
	    !executes(child, probe->st_dev, probe->st_ino))
		return false;
	sandbox->holder = child;
	return true;
}

int sandbox_open(struct sandbox *sandbox,
		 const struct sandbox_settings *settings)
{
	const struct timespec nap = {.tv_nsec = 500000};
	struct stat probe;
	int status;

	memset(sandbox, 0, sizeof(*sandbox));
	if (stat(settings->probe, &probe) < 0)
		return failed("stat", "%s", settings->probe);
	fflush(NULL);
	sandbox->keeper = fork();
	if (sandbox->keeper < 0)
		return failed("fork for", "the sandbox");
	if (sandbox->keeper == 0)
		keep(settings);
	/* It ends by itself if it cannot start, so this ends too. */
	while (!find_holder(sandbox, &probe)) {
		if (waitpid(sandbox->keeper, &status, WNOHANG) != 0) {
			sandbox->keeper = 0;
			errno = ECHILD;
			return failed("start", "the sandbox");
		}
		nanosleep(&nap, NULL);
	}
	return 0;
}

void sandbox_kill(const struct sandbox *sandbox)
{
	/* The keeper, after process 1, removes what is outside. */
	if (sandbox->keeper > 0)
		kill(sandbox->init > 0 ? sandbox->init : sandbox->keeper,
		     SIGKILL);
}

void sandbox_close(struct sandbox *sandbox)
{
	int status;

	if (sandbox->keeper <= 0)
		return;
	while (waitpid(sandbox->keeper, &status, 0) < 0 && errno == EINTR)
		;
	sandbox->keeper = 0;
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
	if (become_user(STUDENT_ID, STUDENT_ID) < 0)
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
	int parent = sys_pidfd_open(getpid(), 0), status;

	make_environment(start, envp, sizeof(envp) / sizeof(envp[0]));
	sigemptyset(&none);
	command.mask = &none;
	go_first();
	if (parent < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    look_at_container(sandbox->holder, &joining) < 0 ||
	    (start->group && (joined.procs = open_procs(start->group)) < 0) ||
	    (!start->group && enter_group(&joining) < 0) ||
	    join_namespaces(joining.pidfd, JOINED_NAMESPACES) < 0)
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

static int own(const char *dir, const char *file, uid_t uid)
{
	char path[700];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (chown(path, uid, uid) < 0)
		return failed("chown", "%s", path);
	return 0;
}

static int move_to(const char *group, pid_t pid)
{
	char path[700];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	return write_file(AT_FDCWD, path, "%d", (int)pid);
}

int sandbox_delegate(struct sandbox *sandbox, char *dir, size_t size)
{
	static const char *const files[] = {
		"", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"};
	uid_t student = sandbox_student();
	char own_group[600], path[700];
	const char *line = strstr(proc_file(sandbox->holder, "cgroup"), "0::");

	if (!line) {
		errno = ENOENT;
		return failed("find the cgroup of", "the sandbox");
	}
	snprintf(sandbox->group, sizeof(sandbox->group), "/sys/fs/cgroup%.*s",
		 (int)strcspn(line + 3, "\n"), line + 3);
	snprintf(own_group, sizeof(own_group), "%s/sandbox", sandbox->group);
	snprintf(dir, size, "%s/student", sandbox->group);
	/* No process may stay where controllers are to be handed down. */
	if (mkdir(own_group, 0755) < 0 || mkdir(dir, 0755) < 0)
		return failed("mkdir", "%s", dir);
	if (move_to(own_group, sandbox->init) < 0 ||
	    move_to(own_group, sandbox->holder) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control",
		 sandbox->group);
	if (write_file(AT_FDCWD, path, "+cpu +memory +pids") < 0)
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (own(dir, files[i], student) < 0)
			return -1;
	return 0;
}
