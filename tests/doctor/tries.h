/* How each link of the chain is tried. For chain.c. */
#ifndef TRIES_H
#define TRIES_H

#include "chain.h"

/* For try_it(): does what the link is about. 0, or -1 with errno. */
extern int (*const tries[LINKS])(void);

#endif
