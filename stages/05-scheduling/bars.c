#include "bars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "failure.h"

/* Everything left of the bar, in columns. */
enum { LEFT = 41, NARROWEST = 10, WIDTH = 80 };

struct style {
	int width; /* of a bar of 100 % */
	const char *block, *mark;
	const char *bar_colour, *mark_colour, *plain;
};

/* As setlocale(3) chooses; a static musl has no locales to ask. */
static bool locale_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *locale = getenv(names[i]);

		if (locale && *locale)
			return strcasestr(locale, "UTF-8") ||
			       strcasestr(locale, "UTF8");
	}
	return false;
}

static bool wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) &&
	       terminal && strcmp(terminal, "dumb") != 0;
}

static int columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH;
	return size.ws_col;
}

static struct style choose_style(void)
{
	bool utf8 = locale_is_utf8();
	bool colour = wants_colour();
	int width = columns() - LEFT - 1;

	return (struct style){
		.width = width < NARROWEST ? NARROWEST : width,
		.block = utf8 ? "\u2588" : "#",
		.mark = utf8 ? "\u2502" : "|",
		.bar_colour = colour ? "\033[36m" : "",
		.mark_colour = colour ? "\033[33m" : "",
		.plain = colour ? "\033[0m" : "",
	};
}

static void draw(const char *colour, const char *cell, int times,
		 const char *plain)
{
	printf("%s", colour);
	while (times-- > 0)
		printf("%s", cell);
	printf("%s", plain);
}

/* As much of the width as `share`; the mark takes the cell at `expected`. */
static void draw_bar(const struct style *style, double share, double expected)
{
	int bar = (int)(share * style->width + 0.5);
	int mark = (int)(expected * style->width + 0.5);

	draw(style->bar_colour, style->block, bar < mark ? bar : mark,
	     style->plain);
	draw("", " ", mark - bar, "");
	draw(style->mark_colour, style->mark, 1, style->plain);
	draw(style->bar_colour, style->block, bar - mark - 1, style->plain);
	putchar('\n');
}

int draw_race(const struct lane *lanes, size_t count)
{
	struct style style = choose_style();

	if (printf("%4s  %10s  %8s  %11s\n", "nice", "CPU time", "share",
		   "by weight") < 0)
		return failed("write", "standard output");
	for (size_t i = 0; i < count; i++) {
		printf("%4d  %8.3f s  %6.1f %%  %9.1f %%  ", lanes[i].nice,
		       lanes[i].cpu_seconds, 100 * lanes[i].share,
		       100 * lanes[i].expected);
		draw_bar(&style, lanes[i].share, lanes[i].expected);
	}
	if (fflush(stdout) == EOF || ferror(stdout))
		return failed("write", "standard output");
	return 0;
}
