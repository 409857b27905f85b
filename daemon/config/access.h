/* Profiles and rules, with what they name found. */
#ifndef SP_CONFIG_ACCESS_H
#define SP_CONFIG_ACCESS_H

#include "daemon/config/schema.h"
#include "daemon/config/settings.h"
#include "daemon/config/table.h"

/*
 * Fills profiles, rules and the decoy from the table; the modules must be
 * there already.
 */
void
access_resolve(struct schema_reader *, const struct table *, struct settings *);

#endif
