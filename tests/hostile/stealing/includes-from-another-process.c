/*
 * Includes the answer by way of process 1's root.
 *
 * Stage: 01-fork-exec
 * Base: starter
 * Score: 0
 */
#include "/proc/1/root/solutions/01-fork-exec/spawn.c"
