/* Comparing addresses, and asking the resolver. */
#include "modules/hostbased/hostaddress.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { ADDRESS_SIZE = INET6_ADDRSTRLEN };

/* As IPv6 has it, so that IPv4 is the same in either. */
static bool
read_address(const char *text, struct in6_addr *address)
{
	struct in_addr v4;

	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	*address = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
	memcpy(&address->s6_addr[12], &v4, sizeof v4);
	return true;
}

bool
hostaddress_is(struct sp_view word, const char *address)
{
	struct in6_addr a, b;
	char text[ADDRESS_SIZE];

	if (word.len >= sizeof text)
		return false;
	memcpy(text, word.data, word.len);
	text[word.len] = '\0';
	return read_address(text, &a) && read_address(address, &b) &&
	    memcmp(&a, &b, sizeof a) == 0;
}

static bool
is_among(const struct addrinfo *list, const char *address)
{
	for (; list != NULL; list = list->ai_next) {
		char text[ADDRESS_SIZE];

		if (getnameinfo(list->ai_addr, list->ai_addrlen, text,
			sizeof text, NULL, 0, NI_NUMERICHOST) == 0 &&
		    hostaddress_is(sp_text(text), address))
			return true;
	}
	return false;
}

enum hostaddress_answer
hostaddress_of(const char *name, const char *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	enum hostaddress_answer answer;

	if (hostaddress_is(sp_text(name), address))
		return HOSTADDRESS_YES;
	switch (getaddrinfo(name, NULL, &hints, &list)) {
	case 0:
		answer =
		    is_among(list, address) ? HOSTADDRESS_YES : HOSTADDRESS_NO;
		freeaddrinfo(list);
		return answer;
	case EAI_NONAME:
		return HOSTADDRESS_NO;
	default:
		return HOSTADDRESS_UNKNOWN;
	}
}
