/* Names that people write and numbers that the kernel wants. Given. */
#ifndef NAMES_H
#define NAMES_H

/* "SYS_TIME", "cap_sys_time": the capability's number, or -1. */
int capability_number(const char *name);

/* "nofile", "RLIMIT_NOFILE": the resource's number, or -1. getrlimit(2). */
int resource_number(const char *name);

#endif
