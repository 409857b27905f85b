/*
 * The worker: a process of the keyholder's own that signs with the keys
 * that are slow to sign with (RSA), one order after the other, while the
 * keyholder serves all else. It alone has their private halves, and no
 * others.
 *
 * Runs as: the keyholder's account, forked from it while it is still root.
 * May see: those keys, and what is to be signed with them.
 * May do: sign what the keyholder orders; fewer system calls than that.
 * May block: it has no loop, waits for an order and makes it.
 * Dies when: the keyholder is gone.
 */
#ifndef SP_KEYHOLDER_WORKER_H
#define SP_KEYHOLDER_WORKER_H

#include "daemon/keyholder/vault.h"

/*
 * Forks it, waits until it is confined, and wipes from the vault the
 * private halves that are the worker's now. *socket leads to it; -1, and no
 * process, where no key is slow. Before anything is confined here. False
 * where it did not begin.
 */
SP_MUST_USE bool worker_start(struct vault *, int *socket);

/* The worker's whole life: returns when the other end has gone. */
void worker_serve(const struct vault *, int socket);

#endif
