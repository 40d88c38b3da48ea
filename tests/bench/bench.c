/*
 * bench: how close box comes to the physical floor, and how it stands beside
 * other runtimes. All in one run, interleaved; medians.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "contenders.h"
#include "crowd.h"
#include "failure.h"
#include "options.h"
#include "paint.h"
#include "stopwatch.h"

enum { BOX_FILE = 1, FLOOR_FILE, ROOTFS, RUNS, BOXES, CHECK };

static const struct option_spec specs[] = {
	{0, "box", "FILE", "the box to measure", BOX_FILE},
	{0, "floor", "FILE", "the bare system calls", FLOOR_FILE},
	{0, "rootfs", "DIR", "the root file system", ROOTFS},
	{'n', "runs", "N", "runs of each; default 100", RUNS},
	{0, "boxes", "N", "boxes alive at once; default 1000", BOXES},
	{0, "check", NULL, "exit 1 when a target is not met", CHECK},
	{0},
};

static struct {
	struct programs programs;
	struct contender contenders[CONTENDERS];
	int runs;
	size_t boxes;
	bool check;
	bool missed; /* some target */
} bench;

/* ---- the table ---- */

static const char *milliseconds(double seconds, char text[16])
{
	snprintf(text, 16, "%.2f ms", seconds * 1e3);
	return text;
}

static double middle(enum contender_id id)
{
	const struct contender *c = &bench.contenders[id];

	return c->runs ? percentile(c->seconds, c->runs, 50) : 0;
}

static void print_table(void)
{
	char low[16], mid[16], high[16];

	printf("\n%sStart to end of /bin/true%s, %d runs each, interleaved\n\n",
	       paint(BOLD), paint(PLAIN), bench.runs);
	printf("%s  %-15s %10s %10s %10s   %7s%s\n", paint(DIM), "", "fastest",
	       "median", "p95", "x floor", paint(PLAIN));
	for (int i = 0; i < CONTENDERS; i++) {
		const struct contender *c = &bench.contenders[i];

		if (c->runs == 0) {
			printf("  %-15s %.62s\n", c->name, c->why_not);
			continue;
		}
		printf("%s  %-15s %10s %10s %10s",
		       paint(i == BOX ? BOLD : PLAIN), c->name,
		       milliseconds(c->seconds[0], low),
		       milliseconds(middle(i), mid),
		       milliseconds(percentile(c->seconds, c->runs, 95), high));
		if (middle(FLOOR) > 0)
			printf("   %7.2f", middle(i) / middle(FLOOR));
		printf("%s\n", paint(PLAIN));
	}
}

/* The row's median as a multiple of the column's. */
static void print_ratios(void)
{
	static const enum contender_id shown[] = {PROCESS, FLOOR, BOX, UNSHARE,
						  BWRAP,   CRUN,  RUNC};
	const size_t count = sizeof(shown) / sizeof(shown[0]);

	printf("\n%sEach to each%s: the row's median as a multiple of the "
	       "column's\n\n  %-9s",
	       paint(BOLD), paint(PLAIN), "");
	for (size_t i = 0; i < count; i++)
		if (middle(shown[i]) > 0)
			printf("%s%9s%s", paint(DIM),
			       bench.contenders[shown[i]].name, paint(PLAIN));
	printf("\n");
	for (size_t i = 0; i < count; i++) {
		if (middle(shown[i]) <= 0)
			continue;
		printf("%s  %-9s", paint(shown[i] == BOX ? BOLD : PLAIN),
		       bench.contenders[shown[i]].name);
		for (size_t j = 0; j < count; j++)
			if (middle(shown[j]) > 0)
				printf("%9.2f",
				       middle(shown[i]) / middle(shown[j]));
		printf("%s\n", paint(PLAIN));
	}
}

static void print_notes(void)
{
	printf("\n"
	       "  process   fork and exec of the same static busybox, in no "
	       "namespace\n"
	       "  floor     the bare system calls of box's namespaces and "
	       "mounts: no filter,\n            no cgroup, no options\n"
	       "  box       all eight namespaces, full /dev, masks, seccomp, "
	       "capabilities\n            dropped, a cgroup where there can "
	       "be one (without: none)\n"
	       "  unshare   all eight namespaces, /proc and a chroot; nothing "
	       "else\n"
	       "  bwrap     no time namespace, no filter, /sys bound; its "
	       "kind of /dev, masks\n"
	       "  crun      no time namespace, a shorter filter; the rest as "
	       "box; the usual\n            cgroups (without: none)\n"
	       "  runc      as crun\n");
}

/* ---- the targets ---- */

static void judge(const char *what, double measured, double limit,
		  const char *format)
{
	bool met = measured <= limit;
	char text[32];

	snprintf(text, sizeof(text), format, measured);
	bench.missed |= !met;
	printf("  %-42s %12s   %s%s%s\n", what, text, paint(met ? GREEN : RED),
	       met ? "met" : "NOT MET", paint(PLAIN));
}

static void not_measured(const char *what, const char *why)
{
	printf("  %-42s %12s   %snot measured: %s%s\n", what, "-",
	       paint(YELLOW), why, paint(PLAIN));
}

static void judge_ratio(const char *what, enum contender_id id,
			enum contender_id other, double limit)
{
	const double bare = middle(FLOOR), all = middle(other);

	if (middle(id) <= 0 || all <= 0) {
		not_measured(what,
			     middle(id) <= 0 ? "no box" : "see the table");
		bench.missed |= middle(id) <= 0;
		return;
	}
	judge(what, middle(id) / all, limit, "%.2f");
	if (bare > limit * all)
		printf("  %42s %12.2f   that is what nobody gets below\n",
		       "the floor itself", bare / all);
}

/* Like with like: with a cgroup on both sides, or on neither. */
static void judge_crun(void)
{
	if (middle(CRUN) <= 0 && middle(CRUN_PLAIN) > 0)
		judge_ratio("box <= 0.25 x crun, both without a cgroup",
			    middle(BOX_PLAIN) > 0 ? BOX_PLAIN : BOX, CRUN_PLAIN,
			    0.25);
	else
		judge_ratio("box <= 0.25 x crun", BOX, CRUN, 0.25);
}

/* bubblewrap makes no cgroup, and a box that makes none is its like. */
static void judge_bwrap(void)
{
	judge_ratio("box <= 0.5 x bwrap", BOX, BWRAP, 0.5);
	if (middle(BOX_PLAIN) > 0)
		judge_ratio("the same, neither with a cgroup", BOX_PLAIN, BWRAP,
			    0.5);
}

static void judge_size(void)
{
	static const char what[] = "binary of box <= 200 KB";
	struct stat st;

	if (stat(bench.programs.box, &st) < 0) {
		not_measured(what, strerror(errno));
		bench.missed = true;
	} else {
		judge(what, (double)st.st_size / 1024, 200, "%.0f KB");
	}
}

static void judge_crowd(const struct crowd *crowd)
{
	static const char last[] = "last start <= 1.5 x first";
	static const char peak[] = "peak resident, box + process 1 <= 1.5 MB";
	const char *const why =
		crowd->why_fewer[0] ? crowd->why_fewer : "no boxes were wanted";
	char what[64];

	if (crowd->alive == 0) {
		not_measured(peak, why);
		not_measured(last, why);
		bench.missed |= crowd->wanted > 0;
		return;
	}
	if (crowd->box_peak > 0 && crowd->init_peak > 0) {
		judge(peak, (double)(crowd->box_peak + crowd->init_peak) / 1024,
		      1.5, "%.2f MB");
	} else {
		not_measured(peak, "/proc does not tell");
		bench.missed = true;
	}
	snprintf(what, sizeof(what), "%s (%zu alive)", last, crowd->alive);
	if (crowd->alive >= 2 * CROWD_ENDS)
		judge(what, crowd->last / crowd->first, 1.5, "%.2f");
	else
		not_measured(what, "too few boxes");
	judge("boxes that did not end cleanly: 0",
	      (double)(crowd->failures + crowd->left_mounts +
		       crowd->left_groups),
	      0, "%.0f");
}

/* ---- the crowd ---- */

static void print_share(const char *name, long share)
{
	if (share >= 0)
		printf("  %s %ld KB", name, share);
	else
		printf("  %s cannot be seen", name);
}

static double each(long before, long after, size_t count)
{
	return (double)(after - before) / (double)count;
}

static void print_crowd(const struct crowd *c)
{
	const struct memory *b = &c->before, *f = &c->full;

	printf("\n%s%zu boxes alive at once%s", paint(BOLD), c->alive,
	       paint(PLAIN));
	if (c->why_fewer[0])
		printf(" instead of %zu: %s", c->wanted, c->why_fewer);
	printf("\n\n");
	if (c->alive == 0)
		return;
	printf("  started in %.2f s: the first %d in %.2f ms each, the last %d "
	       "in %.2f ms (medians)\n",
	       c->all, CROWD_ENDS, c->first * 1e3, CROWD_ENDS, c->last * 1e3);
	if (c->first_plain > 0 && c->last_plain > 0)
		printf("  a plain process just then: %.2f ms and %.2f ms\n",
		       c->first_plain * 1e3, c->last_plain * 1e3);
	printf("  ended together in %.2f s; %zu failed, %zu mounts and %zu "
	       "cgroups left\n",
	       c->end, c->failures, c->left_mounts, c->left_groups);
	printf("  peak resident (VmHWM):  box %ld KB  process 1 %ld KB  sum "
	       "%ld KB\n",
	       c->box_peak, c->init_peak, c->box_peak + c->init_peak);
	printf("  proportional share (PSS):");
	print_share("box", c->box_share);
	print_share("process 1", c->init_share);
	print_share("command", c->command_share);
	printf("\n  what the machine has less, for each: %.0f KB; of it pages "
	       "of processes %.0f,\n  slab %.0f, per CPU %.0f, page tables "
	       "%.0f, kernel stacks %.0f\n",
	       each(f->available, b->available, c->alive),
	       each(b->processes, f->processes, c->alive),
	       each(b->slab, f->slab, c->alive),
	       each(b->per_cpu, f->per_cpu, c->alive),
	       each(b->page_tables, f->page_tables, c->alive),
	       each(b->kernel_stacks, f->kernel_stacks, c->alive));
}

/* ---- main ---- */

static void enough(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* Absolute: other programs read them in other directories. */
static const char *whole_path(const struct options *options)
{
	char *path = realpath(options->value, NULL);

	if (!path)
		bad_usage("%s %s: %s", options->name, options->value,
			  strerror(errno));
	return path;
}

static void read_options(char **words)
{
	struct options options = {
		.usage = "--box FILE --floor FILE --rootfs DIR [OPTIONS]",
		.summary = "Measures what a container costs: beside a process, "
			   "the physical floor, and\nother runtimes.",
		.specs = specs,
		.argv = words,
	};

	bench.runs = 100;
	bench.boxes = 1000;
	for (int id; (id = next_option(&options)) != 0;) {
		switch (id) {
		case BOX_FILE:
			bench.programs.box = whole_path(&options);
			break;
		case FLOOR_FILE:
			bench.programs.floor = whole_path(&options);
			break;
		case ROOTFS:
			bench.programs.rootfs = whole_path(&options);
			break;
		case RUNS:
			bench.runs = (int)number_of(&options, options.value, 5,
						    100000);
			break;
		case BOXES:
			bench.boxes = (size_t)number_of(&options, options.value,
							0, 100000);
			break;
		case CHECK:
			bench.check = true;
			break;
		}
	}
	if (*options.argv)
		bad_usage("%s: takes no words", *options.argv);
	if (!bench.programs.box || !bench.programs.floor ||
	    !bench.programs.rootfs)
		bad_usage("--box, --floor and --rootfs are needed");
}

static void print_machine(void)
{
	double load[3] = {0};
	struct utsname name;

	uname(&name);
	getloadavg(load, 3);
	printf("Linux %s, %d CPUs, load %.2f, as %s\n", name.release,
	       get_nprocs(), load[0],
	       geteuid() == 0 ? "root" : "an ordinary user");
	if (load[0] > get_nprocs() / 2.0)
		printf("%sOthers are at work here: figures are rough, and "
		       "targets may be missed for it.%s\n",
		       paint(YELLOW), paint(PLAIN));
}

static void finish(int result)
{
	int saved = errno;

	remove_bundle(&bench.programs);
	errno = saved;
	if (result < 0) {
		if (interrupted)
			warning("interrupted");
		else
			report_failure();
		exit(EXIT_OURS);
	}
	if (fflush(stdout) == EOF) {
		failed("write", "standard output");
		die(EXIT_OURS);
	}
	exit(bench.check && bench.missed ? 1 : 0);
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = enough};
	struct crowd crowd = {0};
	int result;

	(void)argc;
	read_options(argv + 1);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	print_machine();
	result = prepare_contenders(&bench.programs, bench.contenders);
	if (result == 0)
		result = race(bench.contenders, bench.runs);
	if (result == 0) {
		print_table();
		print_ratios();
		print_notes();
	}
	if (result == 0 && bench.boxes > 0 && bench.contenders[BOX].runs > 0) {
		result = gather(&bench.programs, bench.boxes, &crowd);
		if (result == 0)
			print_crowd(&crowd);
	}
	if (result == 0) {
		printf("\n%sTargets%s\n\n", paint(BOLD), paint(PLAIN));
		judge_ratio("box <= 1.4 x floor", BOX, FLOOR, 1.4);
		judge_bwrap();
		judge_crun();
		judge_size();
		judge_crowd(&crowd);
	}
	finish(result);
}
