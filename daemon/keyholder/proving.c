/* The signature that proves a host key. */
#include "daemon/keyholder/proving.h"

#include "lib/limits.h"
#include "lib/pubkey/hostproof.h"

enum { PROVING_MAX = LIMIT_KEY_BLOB + 256 };

enum sp_status
proving_answer(const struct vault *vault, struct sp_view session_id,
    const struct signing_proof *proof, struct buffer *answer)
{
	const struct vault_key *key = vault_find(vault, proof->algorithm);
	struct signing_reply reply = { .id = proof->id };
	uint8_t signature[SP_SIGNATURE_MAX];
	struct buffer data;
	enum sp_status status;

	if (session_id.len == 0)
		return SP_ERR_STATE;
	if (key == NULL || !view_equal(sp_key_blob(key->key), proof->host_key))
		return SP_ERR_NO_HOST_KEY;
	buffer_init(&data, PROVING_MAX);
	status = hostproof_write(session_id, sp_key_blob(key->key), &data);
	if (status == SP_OK)
		status = vault_sign(key, proof->algorithm, buffer_view(&data),
		    signature, &reply.signature.len);
	buffer_clear(&data);
	reply.signature.data = signature;
	return status == SP_OK ? signing_reply_encode(&reply, answer) : status;
}
