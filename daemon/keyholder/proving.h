/*
 * Host keys proved to clients that are logged in already. What is signed
 * is built here: the session id is what its login said, the key our own.
 */
#ifndef SP_KEYHOLDER_PROVING_H
#define SP_KEYHOLDER_PROVING_H

#include "daemon/keyholder/signature.h"

/*
 * Fills in what a PROVE comes to. SP_ERR_NO_HOST_KEY where it is for a key
 * that is not of its listener's, SP_ERR_STATE without a session id. Whatever it
 * returns, the signature is to be cleared.
 */
SP_MUST_USE enum sp_status
proving_take(struct signature *, const struct vault *,
    const struct signing_session *, const struct signing_proof *);

#endif
