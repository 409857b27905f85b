/* Which listener it was, by what the socket says and no gate. */
#include "daemon/login/listener.h"

#include <string.h>

/* How well a listener fits. */
enum {
	FITS_NOT,
	FITS_IPV4, /* "[::]", which takes that as well */
	FITS_FAMILY, /* any address of its kind */
	FITS_ADDRESS,
};

static bool
is_any(const struct cidr_address *address)
{
	static const uint8_t none[16];
	size_t at = cidr_is_v4(address) ? 12 : 0;

	return memcmp(address->bytes + at, none, sizeof none - at) == 0;
}

static int
fit_address(
    const struct cidr_address *listener, const struct cidr_address *local)
{
	if (cidr_is_equal(listener, local))
		return FITS_ADDRESS;
	if (!is_any(listener))
		return FITS_NOT;
	if (cidr_is_v4(listener) == cidr_is_v4(local))
		return FITS_FAMILY;
	return cidr_is_v4(local) ? FITS_IPV4 : FITS_NOT;
}

/* A port that was to be chosen (0) comes behind one that is named. */
static int
fit(const struct cidr_endpoint *listener, const struct cidr_endpoint *local)
{
	int fits = fit_address(&listener->address, &local->address);

	if (listener->port == 0)
		return 2 * fits;
	return fits > FITS_NOT && listener->port == local->port ? 2 * fits + 1
								: FITS_NOT;
}

const char *
listener_of(const struct string_list *listen, const struct cidr_endpoint *local,
    char room[CIDR_TEXT_SIZE])
{
	const char *best = NULL;
	int most = FITS_NOT;

	for (size_t i = 0; i < listen->count; i++) {
		struct cidr_endpoint listener;
		int fits = FITS_NOT;

		if (cidr_parse_endpoint(listen->items[i], &listener))
			fits = fit(&listener, local);
		if (fits > most) {
			most = fits;
			best = listen->items[i];
		}
	}
	if (best != NULL)
		return best;
	cidr_format_endpoint(local, room);
	return room;
}
