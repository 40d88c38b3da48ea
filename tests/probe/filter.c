#include "filter.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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

int check_calls(unsigned long long kept, int status)
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
