/*
 * The bodies between processes, and records: the first byte names the
 * decoder, and what it takes its encoder can write again.
 */
#include "daemon/ipc/authentication.h"
#include "daemon/ipc/control.h"
#include "daemon/ipc/signing.h"
#include "daemon/ipc/work.h"
#include "daemon/log/line.h"
#include "tests/fuzz/target.h"

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
	};
	const size_t n = sizeof tries / sizeof tries[0];

	if (size > 0 && size <= IPC_BODY_MAX && data[0] < n)
		tries[data[0]](view_of(data + 1, size - 1));
	return 0;
}
