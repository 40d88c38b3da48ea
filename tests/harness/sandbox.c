#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clone.h"
#include "container.h"
#include "failure.h"
#include "files.h"
#include "kill.h"
#include "process.h"
#include "subid.h"
#include "syscalls.h"

/* Bounds, generous for an honest program of the course. */
#define MOST_NAMESPACES 256 /* of each kind */
#define TMP_OPTIONS "mode=1777,size=16m,nr_inodes=4096"

/*
 * Each of root's sandboxes has 65,536 ids of its own, as two of one time are
 * very likely to: the kernel counts for a user what nobody else bounds,
 * descriptors on their way through sockets for one, and who uses that up is to
 * be alone.
 */
#define RANGE 65536
#define RANGES 4096 /* as many as there are up to what fits into an int */

static unsigned first_id(void)
{
	static unsigned first;

	/* The keeper has what the test has chosen before it. */
	if (first == 0)
		first = FIRST_CONTAINER_ID +
			(unsigned)getpid() % RANGES * RANGE;
	return first;
}

/* Root has ids to give that are nobody's; anybody else has his own. */
static bool has_ids_to_give(void)
{
	struct namespaces world;

	return subid_maps(&world) && !world.helpers;
}

static void map_student(struct namespaces *world)
{
	static struct id_map nobodies = {0, 0, RANGE};

	if (has_ids_to_give()) {
		nobodies.outside = first_id();
		world->users = world->groups = &nobodies;
		world->user_count = world->group_count = 1;
	} else {
		world->uid = world->gid = STUDENT_ID;
	}
}

uid_t sandbox_student(void)
{
	return has_ids_to_give() ? first_id() + STUDENT_ID : geteuid();
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static _Noreturn void keep(const struct sandbox_settings *s)
{
	static const char *argv[] = {"probe", "sandbox", NULL};
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
		c.limits.pids = SANDBOX_PROCESSES;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    run_container(&c, &report) < 0)
		die(EXIT_OURS);
	_exit(report.status);
}

static bool has_null(pid_t pid)
{
	char path[64];
	struct stat st;

	for (int fd = 0; fd < 3; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode) ||
		    st.st_rdev != makedev(1, 3))
			return false;
	}
	return true;
}

/*
 * The only process of its kind: known by the file that it executes. It may be
 * the student's to trace, so there is nothing of the judge's to be had from it.
 */
static bool find_holder(struct sandbox *sandbox, const struct stat *probe)
{
	pid_t child;

	if (sandbox->init == 0 &&
	    children_of(sandbox->keeper, &sandbox->init, 1) == 0)
		return false;
	if (children_of(sandbox->init, &child, 1) == 0 ||
	    !executes(child, probe->st_dev, probe->st_ino) || !has_null(child))
		return false;
	sandbox->holder = child;
	return true;
}

/*
 * What is made in the sandbox, and below it, counts for the user who has made
 * it as well, who is the machine's. The files are those of the writer's user
 * namespace. Where nobody may write to them, as in many a container, there are
 * no such bounds. namespaces(7), inotify(7), fanotify(7)
 */
static void bound_kernel_objects(pid_t holder)
{
	static const char *const namespaces[] = {
		"user", "pid", "uts", "ipc", "net", "mnt", "cgroup", "time"};
	static const struct {
		const char *file;
		int most;
	} others[] = {
		{"inotify_instances", 16},
		{"inotify_watches", 4096},
		{"fanotify_groups", 16},
		{"fanotify_marks", 4096},
	};
	const int pidfd = sys_pidfd_open(holder, 0);
	char path[64];

	if (pidfd < 0 || setns(pidfd, CLONE_NEWUSER) < 0)
		_exit(EXIT_OURS);
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++) {
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces",
			 namespaces[i]);
		write_file(AT_FDCWD, path, "%d", MOST_NAMESPACES);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s",
			 others[i].file);
		write_file(AT_FDCWD, path, "%d", others[i].most);
	}
	_exit(0);
}

static int bound(pid_t holder)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return failed("fork for", "the bounds of the sandbox");
	if (child == 0)
		bound_kernel_objects(holder);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return failed("waitpid", "");
	if (status == 0)
		return 0;
	errno = EPERM;
	return failed("enter", "the sandbox");
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
	first_id();
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
	return bound(sandbox->holder);
}

void sandbox_kill(const struct sandbox *sandbox)
{
	/* The keeper, after process 1, removes what is outside. */
	if (sandbox->keeper <= 0)
		return;
	if (sandbox->init > 0 &&
	    (kill_process(sandbox->init, SIGKILL) == 0 || errno == ESRCH))
		return;
	kill(sandbox->keeper, SIGKILL);
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
