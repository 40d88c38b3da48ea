/*
 * The physical floor under a container: the system calls without which there
 * is none, and nothing else.
 *
 *	floor ROOTFS CMD [ARG]...
 *
 * Every namespace, an id map, the mounts that box makes, pivot_root, a process
 * 1 that forks CMD and waits for it, no capabilities. No options, no choice, no
 * explanation: what fails prints its name and ends everything. What a runtime
 * takes above this is its own doing.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syscalls.h"

static void check(const char *operation, long result)
{
	if (result >= 0)
		return;
	fprintf(stderr, "floor: %s: %s\n", operation, strerror(errno));
	_exit(125);
}

#define TRY(call) check(#call, call)

/* Those that docker run leaves, as box does. */
#define KEPT_CAPABILITIES UINT64_C(0xa80425fb)

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	check(path, fd);
	TRY(write(fd, text, strlen(text)));
	close(fd);
}

static void make_devices(void)
{
	static const char *const devices[] = {"null",	"zero",	   "full",
					      "random", "urandom", "tty"};
	static const char *const links[][2] = {
		{"/proc/self/fd", "dev/fd"},
		{"/proc/self/fd/0", "dev/stdin"},
		{"/proc/self/fd/1", "dev/stdout"},
		{"/proc/self/fd/2", "dev/stderr"},
		{"pts/ptmx", "dev/ptmx"},
	};
	const unsigned long flags = MS_NOSUID | MS_NOEXEC;
	char from[32];

	TRY(mount("tmpfs", "dev", "tmpfs", flags, "mode=755,size=64k"));
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		snprintf(from, sizeof(from), "/dev/%s", devices[i]);
		TRY(mknod(from + 1, S_IFREG | 0644, 0));
		TRY(mount(from, from + 1, NULL, MS_BIND, NULL));
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		TRY(symlink(links[i][0], links[i][1]));
	TRY(mkdir("dev/pts", 0755));
	TRY(mount("devpts", "dev/pts", "devpts", flags,
		  "newinstance,ptmxmode=0666,mode=620"));
	TRY(mkdir("dev/shm", 0755));
	TRY(mount("tmpfs", "dev/shm", "tmpfs", flags | MS_NODEV, "mode=1777"));
	TRY(mkdir("dev/mqueue", 0755));
	TRY(mount("mqueue", "dev/mqueue", "mqueue", flags | MS_NODEV, NULL));
}

static void hide(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		TRY(mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=4k"));
	else
		TRY(mount("/dev/null", path, NULL, MS_BIND, NULL));
}

static void protect(const char *path)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0 &&
	    errno == ENOENT)
		return;
	TRY(sys_mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &attr));
}

static void mask(void)
{
	static const char *const hidden[] = {
		"proc/acpi",	    "proc/asound",    "proc/kcore",
		"proc/keys",	    "proc/key-users", "proc/latency_stats",
		"proc/sched_debug", "proc/scsi",      "proc/timer_list",
		"sys/firmware",
	};
	static const char *const fixed[] = {
		"proc/bus",	      "proc/fs", "proc/irq", "proc/sys",
		"proc/sysrq-trigger",
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		hide(hidden[i]);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		protect(fixed[i]);
}

static void change_root(const char *rootfs)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	TRY(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	TRY(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL));
	TRY(chdir(rootfs));
	TRY(mount("proc", "proc", "proc", flags, NULL));
	TRY(mount("sysfs", "sys", "sysfs", flags | MS_RDONLY, NULL));
	/* The one thing that a machine may lack. */
	mount("cgroup2", "sys/fs/cgroup", "cgroup2", flags | MS_RDONLY, NULL);
	make_devices();
	mask();
	TRY(sys_pivot_root(".", "."));
	TRY(umount2(".", MNT_DETACH));
	TRY(chdir("/"));
}

static void loopback_up(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	check("socket", fd);
	TRY(ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{(uint32_t)KEPT_CAPABILITIES, (uint32_t)KEPT_CAPABILITIES, 0},
	};

	for (int cap = 0; cap < 64; cap++)
		if (!(KEPT_CAPABILITIES >> cap & 1) &&
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	TRY(sys_capset(&header, data));
	TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static int wait_for(pid_t pid)
{
	int status;

	TRY(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static _Noreturn void inside(int mapped, char **argv)
{
	char byte;
	pid_t child;

	/* The parent, where it fails, has said why. */
	if (read(mapped, &byte, 1) != 1)
		_exit(125);
	close(mapped);
	TRY(sethostname("floor", 5));
	loopback_up();
	change_root(argv[1]);
	drop_capabilities();
	child = fork();
	check("fork", child);
	if (child == 0)
		check(argv[2], execv(argv[2], argv + 2));
	_exit(wait_for(child));
}

int main(int argc, char **argv)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
			 CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
			 CLONE_NEWCGROUP | CLONE_NEWTIME,
		.exit_signal = SIGCHLD,
	};
	char path[40], map[40];
	int ends[2];
	pid_t child;

	if (argc < 3) {
		fputs("usage: floor ROOTFS CMD [ARG]...\n", stderr);
		return 125;
	}
	TRY(pipe2(ends, O_CLOEXEC));
	child = sys_clone3(&args, sizeof(args));
	check("clone3", child);
	if (child == 0) {
		close(ends[1]);
		inside(ends[0], argv);
	}
	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)child);
	put(path, "deny");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)child);
	snprintf(map, sizeof(map), "0 %u 1", getegid());
	put(path, map);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)child);
	snprintf(map, sizeof(map), "0 %u 1", geteuid());
	put(path, map);
	TRY(write(ends[1], "", 1));
	return wait_for(child);
}
