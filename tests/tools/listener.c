#include "listener.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A jump of the filter takes a byte. */
#define MOST_CALLS 200

int listen_to_calls(const long *numbers, size_t count)
{
	struct sock_filter code[MOST_CALLS + 3];
	struct sock_fprog filter = {.filter = code};
	unsigned short n = 0;

	if (count > MOST_CALLS) {
		errno = E2BIG;
		return -1;
	}
	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned)numbers[i],
			(unsigned char)(count - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_USER_NOTIF);
	filter.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
}

int next_call(int listener, struct waiting_call *call)
{
	union {
		struct seccomp_notif notice;
		char room[512]; /* a newer kernel's may be larger */
	} u = {0};

	if (ioctl(listener, (int)SECCOMP_IOCTL_NOTIF_RECV, &u) < 0)
		return -1;
	*call = (struct waiting_call){
		.id = u.notice.id,
		.pid = (pid_t)u.notice.pid,
		.number = u.notice.data.nr,
	};
	for (int i = 0; i < 6; i++)
		call->args[i] = u.notice.data.args[i];
	return 0;
}

static void reply(int listener, struct seccomp_notif_resp *answer)
{
	/* ENOENT: whoever made the call was killed meanwhile. */
	ioctl(listener, (int)SECCOMP_IOCTL_NOTIF_SEND, answer);
}

void let_call(int listener, uint64_t id)
{
	reply(listener, &(struct seccomp_notif_resp){
				.id = id,
				.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
			});
}

void fail_call(int listener, uint64_t id, int error)
{
	reply(listener,
	      &(struct seccomp_notif_resp){.id = id, .error = -error});
}

void fake_call(int listener, uint64_t id, int64_t value)
{
	reply(listener, &(struct seccomp_notif_resp){.id = id, .val = value});
}
