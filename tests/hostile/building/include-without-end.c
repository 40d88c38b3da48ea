/*
 * Includes a device.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
#include "/dev/zero"
