/*
 * Addresses and networks. IPv4 addresses are kept in their IPv4-mapped
 * form (RFC 4291 2.5.5.2), so that a peer that arrives as ::ffff:a.b.c.d
 * is the same peer; an IPv6 network holds no IPv4 address all the same.
 */
#ifndef SP_CONFIG_CIDR_H
#define SP_CONFIG_CIDR_H

#include <sallyport/types.h>

#include <sys/socket.h>

struct cidr_address {
	uint8_t bytes[16];
};

struct cidr {
	struct cidr_address address;
	uint8_t bits; /* of the 128: an IPv4 /8 has 104 */
};

/* An address and a port. */
struct cidr_endpoint {
	struct cidr_address address;
	uint16_t port;
};

struct cidr_list {
	const struct cidr *items;
	size_t count;
};

/* "[v6]:port" and "v4:port" need this much with the NUL. */
enum { CIDR_TEXT_SIZE = 56 };

/* False when the text is no numeric address. */
bool cidr_parse_address(const char *, struct cidr_address *);
/* "192.0.2.1:22" or "[2001:db8::1]:22". */
bool cidr_parse_endpoint(const char *, struct cidr_endpoint *);
/* False for a family other than AF_INET and AF_INET6. */
bool cidr_of_sockaddr(const struct sockaddr *, struct cidr_endpoint *);

/*
 * "10.0.0.0/8", "2001:db8::/32", or a lone address. NULL when it is one,
 * else what is wrong with it.
 */
const char *cidr_parse(const char *, struct cidr *);
bool cidr_contains(const struct cidr *, const struct cidr_address *);

/* What is counted as one: an IPv4 address, or an IPv6 /64. */
struct cidr_address cidr_source_of(const struct cidr_address *);

bool cidr_is_v4(const struct cidr_address *);
bool cidr_is_equal(const struct cidr_address *, const struct cidr_address *);
void
cidr_format_address(const struct cidr_address *, char text[CIDR_TEXT_SIZE]);
void
cidr_format_endpoint(const struct cidr_endpoint *, char text[CIDR_TEXT_SIZE]);

#endif
