#include "memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "process.h"

/* "Name:   12 kB", at the start of a line. */
static long field(const char *text, const char *name)
{
	size_t length = strlen(name);

	while (text && *text) {
		if (strncmp(text, name, length) == 0 && text[length] == ':')
			return strtol(text + length + 1, NULL, 10);
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return 0;
}

int read_memory(struct memory *memory)
{
	char text[8192];

	if (read_file(AT_FDCWD, "/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	memory->total = field(text, "MemTotal");
	memory->available = field(text, "MemAvailable");
	memory->processes = field(text, "AnonPages") + field(text, "Shmem");
	memory->slab = field(text, "Slab");
	memory->page_tables = field(text, "PageTables");
	memory->kernel_stacks = field(text, "KernelStack");
	memory->per_cpu = field(text, "Percpu");
	return 0;
}

long peak_of(pid_t pid)
{
	return strtol(status_of(pid, "VmHWM"), NULL, 10);
}

long share_of(pid_t pid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	if (read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return -1;
	return field(text, "Pss");
}
