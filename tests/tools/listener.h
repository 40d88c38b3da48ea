/*
 * System calls that wait until another process has said what becomes of them:
 * seccomp(2), seccomp_unotify(2).
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct waiting_call {
	uint64_t id;
	pid_t pid;
	int number; /* SYS_... */
	uint64_t args[6];
};

/*
 * From here on the system calls numbers[0] to numbers[count - 1] (200 at most)
 * of this process, and of all that it starts, wait for whoever reads the
 * descriptor returned. Sets no_new_privs. A number that is negative is none.
 * Returns -1 with the errno of prctl(2) or seccomp(2); E2BIG: too many.
 */
int listen_to_calls(const long *numbers, size_t count);

/*
 * The next one that waits. -1 with the errno of ioctl(2); ENOENT: whoever made
 * it is gone.
 */
int next_call(int listener, struct waiting_call *call);

/*
 * What becomes of the one that has this id: it is made after all, it fails with
 * `error`, or it seems to have returned `value` and is not made. That its
 * process may be gone by now is no matter.
 */
void let_call(int listener, uint64_t id);
void fail_call(int listener, uint64_t id, int error);
void fake_call(int listener, uint64_t id, int64_t value);

#endif
