/*
 * Channels of every type and requests of every name, from one side to the
 * other: what is encoded arrives, is decoded, and is answered.
 */
#include "lib/connection/channel_type.h"
#include "lib/connection/global_request.h"
#include "lib/connection/terminal_mode.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* What one side is asked, by an owner who knows the names. */
struct seen {
	char name[64];
	bool is_known;
	bool is_good; /* its data is well formed */
	bool wants_reply;
	size_t len; /* of the data of a reply */
	bool success;
};

/* ---- the owner who decodes ---- */

typedef bool check_function(struct sp_view data);

static bool
is_nothing(struct sp_view data)
{
	return data.len == 0;
}

static bool
is_tcpip(struct sp_view data)
{
	struct channel_type_tcpip tcpip;

	return channel_type_decode_tcpip(data, &tcpip) == SP_OK &&
	    view_equal_string(tcpip.address, "address") && tcpip.port == 80;
}

static bool
is_x11(struct sp_view data)
{
	struct channel_type_x11 x11;

	return channel_type_decode_x11(data, &x11) == SP_OK;
}

static bool
is_direct_streamlocal(struct sp_view data)
{
	struct sp_view path;

	return channel_type_decode_direct_streamlocal(data, &path) == SP_OK &&
	    view_equal_string(path, "/path");
}

static bool
is_forwarded_streamlocal(struct sp_view data)
{
	struct sp_view path;

	return channel_type_decode_forwarded_streamlocal(data, &path) ==
	    SP_OK &&
	    view_equal_string(path, "/path");
}

static bool
is_tun(struct sp_view data)
{
	struct channel_type_tun tun;

	return channel_type_decode_tun(data, &tun) == SP_OK;
}

static bool
is_pty(struct sp_view data)
{
	struct session_request_pty pty;

	return session_request_decode_pty(data, &pty) == SP_OK;
}

static bool
is_x11_request(struct sp_view data)
{
	struct session_request_x11 x11;

	return session_request_decode_x11(data, &x11) == SP_OK;
}

static bool
is_env(struct sp_view data)
{
	struct session_request_env env;

	return session_request_decode_env(data, &env) == SP_OK;
}

static bool
is_text(struct sp_view data)
{
	struct sp_view text;

	return session_request_decode_text(data, &text) == SP_OK;
}

static bool
is_size(struct sp_view data)
{
	struct session_request_size size;

	return session_request_decode_size(data, &size) == SP_OK;
}

static bool
is_flag(struct sp_view data)
{
	bool flag;

	return session_request_decode_flag(data, &flag) == SP_OK;
}

static bool
is_status(struct sp_view data)
{
	uint32_t status;

	return session_request_decode_status(data, &status) == SP_OK;
}

static bool
is_exit_signal(struct sp_view data)
{
	struct session_request_exit_signal killed;

	return session_request_decode_exit_signal(data, &killed) == SP_OK;
}

static bool
is_forward(struct sp_view data)
{
	struct global_request_tcpip tcpip;

	return global_request_decode_tcpip(data, &tcpip) == SP_OK;
}

static bool
is_path(struct sp_view data)
{
	struct sp_view path;

	return global_request_decode_path(data, &path) == SP_OK;
}

static bool
is_blobs(struct sp_view data)
{
	size_t count;

	return global_request_decode_blobs(data, &count) == SP_OK && count > 0;
}

enum kind { OPEN, REQUEST, GLOBAL };

/* The data as RFCs and OpenSSH's PROTOCOL have it, not as encoded here. */
#define DATA(bytes) \
	{ \
		(const uint8_t *)(bytes), sizeof(bytes) - 1 \
	}
static const struct row {
	enum kind kind;
	const char *name;
	unsigned to; /* bits of 1 << role: who is asked */
	struct sp_view data;
	check_function *check;
} rows[] = {
	{ OPEN, "session", 2, DATA(""), is_nothing },
	{ OPEN, "x11", 1, DATA("\0\0\0\1a\0\0\x17\x70"), is_x11 },
	{ OPEN, "direct-tcpip", 2,
	    DATA("\0\0\0\7address\0\0\0\x50\0\0\0\1b\0\0\0\1"), is_tcpip },
	{ OPEN, "forwarded-tcpip", 1,
	    DATA("\0\0\0\7address\0\0\0\x50\0\0\0\1b\0\0\0\1"), is_tcpip },
	{ OPEN, "auth-agent@openssh.com", 1, DATA(""), is_nothing },
	{ OPEN, "direct-streamlocal@openssh.com", 2,
	    DATA("\0\0\0\5/path\0\0\0\0\0\0\0\0"), is_direct_streamlocal },
	{ OPEN, "forwarded-streamlocal@openssh.com", 1,
	    DATA("\0\0\0\5/path\0\0\0\0"), is_forwarded_streamlocal },
	{ OPEN, "tun@openssh.com", 2, DATA("\0\0\0\1\x7f\xff\xff\xff"),
	    is_tun },
	{ REQUEST, "pty-req", 2,
	    DATA("\0\0\0\5xterm\0\0\0\x50\0\0\0\x18\0\0\0\0\0\0\0\0"
		 "\0\0\0\6\x2a\0\0\0\1\0"),
	    is_pty },
	{ REQUEST, "x11-req", 2, DATA("\1\0\0\0\1p\0\0\0\2ff\0\0\0\0"),
	    is_x11_request },
	{ REQUEST, "env", 2, DATA("\0\0\0\4LANG\0\0\0\1C"), is_env },
	{ REQUEST, "shell", 2, DATA(""), is_nothing },
	{ REQUEST, "exec", 2, DATA("\0\0\0\4true"), is_text },
	{ REQUEST, "subsystem", 2, DATA("\0\0\0\4sftp"), is_text },
	{ REQUEST, "window-change", 2,
	    DATA("\0\0\0\x50\0\0\0\x18\0\0\0\0\0\0\0\0"), is_size },
	{ REQUEST, "xon-xoff", 1, DATA("\1"), is_flag },
	{ REQUEST, "signal", 2, DATA("\0\0\0\4TERM"), is_text },
	{ REQUEST, "exit-status", 1, DATA("\0\0\0\1"), is_status },
	{ REQUEST, "exit-signal", 1, DATA("\0\0\0\4TERM\0\0\0\0\0\0\0\0\0"),
	    is_exit_signal },
	{ REQUEST, "break", 2, DATA("\0\0\1\xf4"), is_status },
	{ REQUEST, "eow@openssh.com", 3, DATA(""), is_nothing },
	{ REQUEST, "auth-agent-req@openssh.com", 2, DATA(""), is_nothing },
	{ GLOBAL, "tcpip-forward", 2, DATA("\0\0\0\0\0\0\0\0"), is_forward },
	{ GLOBAL, "cancel-tcpip-forward", 2, DATA("\0\0\0\0\0\0\x1f\x90"),
	    is_forward },
	{ GLOBAL, "streamlocal-forward@openssh.com", 2, DATA("\0\0\0\2/a"),
	    is_path },
	{ GLOBAL, "cancel-streamlocal-forward@openssh.com", 2,
	    DATA("\0\0\0\2/a"), is_path },
	{ GLOBAL, "no-more-sessions@openssh.com", 2, DATA(""), is_nothing },
	{ GLOBAL, "keepalive@openssh.com", 3, DATA(""), is_nothing },
	{ GLOBAL, "hostkeys-00@openssh.com", 1, DATA("\0\0\0\1a\0\0\0\1b"),
	    is_blobs },
	{ GLOBAL, "hostkeys-prove-00@openssh.com", 2, DATA("\0\0\0\1a"),
	    is_blobs },
};

static void
look(struct seen *s, enum kind kind, enum sp_role side, struct sp_view name,
    struct sp_view data)
{
	assert_true(view_to_string(name, s->name, sizeof s->name));
	s->is_known = s->is_good = false;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].kind != kind ||
		    !view_equal_string(name, rows[i].name) ||
		    (rows[i].to & 1u << side) == 0)
			continue;
		s->is_known = true;
		s->is_good = rows[i].check(data);
	}
}

static void
answer(struct pair *p, enum sp_role side, const struct sp_event *event,
    const struct seen *s)
{
	bool success = s->is_known && s->is_good;
	struct sp_engine *e = pair_engine(p, side);
	enum sp_status status = SP_OK;

	if (event->kind == SP_EVENT_CHANNEL_OPEN && success)
		status = sp_channel_accept(e, event->token);
	else if (event->kind == SP_EVENT_CHANNEL_OPEN)
		status = sp_channel_refuse(e, event->token,
		    s->is_known ? SP_OPEN_ADMINISTRATIVELY_PROHIBITED
				: SP_OPEN_UNKNOWN_CHANNEL_TYPE,
		    "no");
	else if (event->token != 0 && event->kind == SP_EVENT_GLOBAL_REQUEST)
		status = sp_global_answer(
		    e, event->token, success, view_of("port", success ? 4 : 0));
	else if (event->token != 0)
		status = sp_channel_answer(e, event->token, success);
	assert_int_equal(status, SP_OK);
}

static bool
decode(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct seen *s = p->arg;

	if (event->kind == SP_EVENT_CHANNEL_OPEN) {
		look(s, OPEN, side, event->u.channel_open.type,
		    event->u.channel_open.data);
	} else if (event->kind == SP_EVENT_CHANNEL_REQUEST) {
		look(s, REQUEST, side, event->u.channel_request.name,
		    event->u.channel_request.data);
	} else if (event->kind == SP_EVENT_GLOBAL_REQUEST) {
		look(s, GLOBAL, side, event->u.global_request.name,
		    event->u.global_request.data);
	} else {
		if (event->kind == SP_EVENT_GLOBAL_REPLY) {
			s->success = event->u.global_reply.success;
			s->len = event->u.global_reply.data.len;
		}
		if (event->kind == SP_EVENT_CHANNEL_REPLY)
			s->success = event->u.channel_reply.success;
		return false;
	}
	s->wants_reply = event->token != 0;
	answer(p, side, event, s);
	return true;
}

/* ---- asking ---- */

static void
ask(struct pair *p, enum sp_role from, const struct row *row, bool want_reply,
    struct sp_view data)
{
	struct sp_engine *e = pair_engine(p, from);
	enum sp_status status;
	uint32_t number;

	if (row->kind == OPEN)
		status = sp_channel_open(e, row->name, data, &number);
	else if (row->kind == REQUEST)
		status = sp_channel_request(e, 0, row->name, want_reply, data);
	else
		status = sp_global_request(e, row->name, want_reply, data);
	assert_int_equal(status, SP_OK);
	pair_run(p);
}

static unsigned
replies(const struct pair *p, enum sp_role side, enum kind kind, bool success)
{
	const unsigned *count = p->count[side];

	if (kind == OPEN)
		return count[success ? SP_EVENT_CHANNEL_CONFIRMED
				     : SP_EVENT_CHANNEL_REFUSED];
	return count[kind == REQUEST ? SP_EVENT_CHANNEL_REPLY
				     : SP_EVENT_GLOBAL_REPLY];
}

/* Asks for one thing; whether it was granted. */
static bool
is_granted(struct pair *p, enum sp_role from, const struct row *row,
    struct sp_view data)
{
	struct seen *s = p->arg;
	unsigned before = replies(p, from, row->kind, true);
	unsigned refused = replies(p, from, row->kind, false);

	s->name[0] = '\0';
	ask(p, from, row, true, data);
	if (row->kind == OPEN && replies(p, from, OPEN, true) == before) {
		assert_int_equal(replies(p, from, OPEN, false), refused + 1);
		return false;
	}
	assert_int_equal(replies(p, from, row->kind, true), before + 1);
	assert_string_equal(s->name, row->name);
	return row->kind == OPEN || s->success;
}

static void
start(struct pair *p, struct seen *s)
{
	*s = (struct seen){ .is_known = false };
	pair_init(p);
	pair_start(p);
	pair_login(p);
	assert_int_equal(pair_open_session(p), 0);
	p->hook = decode;
	p->arg = s;
}

static void
every_one_arrives_and_is_answered(void **state)
{
	struct seen s;
	struct pair p;

	(void)state;
	start(&p, &s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int to = SP_CLIENT; to <= SP_SERVER; to++) {
			enum sp_role from = forger_other((enum sp_role)to);

			if ((rows[i].to & 1u << to) == 0)
				continue;
			assert_true(
			    is_granted(&p, from, &rows[i], rows[i].data));
			if (rows[i].kind == OPEN)
				continue;
			/* Nor is a reply sent that nobody wants. */
			ask(&p, from, &rows[i], false, rows[i].data);
			assert_false(s.wants_reply);
		}
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

/* What is cut short or too long is refused, and nothing ends by it. */
static void
what_is_malformed_is_refused_and_all_goes_on(void **state)
{
	struct seen s;
	struct pair p;

	(void)state;
	start(&p, &s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum sp_role from = rows[i].to & 2 ? SP_CLIENT : SP_SERVER;
		struct buffer more;

		for (size_t len = 0; len < rows[i].data.len; len++) {
			/* A list may end between two of its blobs. */
			bool is_whole =
			    rows[i].check(view_of(rows[i].data.data, len));

			assert_int_equal(is_granted(&p, from, &rows[i],
					     view_of(rows[i].data.data, len)),
			    is_whole);
		}
		buffer_init(&more, 256);
		assert_int_equal(buffer_append(&more, rows[i].data), SP_OK);
		assert_int_equal(buffer_append(&more, view_of("", 1)), SP_OK);
		assert_false(
		    is_granted(&p, from, &rows[i], buffer_view(&more)));
		buffer_clear(&more);
	}
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

static void
what_is_not_known_is_refused_and_all_goes_on(void **state)
{
	static const enum kind kinds[] = { OPEN, REQUEST, GLOBAL };
	struct seen s;
	struct pair p;

	(void)state;
	start(&p, &s);
	for (size_t i = 0; i < 6; i++) {
		const struct row row = { kinds[i / 2], "unknown@example.com", 0,
			DATA("any\0thing"), NULL };
		enum sp_role from = i % 2 == 0 ? SP_CLIENT : SP_SERVER;

		assert_false(is_granted(&p, from, &row, row.data));
		assert_string_equal(s.name, row.name);
	}
	pair_open_session(&p);
	pair_clear(&p);
}

/* ---- host keys that prove themselves ---- */

static bool
prove(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct sp_view blobs, blob;
	struct buffer reply, proof;

	if (side != SP_SERVER || event->kind != SP_EVENT_GLOBAL_REQUEST)
		return false;
	blobs = event->u.global_request.data;
	buffer_init(&reply, 4096);
	while (global_request_next_blob(&blobs, &blob)) {
		uint8_t signature[SP_SIGNATURE_MAX];
		size_t len;

		assert_true(view_equal(blob, sp_key_blob(p->host_key)));
		buffer_init(&proof, 4096);
		assert_int_equal(
		    global_request_write_proof(
			sp_engine_session_id(p->server), blob, &proof),
		    SP_OK);
		assert_int_equal(sp_key_sign(p->host_key, "ssh-ed25519",
				     buffer_view(&proof), signature, &len),
		    SP_OK);
		assert_int_equal(
		    global_request_encode_blob(view_of(signature, len), &reply),
		    SP_OK);
		buffer_clear(&proof);
	}
	assert_int_equal(sp_global_answer(p->server, event->token, true,
			     buffer_view(&reply)),
	    SP_OK);
	buffer_clear(&reply);
	return true;
}

static bool
verify(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	bool *is_proven = p->arg;
	struct sp_view rest, signature;
	struct buffer proof;
	size_t count;

	if (side != SP_CLIENT || event->kind != SP_EVENT_GLOBAL_REPLY)
		return prove(p, side, event);
	rest = event->u.global_reply.data;
	assert_int_equal(global_request_decode_blobs(rest, &count), SP_OK);
	assert_int_equal(count, 1);
	assert_true(global_request_next_blob(&rest, &signature));
	buffer_init(&proof, 4096);
	assert_int_equal(
	    global_request_write_proof(sp_engine_session_id(p->client),
		sp_key_blob(p->host_key), &proof),
	    SP_OK);
	*is_proven = sp_key_verify(p->crypto, sp_key_blob(p->host_key),
			 view_of_string("ssh-ed25519"), buffer_view(&proof),
			 signature) == SP_OK;
	buffer_clear(&proof);
	return true;
}

static void
a_host_key_is_proven_when_it_is_asked_for(void **state)
{
	bool is_proven = false;
	struct buffer blobs;
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_start(&p);
	pair_login(&p);
	p.hook = verify;
	p.arg = &is_proven;
	buffer_init(&blobs, 4096);
	assert_int_equal(
	    global_request_encode_blob(sp_key_blob(p.host_key), &blobs), SP_OK);
	assert_int_equal(
	    sp_global_request(p.client, "hostkeys-prove-00@openssh.com", true,
		buffer_view(&blobs)),
	    SP_OK);
	pair_run(&p);
	assert_true(is_proven);
	buffer_clear(&blobs);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_one_arrives_and_is_answered),
		cmocka_unit_test(what_is_malformed_is_refused_and_all_goes_on),
		cmocka_unit_test(what_is_not_known_is_refused_and_all_goes_on),
		cmocka_unit_test(a_host_key_is_proven_when_it_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
