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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "listener.h"
#include "nap.h"

/* Of system calls that are one thing to us. */
#define MOST_NUMBERS 9

static const struct {
	const char *name;
	long numbers[MOST_NUMBERS]; /* from the second on 0 ends them: read(2)
				       is 0 */
} disturbed_calls[] = {
#ifdef SYS_fork
	{"fork", {SYS_clone, SYS_clone3, SYS_fork, SYS_vfork}},
	{"open", {SYS_openat, SYS_openat2, SYS_open}},
	{"look",
	 {SYS_openat, SYS_openat2, SYS_faccessat, SYS_faccessat2,
	  SYS_newfstatat, SYS_statx, SYS_open, SYS_access, SYS_stat}},
#else
	{"fork", {SYS_clone, SYS_clone3}},
	{"open", {SYS_openat, SYS_openat2}},
	{"look",
	 {SYS_openat, SYS_openat2, SYS_faccessat, SYS_faccessat2,
	  SYS_newfstatat, SYS_statx}},
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
	{"mount_type", {SYS_mount}},
	{"fsopen", {SYS_fsopen}},
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
	{"close_range", {SYS_close_range}},
	{0},
};

/* Those that are such a call only when args[n] has this value. */
static const struct {
	const char *name;
	int n;
	int value;
} when[] = {
	{"subreaper", 0, PR_SET_CHILD_SUBREAPER},
	{"pdeathsig", 0, PR_SET_PDEATHSIG},
	{"capbset_drop", 0, PR_CAPBSET_DROP},
	{"pr_seccomp", 0, PR_SET_SECCOMP},
	{"no_new_privs", 0, PR_SET_NO_NEW_PRIVS},
	{"dumpable", 0, PR_SET_DUMPABLE},
	{"lock", 1, F_OFD_SETLKW},
	{"trylock", 1, F_OFD_SETLK},
};

enum { MOST_DISTURBANCES = 4 };

static struct disturbance {
	char call[24];
	int number;
	int error;     /* 0: make the call after all */
	bool fake;     /* say that it is made */
	char file[64]; /* to wait for before: held_for(); "": nothing */
	char told[64]; /* to make when it fails or is faked; "": nothing */
	int seen;
	bool pausing;
	uint64_t paused;
} disturbances[MOST_DISTURBANCES];

static size_t disturbance_count;

/* What is done to the file that it names; NULL: it names none. */
static const char *call_on_file(const char *call)
{
	if (strncmp(call, "cgroup.", 7) == 0)
		return "write";
	return strcmp(call, "cpu.stat") == 0 ? "read" : NULL;
}

/* What is done to what has the name that is said after a "."; NULL: nothing. */
static const char *call_on_name(const char *call)
{
	if (strncmp(call, "look.", 5) == 0)
		return "look";
	if (strncmp(call, "mount.", 6) == 0)
		return "mount_type";
	return strncmp(call, "fsopen.", 7) == 0 ? "fsopen" : NULL;
}

/* Its row in disturbed_calls[], which may be the last one. */
static unsigned row_of(const char *call)
{
	unsigned row = 0;

	if (call_on_file(call))
		call = call_on_file(call);
	if (call_on_name(call))
		call = call_on_name(call);
	while (disturbed_calls[row].name &&
	       strcmp(disturbed_calls[row].name, call) != 0)
		row++;
	return row;
}

static int install_listener(void)
{
	long numbers[MOST_DISTURBANCES * MOST_NUMBERS];
	size_t count = 0;

	for (size_t i = 0; i < disturbance_count; i++) {
		unsigned row = row_of(disturbances[i].call);

		for (int n = 0; n < MOST_NUMBERS; n++)
			if (n == 0 || disturbed_calls[row].numbers[n])
				numbers[count++] =
					disturbed_calls[row].numbers[n];
	}
	return listen_to_calls(numbers, count);
}

static bool ends_in(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, name) == 0;
}

/* Whether the descriptor that it is about is open to a file of that name. */
static bool is_file(const struct waiting_call *call, const char *name)
{
	char link[64], path[512];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)call->pid,
		 (int)call->args[0]);
	length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	return ends_in(path, name);
}

/* Whether the path, or the type, that it is about ends in that name. */
static bool is_named(const struct waiting_call *call, const char *name)
{
	char memory[64], path[512];
	int argument = 1, fd;
	ssize_t length;

#ifdef SYS_open
	if (call->number == SYS_open || call->number == SYS_access ||
	    call->number == SYS_stat)
		argument = 0;
#endif
	if (call->number == SYS_fsopen)
		argument = 0;
	if (call->number == SYS_mount)
		argument = 2;
	snprintf(memory, sizeof(memory), "/proc/%d/mem", (int)call->pid);
	fd = open(memory, O_RDONLY | O_CLOEXEC);
	/* Where its memory ends, so does what is read. */
	length = pread(fd, path, sizeof(path) - 1, (off_t)call->args[argument]);
	if (fd >= 0)
		close(fd);
	path[length > 0 ? length : 0] = '\0';
	return ends_in(path, name);
}

/* What a call returns that has done all it was asked for. */
static int64_t whole(const struct waiting_call *call)
{
	struct iovec parts[8], here = {parts, sizeof(parts)};
	struct iovec there = {(void *)(uintptr_t)call->args[1],
			      (size_t)call->args[2] * sizeof(parts[0])};
	int64_t sum = 0;

	if (call->number == SYS_write || call->number == SYS_pwrite64)
		return (int64_t)call->args[2];
	if (call->number != SYS_writev || call->args[2] > 8 ||
	    process_vm_readv(call->pid, &here, 1, &there, 1, 0) < 0)
		return 0;
	for (uint64_t i = 0; i < call->args[2]; i++)
		sum += (int64_t)parts[i].iov_len;
	return sum;
}

static bool is_about(const struct waiting_call *call, const char *name)
{
	const long *numbers = disturbed_calls[row_of(name)].numbers;

	for (size_t i = 0; i < sizeof(when) / sizeof(when[0]); i++)
		if (strcmp(name, when[i].name) == 0 &&
		    (int)call->args[when[i].n] != when[i].value)
			return false;
	for (int n = 0; n < MOST_NUMBERS; n++) {
		if ((n > 0 && !numbers[n]) || (int)numbers[n] != call->number)
			continue;
		if (call_on_name(name))
			return is_named(call, strchr(name, '.') + 1);
		return !call_on_file(name) || is_file(call, name);
	}
	return false;
}

static struct disturbance *disturbance_of(const struct waiting_call *call)
{
	for (size_t i = 0; i < disturbance_count; i++)
		if (is_about(call, disturbances[i].call))
			return &disturbances[i];
	return NULL;
}

static void make_file(const char *file, const char *suffix)
{
	char path[96];

	if (file[0] == '\0')
		return;
	snprintf(path, sizeof(path), "%s%s", file, suffix);
	close(open(path, O_WRONLY | O_CREAT, 0666));
}

/* What the call that is held up waits for: of several each has its own file. */
static const char *held_for(const struct disturbance *what)
{
	static char path[80];

	if (what->number != 0)
		return what->file;
	snprintf(path, sizeof(path), "%s.%d", what->file, what->seen);
	return path;
}

static void answer(int listener)
{
	struct waiting_call call;
	struct disturbance *what;
	char suffix[16];

	if (next_call(listener, &call) < 0)
		return;
	what = disturbance_of(&call);
	/* One at a time is held up. */
	if (!what || what->pausing ||
	    (++what->seen != what->number && what->number != 0)) {
		let_call(listener, call.id);
	} else if (what->file[0] != '\0') {
		what->paused = call.id;
		what->pausing = true;
		make_file(held_for(what), ".paused");
	} else {
		snprintf(suffix, sizeof(suffix), ".%d", what->seen);
		make_file(what->told, what->fake ? suffix : ".failed");
		if (what->error)
			fail_call(listener, call.id, what->error);
		else if (what->fake)
			fake_call(listener, call.id, whole(&call));
		else
			let_call(listener, call.id);
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

			if (what->pausing &&
			    access(held_for(what), F_OK) == 0) {
				let_call(listener, what->paused);
				what->pausing = false;
			}
			pausing |= what->pausing;
		}
		poll(&calls, 1, pausing ? 1 : -1);
		if (calls.revents & (POLLHUP | POLLERR))
			_exit(0);
		if (calls.revents & POLLIN)
			answer(listener);
	}
}

static _Noreturn void cannot_disturb(const char *call)
{
	fprintf(stderr, "probe: cannot disturb: %s: %s\n", call,
		strerror(errno));
	_exit(99);
}

/*
 * The one who answers is no child of the program, and has the descriptors in
 * common with it until that is executed: so it gets the listener.
 */
void start_disturbing(void)
{
	const unsigned long flags = CLONE_FILES | SIGCHLD;
	volatile int *listener;
	pid_t child;
	int status = 0;

	if (disturbance_count == 0)
		return;
	listener = mmap(NULL, sizeof(*listener), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (listener == MAP_FAILED)
		cannot_disturb("mmap");
	*listener = -1;
	child = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
	if (child < 0)
		cannot_disturb("clone");
	if (child == 0) {
		child = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
		if (child < 0)
			cannot_disturb("clone");
		if (child > 0)
			_exit(0);
		setsid();
		for (int tries = 0; *listener < 0 && tries < 5000; tries++)
			nap();
		if (*listener >= 0)
			disturb(*listener);
		_exit(1);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	/* It has said why. Without who answers, a call would wait for ever. */
	if (status != 0)
		_exit(99);
	*listener = install_listener();
	if (*listener < 0)
		cannot_disturb("seccomp");
}

bool read_disturbance(const char *setting)
{
	struct disturbance what = {0};
	char file[48] = "";

	if (sscanf(setting, "pause=%23[^:]:%d:%47s", what.call, &what.number,
		   file) == 3)
		snprintf(what.file, sizeof(what.file), "/tmp/%s", file);
	else if (sscanf(setting, "fake=%23[^:]:%d:%47s", what.call,
			&what.number, file) >= 2)
		what.fake = true;
	else if (sscanf(setting, "fail=%23[^:]:%d:%d:%47s", what.call,
			&what.number, &what.error, file) < 3)
		return false;
	if (file[0] != '\0' && what.file[0] == '\0')
		snprintf(what.told, sizeof(what.told), "/tmp/%s", file);
	if (disturbance_count == MOST_DISTURBANCES ||
	    !disturbed_calls[row_of(what.call)].name)
		return false;
	disturbances[disturbance_count++] = what;
	return true;
}
