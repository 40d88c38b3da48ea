/*
 * The sandbox: a container of the reference modules (solutions/), in which
 * the student's program is an ordinary user without privileges, on a root
 * that cannot be written, with a bounded number of processes, descriptors and
 * bytes. All of it ends with its process 1, and that with the judge.
 *
 * The sandbox itself runs nothing but process 1 and a probe that holds it
 * open; programs are executed into it and are children of a keeper outside,
 * so that their end is seen whatever becomes of them inside.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What one may take at most, in bytes, where that can be limited. */
#define SANDBOX_MEMORY (UINT64_C(128) << 20)

/*
 * And how many processes: what the VM has room for when several sandboxes are
 * full of them.
 */
#define SANDBOX_PROCESSES 1024

/* The student's user and group id inside. */
#define STUDENT_ID 1000

/* Where programs, probe and the root file system stand inside. */
#define SANDBOX_PROGRAMS "/mnt"
#define SANDBOX_ROOTFS "/mnt/rootfs"

struct sandbox_settings {
	const char *rootfs;  /* build/rootfs */
	const char *program; /* path of the student's program */
	const char *driver;  /* what calls the student's modules; or NULL */
	const char *probe;   /* path of the probe */
	bool limits;	     /* cgroup limits can be set here */
};

struct sandbox {
	pid_t keeper;	 /* runs the container; the judge's child */
	pid_t init;	 /* its process 1 */
	pid_t holder;	 /* the probe that holds it open */
	char group[512]; /* its cgroup's directory; "": none */
};

/* How to start a program; descriptors are those of the judge. */
struct sandbox_start {
	const char *const *words;
	const char *const *env; /* more variables; or NULL */
	const char *dir;
	int in, out, err;
	int inherit;	   /* 0: none */
	bool privileged;   /* all capabilities, over the sandbox only */
	bool terminal;	   /* `in` is a terminal: make it its own */
	const char *group; /* directory of a cgroup; NULL: the sandbox's */
};

/* Starts one. Returns 0, or -1 with the failure reported. */
int sandbox_open(struct sandbox *sandbox,
		 const struct sandbox_settings *settings);

/*
 * Starts a program in it. Returns the process id of its keeper, a child of
 * the caller that exits as the program did (128 + n on signal n), or -1.
 */
pid_t sandbox_exec(const struct sandbox *sandbox,
		   const struct sandbox_start *start);

/* The student's user and group id out here: nobody's, or the caller's own. */
uid_t sandbox_student(void);

/*
 * Kills everything in it. The keepers of programs then exit: they are to be
 * waited for before sandbox_close(), for a PID namespace goes only when the
 * last of its processes has been waited for by its parent.
 */
void sandbox_kill(const struct sandbox *sandbox);

/* Waits until it is gone, with all that it had outside. */
void sandbox_close(struct sandbox *sandbox);

/*
 * Makes a cgroup in that of the sandbox, with every controller, that belongs
 * to the student and is empty. Returns 0, or -1 with the failure reported.
 */
int sandbox_delegate(struct sandbox *sandbox, char *dir, size_t size);

#endif
