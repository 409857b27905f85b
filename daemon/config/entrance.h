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

/* The host keys that each has, which only a keyholder is told. */
void entrance_write_keys(struct writer *, const struct listener_list *);
/* Of each its name and its keys. */
struct listener_list entrance_read_keys(struct reader *, struct arena *);

/* NULL: none is written so. */
const struct listener_settings *
entrance_named(const struct listener_list *, struct sp_view at);

/*
 * The one that fits a connection's own address best; NULL where none does. A
 * reload may have taken the listener away meanwhile.
 */
const struct listener_settings *
entrance_of(const struct listener_list *, const struct cidr_endpoint *local);

/*
 * Whether a connection with this address of its own came by the listener of
 * this name. One that a reload has taken away, and one whose port was
 * chosen, is believed where it can be true.
 */
bool entrance_led(const struct listener_list *, struct sp_view at,
    const struct cidr_endpoint *local);

/* Whether there is one to which proxies come. */
bool entrance_has_proxies(const struct listener_settings *, size_t count);

/* Whether an address is that of one of its proxies. */
bool
entrance_trusts(const struct listener_settings *, const struct cidr_address *);

#endif
