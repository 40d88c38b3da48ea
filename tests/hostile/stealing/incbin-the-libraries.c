/*
 * Takes /libraries/01-fork-exec.a into its binary, to print it later.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
__asm__(".section .data\n.incbin \"/libraries/01-fork-exec.a\"\n.previous");
