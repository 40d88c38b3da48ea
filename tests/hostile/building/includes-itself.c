/*
 * Includes itself.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
#include __FILE__
