/*
 * The system call filter that a process is about to install, taken from it
 * from outside and asked what it would say: seccomp(2). So a filter is judged
 * by calls, too, that this machine's kernel or processor does not let anybody
 * make.
 */
#ifndef BPF_H
#define BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_program {
	unsigned short length;
	struct sock_filter code[BPF_MAXINSNS];
};

/*
 * Reads the filter from `pid`, which waits in seccomp(2) or prctl(2) to have
 * it installed. Returns 0; -1 with ENOENT when it makes no such call, with the
 * errno of read(2) when it cannot be looked at, with EINVAL when it is none.
 */
int read_filter(pid_t pid, struct bpf_program *program);

/*
 * What it says to a call: SECCOMP_RET_... with its data, as the kernel has it
 * from the filter. One that the kernel would refuse says SECCOMP_RET_ALLOW.
 */
uint32_t ask_filter(const struct bpf_program *program,
		    const struct seccomp_data *call);

#endif
