/*
 * Entrances: the listeners as gates and logins are told of them, who may
 * speak for others at which of them, and the one a connection came by.
 */
#ifndef SP_CONFIG_ENTRANCE_H
#define SP_CONFIG_ENTRANCE_H

#include "daemon/config/settings.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

/* In projections. */
void entrance_write(struct writer *, const struct listener_list *);
struct listener_list entrance_read(struct reader *, struct arena *);

/* NULL: none is written so. */
const struct listener_settings *
entrance_named(const struct listener_list *, struct sp_view at);

/*
 * The one that fits a connection's own address best; NULL where none does. A
 * reload may have taken the listener away meanwhile.
 */
const struct listener_settings *
entrance_of(const struct listener_list *, const struct cidr_endpoint *local);

/* Whether there is one to which proxies come. */
bool entrance_has_proxies(const struct listener_settings *, size_t count);

/* Whether an address is that of one of its proxies. */
bool
entrance_trusts(const struct listener_settings *, const struct cidr_address *);

#endif
