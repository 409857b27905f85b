/*
 * The ward: the one connection of a gate that was started for it, and the
 * leash by which the porter says when it has to go.
 */
#ifndef SP_GATE_WARD_H
#define SP_GATE_WARD_H

#include "daemon/ipc/conduct.h"
#include "daemon/ipc/ipc.h"

struct gate;

/* Takes the descriptors of CONNECTION, which comes once. */
SP_MUST_USE enum sp_status ward_take(struct gate *, struct ipc_message *);

/* Somebody can answer it now. Does nothing before it is there, or twice. */
void ward_welcome(struct gate *);

/*
 * Says on the leash how its connection ended; the porter tells the ledger.
 * It is said once: what comes later is left out.
 */
void ward_tell(enum conduct_kind);
/* The last thing: what ends without it has crashed. */
void ward_end(void);

#endif
