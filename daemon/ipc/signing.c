/* Bodies of the messages between a gate or session and the keyholder. */
#include "daemon/ipc/signing.h"

#include "daemon/ipc/ticket.h"
#include "lib/wire/reader.h"

#include <sallyport/key.h>

/*
 * Together less than a SIGN may hold: a KEXINIT is at most a packet
 * (RFC 4253 6.1), an identification 255 bytes (4.2).
 */
enum {
	ALGORITHM_MAX = 64,
	LISTENER_MAX = TICKET_LISTENER_MAX,
	IDENTIFICATION_MAX = 255,
	KEXINIT_MAX = 35000,
	VALUE_MAX = 8192,
	HOST_KEY_MAX = 16384,
};

enum {
	STATUSES = 0
#define STATUS(name, reason, text) +1
#include <sallyport/status.def>
#undef STATUS
};

enum sp_status
signing_request_encode(
    const struct signing_request *request, struct buffer *out)
{
	const struct exchange *x = &request->exchange;
	struct writer w;

	writer_init(&w, out);
	writer_u64(&w, request->id);
	writer_u64(&w, request->serial);
	writer_string_max(&w, request->listener, LISTENER_MAX);
	writer_string_max(&w, request->host_key_algorithm, ALGORITHM_MAX);
	writer_string_max(&w, x->method, ALGORITHM_MAX);
	writer_string_max(&w, x->client_identification, IDENTIFICATION_MAX);
	writer_string_max(&w, x->server_identification, IDENTIFICATION_MAX);
	writer_string_max(&w, x->client_kexinit, KEXINIT_MAX);
	writer_string_max(&w, x->server_kexinit, KEXINIT_MAX);
	writer_string_max(&w, x->group, VALUE_MAX);
	writer_string_max(&w, x->client_value, VALUE_MAX);
	writer_string_max(&w, x->server_value, VALUE_MAX);
	writer_string_max(&w, x->shared, VALUE_MAX);
	return writer_finish(&w);
}

enum sp_status
signing_request_decode(struct sp_view body, struct signing_request *request)
{
	struct signing_request got = { 0 };
	struct exchange *x = &got.exchange;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.id = reader_u64(&r);
	got.serial = reader_u64(&r);
	got.listener = reader_string_max(&r, LISTENER_MAX);
	got.host_key_algorithm = reader_string_max(&r, ALGORITHM_MAX);
	x->method = reader_string_max(&r, ALGORITHM_MAX);
	x->client_identification = reader_string_max(&r, IDENTIFICATION_MAX);
	x->server_identification = reader_string_max(&r, IDENTIFICATION_MAX);
	x->client_kexinit = reader_string_max(&r, KEXINIT_MAX);
	x->server_kexinit = reader_string_max(&r, KEXINIT_MAX);
	x->group = reader_string_max(&r, VALUE_MAX);
	x->client_value = reader_string_max(&r, VALUE_MAX);
	x->server_value = reader_string_max(&r, VALUE_MAX);
	x->shared = reader_string_max(&r, VALUE_MAX);
	status = reader_finish(&r);
	if (status == SP_OK)
		*request = got;
	return status;
}

enum sp_status
signing_proof_encode(const struct signing_proof *proof, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u64(&w, proof->id);
	writer_string_max(&w, proof->algorithm, ALGORITHM_MAX);
	writer_string_max(&w, proof->host_key, HOST_KEY_MAX);
	return writer_finish(&w);
}

enum sp_status
signing_proof_decode(struct sp_view body, struct signing_proof *proof)
{
	struct signing_proof got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.id = reader_u64(&r);
	got.algorithm = reader_string_max(&r, ALGORITHM_MAX);
	got.host_key = reader_string_max(&r, HOST_KEY_MAX);
	status = reader_finish(&r);
	if (status == SP_OK)
		*proof = got;
	return status;
}

enum sp_status
signing_session_encode(
    const struct signing_session *session, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string_max(&w, session->session_id, DIGEST_MAX);
	writer_string_max(&w, session->listener, LISTENER_MAX);
	return writer_finish(&w);
}

enum sp_status
signing_session_decode(struct sp_view body, struct signing_session *session)
{
	struct signing_session got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.session_id = reader_string_max(&r, DIGEST_MAX);
	got.listener = reader_string_max(&r, LISTENER_MAX);
	status = reader_finish(&r);
	if (status == SP_OK)
		*session = got;
	return status;
}

enum sp_status
signing_reply_encode(const struct signing_reply *reply, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u64(&w, reply->id);
	writer_string_max(&w, reply->signature, SP_SIGNATURE_MAX);
	writer_string_max(&w, reply->ticket, TICKET_MAX);
	return writer_finish(&w);
}

enum sp_status
signing_reply_decode(struct sp_view body, struct signing_reply *reply)
{
	struct signing_reply got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.id = reader_u64(&r);
	got.signature = reader_string_max(&r, SP_SIGNATURE_MAX);
	got.ticket = reader_string_max(&r, TICKET_MAX);
	status = reader_finish(&r);
	if (status == SP_OK)
		*reply = got;
	return status;
}

enum sp_status
signing_refusal_encode(
    const struct signing_refusal *refusal, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u64(&w, refusal->id);
	writer_u32(&w, refusal->status);
	return writer_finish(&w);
}

enum sp_status
signing_refusal_decode(struct sp_view body, struct signing_refusal *refusal)
{
	struct signing_refusal got;
	struct reader r;
	uint32_t cause;
	enum sp_status status;

	reader_init(&r, body);
	got.id = reader_u64(&r);
	cause = reader_u32(&r);
	if (cause == SP_OK || cause >= STATUSES)
		reader_fail(&r);
	got.status = (enum sp_status)cause;
	status = reader_finish(&r);
	if (status == SP_OK)
		*refusal = got;
	return status;
}
