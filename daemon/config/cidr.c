/* Addresses and networks of both families, in one form. */
#include "daemon/config/cidr.h"

#include "daemon/config/unit.h"
#include "lib/wire/view.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static void
set_v4(struct cidr_address *address, const void *four)
{
	memcpy(address->bytes, mapped_prefix, sizeof mapped_prefix);
	memcpy(address->bytes + sizeof mapped_prefix, four, 4);
}

bool
cidr_is_v4(const struct cidr_address *address)
{
	return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool
cidr_is_equal(const struct cidr_address *a, const struct cidr_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* One host can fill a /64 by itself. */
struct cidr_address
cidr_source_of(const struct cidr_address *address)
{
	struct cidr_address source = *address;

	if (!cidr_is_v4(address))
		memset(source.bytes + 8, 0, 8);
	return source;
}

bool
cidr_parse_address(const char *text, struct cidr_address *address)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, text, &four) == 1) {
		set_v4(address, &four);
		return true;
	}
	if (inet_pton(AF_INET6, text, &six) != 1)
		return false;
	memcpy(address->bytes, &six, sizeof address->bytes);
	return true;
}

static bool
parse_port(const char *text, uint16_t *port)
{
	uint64_t number;

	if (!unit_parse_number(text, &number) || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

bool
cidr_parse_endpoint(const char *text, struct cidr_endpoint *endpoint)
{
	const char *colon = strrchr(text, ':');
	struct cidr_endpoint found;
	char host[CIDR_TEXT_SIZE];
	size_t len;
	bool is_six = text[0] == '[';

	if (colon == NULL || !parse_port(colon + 1, &found.port))
		return false;
	len = (size_t)(colon - text);
	if (is_six && (len < 2 || text[len - 1] != ']'))
		return false;
	if (is_six)
		text++, len -= 2;
	if (!view_to_string(view_of(text, len), host, sizeof host) ||
	    !cidr_parse_address(host, &found.address) ||
	    is_six != (strchr(host, ':') != NULL))
		return false;
	*endpoint = found;
	return true;
}

bool
cidr_of_sockaddr(const struct sockaddr *from, struct cidr_endpoint *endpoint)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (from->sa_family == AF_INET) {
		memcpy(&four, from, sizeof four);
		set_v4(&endpoint->address, &four.sin_addr);
		endpoint->port = ntohs(four.sin_port);
		return true;
	}
	if (from->sa_family != AF_INET6)
		return false;
	memcpy(&six, from, sizeof six);
	memcpy(endpoint->address.bytes, &six.sin6_addr, 16);
	endpoint->port = ntohs(six.sin6_port);
	return true;
}

/* True when every bit of the address past the prefix is zero. */
static bool
is_clean(const struct cidr *net)
{
	for (unsigned bit = net->bits; bit < 128; bit++)
		if ((net->address.bytes[bit / 8] & 0x80 >> bit % 8) != 0)
			return false;
	return true;
}

const char *
cidr_parse(const char *text, struct cidr *net)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char host[CIDR_TEXT_SIZE];
	struct cidr found = { .bits = 128 };
	uint64_t bits;
	bool is_dotted;

	if (!view_to_string(view_of(text, len), host, sizeof host) ||
	    !cidr_parse_address(host, &found.address))
		return "is no numeric address";
	if (slash == NULL) {
		*net = found;
		return NULL;
	}
	is_dotted = strchr(host, ':') == NULL;
	if (!unit_parse_number(slash + 1, &bits) ||
	    bits > (is_dotted ? 32U : 128U))
		return "has a prefix length that does not exist";
	found.bits = (uint8_t)(is_dotted ? 96 + bits : bits);
	if (cidr_is_v4(&found.address) && found.bits < 96)
		return "is an IPv4-mapped network wider than IPv4";
	if (!is_clean(&found))
		return "has bits set past its prefix length";
	*net = found;
	return NULL;
}

bool
cidr_contains(const struct cidr *net, const struct cidr_address *address)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	uint8_t mask = (uint8_t)(0xff00U >> rest);

	if (cidr_is_v4(&net->address) != cidr_is_v4(address))
		return false;
	if (memcmp(net->address.bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 ||
	    ((net->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

void
cidr_format_address(
    const struct cidr_address *address, char text[CIDR_TEXT_SIZE])
{
	bool is_four = cidr_is_v4(address);
	const uint8_t *bytes = address->bytes + (is_four ? 12 : 0);

	if (inet_ntop(is_four ? AF_INET : AF_INET6, bytes, text,
		CIDR_TEXT_SIZE) == NULL)
		text[0] = '\0';
}

void
cidr_format_endpoint(
    const struct cidr_endpoint *endpoint, char text[CIDR_TEXT_SIZE])
{
	char host[CIDR_TEXT_SIZE];
	bool is_four = cidr_is_v4(&endpoint->address);

	cidr_format_address(&endpoint->address, host);
	snprintf(text, CIDR_TEXT_SIZE, is_four ? "%.40s:%u" : "[%.46s]:%u",
	    host, (unsigned)endpoint->port);
}
