#include "disturb.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nap.h"

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
void start_disturbing(void)
{
	volatile int *listener =
		mmap(NULL, sizeof(*listener), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const unsigned long flags = CLONE_FILES | SIGCHLD;
	pid_t child;

	if (disturbance_count == 0)
		return;
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

/* fail=, fake= and pause=; false: it is none of them. */
bool read_disturbance(const char *setting)
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
