/*
 * doctor: what this machine lets us do, found out by doing it; why not, where
 * it does not; and so where each stage can be judged.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "causes.h"
#include "chain.h"
#include "failure.h"
#include "options.h"
#include "paint.h"
#include "stages.h"

enum { KIT = 1, BUILD, CAN, LIMITS_ONLY, NO_BOOT };

static const struct option_spec specs[] = {
	{0, "kit", "DIR", "where the kit is; default .", KIT},
	{0, "build", "DIR", "what was built of it; default build", BUILD},
	{0, "can", "STAGE",
	 "only: exit 0 if it can be judged here, 1 in the "
	 "VM, 2 not, 3 here but for its limits, in the VM",
	 CAN},
	{0, "limits", NULL, "only: the same for all tests that set limits",
	 LIMITS_ONLY},
	{0, "no-boot", NULL, "do not boot the VM to see that it boots",
	 NO_BOOT},
	{0},
};

static const struct {
	const char *title;
	enum link_id first, last;
} parts[] = {
	{"A world of its own", KERNEL, WHOLE_BOX},
	{"Limits", CGROUP2, LIMITS},
	{"More ids", SUBIDS, SUBIDS},
	{"The VM, for what does not run here", QEMU, BOOT},
};

static bool no_boot;

/* A missing one of these costs nothing but comfort, or is made when needed. */
static bool is_optional(enum link_id id)
{
	return id == SUBIDS || id == KVM || id == GUEST;
}

#define WIDTH 80
#define INDENT 12
/* Of the column that says where. */
#define WORD 11

/* In lines that end where a word does. */
static void print_indented(const char *word, const char *text)
{
	const int room = WIDTH - INDENT;

	while (*text) {
		int length = (int)strlen(text);

		if (length > room) {
			for (length = room; length > 0 && text[length] != ' ';)
				length--;
			/* One long word, a path: it may stick out. */
			if (length == 0)
				length = (int)strcspn(text, " ");
		}
		printf("      %s%-6s%s%.*s\n", paint(DIM), word, paint(PLAIN),
		       length, text);
		text += length;
		text += *text == ' ';
		word = "";
	}
}

static void print_mark(enum paint colour, const char *mark,
		       const struct link *link)
{
	printf("  %s%-4s%s%-18s %s", paint(colour), mark, paint(PLAIN),
	       link->name, link->meaning);
}

static void print_failure(enum link_id id)
{
	const struct link *link = &chain[id];
	struct advice advice;

	advise(id, &advice);
	if (is_optional(id))
		print_mark(YELLOW, "--", link);
	else
		print_mark(RED, "NO", link);
	printf("\n");
	print_indented("saw:", link->attempt.text);
	print_indented("why:", advice.why);
	print_indented("cure:", advice.cure);
}

static void print_not_tried(const struct link *link, const char *why)
{
	printf("  %s..  %-18s not tried, %s%s\n", paint(DIM), link->name, why,
	       paint(PLAIN));
}

static void print_link(enum link_id id)
{
	const struct link *link = &chain[id];
	char why[64];

	if (id == BOOT && no_boot)
		return;
	switch (link_verdict(id)) {
	case HOLDS:
		print_mark(GREEN, "yes", link);
		if (link->attempt.remark[0])
			printf(" %s(%s)%s", paint(DIM), link->attempt.remark,
			       paint(PLAIN));
		printf("\n");
		break;
	case BROKEN:
		print_failure(id);
		break;
	case NOT_TRIED:
		snprintf(why, sizeof(why), "needs %s",
			 chain[first_broken(link->needs)].name);
		print_not_tried(link, why);
		break;
	default:
		print_not_tried(link, "needs make reference");
	}
}

static void print_chain(void)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		printf("%s%s%s%s\n\n", i ? "\n" : "", paint(BOLD),
		       parts[i].title, paint(PLAIN));
		for (enum link_id id = parts[i].first; id <= parts[i].last;
		     id++)
			print_link(id);
	}
}

/* Why not here, in a few words. */
static const char *reason(enum link_id broken)
{
	static char text[64];

	if (broken == LINKS)
		return "only root can hand down a cgroup";
	snprintf(text, sizeof(text), "no %s", chain[broken].name);
	return text;
}

/* All but the tests with limits runs here. */
static bool lacks_only_limits(const struct stage *stage, enum where where,
			      enum link_id broken)
{
	return where != HERE && !stage->only_limits &&
	       (broken == LINKS || broken == CGROUP2 || broken == CONTROLLERS ||
		broken == LIMITS);
}

static enum where print_stage(const struct stage *stage)
{
	static const struct {
		enum paint colour;
		const char *word;
	} words[] = {{GREEN, "here"}, {YELLOW, "in the VM"}, {RED, "NOWHERE"}};
	enum link_id broken;
	enum where where = where_is(stage, &broken);
	bool partly = lacks_only_limits(stage, where, broken);
	size_t shown = partly ? HERE : where;

	printf("  %-18s %s%s%s", stage->name, paint(words[shown].colour),
	       words[shown].word, paint(PLAIN));
	if (partly)
		printf("%*sits limits %s%s%s: %s", WORD - (int)strlen("here"),
		       "", paint(words[where].colour), words[where].word,
		       paint(PLAIN), reason(broken));
	else if (where != HERE)
		printf("%*s%s", WORD - (int)strlen(words[where].word), "",
		       reason(broken));
	printf("\n");
	return where;
}

static void print_stages(void)
{
	size_t count[3] = {0};

	printf("\n%sWhere the stages are judged%s\n\n", paint(BOLD),
	       paint(PLAIN));
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		count[print_stage(&stages[i])]++;
	printf("\n");
	if (count[NOWHERE] == 0)
		printf("%sAll ten stages can be judged on this machine.%s\n",
		       paint(GREEN), paint(PLAIN));
	else
		printf("%s%zu of the ten stages cannot be judged on this "
		       "machine as it is.%s\nA cure above, or the VM, will "
		       "do.\n",
		       paint(RED), count[NOWHERE], paint(PLAIN));
}

static void say_where(const char *what, enum where where, enum link_id broken)
{
	const char *word = where == HERE	? "here"
			   : where == IN_THE_VM ? "in the VM"
						: "nowhere";
	struct advice advice = {0};

	if (where != HERE && broken != LINKS)
		advise(broken, &advice);
	printf("%s: %s%s%s%s%s\n", what, word, where == HERE ? "" : ": ",
	       where == HERE ? "" : reason(broken), advice.why[0] ? ": " : "",
	       advice.why);
}

static int finish(int status)
{
	if (fflush(stdout) == EOF) {
		failed("write", "standard output");
		die(EXIT_OURS);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[OPTIONS]",
		.summary = "Tries all that the course needs of this machine, "
			   "and says what is missing,\nwhy, and what mends it. "
			   "Changes nothing.",
		.specs = specs,
		.argv = argv + 1,
	};
	const struct stage *stage = NULL;
	enum link_id broken = LINKS;
	enum where where = NOWHERE;
	bool limits = false;

	(void)argc;
	for (int id; (id = next_option(&options)) != 0;) {
		switch (id) {
		case KIT:
			kit.dir = options.value;
			break;
		case BUILD:
			kit.build = options.value;
			break;
		case CAN:
			stage = find_stage(options.value);
			if (!stage)
				bad_usage("--can %s: no such stage",
					  options.value);
			break;
		case LIMITS_ONLY:
			limits = true;
			break;
		case NO_BOOT:
			no_boot = true;
			break;
		}
	}
	if (*options.argv)
		bad_usage("%s: takes no words", *options.argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (stage) {
		int status = 3;

		where = where_is(stage, &broken);
		if (where != IN_THE_VM ||
		    !lacks_only_limits(stage, where, broken))
			status = (int)where;
		say_where(status == 3 ? "its limits" : stage->name, where,
			  broken);
		return finish(status);
	}
	if (limits) {
		where = where_are_limits(&broken);
		say_where("limits", where, broken);
		return finish((int)where);
	}
	print_chain();
	print_stages();
	return finish(0);
}
