/* Key exchanges with peers that cheat, guess, or have nothing in common. */
#include "lib/transport/kex.h"
#include "tests/pair/forger.h"
#include "tests/unit/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const enum sp_role roles[] = { SP_CLIENT, SP_SERVER };

/* ---- guesses ---- */

static void
send_value(struct pair *p, struct sp_view value)
{
	struct buffer payload;
	struct writer w;

	buffer_init(&payload, LIMIT_PACKET);
	writer_init(&w, &payload);
	writer_u8(&w, SSH_MSG_KEX_ECDH_INIT);
	writer_string(&w, value);
	forger_send(p, SP_CLIENT, buffer_view(&payload));
	buffer_clear(&payload);
}

static void
send_good_value(struct pair *p)
{
	static const uint8_t base_point[32] = { 9 };

	send_value(p, view_of(base_point, sizeof base_point));
}

static void
start_guessing(struct pair *p, const char *kex, const char *host_key)
{
	forger_begin(p, SP_SERVER, PHASE_FIRST_KEXINIT, true);
	forger_send_kexinit(p, SP_CLIENT,
	    &(struct forger_kexinit){ .kex = kex,
		.host_key = host_key,
		.has_markers = true,
		.guess_follows = true });
}

static void
check_asked(struct pair *p, unsigned times)
{
	forger_deliver(p, SP_SERVER);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_CLOSED], 0);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_SIGN_EXCHANGE], times);
}

static void
a_right_guess_is_used(void **state)
{
	struct pair p;

	(void)state;
	start_guessing(&p, NULL, NULL);
	send_good_value(&p);
	check_asked(&p, 1);
	pair_clear(&p);
}

static const char other_kex[] =
    "diffie-hellman-group14-sha256,curve25519-sha256";
static const char other_key[] = "ecdsa-sha2-nistp256,ssh-ed25519";

static void
a_wrong_guess_is_passed_over(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pair p;

		start_guessing(
		    &p, i == 0 ? other_kex : NULL, i == 1 ? other_key : NULL);
		send_value(&p, view_of("a guess", 7));
		check_asked(&p, 0);
		send_good_value(&p);
		check_asked(&p, 1);
		send_good_value(&p);
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(
		    p.closed[SP_SERVER], SP_ERR_UNEXPECTED_MESSAGE);
		pair_clear(&p);
	}
}

static void
only_a_message_of_the_method_can_be_a_guess(void **state)
{
	struct pair p;

	(void)state;
	start_guessing(&p, other_kex, NULL);
	forger_send_ignore(&p, SP_CLIENT);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_STRICT_KEX);
	pair_clear(&p);

	start_guessing(&p, other_kex, NULL);
	forger_send(&p, SP_CLIENT, view_of("\x15", 1));
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);
}

/* ---- KEXINIT ---- */

static enum sp_status
offer(enum sp_role victim, struct sp_view payload)
{
	enum sp_status status;
	struct pair p;

	forger_begin(&p, victim, PHASE_FIRST_KEXINIT, true);
	forger_send(&p, forger_other(victim), payload);
	forger_deliver(&p, victim);
	status = p.closed[victim];
	pair_clear(&p);
	return status;
}

/* A KEXINIT as the victim's peer would send it. */
static void
write_good(struct buffer *payload, enum sp_role victim)
{
	struct pair p;

	forger_begin(&p, victim, PHASE_FIRST_KEXINIT, true);
	buffer_init(payload, 2 * LIMIT_PACKET);
	forger_write_kexinit(&p, forger_other(victim),
	    &(struct forger_kexinit){ .has_markers = true }, payload);
	pair_clear(&p);
}

static void
a_kexinit_cut_anywhere_is_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buffer good;

		write_good(&good, roles[i]);
		for (size_t len = 1; len < buffer_len(&good); len++)
			assert_int_equal(
			    offer(roles[i], view_of(good.data, len)),
			    SP_ERR_FORMAT);
		assert_int_equal(offer(roles[i], buffer_view(&good)), SP_OK);
		assert_int_equal(buffer_append(&good, view_of("", 1)), SP_OK);
		assert_int_equal(
		    offer(roles[i], buffer_view(&good)), SP_ERR_TRAILING);
		buffer_clear(&good);
	}
}

static void
any_value_in_its_reserved_field_will_do(void **state)
{
	struct buffer good;

	(void)state;
	write_good(&good, SP_SERVER);
	good.data[good.end - 1] = 1;
	assert_int_equal(offer(SP_SERVER, buffer_view(&good)), SP_OK);
	buffer_clear(&good);
}

/* The ten lists of a KEXINIT, one of them replaced. */
static enum sp_status
offer_list(unsigned at, struct sp_view list)
{
	static const char *const good[] = { "curve25519-sha256", "ssh-ed25519",
		"aes256-gcm@openssh.com", "aes256-gcm@openssh.com", "x", "x",
		"none", "none", "", "" };
	const uint8_t cookie[16] = { 0 };
	enum sp_status status;
	struct buffer payload;
	struct writer w;

	buffer_init(&payload, LIMIT_PACKET);
	writer_init(&w, &payload);
	writer_u8(&w, SSH_MSG_KEXINIT);
	writer_bytes(&w, view_of(cookie, sizeof cookie));
	for (unsigned i = 0; i < 10; i++)
		writer_string(&w, i == at ? list : view_of_string(good[i]));
	writer_bool(&w, false);
	writer_u32(&w, 0);
	assert_int_equal(w.status, SP_OK);
	status = offer(SP_SERVER, buffer_view(&payload));
	buffer_clear(&payload);
	return status;
}

static void
without_a_match_the_connection_ends_and_says_in_what(void **state)
{
	static const enum sp_status ends[] = { SP_ERR_NO_KEX,
		SP_ERR_NO_HOST_KEY, SP_ERR_NO_CIPHER, SP_ERR_NO_CIPHER, SP_OK,
		SP_OK, SP_ERR_NO_COMPRESSION, SP_ERR_NO_COMPRESSION, SP_OK,
		SP_OK };

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(
		    offer_list(i, view_of_string("other")), ends[i]);
		assert_int_equal(offer_list(i, view_of_string("")), ends[i]);
	}
	assert_int_equal(offer_list(0, view_of_string("ext-info-c,ext-info-s")),
	    SP_ERR_NO_KEX);
}

static void
names_that_are_none_are_malformed(void **state)
{
	static const struct sp_view bad[] = {
		{ (const uint8_t *)",", 1 },
		{ (const uint8_t *)"a,,b", 4 },
		{ (const uint8_t *)"a,,", 3 },
		{ (const uint8_t *)",a", 2 },
		{ (const uint8_t *)"a b", 3 },
		{ (const uint8_t *)"a\0b", 3 },
		{ (const uint8_t *)"\x7f", 1 },
		{ (const uint8_t *)"\xc3\xa9", 2 },
	};

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
			assert_int_equal(offer_list(i, bad[k]), SP_ERR_FORMAT);
}

static void
a_kexinit_has_a_largest_size(void **state)
{
	static char names[LIMIT_PACKET];
	size_t rest = 1 + 16 + 10 * 4 + 5 + 11 + 2 * 22 + 2 + 8;

	(void)state;
	memset(names, 'x', sizeof names);
	memcpy(names, "curve25519-sha256,", 18);
	assert_int_equal(
	    offer_list(0, view_of(names, LIMIT_KEXINIT - rest)), SP_OK);
	assert_int_equal(
	    offer_list(0, view_of(names, LIMIT_KEXINIT - rest + 1)),
	    SP_ERR_LIMIT);
	/* Thousands of names cost no more than their length. */
	for (size_t i = 18; i < sizeof names; i += 2)
		memcpy(names + i, "y,", 2);
	names[LIMIT_KEXINIT - rest - 1] = 'z';
	assert_int_equal(
	    offer_list(0, view_of(names, LIMIT_KEXINIT - rest)), SP_OK);
}

/* ---- values ---- */

/* The points of low order on Curve25519, and some that stand for them. */
static const uint8_t low_order[][32] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	    0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	    0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	    0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	    0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

enum { LOW_ORDER = sizeof low_order / sizeof low_order[0] };

static void
check_client_value(struct sp_view value)
{
	struct pair p;

	forger_begin(&p, SP_SERVER, PHASE_FIRST_KEX, true);
	send_value(&p, value);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_KEX_VALUE);
	pair_clear(&p);
}

static void
a_client_value_that_is_no_good_ends_the_exchange(void **state)
{
	static const uint8_t bytes[LIMIT_PACKET] = { 9 };

	(void)state;
	check_client_value(view_of(bytes, 0));
	check_client_value(view_of(bytes, 31));
	check_client_value(view_of(bytes, 33));
	check_client_value(view_of(bytes, 30000));
	for (size_t i = 0; i < LOW_ORDER; i++)
		check_client_value(view_of(low_order[i], 32));
}

/* What a server puts into its reply; empty: what belongs there. */
struct reply_lie {
	struct sp_view host_key;
	struct sp_view value;
	bool breaks_signature;
	const char *signer; /* the name in the signature blob */
};

static struct sp_view
either(struct sp_view lie, struct sp_view truth)
{
	return lie.data != NULL ? lie : truth;
}

static bool
lie_in_reply(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	const struct reply_lie *lie = p->arg;
	uint8_t signature[SP_SIGNATURE_MAX];
	struct writer w;
	struct transport *t;
	size_t len;

	if (side != SP_SERVER || event->kind != SP_EVENT_SIGN_EXCHANGE)
		return false;
	t = forger_transport(p, SP_SERVER);
	assert_int_equal(sp_key_sign(p->host_key, "ssh-ed25519",
			     event->u.sign_exchange.hash, signature, &len),
	    SP_OK);
	if (lie->breaks_signature)
		signature[len - 1] ^= 1;
	if (lie->signer != NULL)
		memcpy(signature + 4, lie->signer, strlen(lie->signer));
	transport_begin(t, &w, SSH_MSG_KEX_ECDH_REPLY);
	writer_string(
	    &w, either(lie->host_key, event->u.sign_exchange.host_key));
	writer_string(
	    &w, either(lie->value, event->u.sign_exchange.server_value));
	writer_string(&w, view_of(signature, len));
	assert_int_equal(transport_end(t, &w), SP_OK);
	return true;
}

static enum sp_status
receive_reply(const struct reply_lie *lie)
{
	struct reply_lie copy = *lie;
	struct pair p;

	pair_init(&p);
	p.hook = lie_in_reply;
	p.arg = &copy;
	pair_start(&p);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_HOST_KEY],
	    p.closed[SP_CLIENT] == SP_OK);
	pair_clear(&p);
	return p.closed[SP_CLIENT];
}

static void
a_server_value_that_is_no_good_ends_the_exchange(void **state)
{
	static const uint8_t bytes[64] = { 9 };
	static const size_t lens[] = { 0, 31, 33, 64 };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(receive_reply(&(struct reply_lie){
				     .value = view_of(bytes, lens[i]) }),
		    SP_ERR_KEX_VALUE);
	for (size_t i = 0; i < LOW_ORDER; i++)
		assert_int_equal(receive_reply(&(struct reply_lie){
				     .value = view_of(low_order[i], 32) }),
		    SP_ERR_KEX_VALUE);
	/* Another good one was not signed. */
	assert_int_equal(
	    receive_reply(&(struct reply_lie){ .value = view_of(bytes, 32) }),
	    SP_ERR_SIGNATURE);
}

static void
a_host_key_that_did_not_sign_ends_the_exchange(void **state)
{
	struct sp_view garbage = view_of_string("no key at all");
	struct sp_key *other;
	struct pair p;

	(void)state;
	assert_int_equal(receive_reply(&(struct reply_lie){ 0 }), SP_OK);
	pair_init(&p);
	assert_int_equal(
	    sp_key_generate(p.crypto, "ssh-ed25519", &other), SP_OK);
	assert_int_equal(receive_reply(&(struct reply_lie){
			     .host_key = sp_key_blob(other) }),
	    SP_ERR_SIGNATURE);
	sp_key_free(other);
	assert_int_equal(
	    receive_reply(&(struct reply_lie){ .host_key = garbage }),
	    SP_ERR_SIGNATURE);
	assert_int_equal(
	    receive_reply(&(struct reply_lie){ .host_key = view_of("", 0) }),
	    SP_ERR_SIGNATURE);
	assert_int_equal(
	    receive_reply(&(struct reply_lie){ .breaks_signature = true }),
	    SP_ERR_SIGNATURE);
	assert_int_equal(
	    receive_reply(&(struct reply_lie){ .signer = "ssh-ed25518" }),
	    SP_ERR_SIGNATURE);
}

static bool
refuse(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (side == SP_CLIENT && event->kind == SP_EVENT_HOST_KEY) {
		assert_int_equal(
		    sp_host_key_answer(p->client, event->token, false), SP_OK);
		return true;
	}
	if (side == SP_SERVER && event->kind == SP_EVENT_SIGN_EXCHANGE &&
	    p->arg != NULL) {
		assert_int_equal(
		    sp_exchange_refuse(p->server, event->token), SP_OK);
		return true;
	}
	return false;
}

static void
either_owner_can_end_an_exchange(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.hook = refuse;
	pair_start(&p);
	pair_run(&p);
	assert_int_equal(p.closed[SP_CLIENT], SP_ERR_HOST_KEY_REFUSED);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_DISCONNECTED);
	pair_clear(&p);

	pair_init(&p);
	p.hook = refuse;
	p.arg = &p;
	pair_start(&p);
	pair_run(&p);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_NO_HOST_KEY);
	assert_int_equal(p.closed[SP_CLIENT], SP_ERR_DISCONNECTED);
	pair_clear(&p);
}

/* ---- cookies that the owner tells exchanges by ---- */

enum { COOKIE_LEN = 16 };

struct cookies {
	uint8_t last[COOKIE_LEN]; /* of the server's KEXINIT */
	unsigned seen, later;
};

static bool
see_cookie(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct cookies *c = p->arg;
	const uint8_t *cookie;

	if (side != SP_SERVER || event->kind != SP_EVENT_SIGN_EXCHANGE)
		return false;
	cookie = event->u.sign_exchange.server_kexinit.data + 1;
	assert_memory_not_equal(cookie, c->last, COOKIE_LEN);
	memcpy(c->last, cookie, COOKIE_LEN);
	c->seen++;
	c->later += cookie[0] >= 0x80;
	return false;
}

/* Else the proof of a later one would be worth a login. */
static void
no_later_cookie_looks_like_the_first_that_an_owner_chose(void **state)
{
	static const uint8_t chosen[COOKIE_LEN] = { 0x7f, 1, 2 };
	enum { TIMES = 24 };
	struct cookies c = { .seen = 0 };
	struct pair p;

	(void)state;
	pair_init(&p);
	p.config[SP_SERVER].first_cookie = chosen;
	p.hook = see_cookie;
	p.arg = &c;
	pair_start(&p);
	pair_login(&p);
	assert_memory_equal(c.last, chosen, COOKIE_LEN);
	for (unsigned i = 0; i < TIMES; i++) {
		assert_int_equal(
		    sp_engine_rekey(i % 2 == 0 ? p.server : p.client), SP_OK);
		pair_run(&p);
	}
	assert_int_equal(c.seen, 1 + TIMES);
	assert_int_equal(c.later, TIMES);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_guess_is_used),
		cmocka_unit_test(a_wrong_guess_is_passed_over),
		cmocka_unit_test(only_a_message_of_the_method_can_be_a_guess),
		cmocka_unit_test(a_kexinit_cut_anywhere_is_malformed),
		cmocka_unit_test(any_value_in_its_reserved_field_will_do),
		cmocka_unit_test(
		    without_a_match_the_connection_ends_and_says_in_what),
		cmocka_unit_test(names_that_are_none_are_malformed),
		cmocka_unit_test(a_kexinit_has_a_largest_size),
		cmocka_unit_test(
		    a_client_value_that_is_no_good_ends_the_exchange),
		cmocka_unit_test(
		    a_server_value_that_is_no_good_ends_the_exchange),
		cmocka_unit_test(
		    a_host_key_that_did_not_sign_ends_the_exchange),
		cmocka_unit_test(either_owner_can_end_an_exchange),
		cmocka_unit_test(
		    no_later_cookie_looks_like_the_first_that_an_owner_chose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
