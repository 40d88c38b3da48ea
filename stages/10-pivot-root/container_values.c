#include "container_values.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "failure.h"
#include "names.h"

/* (uid_t)-1 means "leave it" to setresuid(2), so nobody can have it. */
#define LAST_ID 4294967294LL

static void *more(void *array, size_t count, size_t size)
{
	void *grown = realloc(array, (count + 1) * size);

	if (!grown) {
		failed("allocate", "memory");
		die(EXIT_OURS);
	}
	return grown;
}

static void add_mount(struct root *root, struct mount_request request)
{
	request.tree = -1;
	root->mounts = more(root->mounts, root->mount_count, sizeof(request));
	root->mounts[root->mount_count++] = request;
}

/* A target inside is absolute, as people mean it anyway. */
static const char *target_of(const struct options *options, const char *word)
{
	if (word[0] != '/')
		bad_usage("%s %s: not an absolute path inside", options->name,
			  word);
	if (word[strspn(word, "/")] == '\0')
		bad_usage("%s %s: is the root itself", options->name, word);
	return word;
}

void add_volume(const struct options *options, struct root *root)
{
	struct mount_request request = {0};
	char *source, *target, *flag;
	struct stat st;

	if (!split(options->value, ':', &source, &target) || !*source)
		bad_usage("%s %s: not SRC:DST[:ro]", options->name,
			  options->value);
	flag = strchr(target, ':');
	if (flag) {
		*flag++ = '\0';
		if (strcmp(flag, "ro") != 0)
			bad_usage("%s %s: not SRC:DST[:ro]", options->name,
				  options->value);
		request.read_only = true;
	}
	request.source = source;
	request.target = target_of(options, target);
	/* Not access(2): that is by the real user id, and its rights alone. */
	if (stat(source, &st) < 0) {
		failed(options->name, "%s", source);
		die(EXIT_OURS);
	}
	add_mount(root, request);
}

void read_user(const struct options *options, struct container *c)
{
	char *uid, *gid;

	if (split(options->value, ':', &uid, &gid)) {
		c->uid = (uid_t)number_of(options, uid, 0, LAST_ID);
		c->gid = (gid_t)number_of(options, gid, 0, LAST_ID);
		free(uid);
		return;
	}
	c->uid = (uid_t)number_of(options, options->value, 0, LAST_ID);
	c->gid = (gid_t)c->uid;
}

void set_variable(struct command *command, char *assignment)
{
	char **variables = (char **)command->envp;
	size_t name = (size_t)(strchr(assignment, '=') - assignment) + 1;
	size_t count = 0;

	for (; variables && variables[count]; count++)
		if (strncmp(variables[count], assignment, name) == 0) {
			variables[count] = assignment;
			return;
		}
	variables = more(variables, count + 1, sizeof(*variables));
	variables[count] = assignment;
	variables[count + 1] = NULL;
	command->envp = variables;
}

void add_capability(const struct options *options, struct container *c)
{
	int number = capability_number(options->value);

	if (strcasecmp(options->value, "all") == 0)
		c->capabilities = ~UINT64_C(0);
	else if (number < 0)
		bad_usage("%s %s: no such capability", options->name,
			  options->value);
	else
		c->capabilities |= UINT64_C(1) << number;
}

static rlim_t limit_of(const struct options *options, const char *word)
{
	if (strcmp(word, "unlimited") == 0)
		return RLIM_INFINITY;
	return (rlim_t)bytes_of(options, word);
}

void add_rlimit(const struct options *options, struct container *c)
{
	char *name, *soft, *copy, *hard;
	struct limit limit;

	if (!split(options->value, '=', &name, &soft))
		bad_usage("%s %s: not NAME=SOFT[:HARD]", options->name,
			  options->value);
	limit.resource = resource_number(name);
	if (limit.resource < 0)
		bad_usage("%s %s: no such limit", options->name, name);
	if (split(soft, ':', &copy, &hard)) {
		limit.value.rlim_cur = limit_of(options, copy);
		limit.value.rlim_max = limit_of(options, hard);
		free(copy);
	} else {
		limit.value.rlim_cur = limit_of(options, soft);
		limit.value.rlim_max = limit.value.rlim_cur;
	}
	if (limit.value.rlim_cur > limit.value.rlim_max)
		bad_usage("%s %s: soft limit above the hard one", options->name,
			  options->value);
	free(name);
	c->rlimits = more((void *)c->rlimits, c->rlimit_count, sizeof(limit));
	((struct limit *)c->rlimits)[c->rlimit_count++] = limit;
}

const char *hostname_of(const struct options *options)
{
	const char *name = options->value;

	if (name[0] == '\0' || strlen(name) > 64)
		bad_usage("%s %s: not 1 to 64 bytes", options->name, name);
	return name;
}

bool veth_of(const struct options *options)
{
	if (strcmp(options->value, "veth") == 0)
		return true;
	if (strcmp(options->value, "none") != 0)
		bad_usage("%s %s: neither none nor veth", options->name,
			  options->value);
	return false;
}

void add_tmpfs(const struct options *options, struct root *root)
{
	add_mount(root, (struct mount_request){
				.target = target_of(options, options->value),
			});
}
