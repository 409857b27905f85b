/* Strict: a port that is none must never come to mean any. */
#include "daemon/session/targetlist.h"

#include "daemon/config/unit.h"
#include "lib/wire/view.h"

enum { HOST_MAX = 255, TARGET_SIZE = HOST_MAX + 16, DEVICE_MAX = 0x7ffffffd };

static bool
is_port(const char *text)
{
	uint64_t port;

	/* No longer than it need be: 022 is no port. */
	return strcmp(text, "*") == 0 ||
	    (text[0] != '0' && unit_parse_number(text, &port) &&
		port <= UINT16_MAX);
}

static bool
is_host(const char *host, size_t len)
{
	char name[HOST_MAX + 1];
	bool is_bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';

	if (is_bracketed)
		host++, len -= 2;
	if (len == 0 || !view_to_string(view_of(host, len), name, sizeof name))
		return false;
	/* Colons are an IPv6 address's, and that stands in brackets. */
	return strpbrk(name, "[]/ \t") == NULL &&
	    (is_bracketed || strchr(name, ':') == NULL) &&
	    !view_has_control(view_of(name, len));
}

static bool
is_target(const char *target)
{
	const char *colon = strrchr(target, ':');

	return colon != NULL && is_port(colon + 1) &&
	    is_host(target, (size_t)(colon - target));
}

bool
targetlist_is_good(const char *list)
{
	char target[TARGET_SIZE];

	for (;;) {
		size_t len = strcspn(list, " ");

		if (!view_to_string(
			view_of(list, len), target, sizeof target) ||
		    !is_target(target))
			return false;
		if (list[len] == '\0')
			return true;
		list += len + 1;
	}
}

bool
targetlist_is_device(const char *text)
{
	uint64_t number;

	return strcmp(text, "any") == 0 ||
	    (unit_parse_number(text, &number) && number <= DEVICE_MAX);
}
