/*
 * What a user's client says on a session channel, and what a module says
 * about itself: the first byte chooses the decoder, the rest is its input.
 */
#include "daemon/modload/description.h"
#include "daemon/session/environment.h"
#include "daemon/session/ptyfacts.h"
#include "lib/wire/reader.h"
#include "tests/fuzz/target.h"

#include <string.h>

static void
try_pty(struct sp_view data)
{
	struct sp_event event = { .kind = SP_EVENT_CHANNEL_REQUEST };
	struct ptyfacts facts = { 0 };
	struct sp_request request;

	event.u.channel_request.name = sp_text("pty-req");
	event.u.channel_request.data = data;
	if (sp_request_read(&event, &request) != SP_OK)
		return;
	if (!ptyfacts_take(&facts, &request.u.pty)) {
		TARGET_ASSERT(!facts.is_wanted);
		return;
	}
	TARGET_ASSERT(strchr(facts.pty.term, '/') == NULL);
	TARGET_ASSERT(facts.pty.mode_count <= PTYFACTS_MODES_MAX);
	for (size_t i = 0; i < facts.pty.mode_count; i++)
		TARGET_ASSERT(facts.pty.modes[i].opcode > 0 &&
		    facts.pty.modes[i].opcode < 160);
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
		try_description,
	};

	if (size > 0)
		tries[data[0] % (sizeof tries / sizeof tries[0])](
		    view_of(data + 1, size - 1));
	return 0;
}
