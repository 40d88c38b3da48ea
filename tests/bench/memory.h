/* Memory of the machine and of single processes. proc(5). */
#ifndef MEMORY_H
#define MEMORY_H

#include <sys/types.h>

/* Lines of /proc/meminfo, in KiB. */
struct memory {
	long total;
	long available;
	long processes; /* AnonPages and Shmem */
	long slab;
	long page_tables;
	long kernel_stacks;
	long per_cpu;
};

/* Returns 0, or -1 with errno. */
int read_memory(struct memory *memory);

/* Most that was ever resident, in KiB: VmHWM; 0 when it cannot be seen. */
long peak_of(pid_t pid);

/*
 * Proportional share of the resident pages, in KiB: smaps_rollup. -1 when
 * that may not be seen, as of a process that is not dumpable.
 */
long share_of(pid_t pid);

#endif
