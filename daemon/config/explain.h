/* Why a client would get in, or not. */
#ifndef SP_CONFIG_EXPLAIN_H
#define SP_CONFIG_EXPLAIN_H

#include "daemon/config/rules.h"

#include <stdio.h>

/* Each rule up to the one that decides, and what follows from it. */
void explain_client(
    const struct access_settings *, const struct rules_client *, FILE *);

/* Whether its source may be refused for what others did there. */
void explain_penalties(
    const struct penalty_settings *, const struct rules_client *, FILE *);

#endif
