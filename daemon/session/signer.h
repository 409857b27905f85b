/*
 * The host key's signature that a rekey needs: asked of the keyholder over
 * a socket of the session's own. A session whose keyholder is gone goes
 * on; it starts no rekey, and ends where the peer starts one.
 */
#ifndef SP_SESSION_SIGNER_H
#define SP_SESSION_SIGNER_H

#include <sallyport/engine.h>

struct pump;
struct signer;

/* Takes the socket; -1 where there is no keyholder. NULL without memory. */
struct signer *signer_new(struct pump *, int socket);
void signer_free(struct signer *);

/* Answers SP_EVENT_SIGN_EXCHANGE, now or later. */
void signer_ask(struct signer *, const struct sp_event *);

#endif
