/*
 * What a gate is written in.
 *
 * A gate is one C file: test functions and a table of them. Each test gets a
 * fresh sandbox (sandbox.h), starts the student's program in it, and judges
 * from outside by what the kernel says of its processes (process.h). A test
 * that returns has passed; fail() and the expect functions end it.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "deadline.h"
#include "kill.h"

/* What a test needs of the machine, without which it is skipped; or takes. */
enum {
	NEEDS_LIMITS = 1, /* cgroup v2 with memory, pids and cpu, ours to use */
	NEEDS_ROOT = 2,	  /* to be run by root of the first user namespace */
	TAKES_WHOLE = 4,  /* judges --whole, where there is one */
	TAKES_LONG = 8,	  /* is started before those that do not */
};

struct test {
	const char *name;   /* a_word_or_three */
	unsigned points;    /* whole; a gate's make 10 */
	const char *intent; /* the promise, one sentence */
	void (*body)(void);
	unsigned needs;
	int task; /* of the lesson, that it is about; 0: of none alone */
};

struct gate {
	const char *stage;	  /* "03-signals" */
	const char *program;	  /* "supervise" */
	const struct test *tests; /* ends with a NULL name */
};

/* Each gate defines this one; main() is in gate.c. */
extern const struct gate gate;

/* The rest of this header is for test bodies. */

/* A program that was started in the sandbox. */
struct run;

struct start {
	const char *input;	/* what it reads from standard input, or NULL */
	const char *dir;	/* working directory; NULL: /tmp */
	const char *const *env; /* NAME=VALUE..., NULL at the end; or NULL */
	uid_t uid;		/* 0: the student's, who has no privileges */
	bool as_root;		/* user 0 of the sandbox, all capabilities */
	bool terminal;		/* with a terminal of its own as 0, 1 and 2 */
	bool in_delegated;	/* starts in the delegated cgroup, alone */
	int inherit;		/* a descriptor to pass on; 0: none */
};

/*
 * Starts words[0] (searched in PATH: the student's program, "probe", "driver"
 * (tests/drivers/), or a busybox applet) with the arguments. The words end with
 * NULL.
 */
struct run *start(const struct start *how, const char *const words[]);
#define START(...) start(NULL, (const char *const[]){__VA_ARGS__, NULL})
#define START_WITH(how, ...)                                                   \
	start(&(const struct start)how,                                        \
	      (const char *const[]){__VA_ARGS__, NULL})

/*
 * Waits for its end, at most the time limit; then the test has failed.
 * Returns the exit status as a shell gives it.
 */
int finish(struct run *run);

/* start() and finish(). */
#define RUN(...) finish(START(__VA_ARGS__))

/*
 * Words of a command, 0 when the address after them answers. A cable that is up
 * is in service a moment later, or much later on a busy machine.
 */
#define PING                                                                   \
	"sh", "-c",                                                            \
		"for i in 1 2 3; do ping -c 1 -W 2 $0 && exit 0; done; exit 1"

/* Its process id out here; it has been executed when this returns. */
pid_t pid_of(struct run *run);

/* The same; 0 when it has ended, by itself, before it could be looked at. */
pid_t pid_if_seen(struct run *run);

/* True when it has ended; does not wait. */
bool has_ended(struct run *run);

/* What it has written so far, or all after finish(); text, ends with '\0'. */
const char *output_of(struct run *run);
const char *errors_of(struct run *run);

/* Sends the signal to the program itself. */
void send_signal(struct run *run, int sig);

/*
 * Of a run that has a terminal: types into it; opens it as one of those would
 * whose terminal it is, to be closed by the caller.
 */
void type(struct run *run, const char *text);
int open_terminal_of(struct run *run);

/* Ends the test. What was expected, what was seen instead, likely causes. */
_Noreturn void fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Ends the test as neither passed nor failed: what the machine lacks. */
_Noreturn void skip(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/*
 * From here on a failure is about this task (0: none alone), and not about the
 * table's. Returns what it was about before, for who goes back to that.
 */
int about_task(int task);

/* Unless `condition`, fails with the message. */
#define EXPECT(condition, ...)                                                 \
	do {                                                                   \
		if (!(condition))                                              \
			fail(__VA_ARGS__);                                     \
	} while (0)

/*
 * Looks again and again until `condition` is true; when the time limit comes
 * first, fails with the message.
 */
#define AWAIT(condition, ...) AWAIT_UNTIL(deadline(), condition, __VA_ARGS__)

/* The same of what the kernel does by itself, and later if it is busy. */
#define AWAIT_KERNEL(condition, ...)                                           \
	AWAIT_UNTIL(kernel_deadline(), condition, __VA_ARGS__)

#define AWAIT_UNTIL(limit, condition, ...)                                     \
	do {                                                                   \
		double limit_ = (limit);                                       \
		while (!(condition))                                           \
			if (past(limit_))                                      \
				fail(__VA_ARGS__);                             \
	} while (0)

/* Exit status, and exactly one line on standard error that says `part`. */
void expect_status(struct run *run, int status);
void expect_refusal(struct run *run, const char *part);

/*
 * A bad command line: the words are to end with status 125 and one line on
 * standard error that says `part`, and nothing may be run or left behind.
 */
#define REFUSES(part, ...) expect_refusal(START(__VA_ARGS__), part)

/*
 * The process of the sandbox that runs the probe with the argument `token`,
 * waited for. Its identity is taken from the kernel: /proc/PID/exe.
 */
pid_t await_probe(const char *token);

/* The same, without waiting: 0 when there is none (any more). */
pid_t find_probe(const char *token);

/* A word that no run has had before. Valid for the whole test. */
const char *fresh_token(void);

/* printf(3) to a word of at most 699 bytes; 64 at a time are kept. */
const char *word(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *number_word(int number);

/* The file TOKEN in the sandbox's /tmp, with the suffix, is there. */
bool exists(const char *token, const char *suffix);

/* Makes the file TOKEN there: what waits for it goes on. */
void release(const char *token);

/* A number in [low, high], of this run's seed. */
int random_between(int low, int high);

/* Fails when a process is left in the sandbox besides its own. */
void expect_nothing_left(void);

/* The process ids out here of all that run in the sandbox; their number. */
size_t sandbox_processes(pid_t *pids, size_t room);

/* Process 1 of the sandbox, and the one that holds it open, out here. */
pid_t sandbox_init(void);
pid_t sandbox_holder(void);

/*
 * Where a file of the sandbox is, out here: to see whether there is one, and of
 * what kind. It is not to be opened by this name, for a link that a student's
 * program has put there leads anywhere, and a FIFO waits.
 */
const char *sandbox_path(const char *path);

/*
 * Opens that file as the student, if it is of the kind (S_IFREG, S_IFIFO): by
 * no link, and without waiting. `flags` are those of open(2). Returns a
 * descriptor, or -1 with errno: EINVAL when it is of another kind, or any of
 * openat2(2).
 */
int open_in_sandbox(const char *path, int flags, mode_t kind);

/* The same of a file as process `pid` would find it, by the judge. */
int open_below(pid_t pid, const char *path, int flags, mode_t kind);

/* Anew, as the student's. */
void write_in_sandbox(const char *path, const char *text);

/* Its text, as far as 64 KiB have room for it; "" when it cannot be read. */
const char *read_in_sandbox(const char *path);

/*
 * The delegated cgroup of the sandbox (NEEDS_LIMITS): its directory out here,
 * owned by the student, with all controllers and no process in it yet.
 */
const char *delegated_cgroup(void);

#endif
