/* The signed data of a publickey request, and its verification. */
#include "daemon/login/proof.h"

#include "lib/crypto/digest.h"
#include "lib/userauth/hostbased.h"
#include "lib/userauth/publickey.h"

#include <sallyport/key.h>

static void
write_users(struct writer *w, struct sp_view session_id,
    const struct authentication_request *request)
{
	const struct publickey_claim claim = {
		.user = request->user,
		.service = request->service,
		.algorithm = request->key_algorithm,
		.key = request->key,
		.host_key = request->bound_to,
	};

	publickey_write_signed_data(w, session_id, &claim);
}

static void
write_hosts(struct writer *w, struct sp_view session_id,
    const struct authentication_request *request)
{
	const struct hostbased_claim claim = {
		.algorithm = request->key_algorithm,
		.key = request->key,
		.host = request->client_host,
		.user = request->client_user,
	};

	hostbased_write_signed_data(
	    w, session_id, request->user, request->service, &claim);
}

enum sp_status
proof_verify(const struct sp_crypto *crypto, struct sp_view session_id,
    const struct proof *proof, struct sp_key_presence *presence)
{
	const struct authentication_request *request = proof->request;
	enum sp_status status;
	struct buffer data;
	struct writer w;

	buffer_init(&data, IPC_BODY_MAX);
	writer_init(&w, &data);
	if (view_equal_string(request->method, "hostbased"))
		write_hosts(&w, session_id, request);
	else
		write_users(&w, session_id, request);
	status = writer_finish(&w);
	if (status == SP_OK)
		status = sp_key_verify_presence(crypto, proof->key->key,
		    view_of_string(proof->key->algorithm), buffer_view(&data),
		    request->signature, presence);
	buffer_clear(&data);
	return status;
}

bool
proof_is_possible(const struct sp_crypto *crypto, const struct certified *key)
{
	static const struct sp_view nothing = { NULL, 0 };

	/* A known type and a whole key fail for the signature alone. */
	return sp_key_verify(crypto, key->key, view_of_string(key->algorithm),
		   nothing, nothing) == SP_ERR_SIGNATURE;
}

bool
proof_is_for_host(const struct sp_crypto *crypto, struct sp_view host_key_hash,
    const struct authentication_request *request)
{
	uint8_t hash[32];

	if (request->bound_to.len == 0)
		return true;
	return digest_of(crypto, DIGEST_SHA256, &request->bound_to, 1, hash) ==
	    SP_OK &&
	    view_equal(view_of(hash, sizeof hash), host_key_hash);
}
