/*
 * The bodies between processes, records and tickets: the first byte names
 * the decoder, and what it takes its encoder can write again.
 */
#include "daemon/ipc/authentication.h"
#include "daemon/ipc/conduct.h"
#include "daemon/ipc/control.h"
#include "daemon/ipc/signing.h"
#include "daemon/ipc/ticket.h"
#include "daemon/ipc/work.h"
#include "daemon/log/line.h"
#include "tests/fuzz/target.h"

#include <sallyport/key.h>

/* Decodes; what was decoded is encoded, and decoded once more. */
#define BODY(name) \
	static void try_##name(struct sp_view body) \
	{ \
		struct name first, second; \
		struct buffer again; \
\
		if (name##_decode(body, &first) != SP_OK) \
			return; \
		buffer_init(&again, IPC_BODY_MAX); \
		TARGET_ASSERT(name##_encode(&first, &again) == SP_OK); \
		TARGET_ASSERT(buffer_len(&again) == body.len); \
		TARGET_ASSERT( \
		    name##_decode(buffer_view(&again), &second) == SP_OK); \
		buffer_clear(&again); \
	}

BODY(control_peer)
BODY(control_host_keys)
BODY(control_listener)
BODY(signing_request)
BODY(signing_reply)
BODY(signing_refusal)
BODY(authentication_request)
BODY(authentication_spawn)
BODY(authentication_failure)
BODY(signing_proof)
BODY(work_order)
BODY(work_result)
BODY(control_connection)
BODY(signing_session)
BODY(authentication_banner)
BODY(authentication_prompts)
BODY(authentication_responses)
BODY(authentication_change)
BODY(conduct)

/* Under a tag that is right: else nobody looks at the fields. */
static void
try_ticket(struct sp_view fields)
{
	static const uint8_t key[TICKET_KEY_LEN] = { 1 };
	static const struct sp_crypto *crypto;
	struct sp_view secret = view_of(key, sizeof key);
	const struct sp_view pieces[] = { view_of_string("sallyport ticket 3"),
		fields };
	struct buffer whole, again;
	uint8_t tag[DIGEST_MAX];
	struct ticket ticket;

	if (crypto == NULL)
		crypto = sp_crypto_new();
	TARGET_ASSERT(crypto != NULL);
	buffer_init(&whole, IPC_BODY_MAX + sizeof tag);
	buffer_init(&again, TICKET_MAX);
	TARGET_ASSERT(digest_hmac(crypto, DIGEST_SHA256, secret, pieces, 2,
			  tag) == SP_OK);
	TARGET_ASSERT(buffer_append(&whole, fields) == SP_OK);
	TARGET_ASSERT(
	    ticket_open(crypto, secret, fields, 7, 1, &ticket) != SP_OK);
	TARGET_ASSERT(buffer_append(&whole,
			  view_of(tag, digest_len(DIGEST_SHA256))) == SP_OK);
	if (ticket_open(crypto, secret, buffer_view(&whole), 7, 1, &ticket) ==
	    SP_OK) {
		TARGET_ASSERT(ticket.gate == 7 && ticket.expiry > 1);
		TARGET_ASSERT(
		    ticket_seal(crypto, secret, &ticket, &again) == SP_OK);
		TARGET_ASSERT(
		    view_equal(buffer_view(&again), buffer_view(&whole)));
	}
	buffer_clear(&whole);
	buffer_clear(&again);
}

static void
try_record(struct sp_view body)
{
	const struct line_origin origin = { IPC_ROLE_GATE, 1, 1 };
	const struct timespec time = { 0 };
	struct record record;
	struct buffer line;

	if (record_decode(body, &record) != SP_OK)
		return;
	buffer_init(&line, 1024 * 1024);
	TARGET_ASSERT(line_write_text(&record, &line) == SP_OK);
	TARGET_ASSERT(line_write_json(&record, &origin, &time, &line) == SP_OK);
	TARGET_ASSERT(!view_has_control(buffer_view(&line)));
	buffer_clear(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct sp_view) = {
		try_control_peer,
		try_control_host_keys,
		try_control_listener,
		try_signing_request,
		try_signing_reply,
		try_signing_refusal,
		try_authentication_request,
		try_authentication_spawn,
		try_authentication_failure,
		try_record,
		try_signing_proof,
		try_work_order,
		try_work_result,
		try_control_connection,
		try_signing_session,
		try_authentication_banner,
		try_ticket,
		try_authentication_prompts,
		try_authentication_responses,
		try_authentication_change,
		try_conduct,
	};
	const size_t n = sizeof tries / sizeof tries[0];

	if (size > 0 && size <= IPC_BODY_MAX && data[0] < n)
		tries[data[0]](view_of(data + 1, size - 1));
	return 0;
}
