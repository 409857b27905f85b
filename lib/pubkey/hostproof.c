/* Proofs of host keys that are not in use, written and verified. */
#include "lib/pubkey/hostproof.h"

#include "lib/limits.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <sallyport/connection.h>
#include <sallyport/key.h>

const char hostproof_request[] = "hostkeys-prove-00@openssh.com";

enum { HOSTPROOF_MAX = LIMIT_KEY_BLOB + 256 };

enum sp_status
hostproof_write(
    struct sp_view session_id, struct sp_view host_key, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_cstring(&w, hostproof_request);
	writer_string(&w, session_id);
	writer_string(&w, host_key);
	return writer_finish(&w);
}

enum sp_status
sp_host_key_proof(struct sp_view session_id, struct sp_view host_key,
    uint8_t *room, size_t size, size_t *len)
{
	struct buffer data;
	enum sp_status status;

	buffer_init(&data, size);
	status = hostproof_write(session_id, host_key, &data);
	if (status == SP_OK) {
		*len = buffer_len(&data);
		memcpy(room, data.data, *len);
	}
	buffer_clear(&data);
	return status;
}

enum sp_status
hostproof_verify(const struct sp_crypto *crypto, struct sp_view session_id,
    struct sp_view host_key, struct sp_view signature)
{
	struct sp_view algorithm;
	struct buffer data;
	struct reader r;
	enum sp_status status;

	reader_init(&r, signature);
	algorithm = reader_string(&r);
	if (r.failed)
		return SP_ERR_SIGNATURE;
	buffer_init(&data, HOSTPROOF_MAX);
	status = hostproof_write(session_id, host_key, &data);
	if (status == SP_OK)
		status = sp_key_verify(
		    crypto, host_key, algorithm, buffer_view(&data), signature);
	buffer_clear(&data);
	return status;
}
