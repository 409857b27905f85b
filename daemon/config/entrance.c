/* The listeners in projections, and by what the socket says. */
#include "daemon/config/entrance.h"

#include "daemon/config/field.h"

#include <string.h>

/* The name, whether proxies come, and the number of them. */
enum { ENTRANCE_MIN = 4 + 1 + 4 };

/* The name, and the number of keys. */
enum { ENTRANCE_KEYS_MIN = 4 + 4 };

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

const struct listener_settings *
entrance_of(
    const struct listener_list *listen, const struct cidr_endpoint *local)
{
	const struct listener_settings *best = NULL;
	int most = FITS_NOT;

	for (size_t i = 0; i < listen->count; i++) {
		int fits = fit(&listen->items[i].endpoint, local);

		if (fits > most) {
			most = fits;
			best = &listen->items[i];
		}
	}
	return best;
}

const struct listener_settings *
entrance_named(const struct listener_list *listen, struct sp_view at)
{
	for (size_t i = 0; i < listen->count; i++)
		if (view_equal_string(at, listen->items[i].at))
			return &listen->items[i];
	return NULL;
}

bool
entrance_led(const struct listener_list *listen, struct sp_view at,
    const struct cidr_endpoint *local)
{
	const struct listener_settings *named = entrance_named(listen, at);
	struct cidr_endpoint endpoint;
	char text[CIDR_TEXT_SIZE];

	if (named != NULL && named->endpoint.port != 0)
		return named == entrance_of(listen, local);
	return view_to_string(at, text, sizeof text) &&
	    cidr_parse_endpoint(text, &endpoint) &&
	    fit(&endpoint, local) > FITS_NOT;
}

bool
entrance_has_proxies(const struct listener_settings *listen, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (listen[i].proxy)
			return true;
	return false;
}

bool
entrance_trusts(
    const struct listener_settings *listener, const struct cidr_address *who)
{
	for (size_t i = 0; i < listener->proxy_from.count; i++)
		if (cidr_contains(&listener->proxy_from.items[i], who))
			return listener->proxy;
	return false;
}

/* ---- in projections ---- */

void
entrance_write(struct writer *w, const struct listener_list *listen)
{
	writer_u32(w, (uint32_t)listen->count);
	for (size_t i = 0; i < listen->count; i++) {
		const struct listener_settings *each = &listen->items[i];

		writer_cstring(w, each->at);
		writer_bool(w, each->proxy);
		field_write_cidrs(w, &each->proxy_from);
	}
}

struct listener_list
entrance_read(struct reader *r, struct arena *arena)
{
	size_t count = field_read_count(r, ENTRANCE_MIN);
	struct listener_settings *items =
	    arena_alloc(arena, count, sizeof *items);

	for (size_t i = 0; i < count; i++) {
		items[i].at = field_read_text(r, arena);
		if (!cidr_parse_endpoint(items[i].at, &items[i].endpoint))
			reader_fail(r);
		items[i].proxy = reader_bool(r);
		items[i].proxy_from = field_read_cidrs(r, arena);
	}
	return (struct listener_list){ .items = items, .count = count };
}

void
entrance_write_keys(struct writer *w, const struct listener_list *listen)
{
	writer_u32(w, (uint32_t)listen->count);
	for (size_t i = 0; i < listen->count; i++) {
		writer_cstring(w, listen->items[i].at);
		field_write_texts(w, &listen->items[i].host_keys);
	}
}

struct listener_list
entrance_read_keys(struct reader *r, struct arena *arena)
{
	size_t count = field_read_count(r, ENTRANCE_KEYS_MIN);
	struct listener_settings *items =
	    arena_alloc(arena, count, sizeof *items);

	for (size_t i = 0; i < count; i++) {
		items[i].at = field_read_text(r, arena);
		items[i].host_keys = field_read_texts(r, arena);
		if (items[i].host_keys.count == 0)
			reader_fail(r);
	}
	return (struct listener_list){ .items = items, .count = count };
}
