#include "bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

/* As the kernel wants it in the caller's memory: struct sock_fprog. */
static int read_program(pid_t pid, uint64_t address,
			struct bpf_program *program)
{
	struct sock_fprog there;
	char path[32];
	ssize_t size, n;
	int fd, saved;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = pread(fd, &there, sizeof(there), (off_t)address);
	size = n < 0 ? 0 : (ssize_t)(there.len * sizeof(program->code[0]));
	if (n == sizeof(there) && there.len > 0 && there.len <= BPF_MAXINSNS)
		n = pread(fd, program->code, (size_t)size,
			  (off_t)(uintptr_t)there.filter);
	else if (n >= 0)
		n = size + 1;
	saved = n < 0 ? errno : EINVAL;
	close(fd);
	program->length = there.len;
	errno = saved;
	return n == size && n > 0 ? 0 : -1;
}

int read_filter(pid_t pid, struct bpf_program *program)
{
	unsigned long long args[3];
	int number;

	if (sscanf(proc_file(pid, "syscall"), "%d %llx %llx %llx", &number,
		   &args[0], &args[1], &args[2]) == 4 &&
	    ((number == SYS_seccomp && args[0] == SECCOMP_SET_MODE_FILTER) ||
	     (number == SYS_prctl && args[0] == PR_SET_SECCOMP)))
		return read_program(pid, args[2], program);
	errno = ENOENT;
	return -1;
}

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
};

/* Where an instruction of the class BPF_LD or BPF_LDX gets its value. */
static bool load(const struct sock_filter *i, const struct seccomp_data *call,
		 const struct machine *m, uint32_t *value)
{
	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		*value = i->k;
		return true;
	case BPF_LEN:
		*value = sizeof(*call);
		return true;
	case BPF_MEM:
		*value = m->memory[i->k % BPF_MEMWORDS];
		return i->k < BPF_MEMWORDS;
	case BPF_ABS:
		if (i->k % 4 || i->k + 4 > sizeof(*call) || i->k + 4 < 4)
			return false;
		memcpy(value, (const char *)call + i->k, 4);
		return true;
	}
	return false;
}

static bool compute(uint16_t code, uint32_t *a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
		*a += operand;
		return true;
	case BPF_SUB:
		*a -= operand;
		return true;
	case BPF_MUL:
		*a *= operand;
		return true;
	case BPF_DIV:
		*a = operand ? *a / operand : 0;
		return operand != 0;
	case BPF_AND:
		*a &= operand;
		return true;
	case BPF_OR:
		*a |= operand;
		return true;
	case BPF_XOR:
		*a ^= operand;
		return true;
	case BPF_LSH:
		*a = operand < 32 ? *a << operand : 0;
		return true;
	case BPF_RSH:
		*a = operand < 32 ? *a >> operand : 0;
		return true;
	case BPF_NEG:
		*a = -*a;
		return true;
	}
	return false;
}

static bool holds(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == operand;
	case BPF_JGT:
		return a > operand;
	case BPF_JGE:
		return a >= operand;
	case BPF_JSET:
		return a & operand;
	}
	return true;
}

/* A jump goes forward only, so that this comes to an end. */
static size_t jump(const struct sock_filter *i, uint32_t a, uint32_t operand)
{
	if (BPF_OP(i->code) == BPF_JA)
		return i->k;
	return holds(i->code, a, operand) ? i->jt : i->jf;
}

uint32_t ask_filter(const struct bpf_program *program,
		    const struct seccomp_data *call)
{
	struct machine m = {0};
	bool good = true;

	for (size_t n = 0; good && n < program->length; n++) {
		const struct sock_filter *i = &program->code[n];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? m.x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			good = load(i, call, &m, &m.a);
			break;
		case BPF_LDX:
			good = load(i, call, &m, &m.x);
			break;
		case BPF_ST:
		case BPF_STX:
			good = i->k < BPF_MEMWORDS;
			m.memory[i->k % BPF_MEMWORDS] =
				BPF_CLASS(i->code) == BPF_ST ? m.a : m.x;
			break;
		case BPF_ALU:
			good = compute(i->code, &m.a, operand);
			break;
		case BPF_JMP:
			n += jump(i, m.a, operand);
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
			break;
		}
	}
	return SECCOMP_RET_ALLOW;
}
