/*
 * What a user's client says on a session channel, and what a module says
 * about itself: the first byte chooses the decoder, the rest is its input.
 */
#include "daemon/modload/description.h"
#include "daemon/session/environment.h"
#include "daemon/session/ptyfacts.h"
#include "lib/connection/session_request.h"
#include "tests/fuzz/target.h"

#include <string.h>

static void
try_pty(struct sp_view data)
{
	struct ptyfacts facts = { 0 };

	if (!ptyfacts_take(&facts, data)) {
		TARGET_ASSERT(!facts.is_wanted);
		return;
	}
	TARGET_ASSERT(strchr(facts.pty.term, '/') == NULL);
	TARGET_ASSERT(facts.pty.mode_count <= PTYFACTS_MODES_MAX);
	for (size_t i = 0; i < facts.pty.mode_count; i++)
		TARGET_ASSERT(facts.pty.modes[i].opcode > 0 &&
		    facts.pty.modes[i].opcode < 160);
	/* "pty-req" data is too long for a "window-change". */
	TARGET_ASSERT(!ptyfacts_resize(&facts, data));
}

/* Variables one after the other, as long as the data lasts. */
static void
try_env(struct sp_view data)
{
	static const char *const any[] = { "**" };
	static const struct string_list patterns = { any, 1 };
	struct environment environment = { 0 };
	struct reader r;

	reader_init(&r, data);
	while (!r.failed && r.left > 0) {
		struct sp_view name = reader_string(&r);
		struct sp_view value = reader_string(&r);

		if (r.failed ||
		    !environment_set(&environment, &patterns, name, value))
			continue;
		TARGET_ASSERT(environment.count <= ENVIRONMENT_MAX);
		TARGET_ASSERT(environment.bytes <= ENVIRONMENT_BYTES_MAX);
		TARGET_ASSERT(environment.variables[environment.count] == NULL);
	}
	environment_clear(&environment);
}

/* What is decoded is encoded to the same bytes. */
static void
try_requests(struct sp_view data)
{
	struct session_request_exit_signal killed;
	struct session_request_size size;
	struct session_request_env env;
	struct buffer out;
	struct sp_view text;

	buffer_init(&out, data.len);
	if (session_request_decode_exit_signal(data, &killed) == SP_OK)
		TARGET_ASSERT(session_request_encode_exit_signal(
				  &killed, &out) == SP_OK &&
		    buffer_len(&out) == data.len);
	buffer_clear(&out);
	if (session_request_decode_env(data, &env) == SP_OK)
		TARGET_ASSERT(session_request_encode_env(&env, &out) == SP_OK &&
		    view_equal(buffer_view(&out), data));
	buffer_clear(&out);
	if (session_request_decode_text(data, &text) == SP_OK)
		TARGET_ASSERT(
		    session_request_encode_text(text, &out) == SP_OK &&
		    view_equal(buffer_view(&out), data));
	buffer_clear(&out);
	if (session_request_decode_size(data, &size) == SP_OK)
		TARGET_ASSERT(
		    session_request_encode_size(&size, &out) == SP_OK &&
		    view_equal(buffer_view(&out), data));
	buffer_clear(&out);
}

static void
try_description(struct sp_view data)
{
	struct description description, again;
	struct arena arena;
	struct buffer out;

	arena_init(&arena);
	buffer_init(&out, DESCRIPTION_MAX);
	if (description_decode(data, &arena, &description) == SP_OK) {
		TARGET_ASSERT(description_encode(&description, &out) == SP_OK);
		TARGET_ASSERT(description_decode(
				  buffer_view(&out), &arena, &again) == SP_OK);
		TARGET_ASSERT(strcmp(description.serves, again.serves) == 0);
	}
	buffer_clear(&out);
	arena_clear(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct sp_view) = {
		try_pty,
		try_env,
		try_requests,
		try_description,
	};

	if (size > 0)
		tries[data[0] % (sizeof tries / sizeof tries[0])](
		    view_of(data + 1, size - 1));
	return 0;
}
