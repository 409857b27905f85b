/*
 * Signatures of host keys, which a rekey needs, and who wants another host
 * key proved: asked of the keyholder over a socket of the session's own. A session whose keyholder is gone goes
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

/* Whether there is a keyholder to ask. */
bool signer_is_there(const struct signer *);

/* The signature blob; empty where it was refused. Called in a pump's turn. */
typedef void signer_answer(void *arg, struct sp_view signature);

/*
 * Has the keyholder prove this key to the session's client, one at a time.
 * False where it cannot be asked: then there is no answer.
 */
SP_MUST_USE bool signer_prove(
    struct signer *, const struct sp_host_key *, signer_answer *, void *arg);

#endif
