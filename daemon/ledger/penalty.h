/*
 * Penalties: how the account of a source grows by what its connections do,
 * and what a login that succeeds is worth to it. A penalty is time that is
 * owed; it fades by going by. A source is refused from when it owes `min`
 * until it owes nothing, and never owes more than `max`.
 */
#ifndef SP_LEDGER_PENALTY_H
#define SP_LEDGER_PENALTY_H

#include "daemon/config/settings.h"
#include "daemon/ipc/arrears.h"

/* No limit but those of the settings. */
#define PENALTY_NO_LIMIT UINT64_MAX

/*
 * Adds what the settings say of it; nothing past limit (ms that are owed in
 * all), which takes nothing away either. True when the source is refused
 * for longer than before. now is ms, monotonic.
 */
bool penalty_charge(struct arrears_account *, const struct penalty_settings *,
    enum conduct_kind, uint64_t limit, uint64_t now);

/*
 * Somebody was let in: for a time the source owes no more than max_known.
 * Nothing below that is let off, or whoever has a login could pay with it for
 * guesses at others'.
 */
void penalty_settle(
    struct arrears_account *, const struct penalty_settings *, uint64_t now);

#endif
