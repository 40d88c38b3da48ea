/*
 * Includes the answer by way of whatever is open.
 *
 * Stage: 01-fork-exec
 * Base: nothing
 * Score: 0
 */
#include "/proc/self/fd/3"
