/* Calls in answer to events, whatever they return, and checks of promises. */
#include "tests/fuzz/owner.h"

#include "lib/limits.h"
#include "lib/wire/view.h"
#include "tests/fuzz/target.h"
#include "tests/issuer.h"

#include <string.h>

/*
 * What both sides of a connection offer, and what its server is known by:
 * each kind of key exchange, and each of host keys and certificates. The
 * first is what there is by default.
 */
static const struct set {
	const char *type; /* of the host key */
	const char *signs_with;
	const char *certificate_type; /* NULL: the key itself is shown */
	struct sp_algorithms algorithms;
} sets[OWNER_SETS] = {
	{ .type = "ssh-ed25519", .signs_with = "ssh-ed25519" },
	{ .type = "ssh-ed25519",
	    .signs_with = "ssh-ed25519",
	    .certificate_type = "ssh-ed25519-cert-v01@openssh.com",
	    .algorithms = { .kex = "curve25519-sha256",
		.host_key = "ssh-ed25519-cert-v01@openssh.com",
		.cipher = "chacha20-poly1305@openssh.com" } },
	{ .type = "ecdsa-sha2-nistp256",
	    .signs_with = "ecdsa-sha2-nistp256",
	    .algorithms = { .kex = "ecdh-sha2-nistp256",
		.host_key = "ecdsa-sha2-nistp256",
		.cipher = "aes128-ctr",
		.mac = "hmac-sha2-256" } },
	{ .type = "ecdsa-sha2-nistp384",
	    .signs_with = "ecdsa-sha2-nistp384",
	    .certificate_type = "ecdsa-sha2-nistp384-cert-v01@openssh.com",
	    .algorithms = { .kex = "ecdh-sha2-nistp384",
		.host_key = "ecdsa-sha2-nistp384-cert-v01@openssh.com",
		.cipher = "aes256-ctr",
		.mac = "hmac-sha2-512-etm@openssh.com" } },
	{ .type = "ecdsa-sha2-nistp521",
	    .signs_with = "ecdsa-sha2-nistp521",
	    .algorithms = { .kex = "ecdh-sha2-nistp521",
		.host_key = "ecdsa-sha2-nistp521" } },
	{ .type = "ssh-rsa",
	    .signs_with = "rsa-sha2-512",
	    .algorithms = { .kex = "diffie-hellman-group14-sha256",
		.host_key = "rsa-sha2-512" } },
	{ .type = "ssh-rsa",
	    .signs_with = "rsa-sha2-256",
	    .certificate_type = "ssh-rsa-cert-v01@openssh.com",
	    .algorithms = { .kex = "diffie-hellman-group-exchange-sha256",
		.host_key = "rsa-sha2-256-cert-v01@openssh.com" } },
	{ .type = "ssh-ed25519",
	    .signs_with = "ssh-ed25519",
	    .algorithms = { .kex = "sntrup761x25519-sha512",
		.compression = "zlib@openssh.com" } },
};

/* A set that was used: it takes time to make a key. */
static struct made {
	struct sp_key *host_key;
	struct buffer certificate;
	struct sp_host_key offered;
	struct sp_engine_config config[2]; /* by role */
} made[OWNER_SETS];

static struct sp_crypto *crypto;
static struct sp_key *user_key, *authority;

static void
make_key(const char *type, struct sp_key **key)
{
	unsigned bits = strcmp(type, "ssh-rsa") == 0 ? 2048 : 0;

	TARGET_ASSERT(sp_key_generate_bits(crypto, type, bits, key) == SP_OK);
}

static void
make_keys(void)
{
	crypto = sp_crypto_new();
	TARGET_ASSERT(crypto != NULL);
	make_key("ssh-ed25519", &user_key);
	make_key("ssh-ed25519", &authority);
}

static void
make_host_key(const struct set *set, struct made *m)
{
	make_key(set->type, &m->host_key);
	buffer_init(&m->certificate, LIMIT_KEY_BLOB);
	if (set->certificate_type == NULL) {
		m->offered.algorithm = set->signs_with;
		m->offered.blob = sp_key_blob(m->host_key);
		return;
	}
	TARGET_ASSERT(
	    issuer_certify(m->host_key, authority, set->certificate_type,
		SP_CERTIFICATE_HOST, &m->certificate) == SP_OK);
	m->offered.algorithm = set->algorithms.host_key;
	m->offered.blob = buffer_view(&m->certificate);
}

static void
make_set(const struct set *set, struct made *m)
{
	if (crypto == NULL)
		make_keys();
	make_host_key(set, m);
	for (int role = SP_CLIENT; role <= SP_SERVER; role++)
		m->config[role] = (struct sp_engine_config){
			.role = (enum sp_role)role,
			.crypto = crypto,
			.algorithms = set->algorithms,
			.host_keys = &m->offered,
			.host_key_count = role == SP_SERVER,
			.max_channels = 4,
			.now_ms = 1000,
			.asks_for_exchanges = role == SP_SERVER,
		};
}

const struct sp_engine_config *
owner_config(enum sp_role role, uint8_t set)
{
	struct made *m = &made[set % OWNER_SETS];

	if (m->host_key == NULL)
		make_set(&sets[set % OWNER_SETS], m);
	return &m->config[role];
}

void
owner_start(struct owner *o, enum sp_role role, uint8_t set, uint32_t mood)
{
	*o = (struct owner){ .role = role, .set = set, .mood = mood };
	TARGET_ASSERT(
	    sp_engine_new(owner_config(role, set), &o->engine) == SP_OK);
	TARGET_ASSERT(sp_engine_enable_connection(o->engine) == SP_OK);
}

void
owner_end(struct owner *o)
{
	sp_engine_free(o->engine);
	o->engine = NULL;
}

/* ---- answers ---- */

static void
any(enum sp_status status)
{
	(void)status;
}

/* Once in so many times; the mood moves on. */
static bool
feels_like(struct owner *o, unsigned times)
{
	o->mood = o->mood * 1103515245u + 12345u;
	return (o->mood >> 16) % times == 0;
}

static void
sign_exchange(struct owner *o, const struct sp_event *event)
{
	size_t set = o->set % OWNER_SETS;
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	TARGET_ASSERT(
	    sp_key_sign(made[set].host_key, sets[set].signs_with,
		event->u.sign_exchange.hash, signature, &len) == SP_OK);
	any(sp_exchange_signed(
	    o->engine, event->token, view_of(signature, len)));
}

static void
sign_request(struct owner *o, const struct sp_event *event)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	TARGET_ASSERT(sp_key_sign(user_key, "ssh-ed25519",
			  event->u.auth_sign.data, signature, &len) == SP_OK);
	any(sp_auth_signed(o->engine, event->token, view_of(signature, len)));
}

static void
let_in(struct owner *o, const struct sp_event *event)
{
	static const struct sp_prompt prompts[] = {
		{ { (const uint8_t *)"code: ", 6 }, true },
		{ { (const uint8_t *)"password: ", 10 }, false },
	};
	struct sp_view method = event->u.auth_request.method;

	if (view_equal_string(method, "keyboard-interactive") &&
	    feels_like(o, 2)) {
		any(sp_auth_prompt(
		    o->engine, event->token, "name", "do", prompts, 2));
		return;
	}
	if (view_equal_string(method, "password") && feels_like(o, 3)) {
		any(sp_auth_change_password(o->engine, event->token, "new"));
		return;
	}
	if (view_equal_string(method, "publickey") &&
	    !event->u.auth_request.is_signed)
		any(sp_auth_key_ok(o->engine, event->token));
	else if (feels_like(o, 4))
		any(sp_auth_fail(
		    o->engine, event->token, "publickey", feels_like(o, 2)));
	else
		any(sp_auth_accept(o->engine, event->token));
}

static void
prove(struct owner *o, bool ask_first)
{
	any(sp_auth_publickey(o->engine, "alice", "ssh-ed25519",
	    sp_key_blob(user_key), ask_first));
}

/* Every byte of a view must be there to be read. */
static void
touch(struct sp_view v)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < v.len; i++)
		sum = (uint8_t)(sum + v.data[i]);
}

/* Reads all responses; more are asked for, or it is enough. */
static void
hear(struct owner *o, const struct sp_event *event)
{
	struct sp_view responses = event->u.auth_response.responses;
	const struct sp_prompt more = { { NULL, 0 }, false };
	struct sp_view response;
	uint32_t count = 0;

	while (sp_auth_next_response(&responses, &response)) {
		touch(response);
		count++;
	}
	TARGET_ASSERT(count == event->u.auth_response.count);
	if (event->u.auth_response.is_complete && feels_like(o, 2))
		any(sp_auth_prompt(o->engine, event->token, "", "", &more, 1));
	else if (event->u.auth_response.is_complete && feels_like(o, 2))
		any(sp_auth_accept(o->engine, event->token));
	else
		any(sp_auth_fail(o->engine, event->token, "", false));
}

/* Answers as many as there are, or thinks of something else. */
static void
tell(struct owner *o, const struct sp_event *event)
{
	struct sp_view prompts = event->u.auth_prompt.prompts;
	struct sp_view responses[LIMIT_PROMPTS];
	struct sp_prompt prompt;
	uint32_t count = 0;

	while (sp_auth_next_prompt(&prompts, &prompt)) {
		touch(prompt.text);
		TARGET_ASSERT(count < LIMIT_PROMPTS);
		responses[count++] = prompt.text;
	}
	TARGET_ASSERT(count == event->u.auth_prompt.count);
	if (feels_like(o, 4))
		any(sp_auth_none(o->engine, "alice"));
	else
		any(sp_auth_respond(o->engine, event->token, responses,
		    feels_like(o, 8) ? count + 1 : count));
}

/* The next method, of those that are no proof. */
static void
try_another(struct owner *o)
{
	struct sp_view password = view_of("secret", 6);

	if (feels_like(o, 4))
		any(sp_auth_none(o->engine, "alice"));
	else if (feels_like(o, 3))
		any(sp_auth_password(o->engine, "alice", password, NULL));
	else if (feels_like(o, 2))
		any(sp_auth_hostbased(o->engine, "alice", "ssh-ed25519",
		    sp_key_blob(user_key), "host", "user"));
	else
		any(sp_auth_keyboard_interactive(o->engine, "alice", ""));
}

static void
take(struct owner *o, const struct sp_event *event)
{
	size_t len = event->u.channel_data.data.len;

	TARGET_ASSERT(len <= LIMIT_CHANNEL_PACKET);
	if (feels_like(o, 4))
		len /= 2;
	sp_channel_took(o->engine, event->channel, len);
}

static void
answer(struct owner *o, const struct sp_event *event)
{
	struct sp_view data = view_of("data", 4);

	if (event->token == 0)
		return;
	if (feels_like(o, 8)) {
		o->open = event->token;
		return;
	}
	if (event->kind == SP_EVENT_GLOBAL_REQUEST)
		any(sp_global_answer(
		    o->engine, event->token, feels_like(o, 2), data));
	else
		any(sp_channel_answer(
		    o->engine, event->token, feels_like(o, 2)));
}

static void
open_or_refuse(struct owner *o, const struct sp_event *event)
{
	if (feels_like(o, 4))
		any(sp_channel_refuse(o->engine, event->token, 1, "no"));
	else
		any(sp_channel_accept(o->engine, event->token));
}

static void
respond(struct owner *o, const struct sp_event *event)
{
	switch (event->kind) {
	case SP_EVENT_EXCHANGE:
		any(sp_exchange_begin(o->engine, event->token));
		break;
	case SP_EVENT_SIGN_EXCHANGE:
		sign_exchange(o, event);
		break;
	case SP_EVENT_AUTH_SIGN:
		sign_request(o, event);
		break;
	case SP_EVENT_HOST_KEY:
		any(sp_host_key_answer(o->engine, event->token, true));
		break;
	case SP_EVENT_AUTH_READY:
		prove(o, true);
		break;
	case SP_EVENT_AUTH_KEY_OK:
		prove(o, false);
		break;
	case SP_EVENT_AUTH_FAILED:
	case SP_EVENT_AUTH_CHANGE_PASSWORD:
		try_another(o);
		break;
	case SP_EVENT_AUTH_RESPONSE:
		hear(o, event);
		break;
	case SP_EVENT_AUTH_PROMPT:
		tell(o, event);
		break;
	case SP_EVENT_AUTH_ABORTED:
	case SP_EVENT_AUTH_REQUEST:
		let_in(o, event);
		break;
	case SP_EVENT_CHANNEL_OPEN:
		open_or_refuse(o, event);
		break;
	case SP_EVENT_CHANNEL_REQUEST:
	case SP_EVENT_GLOBAL_REQUEST:
		answer(o, event);
		break;
	case SP_EVENT_CHANNEL_DATA:
		take(o, event);
		break;
	case SP_EVENT_CHANNEL_CLOSING:
		any(sp_channel_close(o->engine, event->channel));
		break;
	case SP_EVENT_CLOSED:
		o->is_closed = true;
		break;
	case SP_EVENT_IDENTIFIED:
	case SP_EVENT_KEX_DONE:
	case SP_EVENT_AUTH_BANNER:
	case SP_EVENT_AUTHENTICATED:
	case SP_EVENT_CHANNEL_CONFIRMED:
	case SP_EVENT_CHANNEL_REFUSED:
	case SP_EVENT_CHANNEL_REPLY:
	case SP_EVENT_CHANNEL_WRITABLE:
	case SP_EVENT_CHANNEL_EOF:
	case SP_EVENT_CHANNEL_CLOSED:
	case SP_EVENT_GLOBAL_REPLY:
	case SP_EVENT_PONG:
		break;
	}
}

static void
look_at(const struct sp_event *event)
{
	if (event->kind == SP_EVENT_CHANNEL_DATA) {
		touch(event->u.channel_data.data);
	} else if (event->kind == SP_EVENT_AUTH_REQUEST) {
		touch(event->u.auth_request.user);
		touch(event->u.auth_request.method);
		touch(event->u.auth_request.key);
		touch(event->u.auth_request.signature);
		touch(event->u.auth_request.signed_data);
		touch(event->u.auth_request.password);
		touch(event->u.auth_request.new_password);
		touch(event->u.auth_request.submethods);
		touch(event->u.auth_request.host_key);
		touch(event->u.auth_request.client_host);
		touch(event->u.auth_request.host_signed_data);
	} else if (event->kind == SP_EVENT_CHANNEL_REQUEST) {
		touch(event->u.channel_request.name);
		touch(event->u.channel_request.data);
	} else if (event->kind == SP_EVENT_CHANNEL_OPEN) {
		touch(event->u.channel_open.type);
		touch(event->u.channel_open.data);
	} else if (event->kind == SP_EVENT_IDENTIFIED) {
		touch(event->u.identified.line);
		touch(event->u.identified.software);
		touch(event->u.identified.comments);
	} else if (event->kind == SP_EVENT_CLOSED) {
		touch(event->u.closed.description);
	}
}

void
owner_turn(struct owner *o)
{
	struct sp_event event;

	while (sp_engine_next_event(o->engine, &event)) {
		/* Nothing comes behind the last event. */
		TARGET_ASSERT(!o->is_closed);
		look_at(&event);
		if (event.kind >= SP_EVENT_CHANNEL_OPEN &&
		    event.kind <= SP_EVENT_CHANNEL_CLOSED)
			o->channel = event.channel;
		respond(o, &event);
	}
	TARGET_ASSERT(sp_engine_output(o->engine).len <= LIMIT_OUTPUT);
}

void
owner_give(struct owner *o, struct sp_view *bytes)
{
	while (bytes->len > 0) {
		uint8_t *room;
		size_t len = sp_engine_input_room(o->engine, &room);

		TARGET_ASSERT(len <= LIMIT_PACKET_TRUSTED + LIMIT_READ);
		if (len == 0)
			break;
		if (len > bytes->len)
			len = bytes->len;
		for (size_t i = 0; i < len; i++)
			room[i] = bytes->data[i];
		sp_engine_input(o->engine, len);
		*bytes = view_of(bytes->data + len, bytes->len - len);
		owner_turn(o);
	}
}

/* ---- of its own accord ---- */

static void
write_some(struct owner *o, uint32_t type)
{
	static const uint8_t bytes[40000];
	size_t taken;

	any(sp_channel_write(
	    o->engine, o->channel, type, view_of(bytes, sizeof bytes), &taken));
}

static void
use_queue(struct owner *o)
{
	for (uint32_t type = 0; type < 2; type++) {
		struct sp_view v =
		    sp_channel_queue(o->engine, o->channel, type);

		touch(v);
		sp_channel_consume(
		    o->engine, o->channel, type, v.len - v.len / 3);
	}
}

static void
answer_late(struct owner *o)
{
	any(sp_channel_answer(o->engine, o->open, true));
	any(sp_global_answer(o->engine, o->open, true, view_of("late", 4)));
}

void
owner_act(struct owner *o, uint8_t what)
{
	struct sp_view none = view_of(NULL, 0);
	uint32_t number;

	switch (what % 16) {
	case 0:
		any(sp_engine_rekey(o->engine));
		break;
	case 1:
		any(sp_channel_open(o->engine, "session", none, &number));
		break;
	case 2:
		any(sp_channel_close(o->engine, o->channel));
		break;
	case 3:
		any(sp_channel_eof(o->engine, o->channel));
		break;
	case 4:
		write_some(o, 0);
		break;
	case 5:
		write_some(o, 1);
		break;
	case 6:
		use_queue(o);
		break;
	case 7:
		answer_late(o);
		break;
	case 8:
		any(sp_channel_request(
		    o->engine, o->channel, "any", what & 16, none));
		break;
	case 9:
		any(sp_global_request(o->engine, "any", what & 16, none));
		break;
	case 10:
		sp_engine_relax(o->engine);
		break;
	case 11:
		any(sp_channel_hold(o->engine, o->channel));
		break;
	case 12:
		sp_engine_set_time(o->engine, 1000 + (uint64_t)what * 100000);
		break;
	case 13:
		any(sp_auth_banner(o->engine, "hello"));
		break;
	case 14:
		sp_engine_input_eof(o->engine);
		break;
	case 15:
		o->channel = what / 16 % 5;
		break;
	}
	owner_turn(o);
}
