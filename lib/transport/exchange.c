/* The exchange hash: one row a method, one list of fields (RFC 4253 8). */
#include "lib/transport/exchange.h"

#include "lib/crypto/digest.h"
#include "lib/wire/writer.h"

static const struct method {
	const char *name;
	enum digest_kind digest;
} methods[] = {
	{ "curve25519-sha256", DIGEST_SHA256 },
	{ "curve25519-sha256@libssh.org", DIGEST_SHA256 },
};

static const struct method *
find_method(struct sp_view name)
{
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (view_equal_string(name, methods[i].name))
			return &methods[i];
	return NULL;
}

static enum sp_status
encode_fields(const struct exchange *x, struct buffer *out)
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
	writer_mpint(&w, x->shared);
	return writer_finish(&w);
}

enum sp_status
exchange_hash(const struct sp_crypto *crypto, const struct exchange *x,
    uint8_t *hash, size_t *len)
{
	const struct method *method = find_method(x->method);
	struct sp_view bytes;
	struct buffer fields;
	enum sp_status status;

	if (method == NULL)
		return SP_ERR_NO_KEX;
	buffer_init(&fields, 256 * 1024);
	status = encode_fields(x, &fields);
	if (status == SP_OK) {
		bytes = buffer_view(&fields);
		status = digest_of(crypto, method->digest, &bytes, 1, hash);
	}
	if (status == SP_OK)
		*len = digest_len(method->digest);
	buffer_clear(&fields); /* wipes: the secret was in it */
	return status;
}
