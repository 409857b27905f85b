/* What other implementations fell into, a test each. */
#include "lib/transport/kex.h"
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"
#include "tests/pair/purse.h"
#include "tests/unit/alloc_meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const enum sp_role roles[] = { SP_CLIENT, SP_SERVER };

static void
bring(struct pair *p, enum sp_role victim, enum message_phase phase)
{
	pair_init(p);
	purse_open(p, victim);
	forger_bring(p, victim, phase, true);
}

/* ---- libssh CVE-2025-8277 ---- */

/* New keys, with a first message of another method in front. */
static void
guess_wrong(struct pair *p, enum sp_role from)
{
	static const struct forger_kexinit guess = {
		.kex = "diffie-hellman-group14-sha256,curve25519-sha256",
		.guess_follows = true,
	};

	forger_send_kexinit(p, from, &guess);
	forger_say(p, from, "bs", from == SP_CLIENT ? 30 : 31, "a guess");
	pair_run(p);
}

static void
wrong_guesses_one_after_the_other_leave_nothing_behind(void **state)
{
	enum { FEW = 5, MANY = 60 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		enum sp_role victim = roles[i];
		size_t after_few = 0;
		struct pair p;

		bring(&p, victim, PHASE_CONNECTION);
		for (unsigned n = 1; n <= MANY; n++) {
			guess_wrong(&p, forger_other(victim));
			assert_int_equal(p.closed[victim], SP_OK);
			assert_int_equal(
			    p.count[victim][SP_EVENT_KEX_DONE], n + 1);
			if (n == FEW)
				after_few = purse_held();
		}
		assert_int_equal(purse_held(), after_few);
		pair_clear(&p);
	}
}

/* ---- libssh #311 ---- */

static void
a_client_may_ask_to_be_let_in_right_behind_its_newkeys(void **state)
{
	struct transport *client;
	struct pair p;

	(void)state;
	bring(&p, SP_SERVER, PHASE_FIRST_NEWKEYS);
	client = forger_transport(&p, SP_CLIENT);
	client->peer_takes_ext_info = false;
	assert_int_equal(kex_send_newkeys(client), SP_OK);
	forger_say(
	    &p, SP_CLIENT, "bs", SSH_MSG_SERVICE_REQUEST, "ssh-userauth");
	forger_say(&p, SP_CLIENT, "bsss", SSH_MSG_USERAUTH_REQUEST, "alice",
	    "ssh-connection", "none");
	/* All of it in one input. */
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.closed[SP_SERVER], SP_OK);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_KEX_DONE], 1);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_AUTH_REQUEST], 1);
	pair_clear(&p);
}

static void
but_not_before_it(void **state)
{
	struct pair p;

	(void)state;
	bring(&p, SP_SERVER, PHASE_FIRST_NEWKEYS);
	forger_say(
	    &p, SP_CLIENT, "bs", SSH_MSG_SERVICE_REQUEST, "ssh-userauth");
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);
}

/* ---- Dropbear 2026.92 ---- */

static void
ask_often(struct pair *p, enum sp_role victim, unsigned times)
{
	for (unsigned i = 0; i < times && p->closed[victim] == SP_OK; i++) {
		forger_say(p, forger_other(victim), "bsb",
		    SSH_MSG_GLOBAL_REQUEST, "any", 1);
		forger_deliver(p, victim);
	}
}

static void
what_comes_while_the_peer_owes_a_kexinit_is_bounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		enum sp_role victim = roles[i];
		struct pair p;

		bring(&p, victim, PHASE_CONNECTION);
		purse_begin();
		assert_int_equal(
		    sp_engine_rekey(pair_engine(&p, victim)), SP_OK);
		purse_end();
		ask_often(&p, victim, 1000000);
		assert_int_equal(p.closed[victim], SP_ERR_LIMIT);
		assert_true(purse_most() <= LIMIT_MEMORY_USER);
		pair_clear(&p);
	}
}

/* One that merely sent something before our KEXINIT reached it. */
static void
and_what_was_on_its_way_is_answered_after_the_exchange(void **state)
{
	enum { ON_THE_WAY = 1000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		enum sp_role victim = roles[i];
		struct pair p;

		bring(&p, victim, PHASE_CONNECTION);
		for (int n = 0; n < ON_THE_WAY; n++)
			assert_int_equal(
			    sp_global_request(
				pair_engine(&p, forger_other(victim)), "any",
				true, view_of(NULL, 0)),
			    SP_OK);
		assert_int_equal(
		    sp_engine_rekey(pair_engine(&p, victim)), SP_OK);
		pair_run(&p);
		assert_int_equal(p.closed[victim], SP_OK);
		assert_int_equal(p.count[victim][SP_EVENT_KEX_DONE], 2);
		assert_int_equal(
		    p.count[forger_other(victim)][SP_EVENT_GLOBAL_REPLY],
		    ON_THE_WAY);
		pair_clear(&p);
	}
}

/* ---- mscdex/ssh2 #1437 ---- */

static bool
look_for_vendors(
    struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct sp_view at;

	(void)p;
	assert_int_not_equal(event->kind, SP_EVENT_GLOBAL_REQUEST);
	assert_int_not_equal(event->kind, SP_EVENT_CHANNEL_REQUEST);
	if (side == SP_SERVER && event->kind == SP_EVENT_AUTH_REQUEST) {
		at = event->u.auth_request.method;
		assert_true(view_equal_string(at, "publickey"));
	}
	return false;
}

static void
an_engine_asks_for_nothing_of_a_vendors_on_its_own(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.hook = look_for_vendors;
	pair_start(&p);
	/* It takes no EXT_INFO, and so gets none. */
	forger_transport(&p, SP_SERVER)->peer_takes_ext_info = false;
	pair_run(&p);
	pair_open_session(&p);
	/* For a day. */
	for (int i = 0; i < 24 * 60; i++) {
		p.now += 60000;
		sp_engine_set_time(p.client, p.now);
		sp_engine_set_time(p.server, p.now);
		pair_run(&p);
	}
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
	forger_transport(&p, SP_CLIENT)->extensions = 0;
	assert_int_equal(
	    sp_engine_ping(p.client, view_of(NULL, 0)), SP_ERR_STATE);
	pair_clear(&p);
}

/* ---- wolfSSH PR 1011 ---- */

static bool
refuse_with_nothing(
    struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (side == SP_SERVER && event->kind == SP_EVENT_AUTH_REQUEST) {
		assert_int_equal(
		    sp_auth_fail(p->server, event->token, "", false), SP_OK);
		return true;
	}
	if (event->kind == SP_EVENT_AUTH_FAILED)
		assert_int_equal(event->u.auth_failed.methods.len, 0);
	return false;
}

static void
a_list_of_methods_may_be_empty(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.hook = refuse_with_nothing;
	pair_start(&p);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_FAILED], 1);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

static enum sp_status
start_with(struct sp_algorithms algorithms, enum sp_role role)
{
	struct sp_engine *engine = NULL;
	enum sp_status status;
	struct pair p;

	pair_init(&p);
	p.config[role].algorithms = algorithms;
	status = sp_engine_new(&p.config[role], &engine);
	sp_engine_free(engine);
	return status;
}

/* There is no engine that could agree with nobody. */
static void
no_list_of_algorithms_may_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
		    start_with((struct sp_algorithms){ .kex = "" }, roles[i]),
		    SP_ERR_ARGUMENT);
		assert_int_equal(
		    start_with(
			(struct sp_algorithms){ .host_key = "" }, roles[i]),
		    SP_ERR_ARGUMENT);
		assert_int_equal(
		    start_with(
			(struct sp_algorithms){ .cipher = "" }, roles[i]),
		    SP_ERR_ARGUMENT);
		assert_int_equal(
		    start_with(
			(struct sp_algorithms){ .compression = "" }, roles[i]),
		    SP_ERR_ARGUMENT);
	}
}

/* ---- hpn-ssh #58 ---- */

/* What comes in the time that a bit takes there and back. */
static size_t
send_for_a_round(struct pair *p, uint32_t channel)
{
	static uint8_t bytes[65536];
	size_t before = p->bytes[SP_SERVER], taken;

	do {
		assert_int_equal(sp_channel_write(p->client, channel, 0,
				     view_of(bytes, sizeof bytes), &taken),
		    SP_OK);
		while (pair_step(p, SP_CLIENT))
			continue;
	} while (taken > 0);
	p->now += 167;
	sp_engine_set_time(p->client, p->now);
	sp_engine_set_time(p->server, p->now);
	while (pair_step(p, SP_SERVER))
		continue;
	return p->bytes[SP_SERVER] - before;
}

static void
two_mebibytes_are_not_all_that_a_long_way_holds(void **state)
{
	size_t first, last = 0;
	uint32_t channel;
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_start(&p);
	pair_login(&p);
	channel = pair_open_session(&p);
	first = send_for_a_round(&p, channel);
	for (int i = 0; i < 10; i++)
		last = send_for_a_round(&p, channel);
	assert_true(first <= 2 * 1024 * 1024);
	/* 48 MB/s where it was 12. */
	assert_true(last >= 8 * 1024 * 1024);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    wrong_guesses_one_after_the_other_leave_nothing_behind),
		cmocka_unit_test(
		    a_client_may_ask_to_be_let_in_right_behind_its_newkeys),
		cmocka_unit_test(but_not_before_it),
		cmocka_unit_test(
		    what_comes_while_the_peer_owes_a_kexinit_is_bounded),
		cmocka_unit_test(
		    and_what_was_on_its_way_is_answered_after_the_exchange),
		cmocka_unit_test(
		    an_engine_asks_for_nothing_of_a_vendors_on_its_own),
		cmocka_unit_test(a_list_of_methods_may_be_empty),
		cmocka_unit_test(no_list_of_algorithms_may_be),
		cmocka_unit_test(
		    two_mebibytes_are_not_all_that_a_long_way_holds),
	};

	alloc_meter_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
