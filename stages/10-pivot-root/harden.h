/*
 * Stage 10: what the container may not do. capabilities(7), seccomp(2),
 * prctl(2) PR_SET_NO_NEW_PRIVS.
 */
#ifndef HARDEN_H
#define HARDEN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The capabilities that a container keeps unless told otherwise, bit n for
 * capability n: those of docker run.
 */
extern const uint64_t default_capabilities;

/*
 * For good, for this process and all that comes of it: no set-user-ID program
 * gives privileges any more, no capability is left but `capabilities`, and
 * with `seccomp` the system calls in the list of harden.c fail.
 *
 * Those are the ways out of, or around, a container: mounting, entering or
 * making namespaces, kernel modules, kexec, bpf, keyrings (which namespaces do
 * not divide), handles to files, the machine's clock and swap. EPERM, as for
 * one who lacks the privilege, but ENOSYS for clone3(2): its flags lie behind
 * a pointer where a filter cannot look, and a C library that gets ENOSYS falls
 * back on clone(2). A call is allowed after all when the capability that it is
 * made for is kept. TIOCSTI and TIOCLINUX, which type into the caller's
 * terminal, always fail. The system calls of x32 are not there (ENOSYS), and a
 * program for another architecture is killed at its first, with all of its
 * threads. Returns 0, or -1 with errno.
 */
int harden(uint64_t capabilities, bool seccomp);

#endif
