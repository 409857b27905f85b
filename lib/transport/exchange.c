/* The exchange hash: the method's hash over one list of fields (RFC 4253 8). */
#include "lib/transport/exchange.h"

#include "lib/transport/kexmethod.h"
#include "lib/wire/writer.h"

static enum sp_status
encode_fields(const struct kex_method *method, const struct exchange *x,
    struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, x->client_identification);
	writer_string(&w, x->server_identification);
	writer_string(&w, x->client_kexinit);
	writer_string(&w, x->server_kexinit);
	writer_string(&w, x->host_key);
	writer_string(&w, x->client_value);
	writer_string(&w, x->server_value);
	kexmethod_write_shared(&w, method, x->shared);
	return writer_finish(&w);
}

enum sp_status
exchange_hash(const struct sp_crypto *crypto, const struct exchange *x,
    uint8_t *hash, size_t *len)
{
	const struct kex_method *method = kexmethod_find(x->method);
	struct sp_view bytes;
	struct buffer fields;
	enum sp_status status;

	if (method == NULL)
		return SP_ERR_NO_KEX;
	buffer_init(&fields, 256 * 1024);
	status = encode_fields(method, x, &fields);
	if (status == SP_OK) {
		bytes = buffer_view(&fields);
		status = digest_of(crypto, method->digest, &bytes, 1, hash);
	}
	if (status == SP_OK)
		*len = digest_len(method->digest);
	buffer_clear(&fields); /* wipes: the secret was in it */
	return status;
}
