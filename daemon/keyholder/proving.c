/* The signature that proves a host key. */
#include "daemon/keyholder/proving.h"

#include "lib/pubkey/hostproof.h"

enum sp_status
proving_take(struct signature *s, const struct vault *vault,
    const struct signing_session *session, const struct signing_proof *proof)
{
	if (session->session_id.len == 0)
		return SP_ERR_STATE;
	s->key = vault_find(vault, vault_listener(vault, session->listener),
	    proof->algorithm, &s->algorithm);
	if (s->key == NULL ||
	    !view_equal(sp_key_blob(s->key->key), proof->host_key))
		return SP_ERR_NO_HOST_KEY;
	return hostproof_write(
	    session->session_id, sp_key_blob(s->key->key), &s->data);
}
