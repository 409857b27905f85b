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

static void
check_same(struct sp_view data, struct buffer *out, enum sp_status status)
{
	TARGET_ASSERT(status == SP_OK && view_equal(buffer_view(out), data));
}

static void
try_tcpip(struct sp_view data, struct buffer *out)
{
	struct channel_type_tcpip tcpip;

	if (channel_type_decode_tcpip(data, &tcpip) != SP_OK)
		return;
	TARGET_ASSERT(tcpip.port <= 65535 && tcpip.originator_port <= 65535);
	check_same(data, out, channel_type_encode_tcpip(&tcpip, out));
}

static void
try_x11(struct sp_view data, struct buffer *out)
{
	struct channel_type_x11 x11;

	if (channel_type_decode_x11(data, &x11) == SP_OK)
		check_same(data, out, channel_type_encode_x11(&x11, out));
}

/* Reserved fields are not kept: only the path is the same. */
static void
try_streamlocal(struct sp_view data, struct buffer *out)
{
	struct sp_view path, again;

	if (channel_type_decode_direct_streamlocal(data, &path) == SP_OK) {
		TARGET_ASSERT(
		    channel_type_encode_direct_streamlocal(path, out) == SP_OK);
		TARGET_ASSERT(channel_type_decode_direct_streamlocal(
				  buffer_view(out), &again) == SP_OK);
		TARGET_ASSERT(view_equal(path, again));
		return;
	}
	if (channel_type_decode_forwarded_streamlocal(data, &path) != SP_OK)
		return;
	TARGET_ASSERT(
	    channel_type_encode_forwarded_streamlocal(path, out) == SP_OK);
	TARGET_ASSERT(channel_type_decode_forwarded_streamlocal(
			  buffer_view(out), &again) == SP_OK);
	TARGET_ASSERT(view_equal(path, again));
}

static void
try_tun(struct sp_view data, struct buffer *out)
{
	struct channel_type_tun tun;

	if (channel_type_decode_tun(data, &tun) == SP_OK)
		check_same(data, out, channel_type_encode_tun(&tun, out));
}

static void
try_forward(struct sp_view data, struct buffer *out)
{
	struct global_request_tcpip tcpip;
	struct sp_view path;
	uint32_t port;

	if (global_request_decode_tcpip(data, &tcpip) == SP_OK)
		check_same(data, out, global_request_encode_tcpip(&tcpip, out));
	else if (global_request_decode_port(data, &port) == SP_OK)
		check_same(data, out, global_request_encode_port(port, out));
	else if (global_request_decode_path(data, &path) == SP_OK)
		check_same(data, out, global_request_encode_path(path, out));
}

static void
try_blobs(struct sp_view data, struct buffer *out)
{
	struct sp_view rest = data, blob;
	enum sp_status status = SP_OK;
	size_t count, n = 0;

	if (global_request_decode_blobs(data, &count) != SP_OK)
		return;
	for (; global_request_next_blob(&rest, &blob); n++)
		status = status == SP_OK ? global_request_encode_blob(blob, out)
					 : status;
	TARGET_ASSERT(n == count && count <= GLOBAL_REQUEST_KEYS);
	check_same(data, out, status);
}

static void
try_request(struct sp_view data, struct buffer *out)
{
	struct session_request_x11 x11;
	bool flag;

	/* Any byte that is not 0 is true. */
	if (session_request_decode_x11(data, &x11) == SP_OK)
		TARGET_ASSERT(session_request_encode_x11(&x11, out) == SP_OK &&
		    buffer_len(out) == data.len);
	else if (session_request_decode_flag(data, &flag) == SP_OK)
		TARGET_ASSERT(session_request_encode_flag(flag, out) == SP_OK &&
		    buffer_len(out) == 1);
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
		try_tcpip,
		try_x11,
		try_streamlocal,
		try_tun,
		try_forward,
		try_blobs,
		try_request,
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
