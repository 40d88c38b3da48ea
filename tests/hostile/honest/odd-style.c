/*
 * Does it in a style of its own, with bytes that are no text in a comment.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 */
/* ÿþ */ static int o_O(void){return 0;}
__attribute__((constructor))static void O_o(void){if(o_O())O_o();}
