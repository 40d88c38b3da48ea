#include "results.h"

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {"passed", "failed", "skipped"};

	return names[verdict];
}

/*
 * A string of JSON. What a student's program printed may be in it: bytes that
 * are not ASCII are written as if they were Latin-1, so that every line is
 * valid whatever they are.
 */
static void write_string(FILE *file, const char *name, const char *text)
{
	fprintf(file, "\"%s\":\"", name);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(file, "\\%c", *c);
		else if (*c == '\n')
			fputs("\\n", file);
		else if (*c < ' ' || *c >= 0x7f)
			fprintf(file, "\\u%04x", *c);
		else
			fputc(*c, file);
	}
	fputc('"', file);
}

/* What was seen, and what had been done to the program that was seen so. */
static void write_message(FILE *file, const struct result *r)
{
	char text[5000];

	if (r->verdict != FAILED || !r->launched[0]) {
		write_string(file, "message", r->message);
		return;
	}
	snprintf(text, sizeof(text), "%s; with %s", r->message, r->launched);
	write_string(file, "message", text);
}

int write_result(FILE *file, const struct result *r)
{
	fputc('{', file);
	write_string(file, "stage", r->stage);
	fputc(',', file);
	write_string(file, "name", r->name);
	fputc(',', file);
	write_string(file, "intent", r->intent);
	fputc(',', file);
	write_string(file, "status", verdict_name(r->verdict));
	fprintf(file, ",\"points\":%u,\"max_points\":%u,",
		r->verdict == PASSED ? r->points : 0, r->points);
	write_message(file, r);
	fputc(',', file);
	write_string(file, "command", r->command);
	fprintf(file, ",\"seconds\":%.3f}\n", r->seconds);
	return fflush(file) == EOF || ferror(file) ? -1 : 0;
}
