/*
 * Channels of every type and requests of every name, from one side to the
 * other: what is encoded arrives, is decoded, and is answered.
 */
#include "tests/pair/forger.h"

#include <sallyport/connection.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

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

enum kind { OPEN, REQUEST, GLOBAL };

/* Whether the data is what the name defines. */
static bool
is_read(const struct sp_event *event)
{
	struct sp_request request;
	struct sp_global global;
	struct sp_open open;

	switch (event->kind) {
	case SP_EVENT_CHANNEL_OPEN:
		return sp_open_read(event, &open) == SP_OK &&
		    open.type != SP_CHANNEL_UNKNOWN;
	case SP_EVENT_CHANNEL_REQUEST:
		return sp_request_read(event, &request) == SP_OK &&
		    request.kind != SP_REQUEST_UNKNOWN;
	case SP_EVENT_GLOBAL_REQUEST:
		return sp_global_read(event, &global) == SP_OK &&
		    global.kind != SP_GLOBAL_UNKNOWN;
	default:
		return false;
	}
}

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
} rows[] = {
	{ OPEN, "session", 2, DATA("") },
	{ OPEN, "x11", 1, DATA("\0\0\0\1a\0\0\x17\x70") },
	{ OPEN, "direct-tcpip", 2,
	    DATA("\0\0\0\7address\0\0\0\x50\0\0\0\1b\0\0\0\1") },
	{ OPEN, "forwarded-tcpip", 1,
	    DATA("\0\0\0\7address\0\0\0\x50\0\0\0\1b\0\0\0\1") },
	{ OPEN, "auth-agent@openssh.com", 1, DATA("") },
	{ OPEN, "direct-streamlocal@openssh.com", 2,
	    DATA("\0\0\0\5/path\0\0\0\0\0\0\0\0") },
	{ OPEN, "forwarded-streamlocal@openssh.com", 1,
	    DATA("\0\0\0\5/path\0\0\0\0") },
	{ OPEN, "tun@openssh.com", 2, DATA("\0\0\0\1\x7f\xff\xff\xff") },
	{ REQUEST, "pty-req", 2,
	    DATA("\0\0\0\5xterm\0\0\0\x50\0\0\0\x18\0\0\0\0\0\0\0\0"
		 "\0\0\0\6\x2a\0\0\0\1\0") },
	{ REQUEST, "x11-req", 2, DATA("\1\0\0\0\1p\0\0\0\2ff\0\0\0\0") },
	{ REQUEST, "env", 2, DATA("\0\0\0\4LANG\0\0\0\1C") },
	{ REQUEST, "shell", 2, DATA("") },
	{ REQUEST, "exec", 2, DATA("\0\0\0\4true") },
	{ REQUEST, "subsystem", 2, DATA("\0\0\0\4sftp") },
	{ REQUEST, "window-change", 2,
	    DATA("\0\0\0\x50\0\0\0\x18\0\0\0\0\0\0\0\0") },
	{ REQUEST, "xon-xoff", 1, DATA("\1") },
	{ REQUEST, "signal", 2, DATA("\0\0\0\4TERM") },
	{ REQUEST, "exit-status", 1, DATA("\0\0\0\1") },
	{ REQUEST, "exit-signal", 1, DATA("\0\0\0\4TERM\0\0\0\0\0\0\0\0\0") },
	{ REQUEST, "break", 2, DATA("\0\0\1\xf4") },
	{ REQUEST, "eow@openssh.com", 3, DATA("") },
	{ REQUEST, "auth-agent-req@openssh.com", 2, DATA("") },
	{ GLOBAL, "tcpip-forward", 2, DATA("\0\0\0\0\0\0\0\0") },
	{ GLOBAL, "cancel-tcpip-forward", 2, DATA("\0\0\0\0\0\0\x1f\x90") },
	{ GLOBAL, "streamlocal-forward@openssh.com", 2, DATA("\0\0\0\2/a") },
	{ GLOBAL, "cancel-streamlocal-forward@openssh.com", 2,
	    DATA("\0\0\0\2/a") },
	{ GLOBAL, "no-more-sessions@openssh.com", 2, DATA("") },
	{ GLOBAL, "keepalive@openssh.com", 3, DATA("") },
	{ GLOBAL, "hostkeys-00@openssh.com", 1, DATA("\0\0\0\1a\0\0\0\1b") },
	{ GLOBAL, "hostkeys-prove-00@openssh.com", 2, DATA("\0\0\0\1a") },
};

static void
look(struct seen *s, enum kind kind, enum sp_role side, struct sp_view name,
    const struct sp_event *event)
{
	assert_true(view_to_string(name, s->name, sizeof s->name));
	s->is_known = s->is_good = false;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].kind != kind ||
		    !view_equal_string(name, rows[i].name) ||
		    (rows[i].to & 1u << side) == 0)
			continue;
		s->is_known = true;
		s->is_good = is_read(event);
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
		look(s, OPEN, side, event->u.channel_open.type, event);
	} else if (event->kind == SP_EVENT_CHANNEL_REQUEST) {
		look(s, REQUEST, side, event->u.channel_request.name, event);
	} else if (event->kind == SP_EVENT_GLOBAL_REQUEST) {
		look(s, GLOBAL, side, event->u.global_request.name, event);
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
			    strncmp(rows[i].name, "hostkeys-", 9) == 0 &&
			    len % 5 == 0;

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
			DATA("any\0thing") };
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
	uint8_t proof[1024], signature[SP_SIGNATURE_MAX], reply[4096];
	size_t proof_len, signature_len, reply_len;
	struct sp_view blob, signed_blob;
	struct sp_global request;

	if (side != SP_SERVER || event->kind != SP_EVENT_GLOBAL_REQUEST)
		return false;
	assert_int_equal(sp_global_read(event, &request), SP_OK);
	assert_int_equal(request.kind, SP_GLOBAL_HOSTKEYS_PROVE);
	assert_true(sp_strings_next(&request.u.host_keys, &blob));
	assert_true(view_equal(blob, sp_key_blob(p->host_key)));
	assert_int_equal(sp_host_key_proof(sp_engine_session_id(p->server),
			     blob, proof, sizeof proof, &proof_len),
	    SP_OK);
	assert_int_equal(
	    sp_key_sign(p->host_key, "ssh-ed25519", view_of(proof, proof_len),
		signature, &signature_len),
	    SP_OK);
	signed_blob = view_of(signature, signature_len);
	assert_int_equal(
	    sp_strings_write(&signed_blob, 1, reply, sizeof reply, &reply_len),
	    SP_OK);
	assert_int_equal(sp_global_answer(p->server, event->token, true,
			     view_of(reply, reply_len)),
	    SP_OK);
	return true;
}

static bool
verify(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct sp_view rest, signature;
	bool *is_proven = p->arg;
	uint8_t broken[SP_SIGNATURE_MAX];

	if (side != SP_CLIENT || event->kind != SP_EVENT_GLOBAL_REPLY)
		return prove(p, side, event);
	rest = event->u.global_reply.data;
	assert_true(sp_strings_next(&rest, &signature));
	assert_int_equal(rest.len, 0);
	*is_proven = sp_host_key_verify_proof(p->client,
			 sp_key_blob(p->host_key), signature) == SP_OK;
	assert_int_not_equal(sp_host_key_verify_proof(p->client,
				 sp_key_blob(p->user_key), signature),
	    SP_OK);
	memcpy(broken, signature.data, signature.len);
	broken[signature.len - 1] ^= 1;
	assert_int_equal(
	    sp_host_key_verify_proof(p->client, sp_key_blob(p->host_key),
		view_of(broken, signature.len)),
	    SP_ERR_SIGNATURE);
	return true;
}

static void
a_host_key_is_proven_when_it_is_asked_for(void **state)
{
	struct sp_global request = { .kind = SP_GLOBAL_HOSTKEYS_PROVE };
	struct sp_view blob;
	uint8_t blobs[1024];
	bool is_proven = false;
	struct pair p;
	size_t len;

	(void)state;
	pair_init(&p);
	pair_start(&p);
	pair_login(&p);
	p.hook = verify;
	p.arg = &is_proven;
	blob = sp_key_blob(p.host_key);
	assert_int_equal(
	    sp_strings_write(&blob, 1, blobs, sizeof blobs, &len), SP_OK);
	request.u.host_keys = view_of(blobs, len);
	assert_int_equal(sp_global_send(p.client, &request, true), SP_OK);
	pair_run(&p);
	assert_true(is_proven);
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
