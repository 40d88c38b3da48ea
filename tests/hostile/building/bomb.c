/*
 * Thirty bytes that become five hundred million.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
char bomb[500000000] = {1};
