#include "harden.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "failure.h"
#include "syscalls.h"
#include "user.h"

const uint64_t default_capabilities = 0xa80425fb;

#ifdef __x86_64__
#define OURS AUDIT_ARCH_X86_64
#else
#define OURS AUDIT_ARCH_AARCH64
#endif

#define NUMBER offsetof(struct seccomp_data, nr)
#define ARGUMENT(n) offsetof(struct seccomp_data, args[n])

/* Numbers to refuse, by what has to be kept for them not to be. */
static const struct {
	int capability;
	int numbers[16];
} refused[] = {
	{CAP_SYS_ADMIN,
	 {SYS_mount, SYS_umount2, SYS_pivot_root, SYS_open_tree, SYS_move_mount,
	  SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
	  SYS_unshare, SYS_setns, SYS_swapon, SYS_swapoff, SYS_quotactl}},
	{CAP_SYS_MODULE,
	 {SYS_init_module, SYS_finit_module, SYS_delete_module}},
	{CAP_SYS_BOOT, {SYS_kexec_load, SYS_kexec_file_load, SYS_reboot}},
	{CAP_SYS_TIME,
	 {SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime,
	  SYS_adjtimex}},
	{CAP_SYS_PTRACE, {SYS_userfaultfd, SYS_kcmp}},
	{CAP_BPF, {SYS_bpf}},
	{CAP_PERFMON, {SYS_perf_event_open}},
	{CAP_DAC_READ_SEARCH, {SYS_open_by_handle_at}},
	{CAP_SYS_PACCT, {SYS_acct}},
	{CAP_SYSLOG, {SYS_syslog}},
	{64, {SYS_add_key, SYS_request_key, SYS_keyctl}},
};

/* A filter that is being written, and the jumps whose ends are still open. */
struct filter {
	struct sock_filter code[256];
	unsigned short length;
	unsigned short to_eperm[128];
	unsigned eperm_count;
};

static void add(struct filter *f, unsigned short code, uint32_t k,
		uint8_t if_true, uint8_t if_false)
{
	f->code[f->length++] = (struct sock_filter){code, if_true, if_false, k};
}

static void load(struct filter *f, size_t offset)
{
	add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void say(struct filter *f, uint32_t answer)
{
	add(f, BPF_RET | BPF_K, answer, 0, 0);
}

static void refuse_if(struct filter *f, unsigned short test, uint32_t k)
{
	f->to_eperm[f->eperm_count++] = f->length;
	add(f, BPF_JMP | test | BPF_K, k, 0, 0);
}

static void refuse_if_equal(struct filter *f, uint32_t k)
{
	refuse_if(f, BPF_JEQ, k);
}

static void begin(struct filter *f)
{
	load(f, offsetof(struct seccomp_data, arch));
	add(f, BPF_JMP | BPF_JEQ | BPF_K, OURS, 1, 0);
	say(f, SECCOMP_RET_KILL_PROCESS);
	load(f, NUMBER);
#ifdef __x86_64__
	add(f, BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 1);
	say(f, SECCOMP_RET_ERRNO | ENOSYS);
#endif
}

static void list(struct filter *f, uint64_t kept)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int capability = refused[i].capability;

		if (capability < 64 && kept >> capability & 1)
			continue;
		for (int n = 0; n < 16 && refused[i].numbers[n]; n++)
			refuse_if_equal(f, (uint32_t)refused[i].numbers[n]);
	}
}

/* By its arguments: the number is not needed after these any more. */
static void look_at_arguments(struct filter *f, uint64_t kept)
{
	if (!(kept >> CAP_SYS_ADMIN & 1)) {
		add(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
		say(f, SECCOMP_RET_ERRNO | ENOSYS);
		add(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3);
		load(f, ARGUMENT(0));
		refuse_if(f, BPF_JSET,
			  CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
				  CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
				  CLONE_NEWCGROUP);
		say(f, SECCOMP_RET_ALLOW);
	}
	add(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3);
	load(f, ARGUMENT(1));
	refuse_if_equal(f, TIOCSTI);
	refuse_if_equal(f, TIOCLINUX);
	say(f, SECCOMP_RET_ALLOW);
}

static int install(uint64_t kept)
{
	struct filter f = {.length = 0};
	struct sock_fprog program = {.filter = f.code};

	begin(&f);
	list(&f, kept);
	look_at_arguments(&f, kept);
	for (unsigned i = 0; i < f.eperm_count; i++)
		f.code[f.to_eperm[i]].jt =
			(uint8_t)(f.length - f.to_eperm[i] - 1);
	say(&f, SECCOMP_RET_ERRNO | EPERM);
	program.len = f.length;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return failed("prctl", "PR_SET_SECCOMP");
	return 0;
}

int harden(uint64_t capabilities, bool seccomp)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed("prctl", "PR_SET_NO_NEW_PRIVS");
	/* None of what is to be done yet is on the list. */
	if (seccomp && install(capabilities) < 0)
		return -1;
	return drop_capabilities(capabilities);
}
