/*
 * Failures that name the operation and the thing.
 *
 * A function that fails returns -1 with errno set, as libc does, and says on
 * the way out what it was doing:
 *
 *	if (mount("proc", dir, "proc", flags, NULL) < 0)
 *		return failed("mount proc on", "%s", dir);
 *
 * Its callers only return -1 too; whoever decides what happens next calls
 * report_failure(), which prints one line on standard error:
 *
 *	pidns: mount proc on /proc: Operation not permitted
 */
#ifndef FAILURE_H
#define FAILURE_H

/* Exit statuses, as env(1), nohup(1) and docker(1) use them. */
enum {
	EXIT_TIMEOUT = 124,	/* the time limit ended the command */
	EXIT_OURS = 125,	/* this program failed, not the command */
	EXIT_CANNOT_EXEC = 126, /* the command was found but cannot be run */
	EXIT_NOT_FOUND = 127,	/* the command was not found */
};

/*
 * failed(operation, format, ...): remembers the operation, the thing it was
 * done to (printf(3) format) and errno. Is -1; errno is left as it was. A
 * macro, so that the compiler too knows the value.
 */
#define failed(...) (remember_failure(__VA_ARGS__), minus_one())
static inline int minus_one(void)
{
	return -1;
}

void remember_failure(const char *operation, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What report_failure() would tell of, with its errno. */
struct failure {
	int error;
	char operation[64]; /* "": it has none, but errno */
	char thing[512];
};

/*
 * For clean-up, which may fail as well: what failed first is kept meanwhile,
 * and is what is told.
 *
 *	keep_failure(&first);
 *	cgroup_remove(group);
 *	return restore_failure(&first);
 *
 * Kept is what the caller has just failed with; restore_failure() returns -1
 * with errno of then.
 */
void keep_failure(struct failure *kept);
int restore_failure(const struct failure *kept);

/*
 * Prints the failure remembered last in one write(2), so that lines of
 * several processes do not mix. If errno is not that failure's any more (a
 * function returned -1 without failed()), prints errno's text alone.
 */
void report_failure(void);

/* report_failure(), then _exit(2) with `status`: for children after fork. */
_Noreturn void die(int status);

/* Prints "PROGRAM: message" as one line and exits with EXIT_OURS. */
_Noreturn void bad_usage(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Prints "PROGRAM: message" as one line. */
void warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
