/*
 * How the probe becomes a student's program.
 *
 *	probe launch SETTING... 'PROGRAM WORD...'
 *				become PROGRAM, as the caller of a program may
 *				have left the world to it, or with system calls
 *				of it, or of one below it, disturbed:
 *
 *	block=MASK ignore=MASK	signals, in base 16 as in /proc/PID/status
 *	alarm=N			SIGALRM every N milliseconds, from the kernel
 *	uid=N gid=N		user and group id
 *	cpu=N			the one CPU that it may run on
 *	nice=N policy=N io=N	as the system calls take them
 *	fail=CALL:N:ERRNO	CALL number N (0: every one) fails with ERRNO
 *	fail=CALL:N:ERRNO:TOKEN	the same, and TOKEN.failed is made in /tmp then
 *	fake=CALL:N		CALL number N is not made, and said to be
 *	fake=CALL:N:TOKEN	the same, and TOKEN.N is made in /tmp then; N 0:
 *				TOKEN.1 for the first, and so on
 *	pause=CALL:N:TOKEN	CALL number N is not begun before the file
 *				TOKEN appears in /tmp; TOKEN.paused is made
 *				when it is to be begun. N 0: every one, the
 *				first for TOKEN.1, and so on
 *
 * CALL is one of disturbed_calls[], or "cgroup.FILE": a write to a file of that
 * name; "cpu.stat": a read of it; "look.FILE": an open or a question about one
 * of that name; "mount.TYPE" and "fsopen.TYPE": a mount(2) or an fsopen(2) of
 * that type of file system. The words of PROGRAM are one argument, so that
 * nobody takes the launcher for the probe that it is about to start.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

/* Becomes the program; returns 99 when that failed, which has been said. */
int launch(int count, char **settings, const char *program);

/* `probe job`: starts the program as a shell starts a job. Does not return. */
int job(const char *program);

#endif
