/*
 * Host keys proved to clients that are logged in already. What is signed
 * is built here: the session id is what its login said, the key our own.
 */
#ifndef SP_KEYHOLDER_PROVING_H
#define SP_KEYHOLDER_PROVING_H

#include "daemon/ipc/signing.h"
#include "daemon/keyholder/vault.h"

/*
 * Appends the SIGNED that answers it. SP_ERR_NO_HOST_KEY where it is for a
 * key that is not ours, SP_ERR_STATE without a session id.
 */
SP_MUST_USE enum sp_status
proving_answer(const struct vault *, struct sp_view session_id,
    const struct signing_proof *, struct buffer *answer);

#endif
