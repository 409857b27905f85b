/* The signed data of a publickey request, and its verification. */
#include "daemon/login/proof.h"

#include "lib/userauth/publickey.h"

#include <sallyport/key.h>

enum sp_status
proof_verify(const struct sp_crypto *crypto, struct sp_view session_id,
    const struct authentication_request *request)
{
	enum sp_status status;
	struct buffer data;
	struct writer w;

	buffer_init(&data, IPC_BODY_MAX);
	writer_init(&w, &data);
	publickey_write_signed_data(&w, session_id, request->user,
	    request->service, request->key_algorithm, request->key);
	status = writer_finish(&w);
	if (status == SP_OK)
		status =
		    sp_key_verify(crypto, request->key, request->key_algorithm,
			buffer_view(&data), request->signature);
	buffer_clear(&data);
	return status;
}

bool
proof_is_possible(const struct sp_crypto *crypto,
    const struct authentication_request *request)
{
	static const struct sp_view nothing = { NULL, 0 };

	/* A known type and a whole key fail for the signature alone. */
	return sp_key_verify(crypto, request->key, request->key_algorithm,
		   nothing, nothing) == SP_ERR_SIGNATURE;
}
