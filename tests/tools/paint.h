/* Colour on standard output, where somebody is there to see it. */
#ifndef PAINT_H
#define PAINT_H

enum paint { PLAIN, BOLD, DIM, GREEN, YELLOW, RED };

/*
 * The sequence that switches to `paint`: "" unless standard output is a
 * terminal that has colours and NO_COLOR is unset or empty. console_codes(4).
 */
const char *paint(enum paint paint);

#endif
