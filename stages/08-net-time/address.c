#include "address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>

#include "failure.h"

static in_addr_t host_bits(const struct address *address)
{
	return ntohl(address->ip.s_addr) & (UINT32_MAX >> address->prefix);
}

/* One end: "10.0.0.1/24". */
static struct address end_of(const struct options *options, const char *word)
{
	const char *name = options->name;
	struct address address;
	in_addr_t first;
	char *ip, *prefix;

	if (!split(word, '/', &ip, &prefix))
		bad_usage("%s %s: no prefix length, as in 10.0.0.1/24", name,
			  word);
	if (inet_pton(AF_INET, ip, &address.ip) != 1)
		bad_usage("%s %s: not an IPv4 address", name, ip);
	first = ntohl(address.ip.s_addr) >> 24;
	if (first == 0 || first == 127 || first >= 224)
		bad_usage("%s %s: not an address for a host", name, ip);
	address.prefix = (unsigned)number_of(options, prefix, 1, 31);
	/* Two addresses are all that a network of /31 has: RFC 3021. */
	if (address.prefix <= 30 && host_bits(&address) == 0)
		bad_usage("%s %s: the address of the network itself", name,
			  word);
	if (address.prefix <= 30 &&
	    host_bits(&address) == UINT32_MAX >> address.prefix)
		bad_usage("%s %s: the broadcast address", name, word);
	free(ip);
	return address;
}

static bool reaches(const struct address *from, const struct address *to)
{
	in_addr_t differ = ntohl(from->ip.s_addr ^ to->ip.s_addr);

	return differ >> (32 - from->prefix) == 0;
}

void read_ends(const struct options *options, struct address *host,
	       struct address *peer)
{
	char *left, *right;

	if (!split(options->value, ',', &left, &right))
		bad_usage("%s %s: not HOST/LEN,PEER/LEN", options->name,
			  options->value);
	*host = end_of(options, left);
	*peer = end_of(options, right);
	if (host->ip.s_addr == peer->ip.s_addr)
		bad_usage("%s %s: the same address twice", options->name,
			  options->value);
	if (!reaches(host, peer) || !reaches(peer, host))
		bad_usage("%s %s: the second address is outside the first's "
			  "network",
			  options->name, options->value);
	free(left);
}
