/*
 * Has a function that the kit has too.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
#include <stdarg.h>

void report_failure(void)
{
}

void remember_failure(const char *operation, const char *format, ...)
{
	(void)operation;
	(void)format;
}
