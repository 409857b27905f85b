/* The exchange hash: the method's hash over one list of fields (RFC 4253 8). */
#include "lib/transport/exchange.h"

#include "lib/transport/kexmethod.h"
#include "lib/wire/writer.h"

/*
 * The group's fields have no length of their own around them, so nothing
 * else may stand there (RFC 4419 3).
 */
static enum sp_status
check_group(const struct kex_method *method, struct sp_view group)
{
	struct reader r;

	if (method->family != FAMILY_GEX)
		return group.len == 0 ? SP_OK : SP_ERR_FORMAT;
	reader_init(&r, group);
	reader_u32(&r);
	reader_u32(&r);
	reader_u32(&r);
	reader_mpint(&r);
	reader_mpint(&r);
	return reader_finish(&r);
}

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
	writer_bytes(&w, x->group);
	kexmethod_write_value(&w, method, x->client_value);
	kexmethod_write_value(&w, method, x->server_value);
	kexmethod_write_shared(&w, method, x->shared);
	return writer_finish(&w);
}

struct exchange
exchange_of_event(const struct sp_event *event)
{
	return (struct exchange){
		.method = event->u.sign_exchange.method,
		.client_identification =
		    event->u.sign_exchange.client_identification,
		.server_identification =
		    event->u.sign_exchange.server_identification,
		.client_kexinit = event->u.sign_exchange.client_kexinit,
		.server_kexinit = event->u.sign_exchange.server_kexinit,
		.host_key = event->u.sign_exchange.host_key,
		.group = event->u.sign_exchange.group,
		.client_value = event->u.sign_exchange.client_value,
		.server_value = event->u.sign_exchange.server_value,
		.shared = event->u.sign_exchange.shared,
	};
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
	status = check_group(method, x->group);
	if (status != SP_OK)
		return status;
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
