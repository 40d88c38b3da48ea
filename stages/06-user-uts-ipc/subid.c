#include "subid.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone.h"
#include "failure.h"
#include "files.h"
#include "spawn.h"

#define RANGE 65535U

/* Only there do ids 0 to 4294967294 mean what they say. */
static bool in_first_user_namespace(void)
{
	unsigned inside, outside, count;
	char text[4096];

	return read_file(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) >
		       0 &&
	       sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 &&
	       inside == 0 && outside == 0 && count == 4294967295U;
}

/*
 * "name:first:count" or "uid:first:count", the first line that is ours; without
 * one *first stays as it is.
 */
static bool granted(const char *path, uid_t uid, unsigned *first)
{
	/* User 0 has the same name everywhere; no need to look it up. */
	const struct passwd *user = uid == 0 ? NULL : getpwuid(uid);
	const char *known_as = uid == 0 ? "root" : user ? user->pw_name : "";
	char line[256], number[16], name[128];
	unsigned start, count;
	bool found = false;
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	snprintf(number, sizeof(number), "%u", uid);
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%127[^:]:%u:%u", name, &start, &count) ==
				3 &&
			(strcmp(name, number) == 0 ||
			 strcmp(name, known_as) == 0) &&
			count >= RANGE;
	fclose(file);
	/* A line of somebody else's grants us nothing. */
	if (found)
		*first = start;
	return found;
}

static bool is_installed(const char *name)
{
	static const char *const dirs[] = {"/usr/bin", "/bin",
					   "/usr/local/bin"};
	char path[64];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

bool subid_maps(struct namespaces *world)
{
	static struct id_map users[2], groups[2];
	unsigned first_user = FIRST_CONTAINER_ID;
	unsigned first_group = FIRST_CONTAINER_ID;
	bool root = geteuid() == 0;
	bool given = granted("/etc/subuid", geteuid(), &first_user) &&
		     granted("/etc/subgid", geteuid(), &first_group);

	if (!in_first_user_namespace())
		return false;
	if (!root && (!given || !is_installed("newuidmap") ||
		      !is_installed("newgidmap")))
		return false;
	users[0] = (struct id_map){0, geteuid(), 1};
	users[1] = (struct id_map){1, first_user, RANGE};
	groups[0] = (struct id_map){0, getegid(), 1};
	groups[1] = (struct id_map){1, first_group, RANGE};
	world->users = users;
	world->user_count = 2;
	world->groups = groups;
	world->group_count = 2;
	world->helpers = !root;
	return true;
}

static int run_helper(const char *program, pid_t pid, const struct id_map *maps,
		      size_t count)
{
	char words[2 + 3 * 4][16], *argv[2 + 3 * 4 + 1];
	struct command command = {.file = program, .argv = argv};
	size_t n = 0;
	int status;
	pid_t child;

	if (count > 4) {
		errno = E2BIG;
		return failed("execute", "%s", program);
	}
	argv[n++] = (char *)program;
	argv[n] = words[n];
	snprintf(words[n++], sizeof(words[0]), "%d", (int)pid);
	for (size_t i = 0; i < count; i++) {
		const unsigned three[] = {maps[i].inside, maps[i].outside,
					  maps[i].count};

		for (size_t j = 0; j < 3; j++, n++) {
			argv[n] = words[n];
			snprintf(words[n], sizeof(words[0]), "%u", three[j]);
		}
	}
	argv[n] = NULL;
	child = spawn(&command);
	if (child < 0)
		return -1;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return failed("waitpid", "%s", program);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		errno = EPERM;
		return failed("execute", "%s", program);
	}
	return 0;
}

int map_ids_with_helpers(pid_t pid, const struct namespaces *world)
{
	if (run_helper("newgidmap", pid, world->groups, world->group_count) < 0)
		return -1;
	return run_helper("newuidmap", pid, world->users, world->user_count);
}

int write_maps(pid_t child, const struct namespaces *world)
{
	struct id_map user = {world->uid, geteuid(), 1};
	struct id_map group = {world->gid, getegid(), 1};
	bool own = world->user_count == 0;

	if (world->helpers)
		return map_ids_with_helpers(child, world);
	return map_ids(
		child, own ? &user : world->users, own ? 1 : world->user_count,
		own ? &group : world->groups, own ? 1 : world->group_count);
}
