/* Stage 05: schedule.h. */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"
#include "syscalls.h"

/* ioprio_get(2): a process; the class stands above the level. */
#define IO_PROCESS 1
#define IO_BITS 13

enum { IO_NONE, IO_REALTIME, IO_BEST_EFFORT, IO_IDLE };

/* Policy with its flags: SCHED_RESET_ON_FORK would be one. */
static int policy_of(pid_t pid)
{
	return (int)syscall(SYS_sched_getscheduler, pid);
}

/* The priority that goes with the policy. */
static int priority_of(pid_t pid)
{
	int priority = -1;

	syscall(SYS_sched_getparam, pid, &priority);
	return priority;
}

static int io_class_of(pid_t pid)
{
	return sys_ioprio_get(IO_PROCESS, pid) >> IO_BITS;
}

static int io_level_of(pid_t pid)
{
	return sys_ioprio_get(IO_PROCESS, pid) & ((1 << IO_BITS) - 1);
}

static cpu_set_t cpus_of(pid_t pid)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	sched_getaffinity(pid, sizeof(cpus), &cpus);
	return cpus;
}

/* The nth CPU, from 0, that the sandbox may use. */
static int usable_cpu(int n)
{
	cpu_set_t cpus = cpus_of(sandbox_init());

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &cpus) && n-- == 0)
			return cpu;
	return -1;
}

static int count_usable(void)
{
	cpu_set_t cpus = cpus_of(sandbox_init());

	return CPU_COUNT(&cpus);
}

/* One that is not usable. */
static int unknown_cpu(void)
{
	return usable_cpu(count_usable() - 1) + 1;
}

/* One that this machine has no place for; -1: too many to have one that way. */
static int missing_cpu(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/possible", "re");
	int last = CPU_SETSIZE - 2;

	/* "0" or "0-7": they are counted through. */
	if (file && fscanf(file, "%*d-%d", &last) != 1)
		last = 0;
	if (file)
		fclose(file);
	return last + 1 < CPU_SETSIZE ? last + 1 : -1;
}

static const char *list_of(const cpu_set_t *cpus)
{
	static char list[256];
	int length = 0;

	list[0] = '\0';
	for (int cpu = 0; cpu < CPU_SETSIZE && length < 240; cpu++)
		if (CPU_ISSET((size_t)cpu, cpus))
			length += snprintf(list + length, 8, "%s%d",
					   length ? "," : "", cpu);
	return list;
}

static void expect_cpus(pid_t pid, const cpu_set_t *wanted, const char *who)
{
	cpu_set_t cpus = cpus_of(pid);

	EXPECT(CPU_EQUAL(&cpus, wanted), "%s: expected CPUs %s, may run on %s",
	       who, list_of(wanted), status_of(pid, "Cpus_allowed_list"));
}

/*
 * What the judge was started with can only be made less. The tests ask for
 * nice values from it on.
 */
static int base_nice(void)
{
	pid_t init = sandbox_init();

	if (nice_of(init) > 8 || policy_of(init) == SCHED_IDLE)
		skip("the gate has nice value %d and policy %d, and may not "
		     "give more: start it with 8 or less and another policy "
		     "than idle",
		     nice_of(init), policy_of(init));
	return nice_of(init);
}

/* Somebody in the same process group, or the caller, stays as it was. */
static void expect_unchanged(pid_t pid, const char *who)
{
	const pid_t init = sandbox_init();
	cpu_set_t cpus = cpus_of(init);

	EXPECT(nice_of(pid) == nice_of(init) &&
		       policy_of(pid) == policy_of(init) &&
		       io_class_of(pid) == io_class_of(init),
	       "%s has nice value %d, policy %d and I/O class %d now: only one "
	       "process is to be changed",
	       who, nice_of(pid), policy_of(pid), io_class_of(pid));
	expect_cpus(pid, &cpus, who);
}

/*
 * `schedule` with these options before CMD, which holds still. `other`: a
 * second setting, or NULL.
 */
static pid_t hold_with_both(const char *options, const char *setting,
			    const char *other)
{
	const char *token = fresh_token();
	char program[256];
	struct run *run;
	pid_t command;

	snprintf(program, sizeof(program), "schedule %s probe hold %s", options,
		 token);
	run = START("probe", "launch", setting, other ? other : program,
		    other ? program : NULL);
	command = await_probe(token);
	EXPECT(command == pid_of(run),
	       "CMD is not executed in schedule's own process");
	return command;
}

static pid_t hold_with(const char *options, const char *setting)
{
	return hold_with_both(options, setting, NULL);
}

/* apply_schedule() to a child, by the driver: the child, which is CMD. */
static pid_t hold_child(const char *setting)
{
	const char *token = fresh_token();
	struct run *run =
		START("driver", "child", setting, "probe", "hold", token);
	pid_t command = await_probe(token);

	EXPECT(parent_of(command) == pid_of(run),
	       "CMD is not the driver's child");
	expect_unchanged(pid_of(run), "the caller of apply_schedule(), which "
				      "named its child,");
	return command;
}

/* What a process can have of the kernel that students usually have not. */
struct standing {
	int policy, priority, nice;
};

static bool take_standing(const struct standing *standing)
{
	return syscall(SYS_sched_setscheduler, 0, standing->policy,
		       &standing->priority) == 0 &&
	       setpriority(PRIO_PROCESS, 0, standing->nice) == 0;
}

/*
 * `schedule` with this option, called by somebody who stands so: to ask for
 * less than one has is allowed to everybody. Returns CMD, or 0 where the gate
 * may not have that itself, and so cannot hand it on.
 */
static pid_t hold_from(struct standing standing, const char *option,
		       const char *value)
{
	const struct standing before = {policy_of(0), priority_of(0),
					getpriority(PRIO_PROCESS, 0)};
	const char *token = fresh_token();
	struct rlimit limit;
	bool taken;

	/* A real-time process that spins would have the CPU for itself. */
	if (standing.priority > 0 && getrlimit(RLIMIT_RTTIME, &limit) == 0) {
		limit.rlim_cur = 2000000;
		setrlimit(RLIMIT_RTTIME, &limit);
	}
	taken = take_standing(&standing);
	if (taken)
		START("schedule", option, value, "probe", "hold", token);
	take_standing(&before);
	return taken ? await_probe(token) : 0;
}

/* Refused, and CMD (it would make a file) is not run. */
static void expect_not_run(struct run *run, const char *part, const char *token)
{
	EXPECT(finish(run) == 125 || !exists(token, ""),
	       "expected a refusal (%s) and exit status 125: CMD was run, with "
	       "status %d",
	       part[0] ? part : "not allowed", finish(run));
	expect_refusal(run, part);
	EXPECT(!exists(token, ""), "refused, and CMD was run all the same");
}

/*
 * A failure that went through failed(): "PROGRAM: WHAT: REASON". What the
 * function did it says in its own words.
 */
static void expect_operation(struct run *run)
{
	const char *rest = strstr(errors_of(run), ": ");

	EXPECT(rest && strstr(rest + 2, ": "),
	       "it says why, and not what it was that failed");
}

/*
 * apply_schedule() finds what there is not; `first` and `second` as of the
 * launcher.
 */
static void expect_invalid_with(const char *first, const char *second,
				const char *setting)
{
	const char *token = fresh_token();
	struct run *run =
		START("probe", "launch", first, second,
		      word("driver self %s touch /tmp/%s", setting, token));

	expect_not_run(run, strerror(EINVAL), token);
	expect_operation(run);
}

static void expect_invalid(const char *setting)
{
	expect_invalid_with("block=0", "block=0", setting);
}

/*
 * The same of what an ordinary user may not have either: a kernel that allows
 * him everything takes it in silence.
 */
static void expect_invalid_for_all(const char *setting)
{
	if (strncmp(setting, "io=", 3) == 0)
		expect_invalid_with("block=0", "fake=ioprio_set:1", setting);
	else
		expect_invalid_with("fake=setpriority:1", "fake=setscheduler:1",
				    setting);
}

/* The kernel would take one of two CPUs and keep silent about the other. */
static void expect_no_missing_cpu(void)
{
	char cpus[32];

	if (missing_cpu() < 0)
		return;
	snprintf(cpus, sizeof(cpus), "cpus=%d", missing_cpu());
	expect_invalid(cpus);
	snprintf(cpus, sizeof(cpus), "cpus=%d,%d", usable_cpu(0),
		 missing_cpu());
	expect_invalid(cpus);
}

/* More than it may have: which of the two depends on the system call. */
static bool says_not_allowed(struct run *run)
{
	return strstr(errors_of(run), strerror(EACCES)) ||
	       strstr(errors_of(run), strerror(EPERM));
}

/*
 * The kernel says no, or seems to: `setting` as of the launcher. `error` 0:
 * that it is not allowed, with the errno for that.
 */
static void kernel_refuses(const char *setting, const char *options, int error)
{
	const char *token = fresh_token();
	char program[128];
	struct run *run;

	snprintf(program, sizeof(program), "schedule %s touch /tmp/%s", options,
		 token);
	run = START("sh", "-c", "ulimit -e 0; ulimit -r 0; exec \"$@\"", "sh",
		    "probe", "launch", setting, program);
	expect_not_run(run, error ? strerror(error) : "", token);
	EXPECT(error || says_not_allowed(run),
	       "expected the reason \"%s\" or \"%s\", saw: %s",
	       strerror(EACCES), strerror(EPERM), errors_of(run));
	expect_operation(run);
}

static void expect_nice(int wanted, int inherited)
{
	char options[32], setting[32];
	pid_t command;

	snprintf(options, sizeof(options), "--nice %d", wanted);
	snprintf(setting, sizeof(setting), "nice=%d", inherited);
	command = hold_with(options, setting);
	EXPECT(nice_of(command) == wanted,
	       "called with nice value %d and asked for %d, saw %d%s",
	       inherited, wanted, nice_of(command),
	       nice_of(command) == wanted + inherited
		       ? ": it is to be set, not added"
		       : "");
}

/* What getpriority(2) returns for the first one looks like a failure. */
static void expect_negative_nice(void)
{
	const int wanted[] = {-1, -random_between(2, 18), -19};
	pid_t command;

	for (size_t i = 0; i < 3; i++) {
		command = hold_from((struct standing){.nice = wanted[i] - 1},
				    "--nice", number_word(wanted[i]));
		EXPECT(command == 0 || nice_of(command) == wanted[i],
		       "called with nice value %d and asked for %d, saw %d",
		       wanted[i] - 1, wanted[i], nice_of(command));
	}
}

static void nice_value(void)
{
	int base = base_nice();
	int wanted = base + random_between(4, 9);
	char setting[32];
	pid_t child;

	expect_nice(wanted, base);
	expect_nice(wanted, base + random_between(1, 3));
	expect_nice(19, base + random_between(1, 3));
	expect_nice(wanted, wanted);
	expect_nice(base, base);
	snprintf(setting, sizeof(setting), "nice=%d", wanted);
	child = hold_child(setting);
	EXPECT(nice_of(child) == wanted,
	       "applied to a child: expected nice value %d, saw %d", wanted,
	       nice_of(child));
	expect_negative_nice();
}

static void affinity(void)
{
	int count = count_usable(), first = random_between(0, count - 1);
	cpu_set_t wanted;
	char options[64], fault[48];

	for (int more = 0; more < 3 && more < count; more++) {
		int cpu = usable_cpu(first),
		    other = usable_cpu((first + more) % count);

		CPU_ZERO(&wanted);
		CPU_SET((size_t)cpu, &wanted);
		CPU_SET((size_t)other, &wanted);
		snprintf(options, sizeof(options), "--cpus %d,%d", cpu, other);
		expect_cpus(hold_with(options, "block=0"), &wanted, options);
	}
	snprintf(fault, sizeof(fault), "fail=setaffinity:1:%d", EINVAL);
	snprintf(options, sizeof(options), "--cpus %d", usable_cpu(first));
	kernel_refuses(fault, options, EINVAL);
	snprintf(options, sizeof(options), "cpus=%d", usable_cpu(first));
	CPU_ZERO(&wanted);
	CPU_SET((size_t)usable_cpu(first), &wanted);
	expect_cpus(hold_child(options), &wanted, "applied to a child");
	expect_no_missing_cpu();
	/* All of them, as a range where they are one. */
	wanted = cpus_of(sandbox_init());
	if (usable_cpu(count - 1) - usable_cpu(0) != count - 1)
		return;
	snprintf(options, sizeof(options), "--cpus %d-%d", usable_cpu(0),
		 usable_cpu(count - 1));
	expect_cpus(hold_with(options, "block=0"), &wanted, options);
}

/* From a higher priority, which somebody else had the right to give. */
static void expect_real_time(void)
{
	const char *const names[] = {"fifo", "rr"};
	int priority = random_between(2, 50);
	char value[16];
	pid_t command;

	for (int i = 0; i < 2; i++) {
		int policy = i == 0 ? SCHED_FIFO : SCHED_RR;

		snprintf(value, sizeof(value), "%s:%d", names[i], priority);
		command = hold_from((struct standing){.policy = policy,
						      .priority = priority + 1},
				    "--policy", value);
		EXPECT(command == 0 || (policy_of(command) == policy &&
					priority_of(command) == priority),
		       "called with priority %d: expected %s, saw policy %#x "
		       "(1 fifo, 2 rr), priority %d",
		       priority + 1, value, (unsigned)policy_of(command),
		       priority_of(command));
	}
}

static void policies(void)
{
	static const struct {
		const char *option;
		const char *inherited;
		int policy;
	} cases[] = {
		{"--policy batch", "policy=0", SCHED_BATCH},
		{"--policy idle", "policy=0", SCHED_IDLE},
		{"--policy other", "policy=3", SCHED_OTHER},
		{"--policy=idle", "policy=3", SCHED_IDLE},
		{"--policy batch --nice 19", "policy=0", SCHED_BATCH},
	};
	const int nice = base_nice() + random_between(1, 3);
	pid_t command;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool both = strstr(cases[i].option, "--nice") != NULL;

		command = hold_with_both(cases[i].option, cases[i].inherited,
					 word("nice=%d", nice));
		EXPECT(policy_of(command) == cases[i].policy,
		       "expected policy %d, saw %#x (0 other, 3 batch, 5 idle)",
		       cases[i].policy, (unsigned)policy_of(command));
		EXPECT(nice_of(command) == (both ? 19 : nice),
		       "%s, called with nice value %d: expected %d, saw %d",
		       cases[i].option, nice, both ? 19 : nice,
		       nice_of(command));
	}
	command = hold_child("policy=3:0");
	EXPECT(policy_of(command) == SCHED_BATCH,
	       "applied to a child: expected policy 3, saw %#x",
	       (unsigned)policy_of(command));
	expect_real_time();
	kernel_refuses("block=0", "--policy fifo:1", 0);
}

static void io_priority(void)
{
	int level = random_between(0, 7);
	const char *inherited = "io=16390"; /* best effort, 6 */
	char options[64];
	pid_t command;

	snprintf(options, sizeof(options), "--io best-effort:%d", level);
	command = hold_with(options, "io=24576");
	EXPECT(io_class_of(command) == IO_BEST_EFFORT &&
		       io_level_of(command) == level,
	       "expected I/O class 2, level %d, saw class %d, level %d", level,
	       io_class_of(command), io_level_of(command));
	command = hold_with("--io best-effort", inherited);
	EXPECT(io_class_of(command) == IO_BEST_EFFORT &&
		       io_level_of(command) == 4,
	       "expected I/O class 2, level 4, saw class %d, level %d",
	       io_class_of(command), io_level_of(command));
	command = hold_with("--io idle", inherited);
	EXPECT(io_class_of(command) == IO_IDLE,
	       "expected I/O class 3 (idle), saw %d", io_class_of(command));
	command = hold_with("--io none", inherited);
	EXPECT(io_class_of(command) == IO_NONE,
	       "expected I/O class 0 (none), saw %d", io_class_of(command));
	snprintf(options, sizeof(options), "io=2:%d", level);
	command = hold_child(options);
	EXPECT(io_class_of(command) == IO_BEST_EFFORT &&
		       io_level_of(command) == level,
	       "applied to a child: expected I/O class 2, level %d, saw class "
	       "%d, level %d",
	       level, io_class_of(command), io_level_of(command));
}

static void expect_all(pid_t pid, const char *who, int nice, int policy,
		       int level)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET((size_t)usable_cpu(0), &cpu);
	about_task(1);
	EXPECT(nice_of(pid) == nice, "%s: expected nice value %d, saw %d", who,
	       nice, nice_of(pid));
	about_task(3);
	EXPECT(policy_of(pid) == policy, "%s: expected policy %d, saw %#x", who,
	       policy, (unsigned)policy_of(pid));
	about_task(4);
	EXPECT(io_class_of(pid) == IO_BEST_EFFORT && io_level_of(pid) == level,
	       "%s: expected I/O class 2, level %d, saw class %d, level %d",
	       who, level, io_class_of(pid), io_level_of(pid));
	about_task(2);
	expect_cpus(pid, &cpu, who);
	about_task(0);
}

/* As inherited, and then by CMD and its children. */
static void inherited(void)
{
	static const char script[] =
		"schedule --nice $1 --policy batch --io best-effort:$2 "
		"--cpus $3 sh -c 'probe hold $0 & wait' $0 & wait";
	const char *token = fresh_token();
	int nice = base_nice() + random_between(1, 3), other = nice + 7;
	int level = random_between(0, 7), status = random_between(1, 120);
	char settings[4][32], program[64];
	struct run *run;
	pid_t command;

	snprintf(settings[0], 32, "nice=%d", nice);
	snprintf(settings[1], 32, "policy=%d", SCHED_BATCH);
	snprintf(settings[2], 32, "io=%d", IO_BEST_EFFORT << IO_BITS | level);
	snprintf(settings[3], 32, "cpu=%d", usable_cpu(0));
	snprintf(program, sizeof(program), "schedule probe hold %s", token);
	START("probe", "launch", settings[0], settings[1], settings[2],
	      settings[3], program);
	command = await_probe(token);
	expect_all(command, "not asked for, it is to stay", nice, SCHED_BATCH,
		   level);
	EXPECT(count_descriptors(command) == 3,
	       "CMD has %d descriptors: expected 0, 1 and 2",
	       count_descriptors(command));
	/* One of them changed. */
	token = fresh_token();
	snprintf(program, sizeof(program), "schedule --nice %d probe hold %s",
		 other, token);
	START("probe", "launch", settings[0], settings[1], settings[2],
	      settings[3], program);
	expect_all(await_probe(token), "asked for nothing but --nice", other,
		   SCHED_BATCH, level);
	/* All of them, and a child that CMD makes. */
	token = fresh_token();
	run = START("sh", "-c", script, token, number_word(nice),
		    number_word(level), number_word(usable_cpu(0)));
	expect_all(await_probe(token), "CMD's child", nice, SCHED_BATCH, level);
	expect_unchanged(pid_of(run), "the shell that called schedule");
	expect_status(START("schedule", "--nice", "19", "probe", "exit",
			    number_word(status)),
		      status);
	expect_status(START("schedule", "--nice", "19", token), 127);
	expect_status(START("schedule", "--nice", "19", "/tmp"), 126);
}

static void more_than_allowed(void)
{
	const char *token = fresh_token();
	int base = base_nice();
	char options[64], setting[64], other[64];

	about_task(1);
	snprintf(options, sizeof(options), "--nice %d", -random_between(1, 20));
	kernel_refuses("block=0", options, 0);
	/* What it was before it was given away. */
	snprintf(options, sizeof(options), "--nice %d", base);
	snprintf(setting, sizeof(setting), "nice=%d",
		 base + random_between(1, 9));
	kernel_refuses(setting, options, 0);
	about_task(3);
	kernel_refuses("policy=5", "--policy other", 0);
	/* A priority that is not the one asked for would be EINVAL. */
	kernel_refuses("block=0", "--policy fifo:1", 0);
	kernel_refuses("block=0", "--policy rr:99", 0);
	about_task(4);
	snprintf(options, sizeof(options), "--io realtime:%d",
		 random_between(0, 7));
	kernel_refuses("block=0", options, 0);
	/* One is refused and the other is not. */
	about_task(0);
	kernel_refuses("block=0", "--policy rr:1 --nice 19", 0);
	kernel_refuses("block=0", "--nice -3 --io idle", 0);
	kernel_refuses("block=0", "--nice 19 --io realtime", 0);
	snprintf(options, sizeof(options), "--nice 19 --cpus %d",
		 usable_cpu(0));
	snprintf(setting, sizeof(setting), "fail=setaffinity:1:%d", EINVAL);
	about_task(2);
	kernel_refuses(setting, options, EINVAL);
	/* Nice values, whichever call is to set them. */
	about_task(1);
	snprintf(options, sizeof(options), "schedule --nice 19 touch /tmp/%s",
		 token);
	snprintf(setting, sizeof(setting), "fail=setpriority:1:%d", ESRCH);
	snprintf(other, sizeof(other), "fail=setscheduler:1:%d", ESRCH);
	expect_not_run(START("probe", "launch", setting, other, options),
		       strerror(ESRCH), token);
}

/* The last of each that there is. */
static void expect_limits_taken(void)
{
	char options[80];
	pid_t command;

	snprintf(options, sizeof(options),
		 "--nice 19 --policy idle --io best-effort:7 --cpus %d",
		 usable_cpu(count_usable() - 1));
	command = hold_with(options, "block=0");
	EXPECT(nice_of(command) == 19 && policy_of(command) == SCHED_IDLE &&
		       io_level_of(command) == 7,
	       "%s: saw nice value %d, policy %d and I/O level %d", options,
	       nice_of(command), policy_of(command), io_level_of(command));
}

/* What the kernel itself would take in silence. */
static void expect_no_silence(void)
{
	about_task(1);
	expect_invalid("nice=20");
	expect_invalid("nice=100");
	expect_invalid_for_all("nice=-21");
	about_task(4);
	expect_invalid("io=2:8");
	expect_invalid("io=2:-1");
	expect_invalid("io=3:1");
	expect_invalid("io=0:1");
	expect_invalid("io=4:0");
	expect_invalid_for_all("io=1:8");
	about_task(3);
	expect_invalid("policy=0:1");
	expect_invalid("policy=1:0");
	about_task(2);
	expect_no_missing_cpu();
	about_task(0);
}

static void limits(void)
{
	static const char *const bad[][2] = {
		{"--nice", "20"},
		{"--nice", "-21"},
		{"--nice", "much"},
		{"--nice", ""},
		{"--nice", "3.5"},
		{"--policy", "fair"},
		{"--policy", "fifo"},
		{"--policy", "rr:0"},
		{"--policy", "fifo:100"},
		{"--policy", "batch:1"},
		{"--policy", "fifo:x"},
		{"--io", "soon"},
		{"--io", "best-effort:8"},
		{"--io", "best-effort:-1"},
		{"--io", "idle:1"},
		{"--io", "none:0"},
		{"--cpus", ""},
		{"--cpus", "all"},
		{"--cpus", "0,"},
		{"--cpus", "1-0"},
		{"--cpus", "99999"},
		{"--race", ""},
		{"--race", "0,,5"},
		{"--race", "0,20"},
		{"--race", "-21,0"},
		{"--race", "0,fast"},
		{"--seconds", "0"},
		{"--seconds", "-1"},
		{"--seconds", "long"},
		{"--seconds", "1"},
	};
	const char *token = fresh_token();
	char path[64], list[65 * 2 + 1] = "0";

	snprintf(path, sizeof(path), "/tmp/%s", token);
	expect_limits_taken();
	expect_no_silence();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_not_run(
			START("schedule", bad[i][0], bad[i][1], "touch", path),
			bad[i][0], token);
	expect_not_run(START("schedule", "--cpus", number_word(unknown_cpu()),
			     "touch", path),
		       number_word(unknown_cpu()), token);
	expect_not_run(START("schedule", "--race", "0", "touch", path),
		       "--race", token);
	REFUSES("--race", "schedule", "--nice", "3", "--race", "0");
	for (int i = 0; i < 64; i++)
		strcat(list, ",0");
	REFUSES("--race", "schedule", "--race", list);
	REFUSES("--nonsense", "schedule", "--nonsense", "touch", path);
	REFUSES("CMD", "schedule");
	REFUSES("CMD", "schedule", "--nice", "3");
	REFUSES("--nice", "schedule", "--nice");
}

#define LANES 3

/* A race that has begun, its processes in the order of its lanes. */
static pid_t lanes[LANES];
static int nices[LANES];

/* It has had more CPU time than it takes to get ready. */
static bool spins(pid_t lane)
{
	return cpu_seconds(lane) > 0.003;
}

static bool on_the_way(pid_t schedule)
{
	pid_t found[LANES + 1];

	if (children_of(schedule, found, LANES + 1) != LANES)
		return false;
	memset(lanes, 0, sizeof(lanes));
	for (int i = 0; i < LANES; i++)
		for (int n = 0; n < LANES; n++)
			if (nice_of(found[n]) == nices[i])
				lanes[i] = found[n];
	for (int i = 0; i < LANES; i++)
		if (lanes[i] == 0 || !spins(lanes[i]))
			return false;
	return true;
}

/*
 * Each lane 4 from the next, in an order of chance; not so far down that they
 * get nothing where the CPUs are busy.
 */
static void choose_nices(void)
{
	int low = base_nice() + random_between(1, 3);
	int turn = random_between(0, 2);

	for (int i = 0; i < LANES; i++)
		nices[i] = low + 4 * ((i + turn) % LANES);
}

/*
 * The race, from a caller whose policy and nice value are not those of the
 * lanes; `settings` as of the launcher, NULL: none.
 */
static struct run *start_race_with(const char *const settings[3],
				   const char *options)
{
	char program[160], nice[32];
	const char *words[9] = {"probe", "launch", "policy=3", nice};
	size_t count = 4;

	choose_nices();
	snprintf(nice, sizeof(nice), "nice=%d", base_nice() + 1);
	snprintf(program, sizeof(program), "schedule --race %d,%d,%d %s",
		 nices[0], nices[1], nices[2], options);
	for (int i = 0; i < 3 && settings[i]; i++)
		words[count++] = settings[i];
	words[count] = program;
	return start(NULL, words);
}

static struct run *start_race(const char *setting, const char *options)
{
	return start_race_with((const char *const[3]){setting}, options);
}

/* The same, once all lanes run. */
static struct run *start_long_race(const char *options)
{
	struct run *run = start_race(NULL, options);

	AWAIT(on_the_way(pid_of(run)) || has_ended(run),
	      "there are not three children with nice values %d, %d and %d "
	      "that use the CPU",
	      nices[0], nices[1], nices[2]);
	EXPECT(!has_ended(run), "it has ended, with status %d, before its time",
	       finish(run));
	return run;
}

/* Lane `number` waits as the others are not there yet. */
static void expect_waiting(pid_t lane, size_t number, const char *what)
{
	AWAIT(strchr("STZ", state_of(lane)) || cpu_ticks(lane) > 5,
	      "lane %zu neither waits nor runs", number);
	EXPECT(state_of(lane) != 'Z' && state_of(lane) != 0,
	       "lane %zu has ended%s", number, what);
	EXPECT(cpu_ticks(lane) <= 5,
	       "lane %zu runs%s: all lanes are to start together", number,
	       what);
}

/* At the start: the third is not there yet, and nobody runs. */
static void start_together(void)
{
	const char *token = fresh_token();
	char pause[64];
	struct run *run;
	pid_t early[LANES];
	size_t count;

	snprintf(pause, sizeof(pause), "pause=fork:3:%s", token);
	run = start_race(pause, "--seconds 30");
	AWAIT(exists(token, ".paused") || has_ended(run),
	      "there is no third fork");
	EXPECT(!has_ended(run), "it has ended, with status %d, before its time",
	       finish(run));
	count = children_of(pid_of(run), early, LANES);
	for (size_t i = 0; i < count; i++)
		expect_waiting(early[i], i + 1,
			       ", and lane 3 is not there yet");
	release(token);
	AWAIT(on_the_way(pid_of(run)) || has_ended(run),
	      "the lanes do not start");
	EXPECT(!has_ended(run), "it has ended, with status %d, before its time",
	       finish(run));
	send_signal(run, SIGKILL);
	finish(run);
}

/* Each nice value has its lane, which has the rest of it too. */
static bool all_set_up(const pid_t *found, size_t count)
{
	for (int i = 0; i < LANES; i++) {
		bool is_there = false;

		for (size_t n = 0; n < count; n++) {
			cpu_set_t cpus = cpus_of(found[n]);

			is_there |= nice_of(found[n]) == nices[i] &&
				    policy_of(found[n]) == SCHED_OTHER &&
				    CPU_COUNT(&cpus) == 1;
		}
		if (!is_there)
			return false;
	}
	return true;
}

/* Which of the calls is held up: its number `numbers` tells; -1: none is. */
static int held_call(const char *const tokens[3], const int numbers[3])
{
	for (int i = 0; i < 3; i++)
		if (exists(word("%s.%d", tokens[i], numbers[i]), ".paused"))
			return i;
	return -1;
}

/*
 * Each time that somebody, be it the caller or a lane, is about to set one of
 * these nobody runs, unless all lanes have what they are to run with.
 */
static void start_set_up(void)
{
	const char *const tokens[] = {fresh_token(), fresh_token(),
				      fresh_token()};
	const char *const pauses[] = {
		word("pause=setaffinity:0:%s", tokens[0]),
		word("pause=setpriority:0:%s", tokens[1]),
		word("pause=setscheduler:0:%s", tokens[2]),
	};
	struct run *run = start_race_with(pauses, "--seconds 30");
	int numbers[] = {1, 1, 1}, held;
	pid_t found[LANES];

	for (int n = 0; n < 100; n++) {
		size_t count;

		AWAIT((held = held_call(tokens, numbers)) >= 0 ||
			      on_the_way(pid_of(run)) || has_ended(run),
		      "the lanes do not start");
		EXPECT(!has_ended(run),
		       "it has ended, with status %d, before its time",
		       finish(run));
		if (held < 0)
			break;
		count = children_of(pid_of(run), found, LANES);
		for (size_t i = 0; i < count && !all_set_up(found, count); i++)
			expect_waiting(found[i], i + 1,
				       ", and not all have their nice values, "
				       "policy and CPU yet");
		release(word("%s.%d", tokens[held], numbers[held]++));
	}
	send_signal(run, SIGKILL);
	finish(run);
}

/* A signal that has a handler is delivered, or is held back. */
static bool has_taken(pid_t pid, int sig)
{
	uint64_t waits =
		status_mask(pid, "SigPnd") | status_mask(pid, "ShdPnd");

	waits &= ~status_mask(pid, "SigBlk");
	return state_of(pid) == 'T' || !(waits >> (sig - 1) & 1);
}

/*
 * Its first lane is there, its second one waits to be forked: release().
 * `setting` and `other` as of the launcher.
 */
static struct run *start_half_a_race(const char *setting, const char *other,
				     const char *program, const char *token,
				     pid_t *lane)
{
	char pause[64];
	struct run *run;

	snprintf(pause, sizeof(pause), "pause=fork:2:%s", token);
	run = START("probe", "launch", setting, other, pause, program);
	AWAIT(exists(token, ".paused") || has_ended(run),
	      "there is no second fork");
	EXPECT(!has_ended(run) && children_of(pid_of(run), lane, 1) == 1,
	       "there is no first lane before the second");
	return run;
}

/* What interrupts a lane that waits is not what it waits for. */
static void start_interrupted(void)
{
	const char *token = fresh_token();
	pid_t lane = 0;
	struct run *run =
		start_half_a_race("block=0", "block=0",
				  "driver alarmed 0 60 +1 +2", token, &lane);

	expect_waiting(lane, 1, ", and lane 2 is not there yet");
	for (int i = 0; i < 3; i++) {
		kill_process(lane, SIGALRM);
		AWAIT(has_taken(lane, SIGALRM),
		      "lane 1 does not take a signal");
		expect_waiting(lane, 1,
			       " because a signal came while it waited for "
			       "the start");
	}
	send_signal(run, SIGKILL);
	finish(run);
}

/*
 * The kernel may move the caller to another CPU between one lane and the next:
 * here it has to. Who asks each time where he is gets two answers.
 */
static void start_while_moved(void)
{
	const char *token = fresh_token();
	int last = usable_cpu(count_usable() - 1);
	pid_t found[2] = {0};
	cpu_set_t other, first;
	struct run *run;

	if (count_usable() < 2)
		return;
	run = start_half_a_race(word("cpu=%d", usable_cpu(0)), "block=0",
				"driver race 60 +1 +2", token, found);
	CPU_ZERO(&other);
	CPU_SET((size_t)last, &other);
	EXPECT(sched_setaffinity(pid_of(run), sizeof(other), &other) == 0,
	       "the test could not move the caller of race(): %s",
	       strerror(errno));
	release(token);
	AWAIT((children_of(pid_of(run), found, 2) == 2 && spins(found[0]) &&
	       spins(found[1])) ||
		      has_ended(run),
	      "there are not two lanes that use the CPU");
	EXPECT(!has_ended(run), "it has ended, with status %d, before its time",
	       finish(run));
	first = cpus_of(found[0]);
	expect_cpus(found[1], &first,
		    "the caller of race() came to another CPU before lane 2, "
		    "which is to be where lane 1 is");
	send_signal(run, SIGKILL);
	finish(run);
}

/* Where and how the lanes run, and their caller, who may use these CPUs. */
static void expect_lanes(pid_t schedule, const cpu_set_t *may)
{
	cpu_set_t first = cpus_of(lanes[0]), usable = cpus_of(schedule), both;

	CPU_AND(&both, &first, &usable);
	EXPECT(CPU_COUNT(&first) == 1 && CPU_EQUAL(&both, &first),
	       "a lane may run on CPUs %s: expected one CPU for all of them, "
	       "of "
	       "those of their caller (%s)",
	       status_of(lanes[0], "Cpus_allowed_list"),
	       status_of(schedule, "Cpus_allowed_list"));
	EXPECT(nice_of(schedule) == base_nice() + 1 &&
		       policy_of(schedule) == SCHED_BATCH,
	       "the caller of race() has nice value %d and policy %#x now: "
	       "expected %d and 3 (batch), as it was",
	       nice_of(schedule), (unsigned)policy_of(schedule),
	       base_nice() + 1);
	expect_cpus(schedule, may, "the caller of race(), as it was");
	for (int i = 0; i < LANES; i++) {
		expect_cpus(lanes[i], &first, "lanes that compete");
		EXPECT(policy_of(lanes[i]) == SCHED_OTHER,
		       "a lane has policy %#x: expected 0 (other), where nice "
		       "values are weights",
		       (unsigned)policy_of(lanes[i]));
		EXPECT(session_of(lanes[i]) == session_of(schedule),
		       "a lane is in a session of its own: with autogroup on, "
		       "nice values do not compare between sessions");
	}
}

static void race_lanes(void)
{
	int last = usable_cpu(count_usable() - 1);
	cpu_set_t may = cpus_of(sandbox_init());
	char options[64];
	struct run *run;

	snprintf(options, sizeof(options), "--seconds 30 --cpus %d", last);
	for (int i = 0; i < 2; i++) {
		run = start_long_race(i == 0 ? "--seconds 30" : options);
		expect_lanes(pid_of(run), &may);
		CPU_ZERO(&may);
		CPU_SET((size_t)last, &may);
		send_signal(run, SIGKILL);
		finish(run);
		expect_nothing_left();
	}
	start_together();
	start_set_up();
	start_interrupted();
	start_while_moved();
}

/* In percent of all lanes: as 1.25 to the power of what is between them. */
static double by_weight(int lane)
{
	double sum = 0;

	for (int i = 0; i < LANES; i++)
		sum += pow(1.25, nices[lane] - nices[i]);
	return 100 / sum;
}

/*
 * The CPU time of each lane, all at one moment: who is kept from looking for a
 * while between one and the next looks again.
 */
static void look_at_lanes(double *had)
{
	double limit = deadline(), began;

	do {
		began = seconds_now();
		for (int i = 0; i < LANES; i++)
			had[i] = cpu_seconds(lanes[i]);
	} while (seconds_now() - began > 0.002 && !past(limit));
}

/* All that the lanes have had since `before`, which has a number for each. */
static double had_since(const double *before, double *had)
{
	double sum = 0;

	look_at_lanes(had);
	for (int i = 0; i < LANES; i++) {
		had[i] -= before[i];
		sum += had[i];
	}
	return sum;
}

/*
 * The lane whose share is not what its nice value asks for, or -1. The kernel
 * counts, and shares out, in steps of some milliseconds.
 */
static int unfair_lane(const double *had, double sum)
{
	for (int i = 0; i < LANES; i++)
		if (fabs(100 * had[i] / sum - by_weight(i)) >=
		    2 + 0.3 * by_weight(i) + 1 / sum)
			return i;
	return -1;
}

/*
 * So much CPU time, however long that takes. Time that another machine took
 * from this virtual one is charged to who was on the CPU then: what does not
 * fit is looked at again, when that counts for less.
 */
static void measure_shares(void)
{
	double before[LANES], had[LANES], limit, sum, enough = 0.2;
	struct run *run = start_long_race("--seconds 60");
	int lane;

	look_at_lanes(before);
	limit = deadline();
	for (;;) {
		bool over = past(limit);

		sum = had_since(before, had);
		if (sum < enough && !over)
			continue;
		lane = sum > 0 ? unfair_lane(had, sum) : 0;
		if (lane < 0 || over || enough > 2.5)
			break;
		enough *= 2;
	}
	for (int i = 0; sum < 0.2 && i < LANES; i++)
		EXPECT(state_of(lanes[i]) == 'R',
		       "lane %d does not spin: its state is %c", i + 1,
		       state_of(lanes[i]));
	if (sum < 0.2)
		skip("the lanes have had no more than %.2f seconds of CPU "
		     "time: the machine is too busy",
		     sum);
	EXPECT(lane < 0,
	       "of nice values %d, %d and %d, %d had %.1f percent of "
	       "the CPU time: expected about %.1f",
	       nices[0], nices[1], nices[2], nices[lane], 100 * had[lane] / sum,
	       by_weight(lane));
	send_signal(run, SIGKILL);
	finish(run);
}

/* nice_weight(), by the driver: all that there are, and one more each way. */
static void expect_weights(void)
{
	struct run *run = START("driver", "weights", "-21", "20");
	const char *text;
	char *end;

	expect_status(run, 0);
	text = output_of(run);
	for (int nice = -21; nice <= 20; nice++, text = end) {
		bool exists = nice >= -20 && nice <= 19;
		double wanted = exists ? 1024 * pow(1.25, -nice) : 0;
		double weight = strtod(text, &end);

		/* A float is good enough, the kernel's rounded table is not. */
		EXPECT(end != text && fabs(weight - wanted) <= 0.001 * wanted,
		       "nice_weight(%d) is %.6g: expected %.6g", nice, weight,
		       wanted);
	}
}

struct result {
	int nice;
	double seconds, share, expected;
	int bar;
};

/* The lines that tell of a lane; their number. */
static int read_results(const char *text, struct result *results)
{
	int count = 0;

	for (size_t n; *text && count < LANES + 1; text += n) {
		struct result *r = &results[count];
		const char *rest;

		n = strcspn(text, "\n");
		n += text[n] == '\n';
		if (sscanf(text, "%d %lf s %lf %% %lf %%", &r->nice,
			   &r->seconds, &r->share, &r->expected) != 4)
			continue;
		r->bar = 0;
		for (rest = text; rest < text + n; rest++)
			r->bar += strncmp(rest, "\u2588", 3) == 0;
		count++;
	}
	return count;
}

/* A line of the result, of the lane whose turn it is. */
static void expect_result(const struct result *r, int lane, double sum)
{
	EXPECT(r->nice == nices[lane],
	       "lane %d has nice value %d, and the line says %d", lane + 1,
	       nices[lane], r->nice);
	/* The seconds are told with three digits after the point. */
	EXPECT(fabs(r->share - 100 * r->seconds / sum) < 1 + 0.2 / sum,
	       "lane %d had %.3f of %.3f seconds: its share is not %.1f "
	       "percent",
	       lane + 1, r->seconds, sum, r->share);
	EXPECT(fabs(r->expected - by_weight(lane)) < 1,
	       "by the weights of %d, %d and %d lane %d is to have %.1f "
	       "percent, and the line says %.1f",
	       nices[0], nices[1], nices[2], lane + 1, by_weight(lane),
	       r->expected);
	EXPECT(r->bar > 0 || r->share < 5, "lane %d has no bar", lane + 1);
}

/* A race that is watched. */
struct watched {
	double length;	    /* wall time, with starting and ending */
	double seen[LANES]; /* CPU time when it was last looked at */
	double unseen;	    /* wall time since then */
};

static struct run *watch_race(const char *seconds, struct watched *watched)
{
	const double started = seconds_now(), limit = deadline();
	double last = started;
	char options[32];
	struct run *run;

	snprintf(options, sizeof(options), "--seconds %s", seconds);
	run = start_race("ignore=10000", options);
	*watched = (struct watched){0};
	while (!has_ended(run)) {
		double now = seconds_now(), had[LANES] = {0};
		pid_t schedule = pid_if_seen(run);
		bool lanes_run = schedule > 0 && on_the_way(schedule);

		for (int i = 0; lanes_run && i < LANES; i++)
			had[i] = cpu_seconds(lanes[i]);
		if (had[0] > 0 && had[1] > 0 && had[2] > 0) {
			memcpy(watched->seen, had, sizeof(had));
			last = now;
		}
		EXPECT(!past(limit), "a race of %s seconds does not end",
		       seconds);
	}
	watched->unseen = seconds_now() - last;
	watched->length = seconds_now() - started;
	return run;
}

/*
 * What it prints is what the kernel said while it ran: no less, and no more
 * than one CPU could add since. Returns the CPU time of all lanes together, 0
 * when they were not seen to have any.
 */
static double race_for(const char *seconds, struct result *results)
{
	struct watched watched;
	struct run *run = watch_race(seconds, &watched);
	double sum = 0, seen = 0;

	expect_status(run, 0);
	EXPECT(watched.length >= atof(seconds),
	       "a race of %s seconds has ended after %.2f", seconds,
	       watched.length);
	EXPECT(read_results(output_of(run), results) == LANES,
	       "expected a line for each of %d lanes, saw: %s", LANES,
	       output_of(run));
	for (int i = 0; i < LANES; i++) {
		/* In clock ticks, two may be lost. */
		EXPECT(results[i].seconds > watched.seen[i] - 0.02 &&
			       (results[i].seconds > 0 || watched.seen[i] == 0),
		       "lane %d had %.3f seconds of CPU time or more, and the "
		       "line says %.3f",
		       i + 1, watched.seen[i], results[i].seconds);
		sum += results[i].seconds;
		seen += watched.seen[i];
	}
	EXPECT(sum < seen + watched.unseen + 0.02,
	       "all lanes together had at most %.3f seconds of one CPU, and "
	       "the lines make %.3f",
	       seen + watched.unseen, sum);
	return seen > 0 ? sum : 0;
}

static void results_told(void)
{
	/* The longer ones are for a machine that is too busy. */
	static const char *const lengths[] = {"0.15", "0.5", "1.5", "4"};
	struct result results[LANES + 1] = {{0}};
	double sum = 0;

	for (int i = 0; i < 4 && sum < 0.1; i++)
		sum = race_for(lengths[i], results);
	if (sum < 0.01)
		skip("the lanes have had %.3f seconds of CPU time in a race of "
		     "4: the machine is too busy",
		     sum);
	for (int i = 0; i < LANES; i++)
		expect_result(&results[i], i, sum);
}

/* Why race() may wait for ever. */
static const char *likely_cause(pid_t caller, size_t others)
{
	pid_t found[LANES + 1] = {0};

	if (children_of(caller, found, LANES + 1) <= others)
		return "it has no lane any more";
	return state_of(found[others]) == 'Z' ? "a lane of it is a zombie"
					      : "a lane of it still runs";
}

/*
 * race() by the driver has come back. `others`: so many children the driver had
 * before; those that are younger are lanes.
 */
static void race_returns(struct run *run, size_t others)
{
	pid_t found[LANES + 1] = {0};
	size_t count;

	AWAIT(strstr(output_of(run), "returned") || has_ended(run),
	      "race() does not return: %s", likely_cause(pid_of(run), others));
	EXPECT(!has_ended(run),
	       "it has ended, with status %d, before race() "
	       "has returned",
	       finish(run));
	count = children_of(pid_of(run), found, LANES + 1);
	EXPECT(count >= others,
	       "race() has returned, and has collected a child of its caller "
	       "that is no lane");
	EXPECT(count == others,
	       "race() has returned, and a lane is still there (state %c)",
	       state_of(found[others]));
	EXPECT(count_descriptors(pid_of(run)) == 3,
	       "race() has returned, and %d descriptors are open: expected 0, "
	       "1 and 2",
	       count_descriptors(pid_of(run)));
}

/* What the driver says of race(). `error` 0: it is to succeed. */
static void expect_result_of(struct run *run, int error)
{
	bool done = strstr(output_of(run), "returned 0") != NULL;

	EXPECT(done == (error == 0), "race() returned %d, expected %d%s",
	       done ? 0 : -1, error ? -1 : 0,
	       error == ECANCELED ? ": a lane was killed meanwhile" : "");
	EXPECT(!error || strstr(errors_of(run), strerror(error)) ||
		       (error == EACCES && says_not_allowed(run)),
	       "expected the reason \"%s\", saw: %s", strerror(error),
	       errors_of(run));
	if (error)
		expect_operation(run);
}

static void end_driver(struct run *run)
{
	send_signal(run, SIGKILL);
	finish(run);
	expect_nothing_left();
}

/* Signals that end a process, and that somebody could end lanes with. */
#define ENDING                                                                 \
	(bit_of(SIGHUP) | bit_of(SIGINT) | bit_of(SIGQUIT) | bit_of(SIGUSR1) | \
	 bit_of(SIGUSR2) | bit_of(SIGTERM))

/*
 * What the caller of race() blocks, ignores and handles is as it was, as far as
 * it is about these.
 */
static void expect_signals(struct run *run, uint64_t blocked, uint64_t ignored,
			   uint64_t handled)
{
	const uint64_t judged =
		ENDING | bit_of(SIGALRM) | bit_of(SIGCHLD) | bit_of(SIGCONT);
	const struct {
		const char *name, *what;
		uint64_t wanted;
	} masks[] = {
		{"SigBlk", "blocks", blocked},
		{"SigIgn", "ignores", ignored},
		{"SigCgt", "has handlers for", handled},
	};

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		uint64_t mask =
			status_mask(pid_of(run), masks[i].name) & judged;

		EXPECT(mask == masks[i].wanted,
		       "race() has returned, and its caller %s the signals "
		       "%#llx (%s of /proc/PID/status): expected %#llx, as "
		       "before",
		       masks[i].what, (unsigned long long)mask, masks[i].name,
		       (unsigned long long)masks[i].wanted);
	}
}

static void expect_returned(struct run *run, int error)
{
	race_returns(run, 0);
	expect_signals(run, 0, 0, 0);
	expect_result_of(run, error);
	end_driver(run);
}

/*
 * A lane of which a signal handler, of the caller's, takes most of the time,
 * in the kernel. False when it had too little of it for a verdict.
 */
static bool served_race(const char *seconds)
{
	struct run *run = START("driver", "served", seconds, "+1");
	double seen = 0, limit = deadline(), told = -1;
	pid_t lane = 0;

	while (!strstr(output_of(run), "returned") && !has_ended(run)) {
		double had = 0;

		if (children_of(pid_of(run), &lane, 1) == 1)
			had = cpu_seconds(lane);
		seen = fmax(seen, had);
		/* Handlers need not be inherited: then it would be killed. */
		if (had > 0 && (status_mask(lane, "SigCgt") & bit_of(SIGUSR1)))
			kill_process(lane, SIGUSR1);
		EXPECT(!past(limit), "a race of %s seconds does not end",
		       seconds);
	}
	race_returns(run, 0);
	expect_result_of(run, 0);
	sscanf(output_of(run), "returned %*d after %*f had %lf", &told);
	/* In clock ticks, two may be lost. */
	EXPECT(told > seen - 0.02,
	       "a lane that was in the kernel most of the time had %.3f "
	       "seconds of CPU time or more, and race() says %.3f",
	       seen, told);
	end_driver(run);
	return seen > 0.04;
}

static void time_in_the_kernel_counts(void)
{
	if (!served_race("0.08") && !served_race("1") && !served_race("4"))
		skip("a lane had next to no CPU time in a race of 4 seconds: "
		     "the machine is too busy");
}

static void race_shares(void)
{
	expect_weights();
	about_task(6);
	measure_shares();
	about_task(7);
	results_told();
	time_in_the_kernel_counts();
}

static void race_fails(void)
{
	char fault[48], other[48], setting[32];

	snprintf(setting, sizeof(setting), "nice=%d", base_nice() + 2);
	about_task(6);
	/* A lane that nobody may have, after others that are there. */
	expect_returned(START("driver", "race", "60", "+2", "+1", "-5"),
			EACCES);
	expect_returned(
		START("probe", "launch", setting, "driver race 60 +1 +3 +-1"),
		EACCES);
	expect_returned(START("driver", "race", "60", "+1", "20"), EINVAL);
	expect_returned(START("driver", "race", "60"), EINVAL);
	expect_returned(START("driver", "race", "0", "+1"), EINVAL);
	expect_returned(START("driver", "race", "-1", "+1"), EINVAL);
	snprintf(fault, sizeof(fault), "fail=fork:%d:%d", random_between(2, 3),
		 EAGAIN);
	expect_returned(
		START("probe", "launch", fault, "driver race 60 +2 +1 +2"),
		EAGAIN);
	snprintf(fault, sizeof(fault), "fail=setpriority:2:%d", ESRCH);
	snprintf(other, sizeof(other), "fail=setscheduler:2:%d", ESRCH);
	expect_returned(START("probe", "launch", fault, other,
			      "driver race 60 +2 +1 +2"),
			ESRCH);
	expect_returned(START("probe", "launch",
			      word("fail=setaffinity:0:%d", EINVAL),
			      "driver race 0.01 +2 +1 +2"),
			EINVAL);
	about_task(7);
	snprintf(fault, sizeof(fault), "fail=wait:%d:%d", random_between(1, 3),
		 EINTR);
	expect_returned(
		START("probe", "launch", fault, "driver race 0.02 +2 +1 +2"),
		0);
}

/* Dying is not enough: who looks at it may look before it has got a CPU. */
static void await_zombie(pid_t lane)
{
	AWAIT(state_of(lane) == 'Z' || state_of(lane) == 0,
	      "a lane was killed and goes on");
}

/*
 * Lane `number`, of 3, ends before the start: as the caller is about to fork
 * the one after it, or, with the last one, to say where that may run.
 */
static void lane_never_starts(size_t number)
{
	static const char *const held[] = {"fork:2", "fork:3", "setaffinity:3"};
	const char *token = fresh_token();
	struct run *run = START("probe", "launch",
				word("pause=%s:%s", held[number - 1], token),
				"driver race 0.01 +1 +2 +2");
	pid_t found[LANES] = {0};
	size_t count;

	AWAIT(exists(token, ".paused") || strstr(output_of(run), "returned") ||
		      has_ended(run),
	      "lane %zu of 3 is not prepared", number);
	EXPECT(!has_ended(run), "it has ended, with status %d, before its time",
	       finish(run));
	/* Somebody may say it for all of them at once. */
	if (!exists(token, ".paused") && number == LANES) {
		end_driver(run);
		return;
	}
	count = children_of(pid_of(run), found, LANES);
	EXPECT(count > 0, "there is no lane before lane %zu", number + 1);
	kill_process(found[count - 1], SIGKILL);
	await_zombie(found[count - 1]);
	release(token);
	expect_returned(run, ECANCELED);
}

/*
 * By itself: a lane that would outlive its caller is not to run. The caller may
 * hear of it before it forks again, or not before the end.
 */
static void lane_exits(void)
{
	const char *token = fresh_token();
	struct run *run =
		START("probe", "launch", word("fail=pdeathsig:1:%d", EPERM),
		      word("pause=fork:2:%s", token), "driver race 0.01 +1 +2");
	pid_t lane = 0;

	AWAIT(exists(token, ".paused") || strstr(output_of(run), "returned") ||
		      has_ended(run),
	      "there is no second fork, and race() does not return");
	if (exists(token, ".paused")) {
		EXPECT(children_of(pid_of(run), &lane, 1) == 1,
		       "there is no first lane before the second");
		AWAIT(state_of(lane) == 'Z' || state_of(lane) == 0,
		      "prctl(2) has refused a lane the signal at the end of "
		      "its parent, and the lane goes on");
		release(token);
	}
	race_returns(run, 0);
	expect_signals(run, 0, 0, 0);
	EXPECT(strstr(output_of(run), "returned -1"),
	       "race() returned 0, expected -1: a lane has exited before the "
	       "race was over");
	end_driver(run);
}

/* How many lanes have ended, or are about to; whether another one runs. */
static size_t count_ended(pid_t caller, bool *runs)
{
	pid_t found[LANES];
	size_t count = children_of(caller, found, LANES), ended = LANES - count;

	*runs = false;
	for (size_t i = 0; i < count; i++) {
		if (is_dying(found[i]))
			ended++;
		else if (!strchr("tT", state_of(found[i])))
			*runs = true;
	}
	return ended;
}

/* It may take a moment. `early`: as many were killed before. */
static void expect_all_ended(struct run *run, int early)
{
	bool others_run;

	AWAIT(count_ended(pid_of(run), &others_run) <= (size_t)early ||
		      !others_run,
	      "race() waits for a lane that it has ended while another one "
	      "runs: all are to be ended before the first wait");
}

static void expect_lane_left(struct run *run)
{
	pid_t lane;

	EXPECT(children_of(pid_of(run), &lane, 1) > 0,
	       "race() has collected all lanes, and sends a signal to the "
	       "process id that one had: it may be somebody else's by now");
}

/*
 * What its lanes do when it is about to wait or to send a signal, each time;
 * `early`: as many of them were killed before the start.
 */
static void all_end_together(int early)
{
	const char *start = fresh_token(), *waits = fresh_token(),
		   *kills = fresh_token();
	pid_t lane = 0;
	struct run *run = start_half_a_race(
		word("pause=wait:0:%s", waits), word("pause=kill:0:%s", kills),
		"driver race 0.01 +1 +2 +2", start, &lane);
	int waited = 1, killed = 1;

	if (early) {
		kill_process(lane, SIGKILL);
		await_zombie(lane);
	}
	release(start);
	while (waited + killed < 1000) {
		const char *wait = word("%s.%d", waits, waited);
		const char *signal = word("%s.%d", kills, killed);

		AWAIT(exists(wait, ".paused") || exists(signal, ".paused") ||
			      strstr(output_of(run), "returned") ||
			      has_ended(run),
		      "race() does not return");
		if (exists(wait, ".paused")) {
			expect_all_ended(run, early);
			release(wait);
			waited++;
		} else if (exists(signal, ".paused")) {
			expect_lane_left(run);
			release(signal);
			killed++;
		} else {
			break;
		}
	}
	expect_returned(run, early ? ECANCELED : 0);
}

/* While it runs; false: the race may have been over before. */
static bool kill_a_lane(const char *seconds)
{
	double began = seconds_now();
	struct run *run = START("driver", "race", seconds, "+1", "+2");
	pid_t found[2] = {0};

	AWAIT((children_of(pid_of(run), found, 2) == 2 && spins(found[0])) ||
		      strstr(output_of(run), "returned") || has_ended(run),
	      "there are not two lanes that use the CPU, but %zu (the first in "
	      "state %c, race() in state %c)",
	      children_of(pid_of(run), found, 2), state_of(found[0]),
	      state_of(pid_of(run)));
	EXPECT(!has_ended(run), "it has ended, with status %d, before its time",
	       finish(run));
	if (strstr(output_of(run), "returned") ||
	    kill_process(found[0], SIGKILL) < 0)
		return false;
	await_zombie(found[0]);
	if (seconds_now() - began >= atof(seconds))
		return false;
	expect_returned(run, ECANCELED);
	return true;
}

static void lane_ends_early(void)
{
	for (size_t number = 1; number <= 3; number++)
		lane_never_starts(number);
	lane_exits();
	/* The longer ones are for a machine that is too busy. */
	if (!kill_a_lane("0.06") && !kill_a_lane("0.3") && !kill_a_lane("2"))
		kill_a_lane("6");
}

/*
 * One signal, which comes in the second half. False when it may have come too
 * late, or the race took much longer than it was to, as it may on a busy
 * machine: *asleep is not set then, for who waits for a CPU does not sleep.
 */
static bool ends_in_time(const char *seconds, bool *asleep)
{
	const double wanted = atof(seconds), launched = seconds_now();
	struct run *run = START("driver", "alarmed", "0", seconds, "+1");
	double began, limit, took;
	pid_t lane = 0;
	bool heard;

	AWAIT((children_of(pid_of(run), &lane, 1) == 1 && spins(lane)) ||
		      strstr(output_of(run), "returned") || has_ended(run),
	      "there is no lane that uses the CPU");
	EXPECT(!has_ended(run), "it has ended, with status %d, before its time",
	       finish(run));
	began = seconds_now();
	limit = deadline();
	while (seconds_now() - began < 0.6 * wanted && !past(limit))
		;
	send_signal(run, SIGALRM);
	AWAIT(has_taken(pid_of(run), SIGALRM),
	      "the caller of race() does not take a signal");
	heard = seconds_now() - launched < wanted;
	limit = deadline();
	*asleep = false;
	do {
		took = seconds_now() - began;
		if (took > 1.4 * wanted)
			*asleep = state_of(pid_of(run)) == 'S';
	} while (!is_dying(lane) && !*asleep && !past(limit));
	*asleep &= !is_dying(lane);
	if (!*asleep) {
		race_returns(run, 0);
		expect_result_of(run, 0);
	}
	end_driver(run);
	return heard && !*asleep && took <= 1.4 * wanted;
}

/*
 * A signal every millisecond. Who sleeps in slices, and loses the rest of each,
 * is back early, unless its machine is so busy that it takes as long to go on
 * as a slice is: false when it has heard of less than one in 5 milliseconds.
 * `more`: other lanes, which share the machine with it too, or NULL.
 */
static bool lasts_its_time(const char *seconds, const char *more)
{
	struct run *run =
		START("driver", "alarmed", "1", seconds, "+1", more, more);
	double took = 0;
	int alarms = 0;

	race_returns(run, 0);
	sscanf(output_of(run), "returned %*d after %lf had %*f alarms %d",
	       &took, &alarms);
	EXPECT(took > atof(seconds) - 0.0001,
	       "a race of %s seconds, with a signal every millisecond, has "
	       "ended after %.3f",
	       seconds, took);
	expect_signals(run, 0, 0, bit_of(SIGALRM));
	expect_result_of(run, 0);
	end_driver(run);
	return alarms > took / 0.005;
}

/*
 * Signals that come all the time make it neither shorter nor longer: who adds
 * as much for each as there is between two of them never returns.
 */
static void race_interrupted(void)
{
	static const char *const lengths[] = {"0.1", "0.5", "3"};
	bool asleep = false;

	lasts_its_time("0.02", "+2");
	/* Again while the machine is too busy to tell. */
	for (int i = 0; i < 5 && !lasts_its_time("0.05", NULL); i++)
		;
	/* The longer ones are for a machine that is too busy. */
	for (int i = 0; i < 3 && !ends_in_time(lengths[i], &asleep); i++)
		;
	EXPECT(!asleep,
	       "a race of 3 seconds, with one signal in its second half, is "
	       "not over after 4.2: its caller sleeps");
}

/* What the caller does not want to hear of ends its lanes neither. */
static void signals_held_off(void)
{
	static const char *const settings[] = {"block", "ignore"};

	for (int i = 0; i < 2; i++) {
		struct run *run = START("probe", "launch",
					word("%s=%llx", settings[i],
					     (unsigned long long)ENDING),
					"driver race 0.01 +1 +2");

		race_returns(run, 0);
		expect_signals(run, i == 0 ? ENDING : 0, i == 1 ? ENDING : 0,
			       0);
		expect_result_of(run, 0);
		end_driver(run);
	}
}

/*
 * A zombie and one that runs, both older than the lanes. `error`: what becomes
 * of the race.
 */
static void other_children_stay(const char *race, int error)
{
	static const char script[] = "probe exit 0 & probe hold $0 & "
				     "exec probe launch pause=fork:1:$1 \"$2\"";
	const char *token = fresh_token(), *held = fresh_token();
	struct run *run = START("sh", "-c", script, token, held, race);
	pid_t child = await_probe(token), found[2] = {0};

	AWAIT((exists(held, ".paused") &&
	       children_of(pid_of(run), found, 2) == 2 &&
	       (state_of(found[0]) == 'Z' || state_of(found[1]) == 'Z')) ||
		      has_ended(run),
	      "there is no first fork");
	release(held);
	race_returns(run, 2);
	EXPECT(!is_dying(child),
	       "race() has returned, and has killed a child of its caller that "
	       "is no lane");
	for (int i = 0; i < 2; i++)
		EXPECT(state_of(found[i]) != 0,
		       "race() has returned, and has collected a child of its "
		       "caller that is no lane");
	expect_result_of(run, error);
	kill_process(child, SIGKILL);
	end_driver(run);
}

static void killed_at_any_moment(void)
{
	for (int i = 0; i < 20; i++) {
		const struct timespec nap = {
			.tv_nsec = random_between(0, 4000000)};
		struct run *run = START("schedule", "--race", "17,17,18,19",
					"--seconds", "60");

		/* Not to wait for anything: to be at a random moment. */
		nanosleep(&nap, NULL);
		send_signal(run, i % 2 ? SIGKILL : SIGTERM);
		finish(run);
	}
	expect_nothing_left();
}

static void race_ends(void)
{
	expect_returned(START("driver", "race", "0.02", "+1", "+2"), 0);
	race_fails();
	lane_ends_early();
	all_end_together(0);
	all_end_together(1);
	race_interrupted();
	signals_held_off();
	other_children_stay("driver race 0.01 +1 +2", 0);
	other_children_stay("driver race 60 +1 +2 -5", EACCES);
	about_task(6);
	killed_at_any_moment();
}

static const struct test tests[] = {
	{"nice_value", 1, "--nice sets the nice value of CMD, and adds nothing",
	 nice_value, 0, 1},
	{"affinity", 1, "--cpus: CMD may run on these CPUs and no others",
	 affinity, 0, 2},
	{"policies", 1, "--policy changes the policy of CMD", policies, 0, 3},
	{"io_priority", 1, "--io sets the I/O class and level of CMD",
	 io_priority, 0, 4},
	{"inherited", 1,
	 "what is not asked for stays, what was set goes on to the children of "
	 "CMD",
	 inherited, 0, 0},
	{"more_than_allowed", 1,
	 "when the kernel refuses, that is said and CMD does not run",
	 more_than_allowed, 0, 0},
	{"limits", 1,
	 "what goes beyond the limits is refused and CMD does not run", limits,
	 0, 0},
	{"race_lanes", 1,
	 "lanes start together on one CPU, in one session, with their nice "
	 "values",
	 race_lanes, TAKES_LONG, 6},
	{"race_shares", 1,
	 "lanes share the CPU by their weights, as it is told", race_shares,
	 TAKES_LONG, 5},
	{"race_ends", 1,
	 "no lane outlives its race, which may fail or be killed at any moment",
	 race_ends, TAKES_LONG, 7},
	{0},
};

const struct gate gate = {"05-scheduling", "schedule", tests};
