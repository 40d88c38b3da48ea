#include "contenders.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bundle.h"
#include "failure.h"
#include "hierarchy.h"
#include "stopwatch.h"

#define WORDS 80

static const char *lines[CONTENDERS][WORDS];

static void say(enum contender_id id, const char *const *words)
{
	size_t n = 0;

	while (n < WORDS && lines[id][n])
		n++;
	for (; *words && n < WORDS - 1; words++)
		lines[id][n++] = *words;
}
#define SAY(id, ...) say(id, (const char *const[]){__VA_ARGS__, NULL})

/*
 * bubblewrap makes no sysfs, no time namespace and no filter of its own; what
 * box hides and protects it can cover too, file by file.
 */
static void say_bwrap(const char *rootfs)
{
	static const char *const hidden[] = {
		"/proc/acpi",	     "/proc/asound",	"/proc/kcore",
		"/proc/keys",	     "/proc/key-users", "/proc/latency_stats",
		"/proc/sched_debug", "/proc/scsi",	"/proc/timer_list",
		"/sys/firmware",
	};
	static const char *const fixed[] = {
		"/proc/bus",	       "/proc/fs", "/proc/irq", "/proc/sys",
		"/proc/sysrq-trigger",
	};
	struct stat st;

	SAY(BWRAP, "bwrap", "--unshare-all", "--hostname", "bwrap", "--uid",
	    "0", "--gid", "0", "--die-with-parent", "--new-session",
	    "--cap-drop", "ALL", "--bind", rootfs, "/", "--proc", "/proc",
	    "--ro-bind", "/sys", "/sys", "--dev", "/dev", "--tmpfs", "/dev/shm",
	    "--mqueue", "/dev/mqueue");
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (stat(hidden[i], &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			SAY(BWRAP, "--tmpfs", hidden[i]);
		else
			SAY(BWRAP, "--ro-bind", "/dev/null", hidden[i]);
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (stat(fixed[i], &st) == 0)
			SAY(BWRAP, "--ro-bind", fixed[i], fixed[i]);
	SAY(BWRAP, "/bin/true");
}

static void say_all(const struct programs *p)
{
	static char busybox[PATH_MAX], root_option[PATH_MAX], state[PATH_MAX],
		id[32];

	snprintf(busybox, sizeof(busybox), "%s/bin/busybox", p->rootfs);
	snprintf(root_option, sizeof(root_option), "--root=%s", p->rootfs);
	snprintf(state, sizeof(state), "%s/state", p->bundle);
	snprintf(id, sizeof(id), "bench-%d", (int)getpid());
	SAY(PROCESS, busybox, "true");
	SAY(FLOOR, p->floor, p->rootfs, "/bin/true");
	/* Statistics are what makes box make a group without limits. */
	SAY(BOX, p->box, "run", "--stats", "/dev/null", p->rootfs, "/bin/true");
	SAY(BOX_PLAIN, p->box, "run", p->rootfs, "/bin/true");
	SAY(UNSHARE, "unshare", "--user", "--map-root-user", "--mount", "--uts",
	    "--ipc", "--net", "--pid", "--cgroup", "--time", "--fork",
	    "--mount-proc", "--kill-child", root_option, "/bin/true");
	say_bwrap(p->rootfs);
	SAY(CRUN, "crun", "--root", state, "run", "--bundle", p->bundle, id);
	SAY(CRUN_PLAIN, "crun", "--root", state, "--cgroup-manager=disabled",
	    "run", "--bundle", p->bundle, id);
	SAY(RUNC, "runc", "--root", state, "run", "--bundle", p->bundle, id);
}

static bool is_installed(const char *name)
{
	char path[PATH_MAX], *list, *rest, *dir;
	bool found = false;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	rest = list = strdup(getenv("PATH") ?: "/usr/bin:/bin");
	while (list && !found && (dir = strsep(&rest, ":")) != NULL)
		found = snprintf(path, sizeof(path), "%s/%s", dir, name) <
				(int)sizeof(path) &&
			access(path, X_OK) == 0;
	free(list);
	return found;
}

/* Whether box will find a place for a group of its own. */
static bool can_make_groups(void)
{
	int dir = open_group_of(0);
	bool can = dir >= 0 && faccessat(dir, ".", W_OK, AT_EACCESS) == 0;

	if (dir >= 0)
		close(dir);
	return can;
}

/* Version 2 alone; elsewhere the groups of the machine are of version 1. */
static bool has_unified_hierarchy(void)
{
	struct statfs about;

	return statfs("/sys/fs/cgroup", &about) == 0 &&
	       about.f_type == CGROUP2_SUPER_MAGIC;
}

/* One run, to see whether it runs at all. */
static int try_once(struct contender *c)
{
	double seconds;

	if (!is_installed(c->argv[0])) {
		snprintf(c->why_not, sizeof(c->why_not), "not installed");
		return 0;
	}
	/* Root could; but those are not ours to make anything in. */
	if (c->makes_groups && geteuid() == 0 && !has_unified_hierarchy()) {
		snprintf(c->why_not, sizeof(c->why_not),
			 "it would make cgroups of version 1");
		return 0;
	}
	return run_once(c, &seconds, c->why_not, sizeof(c->why_not));
}

int prepare_contenders(struct programs *programs,
		       struct contender contenders[CONTENDERS])
{
	static const char *const names[CONTENDERS] = {
		"process", "floor", "box",	    "box without", "unshare",
		"bwrap",   "crun",  "crun without", "runc",
	};
	const char *tmp = getenv("TMPDIR");

	snprintf(programs->bundle, sizeof(programs->bundle), "%s/bench.XXXXXX",
		 tmp && *tmp == '/' ? tmp : "/tmp");
	if (!mkdtemp(programs->bundle)) {
		failed("mkdtemp", "%s", programs->bundle);
		programs->bundle[0] = '\0';
		return -1;
	}
	if (write_bundle(programs->bundle, programs->rootfs) < 0)
		return -1;
	say_all(programs);
	for (int i = 0; i < CONTENDERS; i++) {
		contenders[i] = (struct contender){
			.name = names[i],
			.argv = lines[i],
			.makes_groups = i == CRUN || i == RUNC,
		};
		if (try_once(&contenders[i]) < 0)
			return -1;
	}
	if (!can_make_groups())
		snprintf(contenders[BOX_PLAIN].why_not,
			 sizeof(contenders[BOX_PLAIN].why_not),
			 "the same: no cgroup can be made here");
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void remove_bundle(const struct programs *programs)
{
	if (programs->bundle[0] &&
	    nftw(programs->bundle, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		warning("%s: cannot remove it: %s", programs->bundle,
			strerror(errno));
}
