/*
 * Each link of the chain, tried. The functions return 0, or -1 with errno, and
 * run in a process of their own: attempt.h.
 */
#include "tries.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "clone.h"
#include "container.h"
#include "failure.h"
#include "files.h"
#include "harden.h"
#include "hierarchy.h"
#include "host.h"
#include "init.h"
#include "machine.h"
#include "mounts.h"
#include "network.h"
#include "subid.h"
#include "syscalls.h"
#include "uts.h"

/* In a mount namespace of our own, any directory does. */
#define STAGE "/tmp"

#define ALL_NAMESPACES                                                         \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |            \
	 CLONE_NEWNET | CLONE_NEWTIME)

static int kernel_version(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &major, &minor);
	remark("Linux %d.%d", major, minor);
	if (major > 5 || (major == 5 && minor >= 15))
		return 0;
	errno = ENOSYS;
	return failed("Linux", "%d.%d: older than 5.15", major, minor);
}

static int new_child(uint64_t flags)
{
	pid_t child = clone_process(flags, -1, NULL);
	int status;

	if (child == 0)
		_exit(0);
	if (child < 0)
		return -1;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return failed("waitpid", "%d", (int)child);
	return 0;
}

static int plain_clone3(void)
{
	return new_child(0);
}

static int new_user_namespace(void)
{
	return new_child(CLONE_NEWUSER);
}

static int is_root(void)
{
	if (getuid() == 0 && getgid() == 0)
		return 0;
	errno = EPERM;
	return failed("become", "user 0 of the new namespace");
}

static int id_map(void)
{
	return in_namespaces(0, is_root);
}

static int mount_here(void)
{
	if (make_mounts_private() < 0)
		return -1;
	return mount_tmpfs(STAGE, "mode=755,size=64k");
}

static int mount_namespace(void)
{
	return in_namespaces(CLONE_NEWNS, mount_here);
}

static int see_only_myself(void)
{
	char self[16] = "";

	if (make_mounts_private() < 0 || mount_proc("/proc") < 0)
		return -1;
	if (getpid() == 1 &&
	    readlink("/proc/self", self, sizeof(self) - 1) == 1 &&
	    strcmp(self, "1") == 0)
		return 0;
	errno = ESRCH;
	return failed("be", "process 1 of the new /proc");
}

static int pid_namespace(void)
{
	return in_namespaces(CLONE_NEWNS | CLONE_NEWPID, see_only_myself);
}

static int network_namespace(void)
{
	return in_namespaces(CLONE_NEWNET, loopback_up);
}

static int mount_type(const char *type)
{
	if (mount_here() < 0)
		return -1;
	if (mount(type, STAGE, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) <
	    0)
		return failed("mount", "%s on " STAGE, type);
	return 0;
}

static int mount_sysfs(void)
{
	return mount_type("sysfs");
}

static int sysfs(void)
{
	return in_namespaces(CLONE_NEWNS | CLONE_NEWNET, mount_sysfs);
}

static int change_name(void)
{
	char name[16] = "";

	if (set_hostname("doctor") < 0)
		return -1;
	if (gethostname(name, sizeof(name)) == 0 && strcmp(name, "doctor") == 0)
		return 0;
	errno = EINVAL;
	return failed("sethostname", "doctor");
}

static int uts_namespace(void)
{
	return in_namespaces(CLONE_NEWUTS, change_name);
}

static int mount_mqueue(void)
{
	return mount_type("mqueue");
}

static int ipc_namespace(void)
{
	return in_namespaces(CLONE_NEWNS | CLONE_NEWIPC, mount_mqueue);
}

static int make_terminals(void)
{
	static const char dir[] = STAGE "/pts", file[] = STAGE "/null";
	int master;

	if (mount_here() < 0)
		return -1;
	if (mkdir(dir, 0755) < 0 || mknod(file, S_IFREG | 0644, 0) < 0)
		return failed("make files in", STAGE);
	if (bind_mount("/dev/null", file, false) < 0)
		return -1;
	if (mount("devpts", dir, "devpts", MS_NOSUID | MS_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=620") < 0)
		return failed("mount devpts on", "%s", dir);
	master = open(STAGE "/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0)
		return failed("open", STAGE "/pts/ptmx");
	close(master);
	return 0;
}

static int devices(void)
{
	return in_namespaces(CLONE_NEWNS, make_terminals);
}

static int change_time(void)
{
	struct timespec t;

	if (enter_time_namespace(100000) < 0)
		return -1;
	if (clock_gettime(CLOCK_BOOTTIME, &t) == 0 && t.tv_sec >= 100000 &&
	    t.tv_sec < 100060)
		return 0;
	errno = EINVAL;
	return failed("clock_gettime", "CLOCK_BOOTTIME: not as it was set");
}

static int time_namespace(void)
{
	return in_namespaces(0, change_time);
}

static int leave_cgroup_namespace(void)
{
	return leave_namespaces(CLONE_NEWCGROUP);
}

static int cgroup_namespace(void)
{
	return in_namespaces(0, leave_cgroup_namespace);
}

static int change_root(void)
{
	if (mount_here() < 0)
		return -1;
	if (chdir(STAGE) < 0 || sys_pivot_root(".", ".") < 0)
		return failed("pivot_root to", STAGE);
	if (umount2(".", MNT_DETACH) < 0)
		return failed("umount", "the old root");
	if (chdir("/") == 0 && access("/proc", F_OK) < 0 && errno == ENOENT)
		return 0;
	errno = EINVAL;
	return failed("pivot_root:", "the old root is still there");
}

static int pivot_root_away(void)
{
	return in_namespaces(CLONE_NEWNS, change_root);
}

static int mount_overlay(void)
{
	static const char *const dirs[] = {STAGE "/lower", STAGE "/upper",
					   STAGE "/work", STAGE "/merged"};
	int fd;

	if (mount_here() < 0)
		return -1;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (mkdir(dirs[i], 0755) < 0)
			return failed("mkdir", "%s", dirs[i]);
	if (mount("overlay", STAGE "/merged", "overlay", 0,
		  "lowerdir=" STAGE "/lower,upperdir=" STAGE
		  "/upper,workdir=" STAGE "/work,userxattr") < 0)
		return failed("mount overlay on", STAGE "/merged");
	fd = open(STAGE "/merged/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return failed("create", STAGE "/merged/file");
	close(fd);
	if (access(STAGE "/upper/file", F_OK) < 0)
		return failed("find", STAGE "/upper/file");
	return 0;
}

static int overlay(void)
{
	return in_namespaces(CLONE_NEWNS, mount_overlay);
}

/* From one new network namespace into another. */
static int lay_cable(void)
{
	pid_t peer = clone_process(CLONE_NEWNET, -1, NULL);
	int result, saved;

	if (peer == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	if (peer < 0)
		return -1;
	result = create_veth("doctor0", "doctor1", peer);
	saved = errno;
	kill(peer, SIGKILL);
	while (waitpid(peer, NULL, 0) < 0 && errno == EINTR)
		;
	errno = saved;
	return result;
}

static int veth(void)
{
	return in_namespaces(CLONE_NEWNET, lay_cable);
}

static int filter_myself(void)
{
	if (harden(default_capabilities, true) < 0)
		return -1;
	if (sys_clone3(NULL, 0) < 0 && errno == ENOSYS &&
	    sys_pivot_root(".", ".") < 0 && errno == EPERM)
		return 0;
	errno = EINVAL;
	return failed("seccomp:", "the filter does not filter");
}

static int seccomp(void)
{
	return in_namespaces(0, filter_myself);
}

static int inner_container(void)
{
	if (make_mounts_private() < 0 || mount_proc("/proc") < 0)
		return -1;
	return in_namespaces(ALL_NAMESPACES, see_only_myself);
}

/* The student's container, in the sandbox. */
static int nested(void)
{
	return in_namespaces(ALL_NAMESPACES, inner_container);
}

static int whole_box(void)
{
	static const char *const argv[] = {"/bin/true", NULL};
	static const char *const envp[] = {"PATH=/bin", NULL};
	char path[4096];
	struct container c = {
		.command = {.file = argv[0],
			    .argv = (char *const *)argv,
			    .envp = (char *const *)envp},
		.hostname = "doctor",
		.capabilities = default_capabilities,
		.seccomp = true,
		.root = {.path = path, .mask = true, .tree = -1},
	};
	struct report report = {0};

	snprintf(path, sizeof(path), "%s/rootfs", kit.build);
	if (run_container(&c, &report) < 0)
		return -1;
	if (report.status == 0)
		return 0;
	/* What failed inside has been said by whom it happened to. */
	errno = ECANCELED;
	return failed("run", "/bin/true in a box: exit status %d",
		      report.status);
}

static int cgroup2(void)
{
	int dir = open_group_of(0);

	if (dir < 0)
		return -1;
	close(dir);
	return 0;
}

static int controllers(void)
{
	static const char *const names[] = {"memory", "pids", "cpu"};
	int dir = open_group_of(0), listed;
	char missing[64] = "";

	if (dir < 0)
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		listed = lists_word(dir, "cgroup.controllers", names[i]);
		if (listed < 0)
			return -1;
		if (listed == 0)
			snprintf(missing + strlen(missing),
				 sizeof(missing) - strlen(missing), "%s%s",
				 *missing ? ", " : "", names[i]);
	}
	close(dir);
	if (!*missing)
		return 0;
	errno = EOPNOTSUPP;
	return failed("cgroup.controllers:", "no %s", missing);
}

static int subids(void)
{
	struct namespaces world = {0};

	if (subid_maps(&world)) {
		remark("65536 ids for a box");
		return 0;
	}
	errno = EPERM;
	return failed("find", "a range of ids to give");
}

int (*const tries[LINKS])(void) = {
	[KERNEL] = kernel_version,
	[CLONE3] = plain_clone3,
	[USER_NAMESPACE] = new_user_namespace,
	[ID_MAP] = id_map,
	[MOUNT_NAMESPACE] = mount_namespace,
	[PID_NAMESPACE] = pid_namespace,
	[NETWORK_NAMESPACE] = network_namespace,
	[SYSFS] = sysfs,
	[UTS_NAMESPACE] = uts_namespace,
	[IPC_NAMESPACE] = ipc_namespace,
	[DEVICES] = devices,
	[TIME_NAMESPACE] = time_namespace,
	[CGROUP_NAMESPACE] = cgroup_namespace,
	[PIVOT_ROOT] = pivot_root_away,
	[OVERLAY] = overlay,
	[VETH] = veth,
	[SECCOMP] = seccomp,
	[NESTED] = nested,
	[WHOLE_BOX] = whole_box,
	[CGROUP2] = cgroup2,
	[CONTROLLERS] = controllers,
	[LIMITS] = host_try_limits,
	[SUBIDS] = subids,
	[QEMU] = find_qemu,
	[GUEST] = find_guest,
	[KVM] = try_kvm,
	[BOOT] = boot_machine,
};
