/*
 * Takes a device into its binary.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
__asm__(".incbin \"/dev/zero\"");
