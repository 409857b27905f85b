/*
 * Every kind of key exchange, of host key and certificate, of proof, of
 * channel and request, with each allocation failing in turn: memory_test
 * has one connection in full, these are the ways that it does not go.
 */
#include "lib/crypto/dh.h"
#include "lib/wire/view.h"
#include "tests/issuer.h"
#include "tests/pair/scarcity.h"
#include "tests/unit/alloc_fail.h"

#include <sallyport/connection.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a server is known by. */
struct identity {
	const char *type;
	const char *signs_with;
	const char *algorithm; /* negotiated */
	const char *certificate_type; /* NULL: the key itself */
	struct sp_key *key;
	struct buffer certificate;
};

static struct identity identities[] = {
	{ .type = "ssh-ed25519",
	    .signs_with = "ssh-ed25519",
	    .algorithm = "ssh-ed25519" },
	{ .type = "ssh-ed25519",
	    .signs_with = "ssh-ed25519",
	    .algorithm = "ssh-ed25519-cert-v01@openssh.com",
	    .certificate_type = "ssh-ed25519-cert-v01@openssh.com" },
	{ .type = "ecdsa-sha2-nistp256",
	    .signs_with = "ecdsa-sha2-nistp256",
	    .algorithm = "ecdsa-sha2-nistp256" },
	{ .type = "ecdsa-sha2-nistp256",
	    .signs_with = "ecdsa-sha2-nistp256",
	    .algorithm = "ecdsa-sha2-nistp256-cert-v01@openssh.com",
	    .certificate_type = "ecdsa-sha2-nistp256-cert-v01@openssh.com" },
	{ .type = "ssh-rsa",
	    .signs_with = "rsa-sha2-256",
	    .algorithm = "rsa-sha2-256" },
	{ .type = "ssh-rsa",
	    .signs_with = "rsa-sha2-512",
	    .algorithm = "rsa-sha2-512-cert-v01@openssh.com",
	    .certificate_type = "ssh-rsa-cert-v01@openssh.com" },
};

enum { IDENTITIES = sizeof identities / sizeof identities[0] };

enum goal { KEYS, LOGIN, ALL_ASKED };

struct course {
	enum goal goal;
	const char *method; /* of authentication */
	const struct identity *identity;
	struct sp_algorithms algorithms;
};

/* The smallest that a group exchange may have, for it takes its time. */
static struct buffer prime;
static const uint8_t generator[] = { 2 };
static struct sp_dh_group group;

struct scene {
	struct scarcity pair; /* the first: its actors are given it alone */
	const struct course *course;
	unsigned exchanges; /* that the client has seen the end of */
	unsigned rounds; /* of prompts */
	bool was_refused;
	bool is_in;
	unsigned asked, answered;
	bool is_proved; /* a host key, after the login */
};

/* ---- keys ---- */

/*
 * That is key_memory_test's: OpenSSL's RSA keys, for one, sign wrongly for
 * a while where the renewal of their blinding has failed.
 */
static enum sp_status
sign(const struct identity *id, struct sp_view data, uint8_t *signature,
    size_t *len)
{
	enum sp_status status;

	alloc_fail_pause(true);
	status = sp_key_sign(id->key, id->signs_with, data, signature, len);
	alloc_fail_pause(false);
	return status;
}

static void
sign_exchange(struct scene *s, const struct sp_event *event)
{
	const struct identity *id = s->course->identity;
	struct sp_engine *e = s->pair.engine[SP_SERVER];
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	assert_int_equal(
	    sign(id, event->u.sign_exchange.hash, signature, &len), SP_OK);
	scarcity_expect(
	    sp_exchange_signed(e, event->token, view_of(signature, len)));
}

/* A certificate is verified, which may fail for want of memory. */
static void
judge_host_key(struct scene *s, const struct sp_event *event)
{
	const struct identity *id = s->course->identity;
	struct sp_certificate c;
	bool is_good;

	assert_true(sp_view_is(event->u.host_key.algorithm, id->algorithm));
	if (id->certificate_type == NULL) {
		is_good =
		    view_equal(event->u.host_key.blob, sp_key_blob(id->key));
		assert_true(is_good);
	} else {
		assert_int_equal(
		    sp_certificate_parse(event->u.host_key.blob, &c), SP_OK);
		is_good = sp_certificate_verify(
			      scarcity_keys.crypto, &c, NULL) == SP_OK;
		assert_true(is_good || alloc_fail_happened());
	}
	scarcity_expect(sp_host_key_answer(
	    s->pair.engine[SP_CLIENT], event->token, is_good));
}

/* ---- proofs ---- */

static const struct sp_view old_password = { (const uint8_t *)"old", 3 };
static const struct sp_view new_password = { (const uint8_t *)"new", 3 };

static void
begin_login(struct scene *s)
{
	struct sp_engine *e = s->pair.engine[SP_CLIENT];
	const char *method = s->course->method;
	enum sp_status status;

	if (strcmp(method, "password") == 0)
		status = sp_auth_none(e, "alice");
	else if (strcmp(method, "keyboard-interactive") == 0)
		status = sp_auth_keyboard_interactive(e, "alice", "pam");
	else if (strcmp(method, "hostbased") == 0)
		status = sp_auth_hostbased(e, "alice", "ssh-ed25519",
		    sp_key_blob(scarcity_keys.user_key), "host", "bob");
	else
		status = sp_auth_publickey(e, "alice", "ssh-ed25519",
		    sp_key_blob(scarcity_keys.user_key), false);
	scarcity_expect(status);
}

static void
sign_request(struct scene *s, const struct sp_event *event)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len = 0;

	if (sp_key_sign(scarcity_keys.user_key, "ssh-ed25519",
		event->u.auth_sign.data, signature, &len) != SP_OK)
		len = 0;
	scarcity_expect(sp_auth_signed(
	    s->pair.engine[SP_CLIENT], event->token, view_of(signature, len)));
}

static void
ask_again(struct scene *s, sp_token token)
{
	static const struct sp_prompt prompts[] = {
		{ { (const uint8_t *)"code", 4 }, true },
		{ { (const uint8_t *)"pin", 3 }, false },
	};
	struct sp_engine *e = s->pair.engine[SP_SERVER];

	scarcity_expect(sp_auth_banner(e, "look"));
	scarcity_expect(sp_auth_prompt(e, token, "name", "do", prompts, 2));
	s->rounds++;
}

static void
respond(struct scene *s, const struct sp_event *event)
{
	const struct sp_view responses[] = { old_password, new_password };

	assert_int_equal(event->u.auth_prompt.count, 2);
	scarcity_expect(sp_auth_respond(
	    s->pair.engine[SP_CLIENT], event->token, responses, 2));
}

static enum sp_status
verify(struct sp_view key, struct sp_view algorithm, struct sp_view data,
    struct sp_view signature)
{
	return sp_key_verify(
	    scarcity_keys.crypto, key, algorithm, data, signature);
}

/* Whether it proves anything. */
static bool
is_proof(const struct sp_event *event)
{
	if (event->u.auth_request.host_signature.len > 0)
		return verify(event->u.auth_request.host_key,
			   event->u.auth_request.host_algorithm,
			   event->u.auth_request.host_signed_data,
			   event->u.auth_request.host_signature) == SP_OK;
	if (event->u.auth_request.is_signed)
		return verify(event->u.auth_request.key,
			   event->u.auth_request.key_algorithm,
			   event->u.auth_request.signed_data,
			   event->u.auth_request.signature) == SP_OK;
	return view_equal(event->u.auth_request.new_password, new_password);
}

static void
judge_request(struct scene *s, const struct sp_event *event)
{
	struct sp_engine *e = s->pair.engine[SP_SERVER];
	struct sp_view method = event->u.auth_request.method;

	if (sp_view_is(method, "keyboard-interactive"))
		ask_again(s, event->token);
	else if (is_proof(event))
		scarcity_expect(sp_auth_accept(e, event->token));
	else if (sp_view_is(method, "password"))
		scarcity_expect(
		    sp_auth_change_password(e, event->token, "choose"));
	else
		scarcity_expect(
		    sp_auth_fail(e, event->token, "password", false));
}

static void
hear(struct scene *s, const struct sp_event *event)
{
	struct sp_view responses = event->u.auth_response.responses, first;

	assert_true(event->u.auth_response.is_complete);
	assert_true(sp_auth_next_response(&responses, &first));
	assert_true(view_equal(first, old_password));
	if (s->rounds < 2)
		ask_again(s, event->token);
	else
		scarcity_expect(
		    sp_auth_accept(s->pair.engine[SP_SERVER], event->token));
}

/* ---- channels and requests ---- */

#define TEXT(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define TCPIP(kind) \
	{ \
		.type = kind, .u.tcpip = { TEXT("::1"), 80, TEXT("::2"), 9 } \
	}

static const struct {
	enum sp_role to;
	struct sp_open open;
} opens[] = {
	{ SP_SERVER, { .type = SP_CHANNEL_SESSION } },
	{ SP_SERVER, TCPIP(SP_CHANNEL_DIRECT_TCPIP) },
	{ SP_SERVER,
	    { .type = SP_CHANNEL_DIRECT_STREAMLOCAL, .u.path = TEXT("/a") } },
	{ SP_SERVER, { .type = SP_CHANNEL_TUN, .u.tun = { 1, SP_TUN_ANY } } },
	{ SP_CLIENT, { .type = SP_CHANNEL_X11, .u.x11 = { TEXT("a"), 6 } } },
	{ SP_CLIENT, TCPIP(SP_CHANNEL_FORWARDED_TCPIP) },
	{ SP_CLIENT, { .type = SP_CHANNEL_AUTH_AGENT } },
	{ SP_CLIENT,
	    { .type = SP_CHANNEL_FORWARDED_STREAMLOCAL,
		.u.path = TEXT("/b") } },
};

static const struct {
	enum sp_role to;
	bool has_reply;
	struct sp_request request;
} requests[] = {
	{ SP_SERVER, true,
	    { .kind = SP_REQUEST_PTY,
		.u.pty = { TEXT("xterm"), { 80, 24, 0, 0 }, TEXT("\0") } } },
	{ SP_SERVER, true,
	    { .kind = SP_REQUEST_X11,
		.u.x11 = { true, TEXT("MIT-MAGIC-COOKIE-1"), TEXT("ff"),
		    0 } } },
	{ SP_SERVER, true,
	    { .kind = SP_REQUEST_ENV, .u.env = { TEXT("LANG"), TEXT("C") } } },
	{ SP_SERVER, true, { .kind = SP_REQUEST_AUTH_AGENT } },
	{ SP_SERVER, true, { .kind = SP_REQUEST_SHELL } },
	{ SP_SERVER, true,
	    { .kind = SP_REQUEST_EXEC, .u.command = TEXT("true") } },
	{ SP_SERVER, true,
	    { .kind = SP_REQUEST_SUBSYSTEM, .u.subsystem = TEXT("sftp") } },
	{ SP_SERVER, false,
	    { .kind = SP_REQUEST_WINDOW_CHANGE, .u.size = { 80, 24, 0, 0 } } },
	{ SP_SERVER, false,
	    { .kind = SP_REQUEST_SIGNAL, .u.signal = TEXT("TERM") } },
	{ SP_SERVER, true, { .kind = SP_REQUEST_BREAK, .u.break_ms = 500 } },
	{ SP_SERVER, false, { .kind = SP_REQUEST_EOW } },
	{ SP_CLIENT, false,
	    { .kind = SP_REQUEST_XON_XOFF, .u.client_can_do = true } },
	{ SP_CLIENT, false, { .kind = SP_REQUEST_EXIT_STATUS } },
	{ SP_CLIENT, false,
	    { .kind = SP_REQUEST_EXIT_SIGNAL,
		.u.exit_signal = { TEXT("TERM"), false, TEXT("x"),
		    TEXT("") } } },
};

static const struct {
	enum sp_role to;
	struct sp_global global;
} globals[] = {
	{ SP_SERVER,
	    { .kind = SP_GLOBAL_TCPIP_FORWARD, .u.forward = { TEXT(""), 0 } } },
	{ SP_SERVER,
	    { .kind = SP_GLOBAL_CANCEL_TCPIP_FORWARD,
		.u.forward = { TEXT(""), 22 } } },
	{ SP_SERVER,
	    { .kind = SP_GLOBAL_STREAMLOCAL_FORWARD, .u.path = TEXT("/c") } },
	{ SP_SERVER,
	    { .kind = SP_GLOBAL_CANCEL_STREAMLOCAL_FORWARD,
		.u.path = TEXT("/c") } },
	{ SP_SERVER, { .kind = SP_GLOBAL_NO_MORE_SESSIONS } },
	{ SP_SERVER, { .kind = SP_GLOBAL_KEEPALIVE } },
	{ SP_CLIENT, { .kind = SP_GLOBAL_KEEPALIVE } },
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Of both sides: eight channels, so many replies, and the proof. */
enum { GLOBAL_REPLIES = 7, REQUEST_REPLIES = 8, PROOFS = 1 };

static void
note(struct scene *s, enum sp_status status, bool has_reply)
{
	scarcity_expect(status);
	s->asked += status == SP_OK && has_reply;
}

static void
ask_for_proof(struct scene *s)
{
	struct sp_view blob = sp_key_blob(s->course->identity->key);
	struct sp_global global = { .kind = SP_GLOBAL_HOSTKEYS_PROVE };
	uint8_t room[1024];
	size_t len;

	assert_int_equal(
	    sp_strings_write(&blob, 1, room, sizeof room, &len), SP_OK);
	global.u.host_keys = view_of(room, len);
	note(s, sp_global_send(s->pair.engine[SP_CLIENT], &global, true), true);
}

static void
ask_for_all(struct scene *s, enum sp_role to)
{
	struct sp_engine *e =
	    s->pair.engine[to == SP_SERVER ? SP_CLIENT : SP_SERVER];
	uint32_t channel;

	for (size_t i = 0; i < COUNT(opens); i++)
		if (opens[i].to == to)
			note(
			    s, sp_open_send(e, &opens[i].open, &channel), true);
	for (size_t i = 0; i < COUNT(globals); i++)
		if (globals[i].to == to)
			note(s, sp_global_send(e, &globals[i].global, true),
			    true);
	if (to == SP_SERVER)
		ask_for_proof(s);
}

/* The session's. */
static void
ask_of_channel(struct scene *s, enum sp_role to, uint32_t channel)
{
	struct sp_engine *e =
	    s->pair.engine[to == SP_SERVER ? SP_CLIENT : SP_SERVER];

	for (size_t i = 0; i < COUNT(requests); i++)
		if (requests[i].to == to)
			note(s,
			    sp_request_send(e, channel, &requests[i].request,
				requests[i].has_reply),
			    requests[i].has_reply);
}

static void
answer_open(struct scene *s, enum sp_role side, const struct sp_event *event)
{
	struct sp_engine *e = s->pair.engine[side];
	enum sp_status status;
	struct sp_open open;

	assert_int_equal(sp_open_read(event, &open), SP_OK);
	assert_int_not_equal(open.type, SP_CHANNEL_UNKNOWN);
	if (open.type == SP_CHANNEL_TUN) {
		scarcity_expect(sp_channel_refuse(e, event->token, 2, "no"));
		return;
	}
	status = sp_channel_accept(e, event->token);
	scarcity_expect(status);
	if (open.type == SP_CHANNEL_SESSION && status == SP_OK)
		ask_of_channel(s, SP_CLIENT, event->channel);
}

static void
prove(struct scene *s, const struct sp_event *event, struct sp_view keys)
{
	struct sp_engine *e = s->pair.engine[SP_SERVER];
	uint8_t data[1024], room[SP_SIGNATURE_MAX + 4];
	uint8_t signature[SP_SIGNATURE_MAX];
	struct sp_view blob, proof;
	enum sp_status status;
	size_t len;

	assert_true(sp_strings_next(&keys, &blob));
	status = sp_host_key_proof(
	    sp_engine_session_id(e), blob, data, sizeof data, &len);
	if (status == SP_OK)
		status = sign(
		    s->course->identity, view_of(data, len), signature, &len);
	proof = view_of(signature, len);
	if (status == SP_OK)
		status = sp_strings_write(&proof, 1, room, sizeof room, &len);
	scarcity_expect(sp_global_answer(e, event->token, status == SP_OK,
	    view_of(room, status == SP_OK ? len : 0)));
}

static void
answer_global(struct scene *s, enum sp_role side, const struct sp_event *event)
{
	struct sp_engine *e = s->pair.engine[side];
	struct sp_global global;

	assert_int_equal(sp_global_read(event, &global), SP_OK);
	if (global.kind == SP_GLOBAL_HOSTKEYS_PROVE)
		prove(s, event, global.u.host_keys);
	else if (global.kind == SP_GLOBAL_TCPIP_FORWARD)
		scarcity_expect(sp_forward_port_answer(e, event->token, 2022));
	else
		scarcity_expect(
		    sp_global_answer(e, event->token, true, view_of(NULL, 0)));
}

static void
answer_request(struct scene *s, enum sp_role side, const struct sp_event *event)
{
	struct sp_request request;

	assert_int_equal(sp_request_read(event, &request), SP_OK);
	assert_int_not_equal(request.kind, SP_REQUEST_UNKNOWN);
	if (event->token != 0)
		scarcity_expect(sp_channel_answer(
		    s->pair.engine[side], event->token, true));
}

/* What is longer than a port is a proof. */
static void
take_reply(struct scene *s, enum sp_role side, const struct sp_event *event)
{
	struct sp_view data = event->u.global_reply.data, proof;
	enum sp_status status;

	s->answered++;
	if (side != SP_CLIENT || data.len <= 4)
		return;
	assert_true(sp_strings_next(&data, &proof));
	status = sp_host_key_verify_proof(s->pair.engine[SP_CLIENT],
	    sp_key_blob(s->course->identity->key), proof);
	/* OpenSSL does not say why it could not. */
	assert_true(status == SP_OK || alloc_fail_happened());
	s->is_proved = status == SP_OK;
}

/* ---- owners ---- */

static void
act_as_both(struct scene *s, enum sp_role side, const struct sp_event *event)
{
	switch (event->kind) {
	case SP_EVENT_CHANNEL_OPEN:
		answer_open(s, side, event);
		break;
	case SP_EVENT_CHANNEL_REQUEST:
		answer_request(s, side, event);
		break;
	case SP_EVENT_GLOBAL_REQUEST:
		answer_global(s, side, event);
		break;
	case SP_EVENT_GLOBAL_REPLY:
		take_reply(s, side, event);
		break;
	case SP_EVENT_CHANNEL_CONFIRMED:
	case SP_EVENT_CHANNEL_REFUSED:
	case SP_EVENT_CHANNEL_REPLY:
		s->answered++;
		break;
	case SP_EVENT_AUTHENTICATED:
		s->is_in = side == SP_CLIENT;
		if (s->course->goal == ALL_ASKED)
			ask_for_all(
			    s, side == SP_CLIENT ? SP_SERVER : SP_CLIENT);
		break;
	default:
		break;
	}
}

static void
act_as_server(struct scarcity *pair, const struct sp_event *event)
{
	struct scene *s = (struct scene *)pair;

	if (event->kind == SP_EVENT_SIGN_EXCHANGE)
		sign_exchange(s, event);
	else if (event->kind == SP_EVENT_AUTH_REQUEST)
		judge_request(s, event);
	else if (event->kind == SP_EVENT_AUTH_RESPONSE)
		hear(s, event);
	else
		act_as_both(s, SP_SERVER, event);
}

static void
act_as_client(struct scarcity *pair, const struct sp_event *event)
{
	struct scene *s = (struct scene *)pair;
	struct sp_engine *e = pair->engine[SP_CLIENT];

	if (event->kind == SP_EVENT_HOST_KEY) {
		judge_host_key(s, event);
	} else if (event->kind == SP_EVENT_KEX_DONE) {
		s->exchanges++;
	} else if (event->kind == SP_EVENT_AUTH_READY) {
		if (s->course->goal != KEYS)
			begin_login(s);
	} else if (event->kind == SP_EVENT_AUTH_SIGN) {
		sign_request(s, event);
	} else if (event->kind == SP_EVENT_AUTH_FAILED && !s->was_refused) {
		s->was_refused = true;
		scarcity_expect(
		    sp_auth_password(e, "alice", old_password, NULL));
	} else if (event->kind == SP_EVENT_AUTH_CHANGE_PASSWORD) {
		scarcity_expect(
		    sp_auth_password(e, "alice", old_password, &new_password));
	} else if (event->kind == SP_EVENT_AUTH_PROMPT) {
		respond(s, event);
	} else {
		act_as_both(s, SP_CLIENT, event);
		if (event->kind == SP_EVENT_CHANNEL_CONFIRMED &&
		    event->channel == 0)
			ask_of_channel(s, SP_SERVER, event->channel);
	}
}

static bool
is_done(const struct scene *s)
{
	switch (s->course->goal) {
	case KEYS:
		return s->exchanges == 1;
	case LOGIN:
		return s->is_in;
	case ALL_ASKED:
		return s->is_proved && s->asked == s->answered &&
		    s->asked ==
		    COUNT(opens) + GLOBAL_REPLIES + REQUEST_REPLIES + PROOFS;
	}
	return false;
}

static void
live(void *context)
{
	const struct course *course = context;
	const struct identity *id = course->identity;
	struct scene s = {
		.pair.act = { act_as_client, act_as_server },
		.course = course,
	};

	scarcity_init(&s.pair, &course->algorithms);
	s.pair.offered = (struct sp_host_key){ id->algorithm,
		id->certificate_type == NULL ? sp_key_blob(id->key)
					     : buffer_view(&id->certificate) };
	for (int role = SP_CLIENT; role <= SP_SERVER; role++)
		s.pair.config[role].algorithms.host_key = id->algorithm;
	s.pair.config[SP_SERVER].groups = &group;
	s.pair.config[SP_SERVER].group_count = 1;
	scarcity_run(&s.pair);
	scarcity_check(&s.pair, is_done(&s));
}

static void
try_each(enum goal goal, const char *method, const struct identity *identity,
    const char *kex)
{
	struct course course = {
		.goal = goal,
		.method = method,
		.identity = identity,
		.algorithms.kex = kex,
	};

	alloc_fail_each(live, &course);
}

/* ---- the courses ---- */

static void
every_kind_of_key_exchange_survives_the_want_of_memory(void **state)
{
	static const char *const kinds[] = {
		"mlkem768x25519-sha256",
		"sntrup761x25519-sha512",
		"curve25519-sha256",
		"ecdh-sha2-nistp256",
		"diffie-hellman-group14-sha256",
		"diffie-hellman-group-exchange-sha256",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++)
		try_each(KEYS, "", &identities[0], kinds[i]);
}

static void
so_does_every_kind_of_host_key_and_certificate(void **state)
{
	(void)state;
	for (size_t i = 0; i < IDENTITIES; i++)
		try_each(KEYS, "", &identities[i], "curve25519-sha256");
}

static void
so_does_every_kind_of_proof(void **state)
{
	static const char *const methods[] = { "publickey", "password",
		"keyboard-interactive", "hostbased" };

	(void)state;
	for (size_t i = 0; i < COUNT(methods); i++)
		try_each(
		    LOGIN, methods[i], &identities[0], "curve25519-sha256");
}

static void
so_does_whoever_opens_and_asks_for_all_there_is(void **state)
{
	(void)state;
	try_each(ALL_ASKED, "publickey", &identities[0], "curve25519-sha256");
}

/* ---- what they begin with ---- */

static bool
make_identity(struct identity *id)
{
	unsigned bits = strcmp(id->type, "ssh-rsa") == 0 ? 2048 : 0;

	buffer_init(&id->certificate, 16384);
	if (sp_key_generate_bits(
		scarcity_keys.crypto, id->type, bits, &id->key) != SP_OK)
		return false;
	return id->certificate_type == NULL ||
	    issuer_certify(id->key, scarcity_keys.user_key,
		id->certificate_type, SP_CERTIFICATE_HOST,
		&id->certificate) == SP_OK;
}

static bool
make_group(void)
{
	buffer_init(&prime, 1024);
	if (dh_group_write_prime(dh_group_row(0), &prime) != SP_OK)
		return false;
	group.prime = buffer_view(&prime);
	group.generator = view_of(generator, sizeof generator);
	return true;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_kind_of_key_exchange_survives_the_want_of_memory),
		cmocka_unit_test(
		    so_does_every_kind_of_host_key_and_certificate),
		cmocka_unit_test(so_does_every_kind_of_proof),
		cmocka_unit_test(
		    so_does_whoever_opens_and_asks_for_all_there_is),
	};
	bool has_all = scarcity_begin() && make_group();
	int failed = 1;

	for (size_t i = 0; i < IDENTITIES && has_all; i++)
		has_all = make_identity(&identities[i]);
	if (has_all)
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < IDENTITIES; i++) {
		sp_key_free(identities[i].key);
		buffer_clear(&identities[i].certificate);
	}
	buffer_clear(&prime);
	scarcity_end();
	return failed;
}
