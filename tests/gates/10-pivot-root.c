/* Stage 10: root.h, harden.h, container.h; the whole of box. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

#define ROOT "/tmp/root"
/* The probe stands in the container by its own inode, so it is known by it. */
#define PROBE "--volume", "/mnt/probe:/bin/probe:ro"
#define DEFAULT_CAPABILITIES 0x00000000a80425fbULL

/* A root file system that belongs to the student. */
static void make_root(void)
{
	static const char script[] =
		"cp -a /mnt/rootfs " ROOT " 2>/dev/null; chmod u+w " ROOT
		" && touch " ROOT "/bin/probe " ROOT "/mark";

	if (access(sandbox_path(ROOT), F_OK) == 0)
		return;
	EXPECT(RUN("sh", "-c", script) == 0,
	       "the test could not copy the root file system");
}

static const char *in_container(pid_t pid, const char *path)
{
	static char paths[2][512];
	static int next;

	next = !next;
	snprintf(paths[next], sizeof(paths[next]), "/proc/%d/root%s", (int)pid,
		 path);
	return paths[next];
}

static void eight_namespaces(void)
{
	static const char *const types[] = {"user", "uts", "ipc",    "pid",
					    "mnt",  "net", "cgroup", "time"};
	const char *token = fresh_token(), *name = fresh_token();
	struct run *run;
	pid_t command;
	char ids[64];

	make_root();
	run = START("box", "run", "--hostname", name, PROBE, ROOT, "probe",
		    "hold", token);
	command = await_probe(token);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		EXPECT(namespace_of(command, types[i]) !=
			       namespace_of(pid_of(run), types[i]),
		       "CMD is in the %s namespace of its caller", types[i]);
	/* NSpid: here, in the sandbox, in the container: 2, below an init. */
	snprintf(ids, sizeof(ids), "%s", status_of(command, "NSpid"));
	EXPECT(strrchr(ids, '\t') && strcmp(strrchr(ids, '\t'), "\t2") == 0,
	       "CMD's process ids are %s: expected 2 as the last, process 1 "
	       "being an init",
	       ids);
	run = START("hostname");
	EXPECT(finish(run) == 0 && strcmp(output_of(run), "sandbox\n") == 0,
	       "the host name outside is %s now", output_of(run));
	run = START("box", "run", "--hostname", name, PROBE, ROOT, "hostname");
	EXPECT(finish(run) == 0 && strncmp(output_of(run), name, 17) == 0,
	       "hostname says %s, not %s", output_of(run), name);
	run = START("box", "run", ROOT, "ip", "-o", "addr", "show", "lo");
	EXPECT(finish(run) == 0 && strstr(output_of(run), "127.0.0.1/8"),
	       "the loopback interface is not up");
}

static void own_root(void)
{
	const char *token = fresh_token(), *mounts, *old = "/mnt/rootfs";
	char first[512];
	struct run *run;
	pid_t command;

	make_root();
	run = START("box", "run", PROBE, ROOT, "probe", "hold", token);
	command = await_probe(token);
	EXPECT(access(in_container(command, "/mark"), F_OK) == 0,
	       "its / is not ROOTFS");
	EXPECT(strcmp(proc_link(command, "cwd"), "/") == 0,
	       "its working directory is %s", proc_link(command, "cwd"));
	EXPECT(strcmp(proc_link(command, "root"), "/") == 0,
	       "its root is %s in its mount namespace: a chroot, which is left "
	       "as easily as entered",
	       proc_link(command, "root"));
	mounts = proc_file(command, "mountinfo");
	EXPECT(!strstr(mounts, old),
	       "the old root is still mounted: %s is "
	       "among its mounts",
	       old);
	EXPECT(!strstr(mounts, "shared:") && !strstr(mounts, "master:"),
	       "its mounts are connected with those outside: propagation is "
	       "not private");
	snprintf(first, sizeof(first), "%s", mount_at(command, "/"));
	EXPECT(first[0], "nothing is mounted at its /");
	EXPECT(count_descriptors(command) == 3,
	       "it has %d descriptors: expected 0, 1 and 2",
	       count_descriptors(command));
	(void)run;
}

static void expect_device(pid_t pid, const char *path, unsigned major_number,
			  unsigned minor_number)
{
	struct stat st;

	EXPECT(stat(in_container(pid, path), &st) == 0 && S_ISCHR(st.st_mode) &&
		       st.st_rdev == makedev(major_number, minor_number),
	       "%s is not the character device %u:%u", path, major_number,
	       minor_number);
}

static void expect_mount(pid_t pid, const char *dir, const char *part)
{
	const char *line = mount_at(pid, dir);

	EXPECT(line[0], "nothing is mounted at %s", dir);
	EXPECT(strstr(line, part), "at %s is mounted: %s; expected %s", dir,
	       line, part);
}

static void standard_mounts(void)
{
	const char *token = fresh_token();
	char options[256];
	pid_t command;

	make_root();
	START("box", "run", PROBE, ROOT, "probe", "hold", token);
	command = await_probe(token);
	expect_device(command, "/dev/null", 1, 3);
	expect_device(command, "/dev/zero", 1, 5);
	expect_device(command, "/dev/full", 1, 7);
	expect_device(command, "/dev/random", 1, 8);
	expect_device(command, "/dev/urandom", 1, 9);
	expect_mount(command, "/dev", " - tmpfs ");
	expect_mount(command, "/dev/pts", " - devpts ");
	expect_mount(command, "/dev/shm", " - tmpfs ");
	expect_mount(command, "/dev/mqueue", " - mqueue ");
	expect_mount(command, "/proc", " - proc ");
	expect_mount(command, "/sys", " - sysfs ");
	EXPECT(access(in_container(command, "/proc/2/stat"), F_OK) == 0 &&
		       access(in_container(command, "/proc/3"), F_OK) < 0,
	       "its /proc is not that of its own PID namespace");
	/* sysfs(5) and what sets the machine are for reading. */
	expect_mount(command, "/proc/sys", " ro,");
	snprintf(options, sizeof(options), "%s", mount_at(command, "/sys"));
	EXPECT(strstr(options, " ro,"), "/sys can be written: %s", options);
	EXPECT(mount_at(command, "/proc/keys")[0] ||
		       access(in_container(command, "/proc/keys"), F_OK) < 0,
	       "/proc/keys shows the keys of the machine");
	expect_status(START("box", "run", ROOT, "sh", "-c",
			    "echo 1 2>/dev/null >/proc/sys/kernel/domainname"),
		      1);
}

static void hardened(void)
{
	const char *token = fresh_token();
	char status[8], wanted[8];
	struct run *run;
	pid_t command;
	int code = random_between(20, 90);

	make_root();
	run = START("box", "run", PROBE, ROOT, "probe", "hold", token);
	command = await_probe(token);
	EXPECT(strcmp(status_of(command, "NoNewPrivs"), "1") == 0,
	       "no_new_privs is not set");
	EXPECT(strcmp(status_of(command, "Seccomp"), "2") == 0,
	       "there is no system call filter");
	EXPECT(status_mask(command, "CapBnd") == DEFAULT_CAPABILITIES,
	       "its bounding set is %s", status_of(command, "CapBnd"));
	EXPECT((status_mask(command, "CapEff") & ~DEFAULT_CAPABILITIES) == 0,
	       "its effective capabilities are %s",
	       status_of(command, "CapEff"));
	kill(command, SIGKILL);
	finish(run);
	snprintf(wanted, sizeof(wanted), "%d", code);
	expect_status(
		START("box", "run", PROBE, ROOT, "probe", "denied", wanted),
		code);
	token = fresh_token();
	START("box", "run", "--cap-add", "net_admin", "--no-seccomp", PROBE,
	      ROOT, "probe", "hold", token);
	command = await_probe(token);
	snprintf(status, sizeof(status), "%s", status_of(command, "Seccomp"));
	EXPECT(strcmp(status, "0") == 0, "--no-seccomp left a filter");
	EXPECT(status_mask(command, "CapBnd") ==
		       (DEFAULT_CAPABILITIES | 1ULL << 12),
	       "with --cap-add net_admin its bounding set is %s",
	       status_of(command, "CapBnd"));
}

static void file_systems(void)
{
	const char *token = fresh_token(), *text = fresh_token();
	const char *script;
	pid_t command;

	make_root();
	write_in_sandbox("/tmp/file", text);
	START("box", "run", PROBE, "-v", "/tmp/file:/new/place/file:ro", "-v",
	      "/usr:/mnt", "--tmpfs", "/scratch", ROOT, "probe", "hold", token);
	command = await_probe(token);
	expect_mount(command, "/new/place/file", " ro,");
	expect_mount(command, "/scratch", " - tmpfs ");
	EXPECT(mount_at(command, "/mnt")[0], "the second volume is not there");
	kill(command, SIGKILL);
	expect_nothing_left();
	AWAIT(access(sandbox_path(ROOT "/new"), F_OK) < 0 &&
		      access(sandbox_path(ROOT "/scratch"), F_OK) < 0,
	      "the mount points that it made in ROOTFS are left behind");

	/* A write to the root: kept, refused, or in memory only. */
	script = "echo x 2>/dev/null >/made";
	EXPECT(RUN("box", "run", "--read-only", ROOT, "sh", "-c", script) == 1,
	       "with --read-only the root was written to");
	EXPECT(RUN("box", "run", "--overlay", ROOT, "sh", "-c",
		   "echo x >/made && rm /mark && cat /made") == 0,
	       "with --overlay the root could not be changed");
	EXPECT(access(sandbox_path(ROOT "/made"), F_OK) < 0 &&
		       access(sandbox_path(ROOT "/mark"), F_OK) == 0,
	       "with --overlay the changes went to ROOTFS");
	EXPECT(RUN("box", "run", ROOT, "sh", "-c", script) == 0 &&
		       access(sandbox_path(ROOT "/made"), F_OK) == 0,
	       "without either, what it wrote is not in ROOTFS");
	/* A link in ROOTFS leads nowhere else. */
	EXPECT(RUN("sh", "-c",
		   "mkdir /tmp/out; ln -s /tmp/out " ROOT "/link") == 0,
	       "the test could not make a link");
	RUN("box", "run", "-v", "/usr:/link/inside", ROOT, "true");
	EXPECT(access(sandbox_path("/tmp/out/inside"), F_OK) < 0,
	       "a symbolic link in ROOTFS led a mount point outside");
}

static void process_options(void)
{
	static const char *const env[] = {"LEAK=secret", NULL};
	static const char script[] = "read up rest </proc/uptime; "
				     "[ ${up%.*} -ge 86400 ] && "
				     "[ ${up%.*} -lt 86500 ]";
	const char *token = fresh_token();
	pid_t command;

	make_root();
	START_WITH({.env = env}, "box", "run", "-e", "GIVEN=a b", "-w", "/usr",
		   "--rlimit", "nofile=64:128", "--nice", "7", "--cpus", "0",
		   "--policy", "batch", "--io", "idle", "--user", "1234:99",
		   PROBE, ROOT, "probe", "hold", token);
	command = await_probe(token);
	EXPECT(environment_has(command, "GIVEN=a b"), "-e was not heeded");
	EXPECT(!environment_has(command, "LEAK=secret"),
	       "the caller's environment went into the container");
	EXPECT(strcmp(proc_link(command, "cwd"), "/usr") == 0,
	       "its working directory is %s", proc_link(command, "cwd"));
	EXPECT(strstr(proc_file(command, "limits"),
		      "Max open files            64                   128"),
	       "its limit of open files is not 64:128");
	EXPECT(nice_of(command) == 7, "its nice value is %d", nice_of(command));
	EXPECT(syscall(SYS_sched_getscheduler, command) == SCHED_BATCH,
	       "its scheduling policy is not SCHED_BATCH");
	/* Who: a process; class 3 in the upper bits: idle. ioprio_get(2). */
	EXPECT(syscall(SYS_ioprio_get, 1, command) >> 13 == 3,
	       "its I/O scheduling class is not idle");
	EXPECT(strcmp(status_of(command, "Cpus_allowed_list"), "0") == 0,
	       "it may run on CPUs %s",
	       status_of(command, "Cpus_allowed_list"));
	EXPECT(strstr(proc_file(command, "uid_map"), "1234"),
	       "user 1234 is not mapped: %s", proc_file(command, "uid_map"));
	EXPECT(status_mask(command, "CapEff") == 0,
	       "user 1234 has capabilities: %s", status_of(command, "CapEff"));
	kill(command, SIGKILL);
	token = fresh_token();
	START("box", "run", "--no-init", PROBE, ROOT, "probe", "hold", token);
	command = await_probe(token);
	EXPECT(strcmp(strrchr(status_of(command, "NSpid"), '\t'), "\t1") == 0,
	       "with --no-init CMD is not process 1");
	kill(command, SIGKILL);
	expect_status(START("box", "run", "--uptime", "86400", ROOT, "sh", "-c",
			    script),
		      0);
}

static void network_cable(void)
{
	const char *token = fresh_token();
	struct run *run;
	pid_t command;

	make_root();
	run = START_WITH({.as_root = true}, "box", "run", "--net", "veth",
			 "--ip", "10.9.8.1/24,10.9.8.2/24", PROBE, ROOT,
			 "probe", "hold", token);
	command = await_probe(token);
	EXPECT(strstr(proc_file(command, "net/dev"), "eth0:"),
	       "there is no eth0 inside");
	EXPECT(strstr(proc_file(command, "net/fib_trie"), "10.9.8.2"),
	       "eth0 does not have its address");
	EXPECT(strstr(proc_file(pid_of(run), "net/fib_trie"), "10.9.8.1"),
	       "the end outside does not have its address");
	EXPECT(finish(START_WITH({.as_root = true}, "ping", "-c", "1", "-W",
				 "3", "10.9.8.2")) == 0,
	       "nobody answers at 10.9.8.2");
	send_signal(run, SIGTERM);
	finish(run);
	EXPECT(!strstr(proc_file(sandbox_init(), "net/dev"), "box"),
	       "the interface outside is left behind");
	REFUSES("--ip", "box", "run", "--ip", "10.0.0.1/24,10.0.0.2/24", ROOT,
		"true");
	REFUSES("--ip", "box", "run", "--net", "veth", "--ip",
		"10.0.0.1/24,10.0.1.2/24", ROOT, "true");
	REFUSES("veth", "box", "run", "--net", "veth", ROOT, "true");
}

static void exit_and_signals(void)
{
	const char *token = fresh_token();
	int code = random_between(1, 120);
	struct run *run;
	char word[16];

	make_root();
	snprintf(word, sizeof(word), "%d", code);
	expect_status(START("box", "run", PROBE, ROOT, "probe", "exit", word),
		      code);
	expect_status(START("box", "run", ROOT, fresh_token()), 127);
	expect_status(START("box", "run", ROOT, "/etc"), 126);
	expect_status(START("box", "run", "--timeout", "0.1", "--grace", "0.1",
			    ROOT, "sh", "-c",
			    "trap '' TERM; while :; do sleep 1; done"),
		      124);
	run = START("box", "run", "--stats", "/tmp/stats", PROBE, ROOT, "probe",
		    "hold", token);
	await_probe(token);
	send_signal(run, SIGUSR1);
	expect_status(run, 128 + SIGUSR1);
	EXPECT(strstr(read_in_sandbox("/tmp/stats"), "cause signaled\n") &&
		       strstr(read_in_sandbox("/tmp/stats"), "signal 10\n"),
	       "--stats says: %s", read_in_sandbox("/tmp/stats"));
	expect_nothing_left();
}

static void killed_at_any_moment(void)
{
	make_root();
	for (int i = 0; i < 50; i++) {
		const char *token = fresh_token();
		const struct timespec nap = {
			.tv_nsec = random_between(0, 8000000)};
		struct run *run =
			START("box", "run", PROBE, "--tmpfs", "/scratch", ROOT,
			      "probe", "hold", token);

		/* Not to wait for anything: to be at a random moment. */
		nanosleep(&nap, NULL);
		if (!has_ended(run))
			kill(pid_of(run), SIGKILL);
		finish(run);
	}
	expect_nothing_left();
	EXPECT(!strstr(proc_file(sandbox_init(), "mountinfo"), ROOT),
	       "a mount is left behind outside");
}

static void joins_container(void)
{
	static const char *const types[] = {"user", "uts", "ipc",    "pid",
					    "mnt",  "net", "cgroup", "time"};
	const char *token = fresh_token(), *other = fresh_token();
	struct run *run, *joined;
	pid_t first, second;
	char pid[16];

	make_root();
	run = START("box", "run", PROBE, ROOT, "probe", "hold", token);
	first = await_probe(token);
	/* Its process id as the student sees it: the last but one. */
	snprintf(pid, sizeof(pid), "%ld",
		 strtol(strchr(status_of(pid_of(run), "NSpid"), '\t'), NULL,
			10));
	joined = START("box", "exec", pid, "probe", "hold", other);
	second = await_probe(other);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		EXPECT(namespace_of(first, types[i]) ==
			       namespace_of(second, types[i]),
		       "box exec is not in the container's %s namespace",
		       types[i]);
	EXPECT(status_mask(second, "CapBnd") == status_mask(first, "CapBnd") &&
		       strcmp(status_of(second, "Seccomp"), "2") == 0 &&
		       strcmp(status_of(second, "NoNewPrivs"), "1") == 0,
	       "what joined the container may do more than what was there");
	EXPECT(count_descriptors(second) == 3,
	       "box exec left %d descriptors open", count_descriptors(second));
	kill(first, SIGKILL);
	expect_status(joined, 128 + SIGKILL);
	REFUSES("PID", "box", "exec", "0", "true");
	REFUSES("4194303", "box", "exec", "4194303", "true");
}

static void terminal(void)
{
	struct run *run;

	make_root();
	run = START_WITH({.terminal = true}, "box", "run", "--tty", ROOT, "sh",
			 "-c", "tty; read word; echo got:$word; exit 7");
	AWAIT(strstr(output_of(run), "/dev/pts/0") || has_ended(run),
	      "the command has no terminal of its own: %s", output_of(run));
	type(run, "hello\n");
	AWAIT(strstr(output_of(run), "got:hello") || has_ended(run),
	      "what is typed does not reach the command");
	expect_status(run, 7);
}

static void expect_limit(const char *group, const char *file,
			 const char *expected)
{
	char path[800], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		fail("%s cannot be read", path);
	close(fd);
	EXPECT(strcmp(text, expected) == 0, "%s is %s, expected %s", file, text,
	       expected);
}

static void limits(void)
{
	const char *token = fresh_token(), *stats;
	struct run *run;
	pid_t command;
	char path[700];

	make_root();
	run = START_WITH({.in_delegated = true}, "box", "run", "--memory",
			 "32M", "--pids", "20", "--cpu", "50", "--weight", "50",
			 PROBE, ROOT, "probe", "hold", token);
	command = await_probe(token);
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s",
		 strstr(proc_file(command, "cgroup"), "0::") + 3);
	path[strcspn(path, "\n")] = '\0';
	EXPECT(strncmp(path, delegated_cgroup(), strlen(delegated_cgroup())) ==
			       0 &&
		       strcmp(path, delegated_cgroup()) != 0,
	       "CMD is not in a cgroup of its own: %s", path);
	expect_limit(path, "memory.max", "33554432\n");
	expect_limit(path, "pids.max", "20\n");
	expect_limit(path, "cpu.max", "50000 100000\n");
	expect_limit(path, "cpu.weight", "50\n");
	kill(command, SIGKILL);
	expect_status(run, 128 + SIGKILL);
	run = START_WITH({.in_delegated = true}, "box", "run", "--memory",
			 "32M", "--stats", "/tmp/stats", PROBE, ROOT, "probe",
			 "fill", "64");
	expect_status(run, 128 + SIGKILL);
	stats = read_in_sandbox("/tmp/stats");
	EXPECT(strstr(stats, "cause oom\n") && !strstr(stats, "oom_kill 0\n"),
	       "--stats says of an out-of-memory kill: %s", stats);
	run = START_WITH({.in_delegated = true}, "box", "run", "--pids", "12",
			 PROBE, ROOT, "probe", "fork", "20");
	expect_status(run, 1);
	EXPECT(atoi(output_of(run)) == 10,
	       "with --pids 12 the probe could fork %s times: expected 10, "
	       "with process 1 and itself",
	       output_of(run));
	snprintf(path, sizeof(path), "%s", delegated_cgroup());
	AWAIT(RUN("sh", "-c",
		  "ls -d /sys/fs/cgroup/student/box* 2>/dev/null") != 0,
	      "a cgroup is left behind below %s", path);
}

static void bad_usage(void)
{
	make_root();
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
	REFUSES("--rlimit", "box", "run", "--rlimit", "files=3", ROOT, "true");
	REFUSES("--cap-add", "box", "run", "--cap-add", "fly", ROOT, "true");
	REFUSES("--env", "box", "run", "--env", "NOVALUE", ROOT, "true");
	REFUSES("--uptime", "box", "run", "--uptime", "-5", ROOT, "true");
	REFUSES("--net", "box", "run", "--net", "host", ROOT, "true");
	REFUSES("--hostname", "box", "run", "--hostname", "", ROOT, "true");
	REFUSES("/nodir", "box", "run", "-w", "/nodir", ROOT, "true");
	REFUSES("/nodir", "box", "run", "--stats", "/nodir/x", ROOT, "true");
}

static void worlds(void)
{
	eight_namespaces();
	network_cable();
}

static void exits(void)
{
	exit_and_signals();
	terminal();
}

static void robust(void)
{
	killed_at_any_moment();
	bad_usage();
}

static const struct test tests[] = {
	{"worlds", 1,
	 "CMD is in eight namespaces of its own, below an init; a veth pair",
	 worlds, 0, 0},
	{"own_root", 1, "ROOTFS is /, and nothing leads back out", own_root, 0,
	 0},
	{"standard_mounts", 1,
	 "/dev, /proc and /sys are the container's, the machine's are masked",
	 standard_mounts, 0, 0},
	{"hardened", 1,
	 "no_new_privs, few capabilities, a filter that knows clone3", hardened,
	 0, 0},
	{"file_systems", 1,
	 "volumes, tmpfs, read-only, overlay; links stay inside", file_systems,
	 0, 0},
	{"process_options", 1,
	 "environment, directory, ids, limits, nice, CPUs, clock as asked for",
	 process_options, 0, 0},
	{"exits", 1,
	 "exits as CMD did; signals, --timeout, --stats and --tty work", exits,
	 0, 0},
	{"joins_container", 1,
	 "box exec joins all of it and is bound as tightly", joins_container, 0,
	 0},
	{"robust", 1,
	 "killed at any moment, nothing is left; nonsense is "
	 "refused",
	 robust, 0, 0},
	{"limits", 1, "memory, processes and CPU time are limited and counted",
	 limits, NEEDS_LIMITS, 0},
	{0},
};

const struct gate gate = {"10-pivot-root", "box", tests};
