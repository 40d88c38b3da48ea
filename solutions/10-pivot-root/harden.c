#include "harden.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "failure.h"
#include "syscalls.h"
#include "todo.h"
#include "user.h"

#define BIT(cap) (UINT64_C(1) << (cap))

const uint64_t default_capabilities =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) |
	BIT(CAP_FSETID) | BIT(CAP_KILL) | BIT(CAP_SETGID) | BIT(CAP_SETUID) |
	BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_NET_RAW) |
	BIT(CAP_SYS_CHROOT) | BIT(CAP_MKNOD) | BIT(CAP_AUDIT_WRITE) |
	BIT(CAP_SETFCAP);

#define NEW_NAMESPACES                                                         \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |           \
	 CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "harden.c: add this architecture's AUDIT_ARCH"
#endif

/* System calls that fail with EPERM unless the capability is kept. */
static const struct {
	int number;
	int capability; /* -1: always */
} forbidden[] = {
	{SYS_mount, CAP_SYS_ADMIN},
	{SYS_umount2, CAP_SYS_ADMIN},
	{SYS_pivot_root, CAP_SYS_ADMIN},
	{SYS_open_tree, CAP_SYS_ADMIN},
	{SYS_move_mount, CAP_SYS_ADMIN},
	{SYS_fsopen, CAP_SYS_ADMIN},
	{SYS_fsconfig, CAP_SYS_ADMIN},
	{SYS_fsmount, CAP_SYS_ADMIN},
	{SYS_fspick, CAP_SYS_ADMIN},
	{SYS_mount_setattr, CAP_SYS_ADMIN},
	{SYS_unshare, CAP_SYS_ADMIN},
	{SYS_setns, CAP_SYS_ADMIN},
	{SYS_swapon, CAP_SYS_ADMIN},
	{SYS_swapoff, CAP_SYS_ADMIN},
	{SYS_quotactl, CAP_SYS_ADMIN},
	{SYS_bpf, CAP_BPF},
	{SYS_perf_event_open, CAP_PERFMON},
	{SYS_init_module, CAP_SYS_MODULE},
	{SYS_finit_module, CAP_SYS_MODULE},
	{SYS_delete_module, CAP_SYS_MODULE},
	{SYS_kexec_load, CAP_SYS_BOOT},
	{SYS_kexec_file_load, CAP_SYS_BOOT},
	{SYS_reboot, CAP_SYS_BOOT},
	{SYS_open_by_handle_at, CAP_DAC_READ_SEARCH},
	{SYS_settimeofday, CAP_SYS_TIME},
	{SYS_clock_settime, CAP_SYS_TIME},
	{SYS_clock_adjtime, CAP_SYS_TIME},
	{SYS_adjtimex, CAP_SYS_TIME},
	{SYS_acct, CAP_SYS_PACCT},
	{SYS_syslog, CAP_SYSLOG},
	{SYS_userfaultfd, CAP_SYS_PTRACE},
	{SYS_kcmp, CAP_SYS_PTRACE},
	{SYS_add_key, -1},
	{SYS_request_key, -1},
	{SYS_keyctl, -1},
};
#define FORBIDDEN (sizeof(forbidden) / sizeof(forbidden[0]))

#define LOAD(field)                                                            \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* The lower half of an argument: all that the kernel looks at for an int. */
#define LOAD_INT(argument) LOAD(args[argument])
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define FAIL(error) RETURN(SECCOMP_RET_ERRNO | (error))
#define SKIP_UNLESS_EQUAL(value, count)                                        \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define SKIP_UNLESS_ANY(bits, count)                                           \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, count)

/*
 * Task 5: a filter is a small program that the kernel runs before each system
 * call (seccomp(2)); it looks at a struct seccomp_data and says what is to
 * become of the call. Build an array of struct sock_filter, from the macros
 * above, that
 * - kills the process when `arch` is not NATIVE_ARCH: the same numbers would
 *   mean other calls;
 * - on x86_64 says ENOSYS to numbers from 0x40000000 on, which are x32's;
 * - says EPERM to ioctl(2) with TIOCSTI or TIOCLINUX;
 * - unless CAP_SYS_ADMIN is kept, says ENOSYS to clone3(2), and EPERM to
 *   clone(2) with any of NEW_NAMESPACES in its first argument;
 * - says EPERM to every call of forbidden[] whose capability is not kept;
 * - allows the rest.
 * An argument is 64 bits and an instruction looks at 32: LOAD_INT() takes
 * those that the kernel takes. After it, the number has to be loaded anew.
 * struct sock_fprog and sys_seccomp() (syscalls.h) install it.
 */
static int install_filter(uint64_t capabilities)
{
	/* <answer> return todo(5, forbidden, capabilities); */
	const struct sock_filter head[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
		RETURN(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
#ifdef __x86_64__
		/* x32: the same calls by other numbers, past the filter */
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
		FAIL(ENOSYS),
#endif
		SKIP_UNLESS_EQUAL(SYS_ioctl, 5),
		LOAD_INT(1),
		SKIP_UNLESS_EQUAL(TIOCSTI, 1),
		FAIL(EPERM),
		SKIP_UNLESS_EQUAL(TIOCLINUX, 1),
		FAIL(EPERM),
		LOAD(nr),
	};
	const struct sock_filter clone[] = {
		SKIP_UNLESS_EQUAL(SYS_clone3, 1),
		FAIL(ENOSYS),
		SKIP_UNLESS_EQUAL(SYS_clone, 3),
		LOAD_INT(0),
		SKIP_UNLESS_ANY(NEW_NAMESPACES, 1),
		FAIL(EPERM),
		LOAD(nr),
	};
	struct sock_filter code[sizeof(head) / sizeof(head[0]) +
				sizeof(clone) / sizeof(clone[0]) +
				2 * FORBIDDEN + 1];
	struct sock_fprog program = {.filter = code};
	size_t n = sizeof(head) / sizeof(head[0]);

	memcpy(code, head, sizeof(head));
	if (!(capabilities & BIT(CAP_SYS_ADMIN))) {
		memcpy(code + n, clone, sizeof(clone));
		n += sizeof(clone) / sizeof(clone[0]);
	}
	for (size_t i = 0; i < FORBIDDEN; i++) {
		int capability = forbidden[i].capability;

		if (capability >= 0 && capabilities & BIT(capability))
			continue;
		code[n++] = (struct sock_filter)SKIP_UNLESS_EQUAL(
			(unsigned)forbidden[i].number, 1);
		code[n++] = (struct sock_filter)FAIL(EPERM);
	}
	code[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	if (sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return failed("seccomp", "");
	return 0;
	/* </answer> */
}

/*
 * Also Task 5: first drop_capabilities() (user.h); then no_new_privs (prctl(2),
 * PR_SET_NO_NEW_PRIVS), without which the kernel takes a filter only from who
 * has CAP_SYS_ADMIN; the filter last, if there is to be one.
 */
int harden(uint64_t capabilities, bool seccomp)
{
	/* <answer> return todo(5, capabilities, seccomp, install_filter); */
	if (drop_capabilities(capabilities) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed("prctl", "PR_SET_NO_NEW_PRIVS");
	return seccomp ? install_filter(capabilities) : 0;
	/* </answer> */
}
