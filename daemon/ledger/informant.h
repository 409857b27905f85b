/*
 * An informant: a gate or a login that tells how connections ended. What it
 * may say is what its role can know, as the supervisor named it: a gate
 * speaks of the sources that are steered to it, and of nobody's login.
 */
#ifndef SP_LEDGER_INFORMANT_H
#define SP_LEDGER_INFORMANT_H

#include "daemon/config/settings.h"
#include "daemon/ipc/conduct.h"
#include "daemon/ipc/control.h"
#include "daemon/log/repetition.h"

struct informant {
	enum ipc_role role;
	uint32_t id;
	uint32_t part; /* as in control.h */
	uint32_t parts;
	bool is_steered;
	struct repetition refused; /* lines about it */
};

/* False for who has nothing to tell. */
SP_MUST_USE bool
informant_init(struct informant *, const struct control_peer *);

/* Why its word is not taken, a literal; NULL: it is. */
const char *informant_refusal(const struct informant *, const struct conduct *);

/* How much a source may owe by its word, ms. */
uint64_t informant_limit(const struct informant *, const struct conduct *,
    const struct penalty_settings *);

#endif
