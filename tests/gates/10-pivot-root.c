/*
 * Stage 10: root.h, harden.h, container.h; the whole of box. What enter_root()
 * and harden() promise is judged through the driver, so that a mistake in
 * container.c does not hide it; the rest through box.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "bpf.h"
#include "gate.h"
#include "process.h"
#include "sandbox.h"
#include "syscalls.h"

#define ROOT "/tmp/root"
/* The probe stands in the container by its own inode, so it is known by it. */
#define PROBE "--volume", "/mnt/probe:/bin/probe:ro"
#define BIND_PROBE "bind=/mnt/probe:/bin/probe:ro"
#define DEFAULT_CAPABILITIES 0x00000000a80425fbULL
#define CAPABILITY(n) (1ULL << (n))
#define CAP_SYS_ADMIN 21

static const char *const namespaces[] = {"user", "uts", "ipc",	  "pid",
					 "mnt",	 "net", "cgroup", "time"};
#define NAMESPACES (sizeof(namespaces) / sizeof(namespaces[0]))

/* A root file system that belongs to the student. */
static void make_root(void)
{
	static const char script[] =
		"cp -a /mnt/rootfs " ROOT " 2>/dev/null; chmod u+w " ROOT
		" && touch " ROOT "/mark";

	EXPECT(RUN("sh", "-c", script) == 0,
	       "the test could not copy the root file system");
}

static void in_sandbox(const char *script)
{
	EXPECT(RUN("sh", "-c", script) == 0, "the test could not do: %s",
	       script);
}

/* A path as the process has it, out here. */
static const char *in_container(pid_t pid, const char *path)
{
	static char paths[4][512];
	static int next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof(paths[next]), "/proc/%d/root%s", (int)pid,
		 path);
	return paths[next];
}

static bool is_there(pid_t pid, const char *path)
{
	return access(in_container(pid, path), F_OK) == 0;
}

static bool is_read_only(pid_t pid, const char *path)
{
	struct statvfs fs;

	return statvfs(in_container(pid, path), &fs) == 0 &&
	       fs.f_flag & ST_RDONLY;
}

static dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_dev : 0;
}

static bool same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* await_probe(), with a reason why it may not come. */
static pid_t await_command(struct run *run, const char *token, const char *why)
{
	pid_t pid = 0;

	AWAIT((pid = find_probe(token)) != 0 || has_ended(run),
	      "the command was not executed");
	EXPECT(pid,
	       "it has ended, with status %d, and the command was not "
	       "executed%s",
	       finish(run), why);
	return pid;
}

static void end(pid_t command, struct run *run)
{
	kill_process(command, SIGKILL);
	finish(run);
}

/* The other one that has this parent; waits for it. */
static pid_t child_of(pid_t parent)
{
	pid_t child = 0;

	AWAIT(children_of(parent, &child, 1) > 0, "process %d has no child",
	      (int)parent);
	return child;
}

/* Its process id as the student's programs see it. */
static const char *id_in_sandbox(pid_t pid)
{
	static char id[16];
	const char *tab = strchr(status_of(pid, "NSpid"), '\t');

	snprintf(id, sizeof(id), "%ld", tab ? strtol(tab, NULL, 10) : 0);
	return id;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* Whether who enters its mount namespace comes to the root that it has. */
static bool root_is_the_namespaces(pid_t pid)
{
	int pidfd = sys_pidfd_open(pid, 0), status = -1;
	struct stat root, entered;
	pid_t child;

	if (pidfd < 0 || stat(in_container(pid, "/"), &root) < 0)
		fail("the test could not look at process %d", (int)pid);
	child = fork();
	if (child == 0) {
		if (setns(pidfd, CLONE_NEWUSER | CLONE_NEWNS) < 0 &&
		    setns(pidfd, CLONE_NEWNS) < 0)
			_exit(2);
		_exit(stat("/", &entered) < 0 ||
		      entered.st_dev != root.st_dev ||
		      entered.st_ino != root.st_ino);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	close(pidfd);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) != 2,
	       "the test could not enter the namespaces of process %d",
	       (int)pid);
	return WEXITSTATUS(status) == 0;
}

/* root.h: what is seen of a process that enter_root() has left there. */
static void expect_own_root(pid_t command)
{
	const char *mounts;
	char cwd[64];

	EXPECT(is_there(command, "/mark"), "its / is not ROOTFS");
	snprintf(cwd, sizeof(cwd), "/proc/%d/cwd", (int)command);
	EXPECT(same_file(cwd, in_container(command, "/")),
	       "its working directory is not the new root%s",
	       is_there(command, proc_link(command, "cwd"))
		       ? ""
		       : ": it is outside, and .. leads to all the rest "
			 "(CVE-2024-21626)");
	mounts = proc_file(command, "mountinfo");
	EXPECT(!strstr(mounts, SANDBOX_ROOTFS),
	       "the old root is still mounted: %s is among its mounts",
	       SANDBOX_ROOTFS);
	EXPECT(root_is_the_namespaces(command),
	       "its root is not that of its mount namespace: a chroot(2), "
	       "which "
	       "is left as easily as entered");
	EXPECT(strcmp(proc_link(command, "root"), "/") == 0,
	       "its root is %s in its mount namespace: a chroot(2), which is "
	       "left as easily as entered",
	       proc_link(command, "root"));
	mounts = proc_file(command, "mountinfo");
	EXPECT(!strstr(mounts, "shared:") && !strstr(mounts, "master:"),
	       "its mounts are connected with those outside: propagation is "
	       "not private");
	EXPECT(mount_at(command, "/")[0], "nothing is mounted at its /");
	EXPECT(count_descriptors(command) == 3,
	       "it has %d descriptors: expected 0, 1 and 2",
	       count_descriptors(command));
}

/* An open directory, on a mount that its mount namespace does not have. */
static bool is_outside(pid_t pid, int fd)
{
	const char *mounts = proc_file(pid, "mountinfo");
	const char *line =
		strstr(proc_file(pid, word("fdinfo/%d", fd)), "mnt_id:");
	const long id = line ? strtol(line + 7, NULL, 10) : 0;
	struct stat st;

	return stat(word("/proc/%d/fd/%d", (int)pid, fd), &st) == 0 &&
	       S_ISDIR(st.st_mode) && strtol(mounts, NULL, 10) != id &&
	       !strstr(mounts, word("\n%ld ", id));
}

/* Looked at before the execve(2) that closes them: process 1 makes none. */
static void expect_no_descriptor_outside(void)
{
	const char *token = fresh_token();
	struct run *run =
		START("probe", "launch", word("pause=exec:2:%s", token),
		      "driver root mask " ROOT " true");
	int fds[64];
	size_t count;
	pid_t child;

	AWAIT(exists(token, ".paused") || has_ended(run),
	      "enter_root() does not return");
	EXPECT(!has_ended(run), "it has ended, with status %d", finish(run));
	child = child_of(pid_of(run));
	count = descriptors_of(child, fds, 64);
	for (size_t i = 0; i < count; i++)
		EXPECT(!is_outside(child, fds[i]),
		       "enter_root() leaves descriptor %d open, which is a "
		       "directory outside: process 1 closes it by no execve(2)",
		       fds[i]);
	release(token);
	expect_status(run, 0);
}

static void own_root(void)
{
	const char *token = fresh_token();
	struct run *run;
	pid_t command;
	size_t before;

	make_root();
	run = START("driver", "root", "mask", BIND_PROBE, ROOT, "probe", "hold",
		    token);
	command = await_command(run, token, "");
	expect_own_root(command);
	EXPECT(strcmp(status_of(command, "Umask"), "0022") == 0,
	       "its umask is %s, expected 0022", status_of(command, "Umask"));
	end(command, run);

	/* Where nothing but make_mounts_private() keeps the mounts inside. */
	token = fresh_token();
	run = START_WITH({.as_root = true}, "driver", "shared", BIND_PROBE,
			 ROOT, "probe", "hold", token);
	command = await_command(run, token,
				", in a mount namespace whose mounts are "
				"shared: they are to be made private first");
	expect_own_root(command);
	before = count_lines(proc_file(sandbox_init(), "mountinfo"));
	EXPECT(count_lines(proc_file(pid_of(run), "mountinfo")) == before,
	       "the mount namespace of its parent has %zu mounts, and had %zu: "
	       "propagation was not stopped before the first mount",
	       count_lines(proc_file(pid_of(run), "mountinfo")), before);
	end(command, run);

	expect_no_descriptor_outside();
	/* What cannot be done ends it. */
	about_task(4);
	run = START("driver", "root", "bind=/mnt/probe:/usr", ROOT, "true");
	expect_refusal(run, "/usr");
	run = START("driver", "root", "bind=/usr:/mark", ROOT, "true");
	expect_refusal(run, "/mark");
}

static void expect_device(pid_t pid, const char *path, unsigned major_number,
			  unsigned minor_number)
{
	struct stat st;

	EXPECT(stat(in_container(pid, path), &st) == 0 && S_ISCHR(st.st_mode) &&
		       st.st_rdev == makedev(major_number, minor_number),
	       "%s is not the character device %u:%u", path, major_number,
	       minor_number);
	EXPECT((st.st_mode & 0666) == 0666, "%s has mode %o: not for everybody",
	       path, st.st_mode & 0777);
}

static bool is_link(pid_t pid, const char *path, const char *expected)
{
	char target[256];
	ssize_t n = readlink(in_container(pid, path), target, sizeof(target));

	return n > 0 && (size_t)n == strlen(expected) &&
	       memcmp(target, expected, (size_t)n) == 0;
}

static void expect_link(pid_t pid, const char *path, const char *expected)
{
	EXPECT(is_link(pid, path, expected), "%s is not a link to %s", path,
	       expected);
}

/* `parts`: words of the line in mountinfo, such as " - tmpfs ". */
static void expect_mount(pid_t pid, const char *dir, const char *const parts[])
{
	const char *line = mount_at(pid, dir);

	EXPECT(line[0], "nothing is mounted at %s", dir);
	for (; *parts; parts++)
		EXPECT(strstr(line, *parts),
		       "at %s is mounted: %s; expected \"%s\"", dir, line,
		       *parts);
}
#define EXPECT_MOUNT(pid, dir, ...)                                            \
	expect_mount(pid, dir, (const char *const[]){__VA_ARGS__, NULL})

/* A file in a directory of the container, "." files left out; or NULL. */
static const char *entry_not_in(pid_t pid, const char *dir,
				const char *const names[])
{
	static char name[256];
	int fd = open_below(pid, dir, O_RDONLY | O_DIRECTORY, S_IFDIR);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	name[0] = '\0';
	while (stream && !name[0] && (entry = readdir(stream))) {
		size_t i = 0;

		if (entry->d_name[0] == '.')
			continue;
		while (names[i] && strcmp(names[i], entry->d_name) != 0)
			i++;
		if (!names[i])
			snprintf(name, sizeof(name), "%s", entry->d_name);
	}
	if (stream)
		closedir(stream);
	return name[0] ? name : NULL;
}

static void expect_dev(pid_t command)
{
	static const char *const names[] = {
		"null", "zero",	 "full",   "random", "urandom",
		"tty",	"ptmx",	 "pts",	   "shm",    "mqueue",
		"fd",	"stdin", "stdout", "stderr", NULL};
	const char *other;
	struct stat st;

	EXPECT_MOUNT(command, "/dev", " - tmpfs ", "nosuid", "noexec");
	EXPECT(device_of(in_container(command, "/dev")) !=
		       device_of(sandbox_path("/dev")),
	       "/dev is that of the caller, not one of its own");
	expect_device(command, "/dev/null", 1, 3);
	expect_device(command, "/dev/zero", 1, 5);
	expect_device(command, "/dev/full", 1, 7);
	expect_device(command, "/dev/random", 1, 8);
	expect_device(command, "/dev/urandom", 1, 9);
	expect_device(command, "/dev/tty", 5, 0);
	expect_link(command, "/dev/fd", "/proc/self/fd");
	expect_link(command, "/dev/stdin", "/proc/self/fd/0");
	expect_link(command, "/dev/stdout", "/proc/self/fd/1");
	expect_link(command, "/dev/stderr", "/proc/self/fd/2");
	other = entry_not_in(command, "/dev", names);
	EXPECT(!other, "in /dev is %s too, which is the machine's", other);
	EXPECT_MOUNT(command, "/dev/pts", " - devpts ", "nosuid", "noexec");
	EXPECT(device_of(in_container(command, "/dev/pts")) !=
		       device_of(sandbox_path("/dev/pts")),
	       "/dev/pts is that of the caller, with its terminals");
	EXPECT(stat(in_container(command, "/dev/pts/ptmx"), &st) == 0 &&
		       (st.st_mode & 0666) == 0666,
	       "/dev/pts/ptmx is not for everybody to open: ptmxmode=0666");
	EXPECT(is_link(command, "/dev/ptmx", "pts/ptmx") ||
		       is_link(command, "/dev/ptmx", "/dev/pts/ptmx") ||
		       same_file(in_container(command, "/dev/ptmx"),
				 in_container(command, "/dev/pts/ptmx")),
	       "/dev/ptmx is not that of /dev/pts");
	EXPECT_MOUNT(command, "/dev/shm", " - tmpfs ", "nosuid", "nodev",
		     "noexec");
	EXPECT(stat(in_container(command, "/dev/shm"), &st) == 0 &&
		       (st.st_mode & 07777) == 01777,
	       "/dev/shm has mode %o, expected 1777", st.st_mode & 07777);
	EXPECT_MOUNT(command, "/dev/mqueue", " - mqueue ", "nosuid", "nodev",
		     "noexec");
	EXPECT(device_of(in_container(command, "/dev/mqueue")) !=
		       device_of(sandbox_path("/dev/mqueue")),
	       "/dev/mqueue is that of the caller's IPC namespace");
}

static void expect_proc_and_sys(pid_t command)
{
	static const char *const loopback[] = {"lo", "bonding_masters", NULL};
	const char *other;

	EXPECT_MOUNT(command, "/proc", " - proc ", "nosuid", "nodev", "noexec");
	EXPECT(is_there(command, "/proc/1/stat") &&
		       !is_there(command, "/proc/2"),
	       "its /proc is not that of its own PID namespace");
	EXPECT_MOUNT(command, "/sys", " - sysfs ", "nosuid", "nodev", "noexec");
	other = entry_not_in(command, "/sys/class/net", loopback);
	EXPECT(!other,
	       "its /sys shows the interface %s: it is not that of its own "
	       "network namespace",
	       other);
	if (strstr(mount_at(sandbox_init(), "/sys/fs/cgroup"), " - cgroup2 "))
		EXPECT_MOUNT(command, "/sys/fs/cgroup", " - cgroup2 ", "nosuid",
			     "nodev", "noexec");
}

/* Nothing is to be read of it: a directory, a file, or what is /dev/null. */
static bool is_empty(pid_t pid, const char *path)
{
	static const char *const none[] = {NULL};
	struct stat st;
	char byte;
	int fd;
	bool empty;

	if (stat(in_container(pid, path), &st) < 0)
		return true;
	if (S_ISDIR(st.st_mode))
		return !entry_not_in(pid, path, none);
	if (S_ISCHR(st.st_mode))
		return st.st_rdev == makedev(1, 3);
	fd = open_below(pid, path, O_RDONLY, S_IFREG);
	empty = fd >= 0 && read(fd, &byte, 1) == 0;
	if (fd >= 0)
		close(fd);
	return empty;
}

static void expect_masked(pid_t command)
{
	static const char *const hidden[] = {
		"/proc/acpi",	     "/proc/asound",	"/proc/kcore",
		"/proc/keys",	     "/proc/key-users", "/proc/latency_stats",
		"/proc/sched_debug", "/proc/scsi",	"/proc/timer_list",
		"/sys/firmware",
	};
	static const char *const fixed[] = {
		"/proc/bus",	       "/proc/fs",
		"/proc/irq",	       "/proc/sys",
		"/proc/sysrq-trigger", "/sys",
		"/sys/fs/cgroup",
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		const char *path = hidden[i];
		const char *parent = path[1] == 'p' ? "/proc" : "/sys";

		if (!is_there(command, path))
			continue;
		EXPECT(device_of(in_container(command, path)) !=
			       device_of(in_container(command, parent)),
		       "%s is not hidden: it is still the machine's", path);
		EXPECT(is_empty(command, path),
		       "%s is not hidden: there is something in it", path);
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		EXPECT(!is_there(command, fixed[i]) ||
			       is_read_only(command, fixed[i]),
		       "%s can be written, and sets what is the machine's",
		       fixed[i]);
}

/* root.h, "where there is one": what is said where there is none. */
static void expect_cgroup_optional(void)
{
	static const int errors[] = {ENODEV, EBUSY};
	struct run *run;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		run = START("probe", "launch",
			    word("fail=mount.cgroup2:0:%d", errors[i]),
			    word("fail=fsopen.cgroup2:0:%d", ENODEV),
			    "driver root mask " ROOT " true");
		EXPECT(finish(run) == 0,
		       "there is no cgroup2 to be mounted (%s), which some "
		       "machines do not have: expected status 0, saw %d: %s",
		       strerror(errors[i]), finish(run), errors_of(run));
	}
}

static void standard_mounts(void)
{
	const char *token = fresh_token();
	struct run *run;
	pid_t command;

	make_root();
	run = START("driver", "root", "mask", BIND_PROBE, ROOT, "probe", "hold",
		    token);
	command = await_command(run, token, "");
	expect_dev(command);
	about_task(3);
	expect_proc_and_sys(command);
	expect_masked(command);
	about_task(2);
	end(command, run);
	EXPECT(RUN("driver", "root", "mask", ROOT, "sh", "-c",
		   "echo x >/dev/null && ! echo x 2>/dev/null >/dev/full && "
		   "[ $(head -c 3 /dev/zero | wc -c) = 3 ] && echo x "
		   ">/dev/shm/file && "
		   "! (echo x >/proc/sys/kernel/domainname) 2>/dev/null") == 0,
	       "/dev/null, /dev/full or /dev/shm do not do what they are for, "
	       "or /proc/sys can be written");

	/* As the sandbox wants it: a container in which others can be made. */
	token = fresh_token();
	run = START("driver", "root", BIND_PROBE, ROOT, "probe", "hold", token);
	command = await_command(run, token, "");
	about_task(3);
	EXPECT(!is_read_only(command, "/proc/sys") &&
		       !is_read_only(command, "/sys") &&
		       !mount_at(command, "/proc/sys")[0],
	       "without root->mask something is masked all the same");
	end(command, run);
	expect_cgroup_optional();

	/* Links that somebody else made, and nothing there at all. */
	about_task(2);
	in_sandbox("cd " ROOT " && rm -rf dev proc sys && ln -s /etc dev && "
		   "mkdir /tmp/out tmp/out && ln -s /tmp/out proc");
	token = fresh_token();
	run = START("driver", "root", "mask", BIND_PROBE, ROOT, "probe", "hold",
		    token);
	command = await_command(run, token,
				": ROOTFS has no /sys, and links for /dev and "
				"/proc");
	EXPECT(mount_at(command, "/etc")[0],
	       "the /dev of this ROOTFS is a link to /etc: it was not resolved "
	       "as it is inside");
	about_task(3);
	EXPECT(mount_at(command, "/tmp/out")[0],
	       "the /proc of this ROOTFS is a link to /tmp/out: it was not "
	       "resolved as it is inside");
	EXPECT_MOUNT(command, "/sys", " - sysfs ");
}

static void mounts_asked_for(void)
{
	const char *token = fresh_token(), *text = fresh_token();
	char script[256];
	struct run *run;
	pid_t command;

	write_in_sandbox("/tmp/file", text);
	in_sandbox("mkdir /tmp/dir");
	run = START("driver", "root", "mask", BIND_PROBE,
		    "bind=/tmp/file:/new/place/file:ro", "bind=/tmp/dir:/mnt",
		    "bind=/:/host:ro", "tmpfs=/scratch:size=64k", ROOT, "probe",
		    "hold", token);
	command = await_command(run, token, "");
	EXPECT_MOUNT(command, "/new/place/file", " ro,");
	EXPECT_MOUNT(command, "/mnt", " rw,");
	EXPECT_MOUNT(command, "/scratch", " - tmpfs ", "nosuid", "nodev",
		     "size=64k");
	EXPECT(is_read_only(command, "/host") &&
		       is_read_only(command, "/host/tmp"),
	       "of a read-only volume a part can be written: what is mounted "
	       "below it");
	end(command, run);
	snprintf(script, sizeof(script),
		 "grep -q %s /new/place/file && touch /mnt/made", text);
	EXPECT(RUN("driver", "root", "bind=/tmp/file:/new/place/file:ro",
		   "bind=/tmp/dir:/mnt", ROOT, "sh", "-c", script) == 0 &&
		       access(sandbox_path("/tmp/dir/made"), F_OK) == 0,
	       "what is mounted is not what was asked for");
	/* A link in ROOTFS leads nowhere else. */
	in_sandbox("cd " ROOT " && mkdir /tmp/away tmp/away && "
		   "ln -s /tmp/away link && ln -s /etc settings");
	token = fresh_token();
	run = START("driver", "root", BIND_PROBE, "bind=/usr:/link/inside",
		    "bind=/tmp/file:/settings/passwd", ROOT, "probe", "hold",
		    token);
	command = await_command(run, token, ": the target goes over a link");
	EXPECT(access(sandbox_path("/tmp/away/inside"), F_OK) < 0,
	       "a symbolic link in ROOTFS led a mount point outside "
	       "(CVE-2021-30465)");
	EXPECT(mount_at(command, "/tmp/away/inside")[0] &&
		       mount_at(command, "/etc/passwd")[0],
	       "a target that goes over a symbolic link is not where the link "
	       "leads to inside");
	end(command, run);
}

static void read_only_root(void)
{
	const char *token = fresh_token();
	struct run *run =
		START("driver", "root", "read-only", "mask", BIND_PROBE,
		      "tmpfs=/scratch", "bind=/tmp/dir:/mnt", ROOT, "probe",
		      "hold", token);
	pid_t command = await_command(run, token, "");

	EXPECT(is_read_only(command, "/"),
	       "with read_only the root can be written");
	EXPECT(!is_read_only(command, "/scratch") &&
		       !is_read_only(command, "/mnt"),
	       "with read_only the mounts that were asked for are read-only "
	       "too");
	EXPECT(!is_read_only(command, "/dev") &&
		       !is_read_only(command, "/dev/shm"),
	       "with read_only /dev or /dev/shm is read-only too");
	expect_own_root(command);
	end(command, run);
	EXPECT(access(sandbox_path(ROOT "/scratch"), F_OK) == 0 &&
		       RUN("touch", ROOT "/still") == 0,
	       "read_only has made ROOTFS read-only outside too");
}

static void overlay_root(void)
{
	const char *token = fresh_token();
	struct statvfs fs;
	struct stat st;
	struct run *run;
	pid_t command;

	EXPECT(RUN("driver", "root", "overlay", ROOT, "sh", "-c",
		   "echo x >/made && rm /mark && cat /made") == 0,
	       "with an overlay the root could not be changed");
	EXPECT(access(sandbox_path(ROOT "/made"), F_OK) < 0 &&
		       access(sandbox_path(ROOT "/mark"), F_OK) == 0,
	       "with an overlay the changes went to ROOTFS");
	run = START("sh", "-c",
		    "umask 077; exec driver root mask overlay "
		    "size=1m " BIND_PROBE " tmpfs=/some/place " ROOT
		    " probe hold $1",
		    "sh", token);
	command = await_command(run, token, "");
	/* Or no directory can be removed; with it, from Linux 6.6 on. */
	EXPECT_MOUNT(command, "/", " - overlay ", "userxattr");
	expect_own_root(command);
	expect_dev(command);
	EXPECT(statvfs(in_container(command, "/"), &fs) == 0 &&
		       fs.f_blocks * fs.f_frsize == 1 << 20,
	       "overlay_options size=1m: the root has room for %llu bytes",
	       (unsigned long long)(fs.f_blocks * fs.f_frsize));
	EXPECT(stat(in_container(command, "/"), &st) == 0 &&
		       (st.st_mode & 0777) == 0755,
	       "with an overlay and a caller whose umask is 077 the root has "
	       "mode %o, expected 755",
	       st.st_mode & 0777);
	EXPECT(access(sandbox_path(ROOT "/some"), F_OK) < 0,
	       "with an overlay a mount point was made in ROOTFS");
	end(command, run);
	token = fresh_token();
	run = START("driver", "root", "overlay", "read-only", BIND_PROBE, ROOT,
		    "probe", "hold", token);
	command = await_command(run, token, "");
	EXPECT(is_read_only(command, "/"),
	       "with read_only and an overlay the root can be written");
	end(command, run);
	EXPECT(RUN("driver", "root", ROOT, "touch", "/made") == 0 &&
		       access(sandbox_path(ROOT "/made"), F_OK) == 0,
	       "without read_only or an overlay, what it wrote is not in "
	       "ROOTFS");
}

static void file_systems(void)
{
	make_root();
	mounts_asked_for();
	read_only_root();
	overlay_root();
}

static const char *base16(uint64_t mask)
{
	static char texts[2][24];
	static int next;

	next = !next;
	snprintf(texts[next], sizeof(texts[next]), "%llx",
		 (unsigned long long)mask);
	return texts[next];
}

static void expect_set(pid_t pid, const char *name, uint64_t expected)
{
	EXPECT(status_mask(pid, name) == expected, "its %s is %s, expected %s",
	       name, status_of(pid, name), base16(expected));
}

static void expect_hardened(uint64_t kept, bool seccomp)
{
	const char *token = fresh_token();
	struct run *run = START("driver", "harden", base16(kept),
				seccomp ? "1" : "0", "probe", "hold", token);
	pid_t command = await_command(run, token, "");

	expect_set(command, "CapBnd", kept);
	expect_set(command, "CapPrm", kept);
	expect_set(command, "CapEff", kept);
	expect_set(command, "CapInh", 0);
	expect_set(command, "CapAmb", 0);
	EXPECT(strcmp(status_of(command, "NoNewPrivs"), "1") == 0,
	       "no_new_privs is not set");
	EXPECT(strcmp(status_of(command, "Seccomp"), seccomp ? "2" : "0") == 0,
	       seccomp ? "there is no system call filter"
		       : "there is a system call filter, and none was wanted");
	end(command, run);
}

static void expect_filter(uint64_t kept)
{
	int code = random_between(20, 90), seen;
	char wanted[8];

	snprintf(wanted, sizeof(wanted), "%d", code);
	seen = RUN("driver", "harden", base16(kept), "1", "probe", "calls",
		   base16(kept), wanted);
	EXPECT(seen == code,
	       "who keeps the capabilities %s: %s (expected status %d, saw %d)",
	       base16(kept),
	       seen == 98    ? "the filter does not do what harden.h says"
	       : seen == 159 ? "the filter kills where it should say no"
			     : "the filter refuses what a program needs",
	       code, seen);
}

/*
 * `call`, a NAME:NUMBER of the probe's, fails in the program, which has to say
 * so, and what was said to it, and end. Returns whether it has made that call
 * at all.
 */
static bool expect_call_checked_as(const struct start *how, const char *call,
				   const char *program)
{
	const char *token = fresh_token();
	char setting[80], told[64];
	struct run *run;
	bool made;

	snprintf(setting, sizeof(setting), "fail=%s:%d:%s", call, ENOMEM,
		 token);
	snprintf(told, sizeof(told), "/tmp/%s.failed", token);
	run = start(how, (const char *const[]){"probe", "launch", setting,
					       program, NULL});
	finish(run);
	made = access(sandbox_path(told), F_OK) == 0;
	if (made) {
		EXPECT(finish(run) == 125,
		       "call %s (0: all of them) failed, and it went on all "
		       "the same: expected status 125, saw %d",
		       call, finish(run));
		expect_refusal(run, strerror(ENOMEM));
	}
	return made;
}

static bool expect_call_checked(const char *call, const char *program)
{
	return expect_call_checked_as(NULL, call, program);
}

/* One after the other, until there are no more; how many there are. */
static int expect_each_checked(const struct start *how, const char *call,
			       const char *program)
{
	int made = 0;

	while (made < 100 &&
	       expect_call_checked_as(how, word("%s:%d", call, made + 1),
				      program))
		made++;
	return made;
}

/* The filter of who waits to have one installed, when anybody does. */
static bool take_filter(struct bpf_program *program)
{
	pid_t pids[64];
	size_t count = sandbox_processes(pids, 64);

	for (size_t i = 0; i < count; i++)
		if (read_filter(pids[i], program) == 0)
			return true;
	return false;
}

static bool kills_foreign(const struct bpf_program *program)
{
#ifdef __x86_64__
	struct seccomp_data call = {.arch = AUDIT_ARCH_I386};
#else
	struct seccomp_data call = {.arch = AUDIT_ARCH_ARM};
#endif

	for (call.nr = 0; call.nr < 512; call.nr++) {
		uint32_t said =
			ask_filter(program, &call) & SECCOMP_RET_ACTION_FULL;

		if (said != SECCOMP_RET_KILL_PROCESS)
			return false;
	}
	return true;
}

/* A kernel that was built without x32 says ENOSYS by itself. */
static bool hides_x32(const struct bpf_program *program)
{
#ifdef __x86_64__
	struct seccomp_data call = {.arch = AUDIT_ARCH_X86_64};

	for (int n = 0; n < 512; n++) {
		call.nr = 0x40000000 | n;
		if (ask_filter(program, &call) != (SECCOMP_RET_ERRNO | ENOSYS))
			return false;
	}
#else
	(void)program;
#endif
	return true;
}

/*
 * Not every machine lets anybody make the calls of its 32-bit forebear, or
 * those of x32: the filter is asked. There may be several, of which one has to
 * say it.
 */
static void expect_foreign_refused(void)
{
	static struct bpf_program program;
	bool paused = true, killed = false, hidden = false;

	for (int n = 1; paused && !(killed && hidden); n++) {
		const char *token = fresh_token(), *other = fresh_token();
		struct run *run =
			START("probe", "launch",
			      word("pause=seccomp:%d:%s", n, token),
			      word("pause=pr_seccomp:%d:%s", n, other),
			      "driver harden 0 1 probe exit 0");

		AWAIT(exists(token, ".paused") || exists(other, ".paused") ||
			      has_ended(run),
		      "harden() does not return");
		paused = exists(token, ".paused") || exists(other, ".paused");
		if (paused) {
			/* Told of before it waits: for proc(5) it still runs.
			 */
			AWAIT(take_filter(&program),
			      "the test could not read the filter");
			killed |= kills_foreign(&program);
			hidden |= hides_x32(&program);
			release(token);
			release(other);
		}
		finish(run);
	}
	EXPECT(killed,
	       "a system call of a 32-bit program, whose numbers mean other "
	       "calls, is not the end of it, all of its threads: the filter "
	       "does not look at the architecture, or does not say "
	       "SECCOMP_RET_KILL_PROCESS");
	EXPECT(hidden,
	       "the filter does not say ENOSYS to the numbers from 0x40000000 "
	       "on: by them x32 makes the same calls, past the rest of it");
}

static void hardened(void)
{
	/* Of the first 32: some of the higher ones not every kernel has. */
	uint64_t some = ((uint64_t)random_between(0, 65535) << 16 |
			 (uint64_t)random_between(0, 65535)) &
			~CAPABILITY(CAP_SYS_ADMIN);

	expect_hardened(DEFAULT_CAPABILITIES, true);
	expect_hardened(some, true);
	expect_hardened(some | CAPABILITY(CAP_SYS_ADMIN), true);
	expect_hardened(some, false);
	expect_filter(DEFAULT_CAPABILITIES);
	expect_filter(some);
	expect_filter(some | CAPABILITY(CAP_SYS_ADMIN));
	expect_filter(~0ULL);
	EXPECT(RUN("driver", "harden", "0", "1", "sh", "-c",
		   "true | cat && (cd / && ls >/dev/null) & wait") == 0,
	       "under the filter a shell cannot do its work");
	expect_foreign_refused();
	/* It is set already out here: whether it is asked for can be seen. */
	EXPECT(expect_call_checked("no_new_privs:0",
				   "driver harden 0 1 probe exit 0"),
	       "prctl(2) PR_SET_NO_NEW_PRIVS is never called: set-user-ID "
	       "programs give privileges, and the kernel takes no filter from "
	       "who has not CAP_SYS_ADMIN");
	EXPECT(expect_call_checked("no_new_privs:0",
				   "driver harden 200000 0 probe exit 0"),
	       "prctl(2) PR_SET_NO_NEW_PRIVS is called only with a filter, or "
	       "only without CAP_SYS_ADMIN");
	expect_call_checked("seccomp:0", "driver harden 0 1 probe exit 0");
	expect_call_checked("pr_seccomp:0", "driver harden 0 1 probe exit 0");
	expect_call_checked("capset:0", "driver harden 0 1 probe exit 0");
	expect_call_checked("capbset_drop:0", "driver harden 0 1 probe exit 0");
}

/* Every namespace of the two is another one, or none is. */
static void expect_namespaces(pid_t one, pid_t other, bool same,
			      const char *what)
{
	for (size_t i = 0; i < NAMESPACES; i++)
		EXPECT((namespace_of(one, namespaces[i]) ==
			namespace_of(other, namespaces[i])) == same,
		       "%s %s namespace", what, namespaces[i]);
}

/* Seen by `command`, of the same container. */
static void expect_process_1_hidden(pid_t command, const char *which)
{
	const int before = about_task(6);

	EXPECT(RUN("box", "exec", id_in_sandbox(command), "sh", "-c",
		   "readlink /proc/1/exe || ls /proc/1/fd/") != 0,
	       "/proc/1/exe or /proc/1/fd can be looked at in %s: they lead "
	       "outside (PR_SET_DUMPABLE)",
	       which);
	about_task(before);
}

static void own_namespaces(void)
{
	const char *token = fresh_token(), *name = fresh_token();
	struct run *run;
	pid_t command, init;

	/* As one who could set the sandbox's own name. */
	run = START_WITH({.as_root = true}, "box", "run", "--hostname", name,
			 PROBE, ROOT, "probe", "hold", token);
	command = await_command(run, token, "");
	expect_namespaces(command, pid_of(run), false,
			  "CMD is in its caller's");
	init = child_of(pid_of(run));
	about_task(6);
	EXPECT(inner_pid(command) == 2 && parent_of(command) == init,
	       "CMD's process ids are %s: expected 2 as the last, process 1 "
	       "being an init",
	       status_of(command, "NSpid"));
	about_task(7);
	expect_namespaces(command, init, true,
			  "CMD and its process 1 are not in the same");
	about_task(6);
	run = START("hostname");
	EXPECT(finish(run) == 0 && strcmp(output_of(run), "sandbox\n") == 0,
	       "the host name outside is no longer sandbox: %s",
	       output_of(run));
	run = START("box", "exec", id_in_sandbox(command), "hostname");
	EXPECT(finish(run) == 0 && strncmp(output_of(run), name, 17) == 0,
	       "hostname says %s, not %s", output_of(run), name);
	EXPECT(strstr(proc_file(command, "net/fib_trie"), "127.0.0.1"),
	       "the loopback interface is not up");
	expect_process_1_hidden(command, "the container");
	kill_process(command, SIGKILL);
}

/*
 * A call fails, and the cable is to go at once, if there is one by then: the
 * network namespace of the other end, with which the kernel would remove it, is
 * held until that has been looked at. Returns whether the call was made at all.
 */
static bool expect_no_useless_cable(const char *call, const char *options)
{
	const char *token = fresh_token();
	struct run *run = START_WITH(
		{.as_root = true}, "probe", "launch",
		word("pause=socket:1:%s", token),
		word("fail=%s:%d:%s", call, ENOMEM, token),
		word("box run --net veth %s " ROOT " true", options));
	int network = -1;

	AWAIT(exists(token, ".paused") || has_ended(run),
	      "box run --net veth does not come to lay a cable");
	if (!has_ended(run)) {
		network = open(
			word("/proc/%d/ns/net", (int)child_of(pid_of(run))),
			O_RDONLY | O_CLOEXEC);
		EXPECT(network >= 0,
		       "the test could not hold the network namespace");
		release(token);
	}
	finish(run);
	EXPECT(network < 0 ||
		       !strstr(proc_file(sandbox_init(), "net/dev"), "box"),
	       "call %s of box run --net veth %s failed, and the cable is left "
	       "behind",
	       call, options);
	if (network >= 0)
		close(network);
	return exists(token, ".failed");
}

static void cable(void)
{
	const char *token = fresh_token(), *routes;
	struct run *run;
	pid_t command;
	char link[32];

	run = START_WITH({.as_root = true}, "box", "run", "--net", "veth",
			 "--ip", "10.9.8.1/24,10.9.8.2/24", "--nice", "5",
			 PROBE, ROOT, "probe", "hold", token);
	command = await_command(run, token, "");
	EXPECT(strstr(proc_file(command, "net/dev"), "eth0:"),
	       "there is no eth0 inside");
	EXPECT(strstr(proc_file(pid_of(run), "net/fib_trie"), "10.9.8.1"),
	       "the end outside does not have its address");
	about_task(6);
	EXPECT(strstr(proc_file(command, "net/fib_trie"), "10.9.8.2"),
	       "eth0 does not have its address");
	routes = proc_file(command, "net/route");
	/* In the byte order of the machine; destination, gateway. */
	EXPECT(strstr(routes, "eth0\t00000000\t0108090A"),
	       "there is no default route by 10.9.8.1 inside: %s", routes);
	about_task(7);
	EXPECT(nice_of(command) == 5,
	       "with a cable its nice value is %d, expected 5",
	       nice_of(command));
	EXPECT(finish(START_WITH({.as_root = true}, PING, "10.9.8.2")) == 0,
	       "nobody answers at 10.9.8.2");
	send_signal(run, SIGTERM);
	finish(run);
	EXPECT(!strstr(proc_file(sandbox_init(), "net/dev"), "box"),
	       "the interface outside is left behind");
	/*
	 * It gets no address; no schedule; nobody waits for its container. That
	 * they are to end it is seen elsewhere.
	 */
	expect_no_useless_cable("send:2", "--nice 0");
	expect_no_useless_cable("setpriority:1", "--nice 3");
	expect_no_useless_cable("wait:1", "--no-init");
	/* Nobody lets the child go on that was to use it, among others. */
	for (int n = 1; n < 20; n++)
		if (!expect_no_useless_cable(word("write:%d", n), "--nice 0"))
			break;
	/* The name of its end is taken: there is no other cable to be had. */
	run = START_WITH(
		{.as_root = true}, "sh", "-c",
		"echo box$$; ip link add box$$ type dummy 2>/dev/null || "
		"ip link add box$$ type veth peer name other; "
		"exec box run --net veth " ROOT " true");
	expect_refusal(run, "box");
	snprintf(link, sizeof(link),
		 "%.*s:", (int)strcspn(output_of(run), "\n"), output_of(run));
	EXPECT(strstr(proc_file(sandbox_init(), "net/dev"), link),
	       "%s, which is somebody else's, was removed", link);
	run = START_WITH({.as_root = true}, "box", "run", "--net", "veth", ROOT,
			 "ip", "-o", "-4", "addr", "show", "eth0");
	EXPECT(finish(run) == 0 && strstr(output_of(run), " 10."),
	       "without --ip the cable has no address: %s", output_of(run));
	/* Tasks 6 and 7 each lay a part of it. */
	about_task(0);
	expect_each_checked(&(const struct start){.as_root = true}, "send",
			    "box run --net veth " ROOT " true");
	about_task(7);
}

/* Whose its files in /proc are: not its own user's, if nobody may look in. */
static bool may_be_looked_into(pid_t pid)
{
	struct stat st;

	return stat(word("/proc/%d/stat", (int)pid), &st) == 0 &&
	       st.st_uid == (uid_t)strtoul(status_of(pid, "Uid"), NULL, 10);
}

/* CVE-2016-9962: it is inside already, with what box has open outside. */
static void expect_hidden_at_exec(pid_t container)
{
	const char *token = fresh_token();
	struct run *run =
		START("probe", "launch", word("pause=exec:3:%s", token),
		      word("box exec %s true", id_in_sandbox(container)));
	pid_t child = 0;

	AWAIT(exists(token, ".paused") || has_ended(run),
	      "box exec does not come to execute its command");
	EXPECT(!has_ended(run) && children_of(pid_of(run), &child, 1) == 1,
	       "box exec has ended before its command, with %d", finish(run));
	EXPECT(!may_be_looked_into(child),
	       "those in the container can trace what box exec has brought in, "
	       "and take its descriptors, before it executes the command");
	release(token);
	expect_status(run, 0);
}

static void joins_container(void)
{
	const char *token = fresh_token(), *other = fresh_token();
	struct run *run, *joined;
	pid_t first, second;
	char file[64];
	int seals, fd;

	run = START("box", "run", "--cap-add", "sys_time", PROBE, ROOT, "probe",
		    "hold", token);
	first = await_command(run, token, "");
	joined = START("box", "exec", "-u", "0", "-e", "GIVEN=a b", "-w",
		       "/usr", "--rlimit", "nofile=50:60",
		       id_in_sandbox(pid_of(run)), "probe", "hold", other);
	second = await_command(joined, other, "");
	expect_namespaces(first, second, true, "box exec has not joined the");
	EXPECT(status_mask(second, "CapBnd") == status_mask(first, "CapBnd") &&
		       strcmp(status_of(second, "Seccomp"), "2") == 0,
	       "what joined the container may do more than what was there");
	EXPECT(same_file(in_container(first, "/"), in_container(second, "/")),
	       "box exec has another root");
	about_task(6);
	EXPECT(count_descriptors(second) == 3,
	       "box exec left %d descriptors open", count_descriptors(second));
	EXPECT(environment_has(second, "GIVEN=a b") &&
		       strcmp(proc_link(second, "cwd"), "/usr") == 0 &&
		       strstr(proc_file(second, "limits"),
			      "Max open files            50                   "
			      "60"),
	       "box exec does not heed -e, -w or --rlimit");
	about_task(7);
	/* CVE-2019-5736: what joins may be looked at from inside. */
	snprintf(file, sizeof(file), "/proc/%d/exe", (int)pid_of(joined));
	fd = open(file, O_RDONLY | O_CLOEXEC);
	seals = fcntl(fd, F_GET_SEALS);
	close(fd);
	EXPECT(seals > 0 && seals & F_SEAL_WRITE,
	       "box exec runs from a file that the container could write: %s",
	       proc_link(pid_of(joined), "exe"));
	expect_hidden_at_exec(first);
	kill_process(pid_of(joined), SIGKILL);
	finish(joined);
	AWAIT(!find_probe(other), "box exec was killed, and its command lives");
	other = fresh_token();
	joined = START("box", "exec", id_in_sandbox(first), "probe", "hold",
		       other);
	await_command(joined, other, " by the process id of CMD itself");
	kill_process(first, SIGKILL);
	expect_status(joined, 128 + SIGKILL);
	finish(run);
	REFUSES("PID", "box", "exec", "0", "true");
	REFUSES("4194303", "box", "exec", "4194303", "true");
	/* The probe that holds the sandbox is in no container of ours. */
	REFUSES("container", "box", "exec", "2", "true");
	token = fresh_token();
	other = fresh_token();
	run = START("box", "run", "--no-seccomp", PROBE, ROOT, "probe", "hold",
		    token);
	first = await_command(run, token, "");
	joined = START("box", "exec", id_in_sandbox(first), "probe", "hold",
		       other);
	second = await_command(joined, other, "");
	EXPECT(strcmp(status_of(second, "Seccomp"), "0") == 0,
	       "box exec has a filter in a container that has none");
	about_task(6);
	EXPECT(session_of(second) != session_of(pid_of(joined)),
	       "without a filter box exec's command is in its caller's "
	       "session: it can type into that terminal (CVE-2017-5226)");
	expect_process_1_hidden(first, "a container without a filter");
}

static void worlds(void)
{
	make_root();
	own_namespaces();
	about_task(7);
	cable();
	joins_container();
}

/*
 * A directory of the machine, by a number that is above the limit which the
 * command is given, if we may have as high a one.
 */
static int open_outside(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 300);

	if (high < 0)
		return fd;
	close(fd);
	return high;
}

/* Whether it then ends, or closes them in another way, is its own affair. */
static void expect_closing_checked(void)
{
	int outside = open_outside();
	struct run *run = START_WITH(
		{.inherit = outside}, "probe", "launch",
		word("fail=close_range:0:%d", EINVAL),
		word("box run " ROOT " ls /proc/self/fd/%d", outside));

	EXPECT(finish(run) != 0,
	       "close_range(2) failed (%s), and descriptor %d of its caller's, "
	       "which leads outside, reached the command",
	       strerror(EINVAL), outside);
	close(outside);
}

static void expect_command_options(void)
{
	static const char *const env[] = {"LEAK=secret", "TERM=some", NULL};
	const char *token = fresh_token(), *limits;
	int outside = open_outside();
	struct run *run;
	pid_t command, init;
	const char *const words[] = {"box",	 "run",
				     "-e",	 "GIVEN=a b",
				     "-e",	 "TWICE=1",
				     "-e",	 "TWICE=2",
				     "-w",	 "/usr",
				     "--rlimit", "nofile=64:128",
				     "--rlimit", "RLIMIT_FSIZE=1K",
				     "--nice",	 "7",
				     "--cpus",	 "0",
				     "--policy", "batch",
				     "--io",	 "idle",
				     "--user",	 "1234:99",
				     PROBE,	 ROOT,
				     "probe",	 "hold",
				     token,	 NULL};
	const struct start how = {.env = env, .inherit = outside};

	run = start(&how, words);
	close(outside);
	command = await_command(run, token, "");
	init = child_of(pid_of(run));
	EXPECT(environment_has(command, "GIVEN=a b") &&
		       environment_has(command, "TWICE=2") &&
		       !environment_has(command, "TWICE=1"),
	       "-e was not heeded");
	EXPECT(environment_has(command, "HOME=/root") &&
		       environment_has(command, "TERM=some") &&
		       environment_has(command,
				       "PATH=/usr/local/sbin:/usr/local/bin:"
				       "/usr/sbin:/usr/bin:/sbin:/bin"),
	       "PATH, HOME or TERM is not what a container has");
	EXPECT(!environment_has(command, "LEAK=secret"),
	       "the caller's environment went into the container");
	EXPECT(strcmp(proc_link(command, "cwd"), "/usr") == 0,
	       "its working directory is %s", proc_link(command, "cwd"));
	EXPECT(count_descriptors(command) == 3,
	       "it has %d descriptors: expected 0, 1 and 2; what its caller "
	       "left open, as number %d, leads outside (CVE-2024-21626)",
	       count_descriptors(command), outside);
	EXPECT(session_of(command) == session_of(pid_of(run)),
	       "there is a filter, and it is in a session of its own all the "
	       "same: it has no terminal, and a shell no job control");
	limits = proc_file(command, "limits");
	EXPECT(strstr(limits, "Max open files            64                   "
			      "128") &&
		       strstr(limits, "Max file size             1024"),
	       "its limits are not 64:128 open files and a file size of 1024: "
	       "%s",
	       limits);
	limits = proc_file(init, "limits");
	EXPECT(!strstr(limits, "Max open files            64 ") &&
		       !strstr(limits, "Max file size             1024"),
	       "process 1 has the limits that are the command's");
	about_task(7);
	EXPECT(nice_of(command) == 7, "its nice value is %d", nice_of(command));
	EXPECT(syscall(SYS_sched_getscheduler, command) == SCHED_BATCH,
	       "its scheduling policy is not SCHED_BATCH");
	/* Who: a process; class 3 in the upper bits: idle. ioprio_get(2). */
	EXPECT(syscall(SYS_ioprio_get, 1, command) >> 13 == 3,
	       "its I/O scheduling class is not idle");
	EXPECT(strcmp(status_of(command, "Cpus_allowed_list"), "0") == 0,
	       "it may run on CPUs %s",
	       status_of(command, "Cpus_allowed_list"));
	EXPECT(nice_of(pid_of(run)) == 0,
	       "box itself has the nice value of the command");
	about_task(6);
	EXPECT(strtol(proc_file(command, "uid_map"), NULL, 10) == 1234 &&
		       strtol(proc_file(command, "gid_map"), NULL, 10) == 99,
	       "user 1234 and group 99 are not mapped: %s, %s",
	       proc_file(command, "uid_map"), proc_file(command, "gid_map"));
	EXPECT(status_mask(command, "CapEff") == 0,
	       "user 1234 has capabilities: %s", status_of(command, "CapEff"));
	EXPECT(status_mask(command, "SigBlk") == 0,
	       "it starts with signals blocked: %s",
	       status_of(command, "SigBlk"));
	end(command, run);
}

/* What the container's command may do, by what it was asked for. */
static void expect_bound(const char *option, uint64_t capabilities, bool filter)
{
	const char *token = fresh_token();
	struct run *run = START("box", "run", "--cap-add", option, PROBE, ROOT,
				"probe", "hold", token);
	pid_t command = await_command(run, token, "");

	EXPECT(status_mask(command, "CapBnd") == capabilities &&
		       status_mask(command, "CapEff") == capabilities,
	       "with --cap-add %s its capabilities are %s, and %s can be had: "
	       "expected %s",
	       option, status_of(command, "CapEff"),
	       status_of(command, "CapBnd"), base16(capabilities));
	EXPECT((strcmp(status_of(command, "Seccomp"), "2") == 0) == filter,
	       "with --cap-add %s there is no filter", option);
	end(command, run);
}

static void expect_own_session(bool init)
{
	const char *token = fresh_token();
	struct run *run = START("box", "run", "--no-seccomp",
				init ? "--nice=1" : "--no-init", PROBE, ROOT,
				"probe", "hold", token);
	pid_t command = await_command(run, token, "");

	EXPECT(strcmp(status_of(command, "Seccomp"), "0") == 0,
	       "--no-seccomp left a filter");
	EXPECT(session_of(command) != session_of(pid_of(run)),
	       "with --no-seccomp%s it is in its caller's session: it can type "
	       "into that terminal, TIOCSTI (CVE-2017-5226)",
	       init ? "" : " --no-init");
	EXPECT(inner_pid(command) == (init ? 2 : 1),
	       init ? "its process id inside is not 2"
		    : "with --no-init CMD is not process 1");
	end(command, run);
}

/* The kernel gives no new /proc where parts of the old one are covered. */
static void expect_mask_optional(void)
{
	EXPECT(RUN("box", "run", "--cap-add", "all", "--no-mask", ROOT,
		   "unshare", "-rpf", "--mount-proc", "true") == 0,
	       "with --no-mask and all capabilities no /proc can be mounted");
	EXPECT(RUN("box", "run", "--cap-add", "all", ROOT, "unshare", "-rpf",
		   "--mount-proc", "true") != 0,
	       "a /proc can be mounted that shows what the first one hides");
}

/* Process 1 is user 0, and the command somebody else of a range. */
static void expect_other_user(void)
{
	const char *token = fresh_token();
	struct run *run;
	pid_t command;
	unsigned uid, gid;

	if (sandbox_student() == geteuid())
		return; /* one id is all that there is here */
	run = START_WITH({.as_root = true}, "driver", "ranges", "33:44", ROOT,
			 "probe", "hold", token);
	command = await_command(run, token,
				": become_user() needs capabilities that "
				"harden() may have dropped, or the caller has "
				"not");
	uid = sandbox_student() + 33;
	gid = sandbox_student() + 44;
	EXPECT(strtoul(status_of(command, "Uid"), NULL, 10) == uid &&
		       strtoul(status_of(command, "Gid"), NULL, 10) == gid,
	       "it is user %s and group %s out here: expected %u and %u",
	       status_of(command, "Uid"), status_of(command, "Gid"), uid, gid);
	EXPECT(status_of(command, "Groups")[0] == '\0',
	       "it still has the supplementary groups of its caller: %s",
	       status_of(command, "Groups"));
	EXPECT(status_mask(command, "CapEff") == 0 &&
		       status_mask(command, "CapPrm") == 0,
	       "user 33 has capabilities: %s", status_of(command, "CapPrm"));
	EXPECT(status_mask(command, "CapBnd") == DEFAULT_CAPABILITIES,
	       "its bounding set is %s: expected %s",
	       status_of(command, "CapBnd"), base16(DEFAULT_CAPABILITIES));
	end(command, run);
}

/*
 * tree.h: root may look through a directory that the container's user, who is
 * the owner of nothing there, may not.
 */
static void expect_volume_of_root(void)
{
	struct run *run =
		START_WITH({.as_root = true}, "sh", "-c",
			   "mkdir -p /tmp/locked/dir && "
			   "echo yes >/tmp/locked/dir/file && "
			   "chmod 700 /tmp/locked && chown 0 /tmp/locked");

	if (finish(run) != 0)
		return; /* the sandbox has one id only */
	about_task(7);
	run = START_WITH({.as_root = true}, "box", "run", "-v",
			 "/tmp/locked/dir:/mnt:ro", ROOT, "cat", "/mnt/file");
	EXPECT(finish(run) == 0 && strcmp(output_of(run), "yes\n") == 0,
	       "a volume below a directory of root's does not come in: inside "
	       "one is too late to take hold of it");
}

static void process_options(void)
{
	static const char script[] = "read up rest </proc/uptime; "
				     "[ ${up%.*} -ge 86400 ] && "
				     "[ ${up%.*} -lt 87400 ]";

	make_root();
	expect_command_options();
	expect_closing_checked();
	expect_bound("net_admin", DEFAULT_CAPABILITIES | CAPABILITY(12), true);
	expect_bound("CAP_CHOWN", DEFAULT_CAPABILITIES, true);
	expect_mask_optional();
	expect_own_session(true);
	expect_own_session(false);
	expect_other_user();
	expect_volume_of_root();
	about_task(6);
	EXPECT(RUN("box", "run", "--uptime", "86400", ROOT, "sh", "-c",
		   script) == 0,
	       "with --uptime 86400 the machine was not started a day ago");
	EXPECT(RUN("box", "run", "--read-only", ROOT, "touch", "/x") == 1 &&
		       RUN("box", "run", "--overlay", ROOT, "touch", "/x") ==
			       0 &&
		       access(sandbox_path(ROOT "/x"), F_OK) < 0,
	       "--read-only or --overlay was not heeded");
	EXPECT(RUN("box", "run", ROOT, "sh", "-c",
		   "! (echo x >/proc/sys/kernel/domainname) 2>/dev/null") == 0,
	       "/proc/sys can be written in a container of box run");
}

static void expect_stats(const char *part)
{
	EXPECT(strstr(read_in_sandbox("/tmp/stats"), part),
	       "--stats says: %s; expected %.*s", read_in_sandbox("/tmp/stats"),
	       (int)strcspn(part, "\n"), part);
}

static void expect_statistics(void)
{
	static const char *const keys[] = {
		"wall_usec ",  "user_usec ",	"system_usec ",
		"memory_peak", "oom_kill ",	"pids_peak ",
		"throttled_",  "nr_throttled ", "pids_max "};
	const char *token = fresh_token();
	struct run *run = START("box", "run", "--stats", "/tmp/stats", PROBE,
				ROOT, "probe", "hold", token);
	pid_t command = await_command(run, token, "");
	char word[16], line[32];

	EXPECT(read_in_sandbox("/tmp/stats")[0] == '\0',
	       "--stats was written before the command has ended: %s",
	       read_in_sandbox("/tmp/stats"));
	kill_process(command, SIGUSR2);
	expect_status(run, 128 + SIGUSR2);
	expect_stats("cause signaled\n");
	expect_stats("signal 12\n");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		expect_stats(keys[i]);
	snprintf(word, sizeof(word), "%d", random_between(1, 120));
	snprintf(line, sizeof(line), "status %s\n", word);
	expect_status(START("box", "run", "--stats", "/tmp/stats", PROBE, ROOT,
			    "probe", "exit", word),
		      atoi(word));
	expect_stats("cause exited\n");
	expect_stats(line);
	expect_stats("signal 0\n");
	EXPECT(!strstr(read_in_sandbox("/tmp/stats"), "wall_usec 0\n"),
	       "--stats says that it took no time at all");
	expect_status(START("box", "run", "--stats", "/tmp/stats", "--timeout",
			    "0.1", ROOT, "sleep", "100"),
		      124);
	expect_stats("cause timeout\n");
	expect_stats("status 124\n");
}

static void await_record(const char *text)
{
	AWAIT(strcmp(read_in_sandbox(ROOT "/tmp/record"), text) == 0,
	      "the command has written \"%s\" of the signals that came to it, "
	      "expected \"%s\": is nobody passing them on?",
	      read_in_sandbox(ROOT "/tmp/record"), text);
}

/* expect_status(), with a reason. */
static void expect_end(struct run *run, int status, const char *why)
{
	int seen = finish(run);

	EXPECT(seen == status, "%s: expected exit status %d, saw %d", why,
	       status, seen);
}

/* Between SIGTERM and the end there is time for what there is to do. */
static void expect_time_to_end(void)
{
	static const char script[] =
		"trap 'echo term >/tmp/record; until [ -e /tmp/go ]; do :; "
		"done; exit 7' TERM; echo ready >/tmp/record; "
		"while :; do :; done";
	struct run *run = START("box", "run", ROOT, "sh", "-c", script);

	await_record("ready\n");
	send_signal(run, SIGTERM);
	await_record("term\n");
	write_in_sandbox(ROOT "/tmp/go", "");
	expect_end(run, 7,
		   "on SIGTERM it has something to do, and 10 s for it");
}

static void signals_and_time(void)
{
	static const char *const inits[] = {"--nice=0", "--no-init"};
	static const char *const times[] = {"0.2", "1", "5"};
	const char *started = "";
	struct run *run;

	for (int i = 0; i < 2; i++) {
		in_sandbox("rm -f " ROOT "/tmp/record");
		run = START("box", "run", inits[i], PROBE, ROOT, "probe",
			    "record", "/tmp/record", "15");
		await_record("ready\n");
		send_signal(run, SIGUSR1);
		await_record("ready\n10\n");
		send_signal(run, SIGTERM);
		expect_end(run, 0, "it ends by itself on SIGTERM");
		await_record("ready\n10\n15\n");
	}
	expect_time_to_end();
	/* On a busy machine it may not have come far enough by then. */
	for (int i = 0; i < 3 && started[0] == '\0'; i++) {
		in_sandbox("rm -f " ROOT "/tmp/record");
		expect_end(START("box", "run", "--timeout", times[i], PROBE,
				 ROOT, "probe", "record", "/tmp/record", "15"),
			   124, "--timeout ended it");
		started = read_in_sandbox(ROOT "/tmp/record");
	}
	EXPECT(strcmp(read_in_sandbox(ROOT "/tmp/record"), "ready\n15\n") == 0,
	       "--timeout: the command received the signals \"%s\" before its "
	       "end, expected SIGTERM (15)",
	       read_in_sandbox(ROOT "/tmp/record"));
	expect_end(START("box", "run", "--timeout", "0.1", "--grace", "0.1",
			 PROBE, ROOT, "probe", "record", "/tmp/record", "0"),
		   124, "--timeout and --grace ended it, deaf to SIGTERM");
	in_sandbox("rm " ROOT "/tmp/record");
	run = START("box", "run", "--grace", "0.1", PROBE, ROOT, "probe",
		    "record", "/tmp/record", "0");
	await_record("ready\n");
	send_signal(run, SIGTERM);
	expect_end(run, 128 + SIGKILL,
		   "--grace ended it, deaf to the SIGTERM that box received");
	expect_nothing_left();
}

static bool has_zombie_below(pid_t pid)
{
	pid_t pids[64];
	size_t count = descendants_of(pid, pids, 64);

	for (size_t i = 0; i < count; i++)
		if (state_of(pids[i]) == 'Z')
			return true;
	return false;
}

static void orphans(void)
{
	const char *token = fresh_token();
	struct run *run = START("box", "run", PROBE, ROOT, "probe", "orphans",
				"5", token);
	pid_t command = await_command(run, token, ""), pids[16];
	pid_t init = child_of(pid_of(run));
	char file[64];

	AWAIT(children_of(init, pids, 16) == 6,
	      "5 orphans are not given to process 1");
	snprintf(file, sizeof(file), ROOT "/tmp/%s", token);
	write_in_sandbox(file, "");
	AWAIT(children_of(init, pids, 16) == 1,
	      "of 5 orphans that have ended %s: process 1 does not collect "
	      "them",
	      has_zombie_below(init) ? "some are zombies" : "some are there");
	end(command, run);
}

static void exit_statuses(void)
{
	const int codes[] = {0, 1, 124, 125, 126, 127, 255};
	const char *missing = fresh_token();
	struct run *run;
	char word[16];

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		snprintf(word, sizeof(word), "%d", codes[i]);
		expect_status(
			START("box", "run", PROBE, ROOT, "probe", "exit", word),
			codes[i]);
		expect_status(START("box", "run", "--no-init", PROBE, ROOT,
				    "probe", "exit", word),
			      codes[i]);
	}
	run = START("box", "run", ROOT, missing);
	expect_status(run, 127);
	EXPECT(strstr(errors_of(run), missing) &&
		       count_lines(errors_of(run)) == 1,
	       "expected one line on standard error that names %s", missing);
	expect_status(START("box", "run", "--no-init", ROOT, missing), 127);
	expect_status(START("box", "run", ROOT, "/etc"), 126);
	expect_status(START("box", "run", "--no-init", ROOT, "/etc"), 126);
	run = START("box", "run", "-w", "/nodir", ROOT, "true");
	expect_refusal(run, "/nodir");
}

static struct termios settings_of(int terminal)
{
	struct termios settings;

	EXPECT(tcgetattr(terminal, &settings) == 0,
	       "the test could not look at the terminal");
	return settings;
}

static void set_width(int terminal, unsigned short width)
{
	const struct winsize size = {.ws_row = 20, .ws_col = width};

	EXPECT(ioctl(terminal, TIOCSWINSZ, &size) == 0,
	       "the test could not set the size of the terminal");
}

static void terminal(void)
{
	struct run *run;
	int outside;

	run = START_WITH({.terminal = true}, "box", "run", "--tty", ROOT, "sh",
			 "-c",
			 "tty; read word; echo got:$word; "
			 "until [ \"$(stty size)\" = '20 99' ]; do :; done; "
			 "echo wide; exit 7");
	AWAIT(strstr(output_of(run), "/dev/pts/0") || has_ended(run),
	      "the command has no terminal of its own: %s", output_of(run));
	EXPECT(!has_ended(run),
	       "it has ended, with status %d and no word to a terminal: %s",
	       finish(run), output_of(run));
	outside = open_terminal_of(run);
	AWAIT(!(settings_of(outside).c_lflag & (ECHO | ICANON)),
	      "the caller's terminal is not in raw mode");
	set_width(outside, 99);
	type(run, "hello\n");
	AWAIT(strstr(output_of(run), "got:hello") || has_ended(run),
	      "what is typed does not reach the command");
	AWAIT(strstr(output_of(run), "wide") || has_ended(run),
	      "the caller's terminal has 20 rows and 99 columns now, and the "
	      "command's has not");
	expect_status(run, 7);
	EXPECT(settings_of(outside).c_lflag & ECHO &&
		       settings_of(outside).c_lflag & ICANON,
	       "the caller's terminal was left in raw mode");
	close(outside);
	run = START_WITH({.terminal = true}, "box", "run", "-t", ROOT, "cat");
	outside = open_terminal_of(run);
	AWAIT(!(settings_of(outside).c_lflag & ECHO),
	      "the caller's terminal is not in raw mode");
	kill_process(pid_of(run), SIGKILL);
	AWAIT(settings_of(outside).c_lflag & ECHO,
	      "box was killed, and the terminal is left in raw mode");
	close(outside);
	finish(run);
	run = START_WITH({.input = "half a line"}, "box", "run", "-t",
			 "--no-seccomp", ROOT, "cat");
	AWAIT(has_ended(run), "the end of standard input is not the end of "
			      "what the terminal gives");
	about_task(6);
	EXPECT(finish(run) == 0,
	       "with --tty and --no-seccomp it has ended with status %d, "
	       "expected 0: %s",
	       finish(run), errors_of(run));
	about_task(7);
	EXPECT(strstr(output_of(run), "half a line"),
	       "what came before the end is lost");
	expect_nothing_left();
}

static void exits(void)
{
	make_root();
	exit_statuses();
	signals_and_time();
	about_task(6);
	orphans();
	about_task(7);
	expect_statistics();
	terminal();
}

/* No mount, and no mount point that ROOTFS did not have. */
static void expect_no_trace(void)
{
	expect_nothing_left();
	EXPECT(!strstr(proc_file(sandbox_init(), "mountinfo"), ROOT),
	       "a mount is left behind outside");
}

/*
 * Its caller is looked at when it is about to make a container, and when it is
 * about to make another one: whenever a fork is held up and it has no child.
 */
static void expect_descriptors_closed(void)
{
	const char *token = fresh_token();
	/* An ordinary user has nothing in hand before there is a child. */
	struct run *run = START_WITH({.as_root = true}, "probe", "launch",
				     word("pause=fork:0:%s", token),
				     "driver twice " ROOT " true");
	int counts[2] = {0}, seen = 0;
	pid_t child;

	for (int n = 1; !has_ended(run); n++) {
		const char *held = word("%s.%d", token, n);

		AWAIT(exists(held, ".paused") || has_ended(run),
		      "two containers of one caller do not come to an end");
		if (seen < 2 && children_of(pid_of(run), &child, 1) == 0)
			counts[seen++] = count_descriptors(pid_of(run));
		release(held);
	}
	expect_status(run, 0);
	EXPECT(counts[0] == counts[1],
	       "who runs a container had %d descriptors open before, and %d "
	       "after: drop_sources() closes those of ROOTFS and of volumes",
	       counts[0], counts[1]);
}

static void mount_points(void)
{
	const char *token = fresh_token(), *other = fresh_token();
	struct run *run, *second;
	pid_t command;

	run = START("box", "run", PROBE, "-v", "/mnt/probe:/new/place/file:ro",
		    "--tmpfs", "/scratch", ROOT, "probe", "hold", token);
	command = await_command(run, token, "");
	second = START("box", "run", PROBE, "--tmpfs", "/scratch", ROOT,
		       "probe", "hold", other);
	await_command(second, other, " beside another on the same ROOTFS");
	end(command, run);
	EXPECT(mount_at(find_probe(other), "/scratch")[0],
	       "the end of one container took a mount from another on the same "
	       "ROOTFS");
	end(find_probe(other), second);
	run = START("box", "run", PROBE, "-v", "/mnt/probe:/new/place/file:ro",
		    "--tmpfs", "/scratch", ROOT, "true");
	expect_status(run, 0);
	/* What stood there before stays. */
	EXPECT(access(sandbox_path(ROOT "/mark"), F_OK) == 0 &&
		       access(sandbox_path(ROOT "/proc"), F_OK) == 0,
	       "something of ROOTFS was removed");
	in_sandbox("rmdir " ROOT "/scratch " ROOT "/new/place " ROOT "/new "
		   "2>/dev/null; rm -rf " ROOT "/scratch " ROOT "/new");
	expect_status(START("box", "run", "-v", "/mnt/probe:/new/place/file:ro",
			    "--tmpfs", "/scratch", ROOT, "true"),
		      0);
	EXPECT(access(sandbox_path(ROOT "/new"), F_OK) < 0 &&
		       access(sandbox_path(ROOT "/scratch"), F_OK) < 0,
	       "the mount points that it made in ROOTFS are left behind");
	RUN("box", "run", "-v", "/mnt/probe:/new/place/file", ROOT,
	    "-nonsense");
	EXPECT(access(sandbox_path(ROOT "/new"), F_OK) < 0,
	       "a mount point is left behind where the command did not start");
	expect_descriptors_closed();
}

/* Killed when CALL number N is about to be made, by whomever of it. */
static void kill_at(const char *call, int number, const char *option)
{
	const char *token = fresh_token(), *gate_file = fresh_token();
	char setting[80], line[256], paused[64], go_on[64];
	struct run *run;

	snprintf(setting, sizeof(setting), "pause=%s:%d:%s", call, number,
		 gate_file);
	snprintf(paused, sizeof(paused), "/tmp/%s.paused", gate_file);
	snprintf(line, sizeof(line),
		 "box run %s --tmpfs /scratch -v /mnt/probe:/bin/probe:ro " ROOT
		 " probe hold %s",
		 option, token);
	run = START("probe", "launch", setting, line);
	AWAIT(access(sandbox_path(paused), F_OK) == 0 || find_probe(token) ||
		      has_ended(run),
	      "box neither starts its command nor makes call %s number %d",
	      call, number);
	EXPECT(!has_ended(run), "box has ended, with status %d", finish(run));
	kill_process(pid_of(run), SIGKILL);
	finish(run);
	/* Whoever it was goes on now, and is to see that it is alone. */
	snprintf(go_on, sizeof(go_on), "/tmp/%s", gate_file);
	write_in_sandbox(go_on, "");
	AWAIT(!find_probe(token),
	      "box was killed at call %s number %d, and its command lives on: "
	      "it is to die with its parent",
	      call, number);
	expect_no_trace();
}

static void killed_at_any_moment(void)
{
	static const int mounts[] = {1, 2, 5, 12, 20};

	for (int i = 0; i < 20; i++) {
		const char *token = fresh_token();
		const struct timespec nap = {
			.tv_nsec = random_between(0, 20000000)};
		struct run *run = START(
			"box", "run", i % 2 ? "--no-init" : "--nice=0", PROBE,
			"--tmpfs", "/scratch", ROOT, "probe", "hold", token);

		/* Not to wait for anything: to be at a random moment. */
		nanosleep(&nap, NULL);
		if (!has_ended(run))
			kill_process(pid_of(run), SIGKILL);
		finish(run);
	}
	expect_no_trace();
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		kill_at("mount", mounts[i], "--overlay");
	kill_at("exec", 2, "");
	kill_at("exec", 2, "--no-init");
	kill_at("pdeathsig", 1, "");
	kill_at("setuid", 1, "");
	kill_at("capset", 1, "--no-init");
}

/* A new user id cancels what was asked for as user 0. */
static void ends_of_other_users(void)
{
	const int before = about_task(6);
	const char *token = fresh_token(), *other = fresh_token();
	struct run *run, *joined;

	run = START_WITH({.as_root = true}, "driver", "alone", "33:44", ROOT,
			 "probe", "hold", token);
	joined = START_WITH({.as_root = true}, "box", "exec", "-u", "77:88",
			    id_in_sandbox(await_command(run, token, "")),
			    "probe", "hold", other);
	await_command(joined, other, "");
	kill_process(pid_of(joined), SIGKILL);
	finish(joined);
	AWAIT(!find_probe(other),
	      "box exec -u 77:88 was killed, and its command lives: a new user "
	      "id has cancelled PR_SET_PDEATHSIG");
	kill_process(pid_of(run), SIGKILL);
	finish(run);
	AWAIT(!find_probe(token),
	      "its caller was killed, and with no_init CMD lives: a new user "
	      "id has cancelled PR_SET_PDEATHSIG");
	about_task(before);
}

static void ends_of_others(void)
{
	const char *token = fresh_token();
	struct run *run;
	pid_t init;
	char link[16];

	run = START("box", "run", PROBE, ROOT, "probe", "hold", token);
	await_command(run, token, "");
	init = child_of(pid_of(run));
	kill_process(init, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	AWAIT(!find_probe(token), "process 1 was killed, and CMD lives");
	/* One id is all that there may be here. */
	if (sandbox_student() != geteuid())
		ends_of_other_users();
	token = fresh_token();
	run = START_WITH({.as_root = true}, "box", "run", "--net", "veth",
			 PROBE, ROOT, "probe", "hold", token);
	await_command(run, token, "");
	snprintf(link, sizeof(link), "box%s", id_in_sandbox(pid_of(run)));
	EXPECT(strstr(proc_file(sandbox_init(), "net/dev"), link),
	       "the end of the cable out here is not called %s", link);
	kill_process(pid_of(run), SIGKILL);
	finish(run);
	AWAIT_KERNEL(!strstr(proc_file(sandbox_init(), "net/dev"), link),
		     "box was killed, and the interface %s is left", link);
	expect_no_trace();
}

static void leaves_nothing(void)
{
	make_root();
	mount_points();
	killed_at_any_moment();
	ends_of_others();
}

static void failing_calls(void)
{
	static const char program[] =
		"box run --tmpfs /fresh --read-only " ROOT " touch /tmp/ran";
	static const struct {
		const char *call;
		int task;
		const char *program;
	} calls[] = {
		{"umount:0", 1, program},
		{"pivot_root:0", 1, program},
		{"unshare:0", 0, program},
		{"sethostname:0", 6, program},
		{"send:0", 6, program},
		{"capbset_drop:0", 5, program},
		{"capset:0", 5, program},
		{"seccomp:0", 5, program},
		{"no_new_privs:0", 5, program},
		{"dumpable:0", 6, program},
		{"setgid:0", 6, program},
		{"setuid:0", 6, program},
		{"pdeathsig:0", 6, program},
		{"setsid:0", 6, "box run --no-seccomp " ROOT " true"},
		{"setsid:0", 6, "box run --tty " ROOT " true"},
		{"setrlimit:0", 6, "box run --rlimit nofile=9 " ROOT " true"},
		{"fork:1", 7, program},
		{"fork:2", 7, program},
		{"write:1", 7, program},
		{"setpriority:0", 7, "box run --nice 3 " ROOT " true"},
		/* Nobody but box waits for it: what it does not hear of. */
		{"wait:1", 7, "box run --no-init " ROOT " true"},
		{0},
	};
	int mounts;

	/* Tasks 1 to 4 mount. */
	about_task(0);
	mounts = expect_each_checked(NULL, "mount", program);
	EXPECT(mounts >= 4, "the container was made with %d mounts", mounts);
	for (size_t i = 0; calls[i].call; i++) {
		about_task(calls[i].task);
		expect_call_checked(calls[i].call, calls[i].program);
	}
	EXPECT(access(sandbox_path(ROOT "/fresh"), F_OK) < 0,
	       "a call failed, and a mount point is left behind");
}

static void bad_usage(void)
{
	REFUSES("ROOTFS", "box", "run");
	REFUSES("CMD", "box", "run", ROOT);
	REFUSES("/nowhere", "box", "run", "/nowhere", "true");
	REFUSES("/mnt/probe", "box", "run", "/mnt/probe", "true");
	REFUSES("--memory", "box", "run", "--memory", "12Q", ROOT, "true");
	REFUSES("--memory", "box", "run", "--memory", "99999999999999T", ROOT,
		"true");
	REFUSES("--nice", "box", "run", "--nice", "20", ROOT, "true");
	REFUSES("--cpus", "box", "run", "--cpus", "4000", ROOT, "true");
	REFUSES("--user", "box", "run", "--user", "-1", ROOT, "true");
	REFUSES("--volume", "box", "run", "--volume", "/nowhere:/mnt", ROOT,
		"true");
	REFUSES("--tmpfs", "box", "run", "--tmpfs", "relative", ROOT, "true");
	REFUSES("--rlimit", "box", "run", "--rlimit", "files=3", ROOT, "true");
	REFUSES("--cap-add", "box", "run", "--cap-add", "fly", ROOT, "true");
	REFUSES("--env", "box", "run", "--env", "NOVALUE", ROOT, "true");
	REFUSES("--uptime", "box", "run", "--uptime", "-5", ROOT, "true");
	REFUSES("--net", "box", "run", "--net", "host", ROOT, "true");
	REFUSES("--hostname", "box", "run", "--hostname", "", ROOT, "true");
	REFUSES("/nodir", "box", "run", "-w", "/nodir", ROOT, "true");
	REFUSES("/nodir", "box", "run", "--stats", "/nodir/x", ROOT, "true");
	REFUSES("--ip", "box", "run", "--ip", "10.0.0.1/24,10.0.0.2/24", ROOT,
		"true");
	REFUSES("--ip", "box", "run", "--net", "veth", "--ip",
		"10.0.0.1/24,10.0.1.2/24", ROOT, "true");
	REFUSES("nonsense", "box", "nonsense");
	REFUSES("run", "box");
	expect_status(START("box", "--help"), 0);
	expect_status(START("box", "run", "--help"), 0);
	expect_status(START("box", "exec", "--help"), 0);
	/* An ordinary user may lay no cable. */
	REFUSES("veth", "box", "run", "--net", "veth", ROOT, "true");
}

static void failures(void)
{
	make_root();
	EXPECT(RUN("box", "run", ROOT, "true") == 0,
	       "a container of nothing but true(1) does not run");
	failing_calls();
	bad_usage();
}

static const char *limit_of(const char *group, const char *file)
{
	static char text[64];
	const char *path = word("%s/%s", group, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	EXPECT(n >= 0, "%s cannot be read", path);
	text[n] = '\0';
	close(fd);
	return text;
}

static void expect_limit(const char *group, const char *file,
			 const char *expected)
{
	const char *text = limit_of(group, file);

	EXPECT(strcmp(text, expected) == 0, "%s is %s, expected %s", file, text,
	       expected);
}

/* QUOTA PERIOD: any period will do. */
static void expect_half_a_cpu(const char *group)
{
	const char *text = limit_of(group, "cpu.max");
	long long quota = 0, period = 0;

	EXPECT(sscanf(text, "%lld %lld", &quota, &period) == 2 &&
		       quota * 2 == period,
	       "cpu.max is %s, expected half of its period, as in "
	       "\"50000 100000\"",
	       text);
}

/* The directory out here of the group that it is in. */
static void group_of_process(pid_t pid, char *path, size_t size)
{
	const char *line = strstr(proc_file(pid, "cgroup"), "0::");

	snprintf(path, size, "/sys/fs/cgroup%.*s",
		 line ? (int)strcspn(line + 3, "\n") : 0, line ? line + 3 : "");
}

/* How many groups of box there are in the student's, with "*" in a shell. */
static bool groups_left(void)
{
	return RUN("sh", "-c",
		   "ls -d /sys/fs/cgroup/student/box* >/dev/null 2>&1") == 0;
}

static void expect_group(void)
{
	const char *token = fresh_token();
	struct run *run;
	pid_t command;
	char path[700], init[700];

	run = START_WITH({.in_delegated = true}, "box", "run", "--memory",
			 "32M", "--pids", "20", "--cpu", "50", "--weight", "50",
			 PROBE, ROOT, "probe", "hold", token);
	command = await_command(run, token, "");
	group_of_process(command, path, sizeof(path));
	EXPECT(strncmp(path, delegated_cgroup(), strlen(delegated_cgroup())) ==
			       0 &&
		       strcmp(path, delegated_cgroup()) != 0,
	       "CMD is not in a cgroup of its own: %s", path);
	group_of_process(child_of(pid_of(run)), init, sizeof(init));
	EXPECT(strcmp(path, init) == 0,
	       "process 1 is in the cgroup %s, and CMD in %s", init, path);
	group_of_process(pid_of(run), init, sizeof(init));
	EXPECT(strcmp(path, init) != 0,
	       "box itself is in the cgroup that it is to limit");
	expect_limit(path, "memory.max", "33554432\n");
	expect_limit(path, "pids.max", "20\n");
	expect_half_a_cpu(path);
	expect_limit(path, "cpu.weight", "50\n");
	end(command, run);
	AWAIT(!groups_left(), "a cgroup is left behind");
	run = START_WITH({.in_delegated = true}, "box", "run", "--pids", "20",
			 ROOT, "sh", "-c",
			 "cat /proc/self/cgroup /sys/fs/cgroup/pids.max; "
			 "! (echo 5 >/sys/fs/cgroup/pids.max) 2>/dev/null");
	expect_status(run, 0);
	EXPECT(strstr(output_of(run), "0::/\n") &&
		       strstr(output_of(run), "\n20\n"),
	       "inside, the root of the cgroups is not that of the container: "
	       "%s",
	       output_of(run));
}

/* Without limits no controller is enabled, and others may be in the parent. */
static void expect_joined_group(void)
{
	const char *token = fresh_token(), *other = fresh_token();
	struct run *run, *joined;
	char path[700], second[700];
	pid_t command;

	run = START_WITH({.in_delegated = true}, "box", "run", "--stats",
			 "/tmp/stats", PROBE, ROOT, "probe", "hold", token);
	command = await_command(run, token, "");
	joined = START_WITH({.in_delegated = true}, "box", "exec",
			    id_in_sandbox(command), "probe", "hold", other);
	await_command(joined, other, "");
	group_of_process(command, path, sizeof(path));
	group_of_process(find_probe(other), second, sizeof(second));
	EXPECT(strcmp(path, second) == 0,
	       "box exec is in the cgroup %s, and the container in %s", second,
	       path);
	end(command, run);
	expect_status(joined, 128 + SIGKILL);
	AWAIT(!groups_left(), "a cgroup is left behind");
}

/* It is removed also when it could not be killed, or not be asked. */
static void expect_group_removed(void)
{
	static const char *const calls[] = {"cgroup.kill:0", "cpu.stat:0"};
	const struct start how = {.in_delegated = true};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		expect_call_checked_as(&how, calls[i],
				       "box run --stats /tmp/stats " ROOT
				       " true");
		EXPECT(!groups_left(),
		       "call %s (0: all of them) failed, and the cgroup is "
		       "left behind",
		       calls[i]);
	}
}

static void limits(void)
{
	const char *token = fresh_token(), *stats;
	struct run *run;

	make_root();
	expect_group();
	expect_joined_group();
	expect_group_removed();
	run = START_WITH({.in_delegated = true}, "box", "run", "--memory",
			 "32M", "--stats", "/tmp/stats", PROBE, ROOT, "probe",
			 "fill", "64");
	expect_status(run, 128 + SIGKILL);
	stats = read_in_sandbox("/tmp/stats");
	EXPECT(strstr(stats, "cause oom\n") && !strstr(stats, "oom_kill 0\n"),
	       "--stats says of an out-of-memory kill: %s", stats);
	run = START_WITH({.in_delegated = true}, "box", "run", "--pids", "12",
			 "--stats", "/tmp/stats", PROBE, ROOT, "probe", "fork",
			 "20");
	expect_status(run, 1);
	EXPECT(atoi(output_of(run)) == 10,
	       "with --pids 12 the probe could fork %s times: expected 10, "
	       "with process 1 and itself",
	       output_of(run));
	EXPECT(!strstr(read_in_sandbox("/tmp/stats"), "pids_max 0\n"),
	       "--stats says nothing of forks that were refused: %s",
	       read_in_sandbox("/tmp/stats"));
	/* A group for the statistics alone, and one for a container that fails
	 */
	expect_status(START_WITH({.in_delegated = true}, "box", "run",
				 "--stats", "/tmp/stats", ROOT, "sh", "-c",
				 "i=0; while [ $i -lt 20000 ]; do "
				 "i=$((i+1)); done"),
		      0);
	EXPECT(!strstr(read_in_sandbox("/tmp/stats"), "\nuser_usec 0\n"),
	       "--stats says that a loop took no time: %s",
	       read_in_sandbox("/tmp/stats"));
	AWAIT(!groups_left(), "a cgroup is left behind");
	run = START_WITH({.in_delegated = true}, "box", "run", "--pids", "12",
			 "-w", "/nodir", ROOT, "true");
	expect_status(run, 125);
	run = START_WITH({.in_delegated = true}, "probe", "launch",
			 "fail=fork:1:12", "box run --pids 12 " ROOT " true");
	expect_status(run, 125);
	EXPECT(!groups_left(),
	       "the container failed, and its cgroup is left behind");
	/* Killed: the next one sweeps. */
	run = START_WITH({.in_delegated = true}, "box", "run", "--stats",
			 "/tmp/stats", PROBE, ROOT, "probe", "hold", token);
	await_command(run, token, "");
	kill_process(pid_of(run), SIGKILL);
	finish(run);
	AWAIT(!find_probe(token), "box was killed, and its command lives");
	expect_status(START_WITH({.in_delegated = true}, "box", "run",
				 "--stats", "/tmp/stats", ROOT, "true"),
		      0);
	AWAIT(!groups_left(),
	      "a cgroup that a killed box left was not swept by the next");
}

static const struct test tests[] = {
	{"own_root", 1, "ROOTFS is /, and nothing leads back out", own_root, 0,
	 1},
	{"standard_mounts", 1,
	 "/dev, /proc and /sys are the container's, the machine's are masked",
	 standard_mounts, 0, 2},
	{"file_systems", 1,
	 "volumes, tmpfs, read-only, overlay; links stay inside", file_systems,
	 0, 4},
	{"hardened", 1,
	 "no_new_privs, few capabilities, a filter that knows clone3", hardened,
	 0, 5},
	{"process_options", 1,
	 "environment, directory, ids, limits, nice, CPUs, clock as asked for",
	 process_options, 0, 6},
	{"worlds", 1,
	 "eight namespaces and an init of its own, a cable; box exec joins "
	 "them all",
	 worlds, TAKES_LONG, 7},
	{"exits", 1,
	 "exits as CMD did; signals, --timeout, --stats and --tty work", exits,
	 TAKES_WHOLE | TAKES_LONG, 7},
	{"leaves_nothing", 1,
	 "killed at any moment, it leaves no process, mount or interface",
	 leaves_nothing, TAKES_LONG, 7},
	{"failures", 1,
	 "whatever call fails, it says so and ends; nonsense is refused",
	 failures, TAKES_LONG, 7},
	{"limits", 1, "memory, processes and CPU time are limited and counted",
	 limits, NEEDS_LIMITS, 7},
	{0},
};

const struct gate gate = {"10-pivot-root", "box", tests};
