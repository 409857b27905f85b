/* From values to settings: names become what they name. */
#ifndef SP_CONFIG_RESOLVE_H
#define SP_CONFIG_RESOLVE_H

#include "daemon/config/loader.h"
#include "daemon/config/table.h"

/*
 * Fills server, log and access of the settings, and tells every name that
 * names nothing and every value that cannot be served.
 */
void resolve_settings(struct schema_reader *, const struct loader_request *,
    const struct table *, struct settings *);

#endif
