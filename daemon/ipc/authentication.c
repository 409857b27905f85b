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
	HOST_KEY_MAX = 16384,
	METHODS_MAX = 900,
	FAILURE_FIXED = 4 + 1 + 1, /* all of a failure but the methods */
};

/* RFC 4253 11.1 */
enum {
	PROTOCOL_ERROR = 2,
	BY_APPLICATION = 11,
	TOO_MANY_CONNECTIONS = 12,
	NO_MORE_METHODS = 14
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
	writer_string_max(w, request->bound_to, HOST_KEY_MAX);
	writer_string_max(w, request->password, LIMIT_PASSWORD);
	writer_bool(w, request->is_change);
	writer_string_max(w, request->new_password, LIMIT_PASSWORD);
	writer_string_max(w, request->submethods, LIMIT_SUBMETHODS);
	writer_string_max(w, request->client_host, LIMIT_HOST_NAME);
	writer_string_max(w, request->client_user, LIMIT_USER);
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
	request->bound_to = reader_string_max(r, HOST_KEY_MAX);
	request->password = reader_string_max(r, LIMIT_PASSWORD);
	request->is_change = reader_bool(r);
	request->new_password = reader_string_max(r, LIMIT_PASSWORD);
	request->submethods = reader_string_max(r, LIMIT_SUBMETHODS);
	request->client_host = reader_string_max(r, LIMIT_HOST_NAME);
	request->client_user = reader_string_max(r, LIMIT_USER);
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
	writer_string_max(&w, spawn->ticket, TICKET_MAX);
	claim_write(&w, &spawn->claim);
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
	got.ticket = reader_string_max(&r, TICKET_MAX);
	got.claim = claim_read(&r);
	read_request(&r, &got.request);
	status = reader_finish(&r);
	if (status == SP_OK)
		*spawn = got;
	return status;
}

const struct authentication_farewell *
authentication_farewell_of(enum authentication_ending ending)
{
	static const struct authentication_farewell rows[] = {
		[AUTHENTICATION_GOES_ON] = { BY_APPLICATION, "" },
		[AUTHENTICATION_TRIES] = { NO_MORE_METHODS,
		    "Too many authentication failures" },
		[AUTHENTICATION_BREACH] = { PROTOCOL_ERROR,
		    "this authentication request is not allowed" },
		[AUTHENTICATION_CLOSED] = { BY_APPLICATION,
		    "logins are not possible at present" },
		[AUTHENTICATION_FAULT] = { BY_APPLICATION,
		    "the session could not be set up" },
		[AUTHENTICATION_CROWDED] = { TOO_MANY_CONNECTIONS,
		    "too many sessions of yours are open" },
	};

	return &rows[ending < AUTHENTICATION_ENDINGS ? ending : 0];
}

enum sp_status
authentication_failure_encode(
    const struct authentication_failure *failure, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string_max(&w, failure->methods, METHODS_MAX);
	writer_bool(&w, failure->partial_success);
	writer_u8(&w, (uint8_t)failure->ending);
	return writer_finish(&w);
}

enum sp_status
authentication_failure_decode(
    struct sp_view body, struct authentication_failure *failure)
{
	struct authentication_failure got;
	struct reader r;
	uint8_t ending;
	enum sp_status status;

	reader_init(&r, body);
	got.methods = reader_namelist(&r);
	if (got.methods.len > METHODS_MAX)
		reader_fail(&r);
	got.partial_success = reader_bool(&r);
	ending = reader_u8(&r);
	if (ending >= AUTHENTICATION_ENDINGS)
		reader_fail(&r);
	got.ending = (enum authentication_ending)ending;
	status = reader_finish(&r);
	/* The comma at the end that a peer may send is none of ours. */
	if (status == SP_OK && body.len != FAILURE_FIXED + got.methods.len)
		status = SP_ERR_FORMAT;
	if (status == SP_OK)
		*failure = got;
	return status;
}

/* What becomes a C string at its receiver. */
static struct sp_view
read_text(struct reader *r, size_t max)
{
	struct sp_view text = reader_string_max(r, max);

	if (text.len > 0 && memchr(text.data, 0, text.len) != NULL)
		reader_fail(r);
	return text;
}

enum sp_status
authentication_banner_encode(
    const struct authentication_banner *banner, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string_max(&w, banner->text, AUTHENTICATION_BANNER_MAX);
	return writer_finish(&w);
}

enum sp_status
authentication_banner_decode(
    struct sp_view body, struct authentication_banner *banner)
{
	struct authentication_banner got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.text = read_text(&r, AUTHENTICATION_BANNER_MAX);
	status = reader_finish(&r);
	if (status == SP_OK)
		*banner = got;
	return status;
}

/* As they are in the client's message, with the rest of it. */
static bool
are_prompts_small(const struct authentication_prompts *prompts)
{
	size_t left = AUTHENTICATION_PROMPTS_MAX;
	size_t texts = prompts->name.len + prompts->instruction.len;

	if (prompts->count > LIMIT_PROMPTS || texts >= left)
		return false;
	left -= texts;
	for (size_t i = 0; i < prompts->count; i++) {
		if (prompts->prompts[i].text.len + 5 >= left)
			return false;
		left -= prompts->prompts[i].text.len + 5;
	}
	return true;
}

enum sp_status
authentication_prompts_encode(
    const struct authentication_prompts *prompts, struct buffer *out)
{
	struct writer w;

	if (!are_prompts_small(prompts))
		return SP_ERR_LIMIT;
	writer_init(&w, out);
	writer_string_max(&w, prompts->name, LIMIT_PROMPT);
	writer_string_max(&w, prompts->instruction, LIMIT_PROMPT);
	writer_u32(&w, (uint32_t)prompts->count);
	for (size_t i = 0; i < prompts->count; i++) {
		writer_string_max(&w, prompts->prompts[i].text, LIMIT_PROMPT);
		writer_bool(&w, prompts->prompts[i].echo);
	}
	return writer_finish(&w);
}

enum sp_status
authentication_prompts_decode(
    struct sp_view body, struct authentication_prompts *prompts)
{
	struct authentication_prompts got = { .count = 0 };
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.name = read_text(&r, LIMIT_PROMPT);
	got.instruction = read_text(&r, LIMIT_PROMPT);
	got.count = reader_u32(&r);
	if (got.count > LIMIT_PROMPTS)
		reader_fail(&r);
	for (size_t i = 0; i < got.count && !r.failed; i++) {
		got.prompts[i].text = read_text(&r, LIMIT_PROMPT);
		got.prompts[i].echo = reader_bool(&r);
	}
	status = reader_finish(&r);
	if (status == SP_OK && !are_prompts_small(&got))
		status = SP_ERR_FORMAT;
	if (status == SP_OK)
		*prompts = got;
	return status;
}

enum sp_status
authentication_responses_encode(
    const struct authentication_responses *responses, struct buffer *out)
{
	struct writer w;

	if (responses->count > LIMIT_PROMPTS)
		return SP_ERR_LIMIT;
	writer_init(&w, out);
	writer_bool(&w, responses->is_complete);
	writer_u32(&w, (uint32_t)responses->count);
	for (size_t i = 0; i < responses->count; i++)
		writer_string_max(&w, responses->responses[i], LIMIT_PASSWORD);
	return writer_finish(&w);
}

enum sp_status
authentication_responses_decode(
    struct sp_view body, struct authentication_responses *responses)
{
	struct authentication_responses got = { .count = 0 };
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.is_complete = reader_bool(&r);
	got.count = reader_u32(&r);
	if (got.count > LIMIT_PROMPTS || (!got.is_complete && got.count > 0))
		reader_fail(&r);
	for (size_t i = 0; i < got.count && !r.failed; i++)
		got.responses[i] = reader_string_max(&r, LIMIT_PASSWORD);
	status = reader_finish(&r);
	if (status == SP_OK)
		*responses = got;
	return status;
}

enum sp_status
authentication_change_encode(
    const struct authentication_change *change, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string_max(&w, change->prompt, LIMIT_PROMPT);
	return writer_finish(&w);
}

enum sp_status
authentication_change_decode(
    struct sp_view body, struct authentication_change *change)
{
	struct authentication_change got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.prompt = read_text(&r, LIMIT_PROMPT);
	status = reader_finish(&r);
	if (status == SP_OK)
		*change = got;
	return status;
}
