/* The two ends of a virtual cable as a person writes them. Given. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include "network.h"
#include "options.h"

/*
 * "HOST/LEN,PEER/LEN", such as 10.0.0.1/24,10.0.0.2/24: two different
 * addresses of hosts, each in the other's network. Anything else ends the
 * program as options.h says.
 */
void read_ends(const struct options *options, struct address *host,
	       struct address *peer);

#endif
