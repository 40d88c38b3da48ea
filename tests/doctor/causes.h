/* Why a link is broken, and what mends it. */
#ifndef CAUSES_H
#define CAUSES_H

#include "chain.h"

/* Texts of one or more lines; "" when there is nothing to say. */
struct advice {
	char why[512];
	char cure[512];
};

/*
 * Draws the cause from how the link failed and from what the machine says of
 * itself: its sysctls, mounts, cgroups and this process.
 */
void advise(enum link_id id, struct advice *advice);

#endif
