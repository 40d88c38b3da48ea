/*
 * What the kernel says of a process, read from outside. proc(5). A process
 * that is gone, or may not be looked at, gives 0, NULL or -1; tests poll.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 'R', 'S', 'D', 'T', 't', 'Z'; 0 when there is no such process. */
char state_of(pid_t pid);

/* Its parent, or 0. */
pid_t parent_of(pid_t pid);

/* Its process id in the innermost of its PID namespaces, or 0. */
pid_t inner_pid(pid_t pid);

/* Process group and session, or 0: fields of /proc/PID/stat. */
pid_t group_of(pid_t pid);
pid_t session_of(pid_t pid);

/* The foreground process group of its terminal; -1: it has no terminal. */
pid_t foreground_of(pid_t pid);

/* Nice value of the main thread. */
int nice_of(pid_t pid);

/* User and system time so far, in clock ticks. */
long cpu_ticks(pid_t pid);

/* The same in seconds, to the nanosecond where the kernel counts so finely. */
double cpu_seconds(pid_t pid);

/* How often it has given up the CPU to wait for something. */
long times_slept(pid_t pid);

/*
 * Watches it for a moment: true when it waits for something all the time, false
 * when it uses the CPU, or would if the machine were less busy, or keeps
 * looking. What is about to come to rest has up to a third of a second.
 */
bool is_idle(pid_t pid);

/*
 * A line of /proc/PID/status, such as "CapEff" or "NSpid", without its name
 * and white space around; "" when it is not there. Static, four at a time.
 */
const char *status_of(pid_t pid, const char *name);

/* The same as a number in base 16, as the masks and capability sets are. */
uint64_t status_mask(pid_t pid, const char *name);

/* A signal, as the masks have it: SigBlk, SigIgn, SigPnd ... */
uint64_t bit_of(int sig);

/*
 * True when it has ended, or when SIGKILL waits for it: then it does nothing
 * more of its own, but to end takes a CPU, which may take a while to be had.
 */
bool is_dying(pid_t pid);

/* The number that identifies a namespace: "uts", "pid", "time" ...; or 0. */
ino_t namespace_of(pid_t pid, const char *type);

/* A whole file of /proc/PID. Static, four at a time; "" when unreadable. */
const char *proc_file(pid_t pid, const char *file);

/* A link of /proc/PID: "cwd", "root", "fd/3". The same. */
const char *proc_link(pid_t pid, const char *file);

/* True when argument number `n` is exactly `word`. */
bool argument_is(pid_t pid, int n, const char *word);

/*
 * True when one of its arguments is `word`, its name (0) and what it is told to
 * do (1) left out.
 */
bool has_operand(pid_t pid, const char *word);

/* True when NAME=VALUE is in its environment as it was executed. */
bool environment_has(pid_t pid, const char *assignment);

/*
 * True when it executes the file with this device and inode number, and has
 * its arguments and environment.
 */
bool executes(pid_t pid, dev_t dev, ino_t ino);

/* How many descriptors it has open; -1 when that cannot be seen. */
int count_descriptors(pid_t pid);

/* Its open descriptors, at most `room`; their number. */
size_t descriptors_of(pid_t pid, int *fds, size_t room);

/* The flags of an open descriptor as open(2) has them, O_CLOEXEC too; or -1. */
int flags_of(pid_t pid, int fd);

/* Where in its file an open descriptor is, in bytes; or -1. */
long position_of(pid_t pid, int fd);

/* True when its descriptor is open to the file with this device and inode. */
bool is_open_to(pid_t pid, int fd, dev_t dev, ino_t ino);

/* Its children, at most `room`; their number. */
size_t children_of(pid_t pid, pid_t *pids, size_t room);

/* All below it, itself left out. */
size_t descendants_of(pid_t pid, pid_t *pids, size_t room);

/* The line of /proc/PID/mountinfo whose mount point is `dir`, or "". */
const char *mount_at(pid_t pid, const char *dir);

#endif
