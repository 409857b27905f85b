/*
 * What stands behind names: of authentication methods, channel types,
 * global requests and requests. The first byte chooses the decoder, the
 * rest is its input; what is decoded is encoded to the same bytes.
 */
#include "lib/connection/channel_type.h"
#include "lib/connection/global_request.h"
#include "lib/connection/session_request.h"
#include "lib/userauth/hostbased.h"
#include "lib/userauth/keyboard.h"
#include "lib/userauth/password.h"
#include "lib/userauth/publickey.h"
#include "tests/fuzz/target.h"

#include <string.h>

/* Reserved fields are not kept, nor which byte it was that meant true. */
static void
check_same(const struct form *form, const void *values, struct sp_view data,
    struct buffer *out)
{
	struct writer w;

	TARGET_ASSERT(form != NULL);
	writer_init(&w, out);
	form_write(form, values, &w);
	TARGET_ASSERT(
	    writer_finish(&w) == SP_OK && buffer_len(out) <= data.len);
}

static void
try_open(struct sp_view data, struct buffer *out)
{
	for (int type = SP_CHANNEL_SESSION; type <= SP_CHANNEL_TUN; type++) {
		const struct form *form =
		    channel_type_form((enum sp_channel_type)type);
		struct sp_event event = { .kind = SP_EVENT_CHANNEL_OPEN };
		struct sp_open open;

		event.u.channel_open.type = sp_text(form->name);
		event.u.channel_open.data = data;
		buffer_clear(out);
		if (sp_open_read(&event, &open) != SP_OK)
			continue;
		TARGET_ASSERT((int)open.type == type);
		if (type == SP_CHANNEL_DIRECT_TCPIP)
			TARGET_ASSERT(open.u.tcpip.port <= 65535 &&
			    open.u.tcpip.originator_port <= 65535);
		check_same(form, &open, data, out);
	}
}

static void
try_global(struct sp_view data, struct buffer *out)
{
	for (int kind = SP_GLOBAL_TCPIP_FORWARD; kind <= SP_GLOBAL_KEEPALIVE;
	     kind++) {
		const struct form *form =
		    global_request_form((enum sp_global_kind)kind);
		struct sp_event event = { .kind = SP_EVENT_GLOBAL_REQUEST };
		struct sp_global request;

		event.u.global_request.name = sp_text(form->name);
		event.u.global_request.data = data;
		buffer_clear(out);
		if (sp_global_read(&event, &request) != SP_OK)
			continue;
		TARGET_ASSERT((int)request.kind == kind);
		check_same(form, &request, data, out);
		TARGET_ASSERT(view_equal(buffer_view(out), data));
	}
}

static void
try_port(struct sp_view data, struct buffer *out)
{
	struct sp_event event = { .kind = SP_EVENT_GLOBAL_REPLY };
	uint32_t port;

	(void)out;
	event.u.global_reply.data = data;
	if (sp_forward_port_read(&event, &port) == SP_OK)
		TARGET_ASSERT(port > 0 && port <= 65535);
}

static void
try_blobs(struct sp_view data, struct buffer *out)
{
	struct sp_view blobs[GLOBAL_REQUEST_KEYS], rest = data;
	uint8_t room[4096];
	size_t count, n = 0, len;

	(void)out;
	if (global_request_decode_blobs(data, &count) != SP_OK)
		return;
	while (n < count && sp_strings_next(&rest, &blobs[n]))
		n++;
	TARGET_ASSERT(n == count && rest.len == 0);
	if (sp_strings_write(blobs, n, room, sizeof room, &len) == SP_OK)
		TARGET_ASSERT(view_equal(view_of(room, len), data));
	else
		TARGET_ASSERT(data.len > sizeof room);
}

static void
try_request(struct sp_view data, struct buffer *out)
{
	for (int kind = SP_REQUEST_PTY; kind <= SP_REQUEST_EOW; kind++) {
		const struct form *form =
		    session_request_form((enum sp_request_kind)kind);
		struct sp_event event = { .kind = SP_EVENT_CHANNEL_REQUEST };
		struct sp_request request;

		event.u.channel_request.name = sp_text(form->name);
		event.u.channel_request.data = data;
		buffer_clear(out);
		if (sp_request_read(&event, &request) != SP_OK)
			continue;
		TARGET_ASSERT((int)request.kind == kind);
		check_same(form, &request, data, out);
	}
}

static void
try_modes(struct sp_view data, struct buffer *out)
{
	uint8_t room[SP_TERMINAL_MODES_SIZE];
	struct sp_terminal_mode mode;
	size_t len;

	(void)out;
	while (sp_terminal_modes_next(&data, &mode)) {
		TARGET_ASSERT(mode.opcode > 0 && mode.opcode < 160);
		TARGET_ASSERT(sp_terminal_modes_write(
				  &mode, 1, room, sizeof room, &len) == SP_OK);
	}
}

/* ---- authentication ---- */

typedef enum sp_status
read_function(struct userauth *, struct reader *, struct sp_event *);

static void
try_method(struct sp_view data, read_function *read)
{
	struct transport transport = { .role = SP_SERVER };
	struct sp_event event = { .kind = SP_EVENT_AUTH_REQUEST };
	struct userauth u;
	struct reader r;

	buffer_init(&transport.session_id, 64);
	userauth_init(&u, &transport, 0);
	reader_init(&r, data);
	if (read(&u, &r, &event) == SP_OK) {
		TARGET_ASSERT(r.left == 0 && !r.failed);
		TARGET_ASSERT(
		    event.u.auth_request.password.len <= LIMIT_PASSWORD);
		TARGET_ASSERT(event.u.auth_request.key.len <= LIMIT_KEY_BLOB);
	}
	userauth_clear(&u);
}

static void
try_methods(struct sp_view data, struct buffer *out)
{
	(void)out;
	try_method(data, password_read_request);
	try_method(data, keyboard_read_request);
	try_method(data, hostbased_read_request);
	try_method(data, publickey_read_request);
	try_method(data, publickey_read_bound_request);
}

/* As a client with a request open, or as a server that has asked. */
static void
try_rounds(struct sp_view data, struct buffer *out)
{
	static enum sp_status (*const receive[])(
	    struct userauth *, struct reader *) = { keyboard_receive_prompts,
		keyboard_receive_responses, password_receive_change };

	(void)out;
	for (size_t i = 0; i < sizeof receive / sizeof receive[0]; i++) {
		struct transport transport = { .role = SP_SERVER };
		struct userauth u = { .transport = &transport,
			.awaiting = USERAUTH_ANSWER,
			.prompts = 2 };
		struct sp_view rest, response;
		struct sp_event event;
		struct reader r;
		uint32_t n = 0;

		reader_init(&r, data);
		if (receive[i](&u, &r) != SP_OK)
			continue;
		TARGET_ASSERT(event_pop(&transport.events, &event));
		if (event.kind != SP_EVENT_AUTH_RESPONSE)
			continue;
		rest = event.u.auth_response.responses;
		while (sp_auth_next_response(&rest, &response))
			n++;
		TARGET_ASSERT(n == event.u.auth_response.count);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct sp_view, struct buffer *) = {
		try_open,
		try_global,
		try_port,
		try_modes,
		try_request,
		try_blobs,
		try_methods,
		try_rounds,
	};
	struct buffer out;

	if (size == 0)
		return 0;
	buffer_init(&out, size + 64);
	tries[data[0] % (sizeof tries / sizeof tries[0])](
	    view_of(data + 1, size - 1), &out);
	buffer_clear(&out);
	return 0;
}
