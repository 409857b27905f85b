/* Tickets: the fields, and an HMAC over a fixed text and the fields. */
#include "daemon/ipc/ticket.h"

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

enum { TAG_LEN = 32, HOST_KEY_LEN = 32 };

/* The text keeps this use of the key apart from any other. */
static enum sp_status
compute_tag(const struct sp_crypto *crypto, struct sp_view key,
    struct sp_view fields, uint8_t tag[TAG_LEN])
{
	const struct sp_view pieces[] = {
		view_of_string("sallyport ticket 3"),
		fields,
	};

	return digest_hmac(crypto, DIGEST_SHA256, key, pieces, 2, tag);
}

static enum sp_status
encode_fields(const struct ticket *ticket, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string_max(&w, ticket->hash, DIGEST_MAX);
	writer_string_max(&w, ticket->host_key, HOST_KEY_LEN);
	writer_string_max(&w, ticket->listener, TICKET_LISTENER_MAX);
	writer_u32(&w, ticket->gate);
	writer_u64(&w, ticket->made);
	writer_u64(&w, ticket->expiry);
	return writer_finish(&w);
}

static enum sp_status
decode_fields(struct sp_view fields, struct ticket *ticket)
{
	struct reader r;

	reader_init(&r, fields);
	ticket->hash = reader_string_max(&r, DIGEST_MAX);
	ticket->host_key = reader_string_max(&r, HOST_KEY_LEN);
	ticket->listener = reader_string_max(&r, TICKET_LISTENER_MAX);
	ticket->gate = reader_u32(&r);
	ticket->made = reader_u64(&r);
	ticket->expiry = reader_u64(&r);
	return reader_finish(&r);
}

enum sp_status
ticket_seal(const struct sp_crypto *crypto, struct sp_view key,
    const struct ticket *ticket, struct buffer *out)
{
	size_t before = buffer_len(out);
	uint8_t tag[TAG_LEN];
	struct sp_view fields;
	enum sp_status status;

	status = encode_fields(ticket, out);
	if (status == SP_OK) {
		fields = buffer_view(out);
		fields = view_of(fields.data + before, fields.len - before);
		status = compute_tag(crypto, key, fields, tag);
	}
	if (status == SP_OK)
		status = buffer_append(out, view_of(tag, sizeof tag));
	if (status != SP_OK)
		buffer_truncate(out, before);
	return status;
}

enum sp_status
ticket_open(const struct sp_crypto *crypto, struct sp_view key,
    struct sp_view bytes, uint32_t gate, uint64_t now, struct ticket *ticket)
{
	uint8_t tag[TAG_LEN];
	struct sp_view fields;
	struct ticket got;
	enum sp_status status;

	if (bytes.len < TAG_LEN || bytes.len > TICKET_MAX)
		return SP_ERR_SIGNATURE;
	fields = view_of(bytes.data, bytes.len - TAG_LEN);
	status = compute_tag(crypto, key, fields, tag);
	if (status != SP_OK)
		return status;
	if (!view_equal_secret(view_of(tag, sizeof tag),
		view_of(fields.data + fields.len, TAG_LEN)))
		return SP_ERR_SIGNATURE;
	status = decode_fields(fields, &got);
	if (status != SP_OK)
		return status;
	if (got.gate != gate || got.expiry <= now)
		return SP_ERR_SIGNATURE;
	*ticket = got;
	return SP_OK;
}
