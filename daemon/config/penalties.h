/* What is held against sources: the settings, and whom they are about. */
#ifndef SP_CONFIG_PENALTIES_H
#define SP_CONFIG_PENALTIES_H

#include "daemon/config/schema.h"
#include "daemon/config/settings.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

struct table_penalties;

/* at is what to blame; mistakes are told to the reader. */
struct penalty_settings penalties_resolve(struct schema_reader *,
    const struct table_penalties *, const struct tree_node *at);

/* False where nothing is counted for this address, and it is never refused. */
bool
penalties_are_for(const struct penalty_settings *, const struct cidr_address *);

/* As a part of projections. */
void penalties_write(struct writer *, const struct penalty_settings *);
struct penalty_settings penalties_read(struct reader *, struct arena *);

#endif
