/* Bodies of the messages between a gate and a login. */
#include "daemon/ipc/authentication.h"

#include "daemon/ipc/ticket.h"
#include "lib/wire/reader.h"

/*
 * A stranger's request that does not keep these is refused where it is
 * encoded, in the gate, and costs him his connection only.
 */
enum {
	USER_MAX = 1024,
	NAME_LEN_MAX = 64,
	KEY_MAX = 32768,
	SIGNATURE_MAX = 8192,
	LISTENER_MAX = 250,
	METHODS_MAX = 900,
};

static void
write_request(struct writer *w, const struct authentication_request *request)
{
	writer_string_max(w, request->user, USER_MAX);
	writer_string_max(w, request->service, NAME_LEN_MAX);
	writer_string_max(w, request->method, NAME_LEN_MAX);
	writer_string_max(w, request->key_algorithm, NAME_LEN_MAX);
	writer_string_max(w, request->key, KEY_MAX);
	writer_bool(w, request->is_signed);
	writer_string_max(w, request->signature, SIGNATURE_MAX);
}

static void
read_request(struct reader *r, struct authentication_request *request)
{
	request->user = reader_string_max(r, USER_MAX);
	request->service = reader_string_max(r, NAME_LEN_MAX);
	request->method = reader_string_max(r, NAME_LEN_MAX);
	request->key_algorithm = reader_string_max(r, NAME_LEN_MAX);
	request->key = reader_string_max(r, KEY_MAX);
	request->is_signed = reader_bool(r);
	request->signature = reader_string_max(r, SIGNATURE_MAX);
}

enum sp_status
authentication_request_encode(
    const struct authentication_request *request, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	write_request(&w, request);
	return writer_finish(&w);
}

enum sp_status
authentication_request_decode(
    struct sp_view body, struct authentication_request *request)
{
	struct authentication_request got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	read_request(&r, &got);
	status = reader_finish(&r);
	if (status == SP_OK)
		*request = got;
	return status;
}

enum sp_status
authentication_spawn_encode(
    const struct authentication_spawn *spawn, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u64(&w, spawn->connection);
	writer_string_max(&w, spawn->listener, LISTENER_MAX);
	writer_string_max(&w, spawn->ticket, TICKET_MAX);
	write_request(&w, &spawn->request);
	return writer_finish(&w);
}

enum sp_status
authentication_spawn_decode(
    struct sp_view body, struct authentication_spawn *spawn)
{
	struct authentication_spawn got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.connection = reader_u64(&r);
	got.listener = reader_string_max(&r, LISTENER_MAX);
	got.ticket = reader_string_max(&r, TICKET_MAX);
	read_request(&r, &got.request);
	status = reader_finish(&r);
	if (status == SP_OK)
		*spawn = got;
	return status;
}

enum sp_status
authentication_failure_encode(
    const struct authentication_failure *failure, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string_max(&w, failure->methods, METHODS_MAX);
	writer_bool(&w, failure->partial_success);
	writer_bool(&w, failure->disconnect);
	return writer_finish(&w);
}

enum sp_status
authentication_failure_decode(
    struct sp_view body, struct authentication_failure *failure)
{
	struct authentication_failure got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.methods = reader_namelist(&r);
	if (got.methods.len > METHODS_MAX)
		reader_fail(&r);
	got.partial_success = reader_bool(&r);
	got.disconnect = reader_bool(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*failure = got;
	return status;
}
