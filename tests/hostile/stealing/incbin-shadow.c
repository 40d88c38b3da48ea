/*
 * Takes /etc/shadow into its binary, to print it later.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
__asm__(".section .data\n.incbin \"/etc/shadow\"\n.previous");
