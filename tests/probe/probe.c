/*
 * The probe: a program of ours that runs as CMD of the student's programs. It
 * mostly holds still, so that the judge can look at it from outside.
 *
 *	probe hold TOKEN...	wait to be killed
 *	probe exit STATUS	exit at once
 *	probe write TEXT	print TEXT
 *	probe orphans N TOKEN	N grandchildren that outlive their parents and
 *				end together when the file TOKEN appears in /tmp
 *	probe spin TOKEN...	use all the CPU there is
 *	probe fill MIB		touch that much memory, then exit 0
 *	probe fork N		N children that wait; exit 0 if all could start
 *	probe denied STATUS	exit with STATUS if every system call that leads
 *				out of a container is refused
 *	probe calls KEPT STATUS	exit with STATUS if a container's filter for
 *				those who keep the capabilities KEPT (base 16)
 *				does what harden.h says to each system call;
 *				else say to which it does not
 *	probe foreign		make a system call as a 32-bit program does;
 *				exit 0 if it was one, 77 where there are none
 *	probe catch SIG FILE	write the number of the signal to FILE when it
 *				comes, and exit 0; "ready" before that
 *	probe record FILE [LAST]
 *				write the number of every signal that comes to
 *				FILE, "ready" before that; exit 0 on signal LAST
 *				(SIGTERM; 0: on none)
 *	probe job 'PROGRAM WORD...'
 *				start PROGRAM as a shell does: in a process
 *				group of its own, with the terminal; do not take
 *				that back when it ends; wait to be killed
 *	probe launch SETTING... 'PROGRAM WORD...'
 *				become PROGRAM, as the caller of a program may
 *				have left the world to it, or with system calls
 *				of it, or of one below it, disturbed:
 *
 *	block=MASK ignore=MASK	signals, in base 16 as in /proc/PID/status
 *	alarm=N			SIGALRM every N milliseconds, from the kernel
 *	uid=N gid=N		user and group id
 *	cpu=N			the one CPU that it may run on
 *	nice=N policy=N io=N	as the system calls take them
 *	fail=CALL:N:ERRNO	CALL number N (0: every one) fails with ERRNO
 *	fail=CALL:N:ERRNO:TOKEN	the same, and TOKEN.failed is made in /tmp then
 *	fake=CALL:N		CALL number N is not made, and said to be
 *	pause=CALL:N:TOKEN	CALL number N is not begun before the file
 *				TOKEN appears in /tmp; TOKEN.paused is made
 *				when it is to be begun
 *
 * CALL is one of disturbed_calls[], or "cgroup.FILE": a write to a file of that
 * name. The words of PROGRAM are one argument, so that nobody takes the
 * launcher for the probe that it is about to start.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void hold(void)
{
	for (;;)
		pause();
}

static void nap(void)
{
	const struct timespec t = {.tv_nsec = 1000000};

	nanosleep(&t, NULL);
}

static _Noreturn void wait_for_file(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s", name);
	while (access(path, F_OK) < 0)
		nap();
	_exit(0);
}

static _Noreturn void wait_for_end(int pipe)
{
	char byte;

	while (read(pipe, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/*
 * Two forks each: the one between ends at once. The first orphan looks for
 * the file; it alone has the writing end of the pipe that all others read.
 */
static int orphans(int count, const char *token)
{
	int ends[2];

	if (pipe(ends) < 0)
		return 1;
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0) {
			child = fork();
			if (child == 0 && i == 0)
				wait_for_file(token);
			if (child == 0)
				wait_for_end(ends[0]);
			_exit(0);
		}
		if (child < 0)
			return 1;
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		if (i == 0)
			close(ends[1]);
	}
	hold();
}

static int fill(size_t mib)
{
	size_t size = mib << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < size; i += 4096)
		((volatile char *)memory)[i] = 1;
	return 0;
}

static int fork_many(int count)
{
	int started = 0;

	for (; started < count; started++) {
		pid_t child = fork();

		if (child == 0)
			hold();
		if (child < 0)
			break;
	}
	printf("%d\n", started);
	return started == count ? 0 : 1;
}

static int catch (int sig, const char *path)
{
	sigset_t set;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666), caught;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fd < 0 || write(fd, "ready\n", 6) != 6)
		return 1;
	sigwait(&set, &caught);
	dprintf(fd, "%d\n", caught);
	return 0;
}

static int record(const char *path, int last)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666), caught = 0;
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fd < 0 || write(fd, "ready\n", 6) != 6)
		return 1;
	while ((last == 0 || caught != last) && sigwait(&set, &caught) == 0)
		dprintf(fd, "%d\n", caught);
	return 0;
}

static const struct {
	const char *name;
	long numbers[4]; /* from the second on 0 ends them: read(2) is 0 */
} disturbed_calls[] = {
#ifdef SYS_fork
	{"fork", {SYS_clone, SYS_clone3, SYS_fork, SYS_vfork}},
	{"open", {SYS_openat, SYS_openat2, SYS_open}},
#else
	{"fork", {SYS_clone, SYS_clone3}},
	{"open", {SYS_openat, SYS_openat2}},
#endif
	{"exec", {SYS_execve, SYS_execveat}},
	{"wait", {SYS_wait4, SYS_waitid}},
	{"kill", {SYS_kill, SYS_tgkill, SYS_pidfd_send_signal}},
	{"write", {SYS_write, SYS_pwrite64, SYS_writev}},
	{"prctl", {SYS_prctl}},
	{"subreaper", {SYS_prctl}},
	{"pdeathsig", {SYS_prctl}},
	{"capbset_drop", {SYS_prctl}},
	{"setuid", {SYS_setresuid, SYS_setreuid, SYS_setuid}},
	{"setgid", {SYS_setresgid, SYS_setregid, SYS_setgid}},
	{"setgroups", {SYS_setgroups}},
	{"capset", {SYS_capset}},
	{"mount", {SYS_mount, SYS_mount_setattr, SYS_move_mount}},
	{"read", {SYS_read, SYS_readv}},
	{"fcntl", {SYS_fcntl}},
	{"lock", {SYS_fcntl}},
	{"trylock", {SYS_fcntl}},
	{"sendmsg", {SYS_sendmsg, SYS_sendmmsg}},
	{"recvmsg", {SYS_recvmsg, SYS_recvmmsg}},
	{"connect", {SYS_connect}},
	{"listen", {SYS_listen}},
	{"sigaction", {SYS_rt_sigaction}},
#ifdef SYS_poll
	{"sleep", {SYS_rt_sigtimedwait, SYS_ppoll, SYS_epoll_pwait, SYS_poll}},
#else
	{"sleep", {SYS_rt_sigtimedwait, SYS_ppoll, SYS_epoll_pwait}},
#endif
	{"setaffinity", {SYS_sched_setaffinity}},
	{"setscheduler", {SYS_sched_setscheduler, SYS_sched_setattr}},
	{"setpriority", {SYS_setpriority}},
	{"ioprio_set", {SYS_ioprio_set}},
	{"socket", {SYS_socket}},
	{"send", {SYS_sendto, SYS_sendmsg}},
	{"receive", {SYS_recvfrom, SYS_recvmsg}},
	{"ioctl", {SYS_ioctl}},
	{"unshare", {SYS_unshare}},
	{"setns", {SYS_setns}},
	{"umount", {SYS_umount2}},
	{"pivot_root", {SYS_pivot_root}},
	{"sethostname", {SYS_sethostname}},
	{"seccomp", {SYS_seccomp}},
	{"pr_seccomp", {SYS_prctl}},
	{"no_new_privs", {SYS_prctl}},
	{"dumpable", {SYS_prctl}},
	{"setsid", {SYS_setsid}},
	{"setrlimit", {SYS_prlimit64}},
	{0},
};

/* Those that are such a call only when argument number n has this value. */
static const struct {
	const char *name;
	int n;
	int value;
} when[] = {
	{"subreaper", 1, PR_SET_CHILD_SUBREAPER},
	{"pdeathsig", 1, PR_SET_PDEATHSIG},
	{"capbset_drop", 1, PR_CAPBSET_DROP},
	{"pr_seccomp", 1, PR_SET_SECCOMP},
	{"no_new_privs", 1, PR_SET_NO_NEW_PRIVS},
	{"dumpable", 1, PR_SET_DUMPABLE},
	{"lock", 2, F_OFD_SETLKW},
	{"trylock", 2, F_OFD_SETLK},
};

static struct disturbance {
	char call[16];
	int number;
	int error;     /* 0: make the call after all */
	bool fake;     /* say that it is made */
	char file[64]; /* to wait for before; "": nothing */
	char told[64]; /* to make when it fails; "": nothing */
	int seen;
	bool pausing;
	uint64_t paused;
} disturbances[4];

static size_t disturbance_count;

/* From linux/filter.h and linux/seccomp.h, which are not musl's to have. */
struct instruction {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t k;
};

struct notice {
	uint64_t id;
	uint32_t pid, flags;
	uint64_t data[8];
};

struct reply {
	uint64_t id;
	int64_t value;
	int32_t error;
	uint32_t flags;
};

enum {
	LOAD_WORD = 0x20,
	JUMP_IF_EQUAL = 0x15,
	RETURN = 0x06,
	ALLOW = 0x7fff0000,
	ASK = 0x7fc00000,
	SET_FILTER = 1,
	NEW_LISTENER = 8,
	GO_ON = 1,
};

#define RECEIVE _IOWR('!', 0, struct notice)
#define SEND _IOWR('!', 1, struct reply)

static bool is_cgroup_file(const char *call)
{
	return strncmp(call, "cgroup.", 7) == 0;
}

/* Its row in disturbed_calls[], which may be the last one. */
static unsigned row_of(const char *call)
{
	unsigned row = 0;

	if (is_cgroup_file(call))
		call = "write";
	while (disturbed_calls[row].name &&
	       strcmp(disturbed_calls[row].name, call) != 0)
		row++;
	return row;
}

/* The calls wait for whoever reads the descriptor returned. seccomp(2) */
static int install_listener(void)
{
	struct instruction code[3 + 4 * 4] = {{.code = LOAD_WORD}};
	long numbers[4 * 4];
	struct {
		unsigned short length;
		struct instruction *code;
	} program = {.code = code};
	unsigned count = 0;

	for (size_t i = 0; i < disturbance_count; i++) {
		unsigned row = row_of(disturbances[i].call);

		if (!disturbed_calls[row].name) {
			errno = EINVAL;
			return -1;
		}
		for (int n = 0; n < 4; n++)
			if (n == 0 || disturbed_calls[row].numbers[n])
				numbers[count++] =
					disturbed_calls[row].numbers[n];
	}
	for (unsigned i = 0; i < count; i++)
		code[1 + i] = (struct instruction){JUMP_IF_EQUAL,
						   (uint8_t)(count - i), 0,
						   (uint32_t)numbers[i]};
	code[1 + count] = (struct instruction){RETURN, 0, 0, ALLOW};
	code[2 + count] = (struct instruction){RETURN, 0, 0, ASK};
	program.length = (unsigned short)(count + 3);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SET_FILTER, NEW_LISTENER, &program);
}

/*
 * `error` 0: the call is made, or with `fake` only said to be, and to have
 * returned `value`.
 */
static void answer(int listener, uint64_t id, int error, bool fake,
		   int64_t value)
{
	struct reply reply = {
		.id = id,
		.value = fake && !error ? value : 0,
		.error = -error,
		.flags = error || fake ? 0 : GO_ON,
	};

	/* ENOENT: whoever made the call was killed meanwhile. */
	ioctl(listener, (int)SEND, &reply);
}

/* Whether the descriptor that it is about is open to a file of that name. */
static bool is_file(const struct notice *notice, const char *name)
{
	char link[64], path[512];
	const char *slash;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%u/fd/%d", notice->pid,
		 (int)notice->data[2]);
	length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	return slash && strcmp(slash + 1, name) == 0;
}

/* What a call returns that has done all it was asked for. */
static int64_t whole(const struct notice *notice)
{
	const int number = (int)notice->data[0];
	struct iovec parts[8], here = {parts, sizeof(parts)};
	struct iovec there = {(void *)(uintptr_t)notice->data[3],
			      (size_t)notice->data[4] * sizeof(parts[0])};
	int64_t sum = 0;

	if (number == SYS_write || number == SYS_pwrite64)
		return (int64_t)notice->data[4];
	if (number != SYS_writev || notice->data[4] > 8 ||
	    process_vm_readv((pid_t)notice->pid, &here, 1, &there, 1, 0) < 0)
		return 0;
	for (uint64_t i = 0; i < notice->data[4]; i++)
		sum += (int64_t)parts[i].iov_len;
	return sum;
}

/* What a notice says: the number, an address, then the arguments. */
static bool is_about(const struct notice *notice, const char *call)
{
	const long *numbers = disturbed_calls[row_of(call)].numbers;

	for (size_t i = 0; i < sizeof(when) / sizeof(when[0]); i++)
		if (strcmp(call, when[i].name) == 0 &&
		    (int)notice->data[1 + when[i].n] != when[i].value)
			return false;
	for (int n = 0; n < 4; n++)
		if ((n == 0 || numbers[n]) &&
		    (int)numbers[n] == (int)notice->data[0])
			return !is_cgroup_file(call) || is_file(notice, call);
	return false;
}

static struct disturbance *disturbance_of(const struct notice *notice)
{
	for (size_t i = 0; i < disturbance_count; i++)
		if (is_about(notice, disturbances[i].call))
			return &disturbances[i];
	return NULL;
}

static void make_file(const char *file, const char *suffix)
{
	char path[80];

	if (file[0] == '\0')
		return;
	snprintf(path, sizeof(path), "%s%s", file, suffix);
	close(open(path, O_WRONLY | O_CREAT, 0666));
}

static void take_notice(int listener)
{
	union {
		struct notice notice;
		char room[512]; /* a newer kernel's may be larger */
	} u = {0};
	struct disturbance *what;

	if (ioctl(listener, (int)RECEIVE, &u) < 0)
		return;
	what = disturbance_of(&u.notice);
	if (!what || (++what->seen != what->number && what->number != 0)) {
		answer(listener, u.notice.id, 0, false, 0);
	} else if (what->file[0] == '\0') {
		make_file(what->told, ".failed");
		answer(listener, u.notice.id, what->error, what->fake,
		       whole(&u.notice));
	} else {
		what->paused = u.notice.id;
		what->pausing = true;
		make_file(what->file, ".paused");
	}
}

/* Lives until nobody is left who has the filter. */
static _Noreturn void disturb(int listener)
{
	struct pollfd calls = {.fd = listener, .events = POLLIN};
	bool pausing;

	for (;;) {
		pausing = false;
		for (size_t i = 0; i < disturbance_count; i++) {
			struct disturbance *what = &disturbances[i];

			if (what->pausing && access(what->file, F_OK) == 0) {
				answer(listener, what->paused, 0, false, 0);
				what->pausing = false;
			}
			pausing |= what->pausing;
		}
		poll(&calls, 1, pausing ? 1 : -1);
		if (calls.revents & (POLLHUP | POLLERR))
			_exit(0);
		if (calls.revents & POLLIN)
			take_notice(listener);
	}
}

/*
 * The one who answers is no child of the program, and has the descriptors in
 * common with it until that is executed: so it gets the listener.
 */
static void start_disturbing(void)
{
	volatile int *listener =
		mmap(NULL, sizeof(*listener), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const unsigned long flags = CLONE_FILES | SIGCHLD;
	pid_t child;

	*listener = -1;
	child = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
	if (child == 0) {
		if (syscall(SYS_clone, flags, 0, 0, 0, 0) != 0)
			_exit(0);
		setsid();
		for (int tries = 0; *listener < 0 && tries < 5000; tries++)
			nap();
		if (*listener >= 0)
			disturb(*listener);
		_exit(1);
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	*listener = install_listener();
	if (*listener < 0) {
		fprintf(stderr, "probe: cannot disturb: %s\n", strerror(errno));
		_exit(99);
	}
}

static int execute(const char *program)
{
	/* A copy: to cut what is in /proc/PID/cmdline would show the words. */
	char *words[32] = {strtok(strdup(program), " ")};

	for (int i = 1; i < 31 && words[i - 1]; i++)
		words[i] = strtok(NULL, " ");
	if (!words[0])
		return 99;
	execvp(words[0], words);
	fprintf(stderr, "probe: %s: %s\n", words[0], strerror(errno));
	return 99;
}

/* fail=, fake= and pause=; false: it is none of them. */
static bool read_disturbance(const char *setting)
{
	struct disturbance what = {0};
	char file[48];

	if (sscanf(setting, "pause=%15[^:]:%d:%47s", what.call, &what.number,
		   file) == 3)
		snprintf(what.file, sizeof(what.file), "/tmp/%s", file);
	else if (sscanf(setting, "fake=%15[^:]:%d", what.call, &what.number) ==
		 2)
		what.fake = true;
	else if (sscanf(setting, "fail=%15[^:]:%d:%d:%47s", what.call,
			&what.number, &what.error, file) == 4)
		snprintf(what.told, sizeof(what.told), "/tmp/%s", file);
	else if (sscanf(setting, "fail=%15[^:]:%d:%d", what.call, &what.number,
			&what.error) != 3)
		return false;
	if (disturbance_count < 4)
		disturbances[disturbance_count++] = what;
	return true;
}

static void set_signals(unsigned long long blocked, unsigned long long ignored)
{
	sigset_t set;

	sigemptyset(&set);
	for (int sig = 1; sig <= 64; sig++) {
		if (blocked >> (sig - 1) & 1)
			sigaddset(&set, sig);
		if (ignored >> (sig - 1) & 1)
			signal(sig, SIG_IGN);
	}
	sigprocmask(SIG_SETMASK, &set, NULL);
}

/* execve(2) keeps this timer. */
static int set_alarm(int milliseconds)
{
	const struct timeval time = {.tv_usec = milliseconds * 1000};
	const struct itimerval timer = {time, time};

	return setitimer(ITIMER_REAL, &timer, NULL);
}

/* A number of a setting that one system call makes true; or -1. */
static long set_number(const char *setting)
{
	const char *equals = strchr(setting, '=');
	const size_t length = equals ? (size_t)(equals - setting) : 0;
	const int number = equals ? atoi(equals + 1) : 0;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)number, &cpus);
	if (length == 3 && memcmp(setting, "cpu", 3) == 0)
		return sched_setaffinity(0, sizeof(cpus), &cpus);
	if (length == 3 && memcmp(setting, "uid", 3) == 0)
		return syscall(SYS_setresuid, number, number, number);
	if (length == 3 && memcmp(setting, "gid", 3) == 0)
		return syscall(SYS_setresgid, number, number, number);
	if (length == 5 && memcmp(setting, "alarm", 5) == 0)
		return set_alarm(number);
	if (length == 4 && memcmp(setting, "nice", 4) == 0)
		return setpriority(PRIO_PROCESS, 0, number);
	if (length == 2 && memcmp(setting, "io", 2) == 0)
		return syscall(SYS_ioprio_set, 1, 0, number);
	if (length == 6 && memcmp(setting, "policy", 6) == 0)
		return syscall(SYS_sched_setscheduler, 0, number, &(int){0});
	errno = EINVAL;
	return -1;
}

static int launch(int count, char **settings, const char *program)
{
	unsigned long long blocked = 0, ignored = 0;

	for (int i = 0; i < count; i++) {
		if (sscanf(settings[i], "block=%llx", &blocked) == 1 ||
		    sscanf(settings[i], "ignore=%llx", &ignored) == 1 ||
		    read_disturbance(settings[i]) ||
		    set_number(settings[i]) >= 0)
			continue;
		fprintf(stderr, "probe: %s: %s\n", settings[i],
			strerror(errno));
		return 99;
	}
	if (disturbance_count > 0)
		start_disturbing();
	set_signals(blocked, ignored);
	return execute(program);
}

static int job(const char *program)
{
	pid_t child;

	/* Or it is stopped for giving the terminal away. */
	signal(SIGTTOU, SIG_IGN);
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		_exit(execute(program));
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	hold();
}

static bool fails_with(long result, int error, const char *call)
{
	if (result < 0 && errno == error)
		return true;
	fprintf(stderr, "probe: %s: %s\n", call,
		result < 0 ? strerror(errno) : "was allowed");
	return false;
}

/* Calls that a container's filter is to refuse; `status` when all are. */
static int denied(int status)
{
	struct {
		unsigned long long flags, rest[10];
	} args = {.flags = CLONE_NEWUSER};
	unsigned long sneaky = TIOCSTI | 1UL << 32;
	char c = 'x';
	bool all = true;

	all &= fails_with(unshare(CLONE_NEWUSER), EPERM, "unshare");
	all &= fails_with(
		syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), EPERM,
		"clone");
	all &= fails_with(syscall(SYS_clone3, &args, sizeof(args)), ENOSYS,
			  "clone3");
	all &= fails_with(mount("none", "/tmp", "tmpfs", 0, NULL), EPERM,
			  "mount");
	all &= fails_with(syscall(SYS_keyctl, 0, -3, 0, 0, 0), EPERM, "keyctl");
	all &= fails_with(syscall(SYS_bpf, 0, NULL, 0), EPERM, "bpf");
	all &= fails_with(syscall(SYS_ioctl, 0, TIOCSTI, &c), EPERM, "TIOCSTI");
	all &= fails_with(syscall(SYS_ioctl, 0, sneaky, &c), EPERM,
			  "TIOCSTI with a bit above the 32nd");
	return all ? status : 98;
}

enum { ALWAYS = -1, NEVER = -2, NO_WAY_TO_TELL = 1 };

/* An address at which nothing is, and flags that no call has. */
#define NOWHERE 1
#define NONSENSE 0xfffff000UL
#define ABOVE (1UL << 32)

/*
 * With such arguments a kernel that is asked says something else than EPERM,
 * and does nothing; where it says EPERM all the same there is no way to tell.
 */
static const struct {
	const char *name;
	long number;
	int capability; /* that the call is for; ALWAYS, NEVER: to refuse */
	int untold;
	unsigned long arguments[5];
} calls[] = {
	{"mount", SYS_mount, 21, 0, {NOWHERE, NOWHERE, NOWHERE}},
	{"umount2", SYS_umount2, 21, 0, {NOWHERE, NONSENSE}},
	{"pivot_root", SYS_pivot_root, 21, 0, {NOWHERE, NOWHERE}},
	{"open_tree", SYS_open_tree, 21, 0, {NOWHERE, NOWHERE, NONSENSE}},
	{"move_mount", SYS_move_mount, 21, 0, {0, NOWHERE, 0, 1, NONSENSE}},
	{"fsopen", SYS_fsopen, 21, 0, {NOWHERE, NONSENSE}},
	{"fsconfig", SYS_fsconfig, 21, 0, {-1UL, NONSENSE}},
	{"fsmount", SYS_fsmount, 21, 0, {-1UL, NONSENSE}},
	{"fspick", SYS_fspick, 21, 0, {-1UL, NOWHERE, NONSENSE}},
	{"mount_setattr", SYS_mount_setattr, 21, 0, {-1UL, 0, NONSENSE}},
	{"unshare", SYS_unshare, 21, 0, {1}},
	{"setns", SYS_setns, 21, 0, {-1UL}},
	{"swapon", SYS_swapon, 21, NO_WAY_TO_TELL, {NOWHERE, NONSENSE}},
	{"swapoff", SYS_swapoff, 21, NO_WAY_TO_TELL, {NOWHERE}},
	{"quotactl", SYS_quotactl, 21, 0, {0xff}},
	{"bpf", SYS_bpf, 39, NO_WAY_TO_TELL, {NONSENSE, NOWHERE, NONSENSE}},
	{"perf_event_open", SYS_perf_event_open, 38, 0, {0, 0, 0, 0, NONSENSE}},
	{"init_module", SYS_init_module, 16, NO_WAY_TO_TELL, {0}},
	{"finit_module", SYS_finit_module, 16, NO_WAY_TO_TELL, {-1UL}},
	{"delete_module", SYS_delete_module, 16, NO_WAY_TO_TELL, {NOWHERE}},
	{"kexec_load", SYS_kexec_load, 22, NO_WAY_TO_TELL, {0, 99}},
#ifdef SYS_kexec_file_load
	{"kexec_file_load", SYS_kexec_file_load, 22, NO_WAY_TO_TELL, {-1UL}},
#endif
	{"reboot", SYS_reboot, 22, NO_WAY_TO_TELL, {0}},
	{"open_by_handle_at", SYS_open_by_handle_at, 2, NO_WAY_TO_TELL, {-1UL}},
	{"settimeofday", SYS_settimeofday, 25, 0, {NOWHERE}},
	{"clock_settime", SYS_clock_settime, 25, 0, {99, NOWHERE}},
	{"clock_adjtime", SYS_clock_adjtime, 25, 0, {99, NOWHERE}},
	{"adjtimex", SYS_adjtimex, 25, 0, {NOWHERE}},
	{"acct", SYS_acct, 20, NO_WAY_TO_TELL, {NOWHERE}},
	{"syslog", SYS_syslog, 34, NO_WAY_TO_TELL, {99}},
	{"userfaultfd", SYS_userfaultfd, 19, 0, {-1UL}},
	{"kcmp", SYS_kcmp, 19, 0, {0, 0, 99}},
	{"add_key", SYS_add_key, ALWAYS, 0, {0}},
	{"request_key", SYS_request_key, ALWAYS, 0, {0}},
	{"keyctl", SYS_keyctl, ALWAYS, 0, {9999}},
	{"ioctl TIOCSTI", SYS_ioctl, ALWAYS, 0, {0, TIOCSTI}},
	{"ioctl TIOCSTI, a bit above the 32nd set,",
	 SYS_ioctl,
	 ALWAYS,
	 0,
	 {0, TIOCSTI | ABOVE}},
	{"ioctl TIOCLINUX", SYS_ioctl, ALWAYS, 0, {0, TIOCLINUX}},
	{"ioctl TIOCLINUX, a bit above the 32nd set,",
	 SYS_ioctl,
	 ALWAYS,
	 0,
	 {0, TIOCLINUX | ABOVE}},
	{"ioctl with the number of keyctl(2) as its request",
	 SYS_ioctl,
	 NEVER,
	 0,
	 {0, SYS_keyctl}},
	/* CLONE_THREAD without what belongs to it: no process comes of it. */
	{"clone CLONE_NEWUSER",
	 SYS_clone,
	 21,
	 0,
	 {CLONE_NEWUSER | CLONE_THREAD}},
	{"clone CLONE_NEWNS", SYS_clone, 21, 0, {CLONE_NEWNS | CLONE_THREAD}},
	{"clone CLONE_NEWPID", SYS_clone, 21, 0, {CLONE_NEWPID | CLONE_THREAD}},
	{"clone CLONE_NEWUTS", SYS_clone, 21, 0, {CLONE_NEWUTS | CLONE_THREAD}},
	{"clone CLONE_NEWIPC", SYS_clone, 21, 0, {CLONE_NEWIPC | CLONE_THREAD}},
	{"clone CLONE_NEWNET", SYS_clone, 21, 0, {CLONE_NEWNET | CLONE_THREAD}},
	{"clone CLONE_NEWCGROUP",
	 SYS_clone,
	 21,
	 0,
	 {CLONE_NEWCGROUP | CLONE_THREAD}},
	{"clone CLONE_NEWUSER, a bit above the 32nd set,",
	 SYS_clone,
	 21,
	 0,
	 {CLONE_NEWUSER | CLONE_THREAD | ABOVE}},
	{"clone3", SYS_clone3, 21, 0, {NOWHERE, 0}},
};

/* What was said to a call is not what was to be said to it. */
static bool wrong(const char *name, const char *expected, long result)
{
	fprintf(stderr, "probe: %s: %s, expected %s\n", name,
		result < 0 ? strerror(errno) : "was allowed", expected);
	return false;
}

static bool check_call(size_t i, unsigned long long kept)
{
	const unsigned long *a = calls[i].arguments;
	const int denied = calls[i].number == SYS_clone3 ? ENOSYS : EPERM;
	long result;

	errno = 0;
	result = syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4]);
	if (calls[i].capability == ALWAYS ||
	    (calls[i].capability >= 0 && !(kept >> calls[i].capability & 1)))
		return (result < 0 && errno == denied) ||
		       wrong(calls[i].name, strerror(denied), result);
	return errno != denied || calls[i].untold ||
	       wrong(calls[i].name, "that it is asked for", result);
}

static int check_calls(unsigned long long kept, int status)
{
	bool all = true;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		all &= check_call(i, kept);
#ifdef __x86_64__
	long x32 = syscall(0x40000000L + SYS_getpid);

	if (x32 >= 0 || errno != ENOSYS)
		all &= wrong("getpid of x32", strerror(ENOSYS), x32);
#endif
	return all ? status : 98;
}

static int foreign(void)
{
#ifdef __x86_64__
	long result = 20; /* getpid(2) of the i386 */

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	return result == getpid() ? 0 : 77;
#else
	return 77;
#endif
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "hold") == 0)
		hold();
	if (strcmp(what, "exit") == 0 && argc > 2)
		return atoi(argv[2]);
	if (strcmp(what, "write") == 0 && argc > 2)
		return puts(argv[2]) < 0;
	if (strcmp(what, "orphans") == 0 && argc > 3)
		return orphans(atoi(argv[2]), argv[3]);
	if (strcmp(what, "spin") == 0)
		for (volatile unsigned long n = 0;; n++)
			;
	if (strcmp(what, "fill") == 0 && argc > 2)
		return fill((size_t)atoi(argv[2]));
	if (strcmp(what, "fork") == 0 && argc > 2)
		return fork_many(atoi(argv[2]));
	if (strcmp(what, "catch") == 0 && argc > 3)
		return catch (atoi(argv[2]), argv[3]);
	if (strcmp(what, "record") == 0 && argc > 2)
		return record(argv[2], argc > 3 ? atoi(argv[3]) : SIGTERM);
	if (strcmp(what, "job") == 0 && argc > 2)
		return job(argv[2]);
	if (strcmp(what, "launch") == 0 && argc > 2)
		return launch(argc - 3, argv + 2, argv[argc - 1]);
	if (strcmp(what, "calls") == 0 && argc > 3)
		return check_calls(strtoull(argv[2], NULL, 16), atoi(argv[3]));
	if (strcmp(what, "foreign") == 0)
		return foreign();
	if (strcmp(what, "denied") == 0 && argc > 2)
		return denied(atoi(argv[2]));
	fprintf(stderr, "probe: %s: not known\n", what);
	return 99;
}
