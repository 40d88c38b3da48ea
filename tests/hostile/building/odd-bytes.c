/*
 * Bytes that are no text: an escape in a message of the compiler.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
#error [2J[31m ok 1 - all is well
