/*
 * The same, past the compiler.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
__asm__(".section .data\n.fill 400000000, 8, 1\n.previous");
