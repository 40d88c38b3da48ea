/*
 * driver of stage 10: calls enter_root(), harden() and run_container() as the
 * program of the stage does not, and each of them without the others.
 *
 *	driver root [SETTING...] ROOTFS CMD...
 *		enter_root() in new namespaces, then CMD as their process 1
 *	driver shared [SETTING...] ROOTFS CMD...
 *		the same without a user namespace, where the mounts of the new
 *		mount namespace are shared with those of the driver; for who has
 *		all capabilities
 *	driver harden KEPT SECCOMP CMD...
 *		harden() as user 0 of a user namespace, KEPT in base 16
 *	driver ranges UID:GID ROOTFS CMD...
 *		run_container() with a range of ids, where process 1 is user 0
 *		and CMD is not; for who has all capabilities
 *	driver alone UID:GID ROOTFS CMD...
 *		the same, where CMD is process 1 (no_init)
 *	driver twice ROOTFS CMD...
 *		run_container(), and once more when that is over
 *
 * SETTING is one of mask, overlay, size=N (options of the overlay's tmpfs),
 * read-only, bind=SRC:DST[:ro], tmpfs=DIR[:OPTIONS].
 *
 * It exits as CMD did.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone.h"
#include "container.h"
#include "failure.h"
#include "harden.h"
#include "reap.h"
#include "root.h"
#include "spawn.h"
#include "syscalls.h"
#include "tree.h"

#define NAMESPACES                                                             \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |            \
	 CLONE_NEWNET)

static _Noreturn void execute(char **words)
{
	const struct command command = {.file = words[0], .argv = words};

	exec_command(&command);
}

static int wait_for(pid_t child)
{
	int status;

	if (child < 0) {
		report_failure();
		return EXIT_OURS;
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_OURS;
	return exit_status(status);
}

/* SETTING...; the words after them. */
static char **read_settings(char **words, struct root *root)
{
	static struct mount_request mounts[8];

	root->mounts = mounts;
	for (; *words; words++) {
		struct mount_request *m = &mounts[root->mount_count];
		char *value = strchr(*words, '='), *target;

		if (strcmp(*words, "mask") == 0) {
			root->mask = true;
		} else if (strcmp(*words, "overlay") == 0) {
			root->overlay = true;
		} else if (strcmp(*words, "read-only") == 0) {
			root->read_only = true;
		} else if (strncmp(*words, "size=", 5) == 0) {
			root->overlay_options = *words;
		} else if (strncmp(*words, "tmpfs=", 6) == 0) {
			target = strchr(value, ':');
			if (target)
				*target++ = '\0';
			*m = (struct mount_request){.target = value + 1,
						    .options = target,
						    .tree = -1};
			root->mount_count++;
		} else if (strncmp(*words, "bind=", 5) == 0) {
			target = strchr(value, ':');
			if (!target)
				bad_usage("%s: no target", *words);
			*target++ = '\0';
			value++;
			*m = (struct mount_request){
				.source = value, .target = target, .tree = -1};
			target = strchr(target, ':');
			if (target) {
				*target = '\0';
				m->read_only = true;
			}
			root->mount_count++;
		} else {
			break;
		}
	}
	return words;
}

static _Noreturn void live_in(struct root *root, char **command)
{
	if (leave_namespaces(CLONE_NEWCGROUP) < 0 ||
	    take_sources(root, true) < 0 || enter_root(root) < 0)
		die(EXIT_OURS);
	execute(command);
}

static int root_alone(char **words, bool shared)
{
	struct namespaces world = {.flags = NAMESPACES, .cgroup = -1};
	struct root root = {.tree = -1};
	pid_t child;

	words = read_settings(words, &root);
	if (!words[0] || !words[1])
		bad_usage("ROOTFS and CMD are needed");
	root.path = words[0];
	if (shared) {
		if (leave_namespaces(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
			die(EXIT_OURS);
		child = clone_process(NAMESPACES, -1, NULL);
	} else {
		child = fork_in_namespaces(&world, NULL);
	}
	if (child == 0)
		live_in(&root, words + 1);
	return wait_for(child);
}

static int harden_alone(char **words)
{
	/* Its own mounts too, so that CAP_SYS_ADMIN is for something. */
	struct namespaces world = {.flags = CLONE_NEWNS, .cgroup = -1};
	pid_t child = fork_in_namespaces(&world, NULL);

	if (child == 0) {
		if (harden(strtoull(words[0], NULL, 16), words[1][0] == '1') <
		    0)
			die(EXIT_OURS);
		execute(words + 2);
	}
	return wait_for(child);
}

static void make_container(struct container *c, char **words)
{
	static char *const envp[] = {"PATH=/bin:/mnt", NULL};

	*c = (struct container){
		.command = {.file = words[1], .argv = words + 1, .envp = envp},
		.how = {.grace = GRACE_SECONDS},
		.hostname = "driver",
		.root = {.path = words[0], .mask = true, .tree = -1},
		.capabilities = default_capabilities,
		.seccomp = true,
	};
}

static int run(struct container *c)
{
	struct report report = {0};

	if (run_container(c, &report) < 0) {
		report_failure();
		return EXIT_OURS;
	}
	return report.status;
}

/* User 0 inside is the caller; the others are ids that follow his. */
static int with_ranges(char **words, bool no_init)
{
	static const gid_t groups[] = {7, 8};
	const struct id_map map[] = {{0, geteuid(), 1},
				     {1, geteuid() + 1, 5000}};
	struct mount_request probe = {.source = "/mnt/probe",
				      .target = "/bin/probe",
				      .read_only = true,
				      .tree = -1};
	struct container c;
	char *gid;

	make_container(&c, words + 1);
	c.uid = (uid_t)strtoul(words[0], &gid, 10);
	c.gid = (gid_t)strtoul(gid + 1, NULL, 10);
	c.no_init = no_init;
	c.world.users = c.world.groups = map;
	c.world.user_count = c.world.group_count = 2;
	c.root.mounts = &probe;
	c.root.mount_count = 1;
	/* Denied where the sandbox has one id only: then there are none. */
	if (setgroups(2, groups) < 0 && errno != EPERM) {
		failed("setgroups", "");
		die(EXIT_OURS);
	}
	return run(&c);
}

static int twice(char **words)
{
	struct container c;
	int status;

	make_container(&c, words);
	status = run(&c);
	make_container(&c, words);
	return status == 0 ? run(&c) : status;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "root") == 0)
		return root_alone(argv + 2, false);
	if (argc > 3 && strcmp(argv[1], "shared") == 0)
		return root_alone(argv + 2, true);
	if (argc > 4 && strcmp(argv[1], "harden") == 0)
		return harden_alone(argv + 2);
	if (argc > 4 && strcmp(argv[1], "ranges") == 0)
		return with_ranges(argv + 2, false);
	if (argc > 4 && strcmp(argv[1], "alone") == 0)
		return with_ranges(argv + 2, true);
	if (argc > 3 && strcmp(argv[1], "twice") == 0)
		return twice(argv + 2);
	bad_usage("a case and its words are needed");
}
