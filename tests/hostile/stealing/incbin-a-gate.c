/*
 * Takes /tests/gates/01-fork-exec.c into its binary, to print it later.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
__asm__(".section .data\n.incbin \"/tests/gates/01-fork-exec.c\"\n.previous");
