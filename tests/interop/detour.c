#include "tests/interop/detour.h"

#include "tests/endpoint.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum sp_channel_type type;
	bool has_port;
} kinds[] = {
	{ "direct-tcpip", SP_CHANNEL_DIRECT_TCPIP, true },
	{ "direct-streamlocal", SP_CHANNEL_DIRECT_STREAMLOCAL, false },
	{ "forwarded-tcpip", SP_CHANNEL_FORWARDED_TCPIP, true },
	{ "forwarded-streamlocal", SP_CHANNEL_FORWARDED_STREAMLOCAL, false },
};

static struct detour
read_target(size_t kind, const char *target)
{
	struct detour d = { kinds[kind].type, sp_text(target), 0 };
	const char *colon = strrchr(target, ':');

	if (!kinds[kind].has_port)
		return d;
	if (colon == NULL)
		endpoint_die("%s: a port is wanted", target);
	d.address.len = (size_t)(colon - target);
	d.port = (uint32_t)strtoul(colon + 1, NULL, 10);
	return d;
}

struct detour
detour_read(const char *text)
{
	size_t len = strcspn(text, "=");

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strlen(kinds[i].name) == len &&
		    strncmp(text, kinds[i].name, len) == 0 && text[len] == '=')
			return read_target(i, text + len + 1);
	endpoint_die("%s: no such channel", text);
}

bool
detour_is_asked_for(const struct detour *d)
{
	return d->type == SP_CHANNEL_FORWARDED_TCPIP ||
	    d->type == SP_CHANNEL_FORWARDED_STREAMLOCAL;
}

static void
ask(struct sp_engine *e, const struct detour *d)
{
	struct sp_global wish = { .kind = SP_GLOBAL_STREAMLOCAL_FORWARD };

	if (d->type == SP_CHANNEL_FORWARDED_TCPIP) {
		wish.kind = SP_GLOBAL_TCPIP_FORWARD;
		wish.u.forward.address = d->address;
		wish.u.forward.port = d->port;
	} else {
		wish.u.path = d->address;
	}
	endpoint_check(sp_global_send(e, &wish, true), "ask for channels");
}

void
detour_begin(struct sp_engine *e, const struct detour *d, uint32_t *channel)
{
	struct sp_open open = { .type = d->type };

	if (detour_is_asked_for(d)) {
		ask(e, d);
		return;
	}
	if (d->type == SP_CHANNEL_DIRECT_TCPIP) {
		open.u.tcpip.address = d->address;
		open.u.tcpip.port = d->port;
		open.u.tcpip.originator = sp_text("127.0.0.1");
		open.u.tcpip.originator_port = 4711;
	} else {
		open.u.path = d->address;
	}
	endpoint_check(sp_open_send(e, &open, channel), "open");
}

bool
detour_is_expected(const struct detour *d, const struct sp_event *event)
{
	struct sp_open open;

	if (sp_open_read(event, &open) != SP_OK || open.type != d->type)
		return false;
	if (d->type == SP_CHANNEL_FORWARDED_STREAMLOCAL)
		return sp_view_equal(open.u.path, d->address);
	return sp_view_equal(open.u.tcpip.address, d->address) &&
	    open.u.tcpip.originator.len > 0;
}
