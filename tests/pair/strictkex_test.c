/* Strict key exchange: what it keeps out, and that nothing else would. */
#include "lib/transport/kex.h"
#include "tests/pair/forger.h"
#include "tests/unit/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const enum sp_role roles[] = { SP_CLIENT, SP_SERVER };

static void
a_strict_kexinit_must_be_the_first_packet(void **state)
{
	(void)state;
	for (int strict = 0; strict < 2; strict++)
		for (size_t i = 0; i < 2; i++) {
			enum sp_role from = forger_other(roles[i]);
			struct pair p;

			forger_begin(&p, roles[i], PHASE_FIRST_KEXINIT, true);
			forger_send_ignore(&p, from);
			forger_send_kexinit(&p, from,
			    &(struct forger_kexinit){
				.has_markers = strict == 1 });
			forger_deliver(&p, roles[i]);
			assert_int_equal(p.closed[roles[i]],
			    strict == 1 ? SP_ERR_STRICT_KEX : SP_OK);
			pair_clear(&p);
		}
}

/* Plays the network up to where the server's NEWKEYS is on the way. */
static void
run_to_first_newkeys(struct pair *p, size_t *in_clear)
{
	struct buffer *out = &forger_transport(p, SP_SERVER)->out;
	struct reader r;

	pair_step(p, SP_CLIENT);
	pair_step(p, SP_SERVER);
	pair_step(p, SP_CLIENT);
	reader_init(&r, buffer_view(out));
	(void)reader_string(&r); /* KEX_ECDH_REPLY, then NEWKEYS */
	(void)reader_string(&r);
	assert_false(r.failed);
	assert_true(r.left > 0); /* EXT_INFO */
	*in_clear = buffer_len(out) - r.left;
}

static void
what_is_cut_off_behind_newkeys_is_missed(void **state)
{
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		struct pair p;
		size_t in_clear;

		pair_init(&p);
		suites_offer(&p.config[SP_CLIENT], suite);
		suites_offer(&p.config[SP_SERVER], suite);
		pair_start(&p);
		run_to_first_newkeys(&p, &in_clear);
		buffer_truncate(
		    &forger_transport(&p, SP_SERVER)->out, in_clear);
		pair_run(&p);
		/*
		 * A length in clear or not: either it or the tag is wrong.
		 * Or what is wrong is not told before more has come.
		 */
		assert_true(p.closed[SP_CLIENT] == SP_ERR_MAC ||
		    p.closed[SP_CLIENT] == SP_ERR_PACKET_LENGTH ||
		    forger_transport(&p, SP_CLIENT)->is_condemned);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 0);
		pair_clear(&p);
	}
}

static bool
forget_strict(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (side == SP_SERVER && event->kind == SP_EVENT_SIGN_EXCHANGE)
		forger_transport(p, SP_SERVER)->is_strict = false;
	return false;
}

/* An IGNORE in front makes up for the EXT_INFO that is taken away. */
static void
splice(struct pair *p)
{
	struct transport *server = forger_transport(p, SP_SERVER);
	static const uint8_t ignore[] = { 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct buffer rest = server->out;
	size_t in_clear;

	run_to_first_newkeys(p, &in_clear);
	rest = server->out;
	buffer_init(&server->out, LIMIT_OUTPUT);
	forger_send_clear(p, SP_SERVER, 12, 6, view_of(ignore, 11));
	assert_int_equal(buffer_append(&server->out,
			     view_of(rest.data + rest.start, in_clear)),
	    SP_OK);
	buffer_clear(&rest);
	pair_run(p);
}

static void
a_packet_put_in_place_of_one_cut_off_ends_a_strict_exchange(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_start(&p);
	splice(&p);
	assert_int_equal(p.closed[SP_CLIENT], SP_ERR_STRICT_KEX);
	pair_clear(&p);
}

/* So the tests above are worth something. */
static void
without_strict_kex_it_would_not_be_noticed(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.config[SP_CLIENT].algorithms.cipher = "chacha20-poly1305@openssh.com";
	pair_start(&p);
	forger_unsend_kexinit(&p, SP_SERVER);
	forger_send_kexinit(
	    &p, SP_SERVER, &(struct forger_kexinit){ .has_markers = false });
	p.hook = forget_strict;
	splice(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 1);
	assert_int_equal(forger_transport(&p, SP_CLIENT)->extensions, 0);
	pair_clear(&p);
}

static void
sequence_numbers_start_again_at_each_strict_newkeys(void **state)
{
	(void)state;
	for (int strict = 0; strict < 2; strict++)
		for (size_t i = 0; i < 2; i++) {
			struct transport *t;
			struct pair p;

			forger_begin(
			    &p, roles[i], PHASE_CONNECTION, strict == 1);
			t = forger_transport(&p, roles[i]);
			for (unsigned n = 0; n < 50; n++)
				forger_send_ignore(&p, forger_other(roles[i]));
			forger_deliver(&p, roles[i]);
			assert_true(t->rx.sequence > 50);
			assert_int_equal(
			    sp_engine_rekey(pair_engine(&p, roles[i])), SP_OK);
			pair_run(&p);
			assert_int_equal(
			    p.count[roles[i]][SP_EVENT_KEX_DONE], 2);
			assert_int_equal(t->rx.sequence > 50, strict == 0);
			assert_int_equal(t->rx.packets, 0);
			pair_clear(&p);
		}
}

static void
markers_count_in_the_first_kexinit_only(void **state)
{
	(void)state;
	for (int strict = 0; strict < 2; strict++)
		for (size_t i = 0; i < 2; i++) {
			enum sp_role from = forger_other(roles[i]);
			struct pair p;

			forger_begin(
			    &p, roles[i], PHASE_CONNECTION, strict == 1);
			forger_send_kexinit(&p, from,
			    &(struct forger_kexinit){
				.has_markers = strict == 0 });
			pair_run(&p);
			assert_int_equal(
			    p.count[roles[i]][SP_EVENT_KEX_DONE], 2);
			assert_int_equal(
			    forger_transport(&p, roles[i])->is_strict,
			    strict == 1);
			pair_open_session(&p);
			pair_clear(&p);
		}
}

static void
a_number_that_wraps_in_the_first_exchange_ends_it(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_FIRST_KEX, false);
	forger_transport(&p, SP_SERVER)->rx.sequence = UINT32_MAX;
	forger_send_ignore(&p, SP_CLIENT);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_SEQUENCE_WRAP);
	pair_clear(&p);
}

static void
too_many_packets_lead_to_new_keys_and_then_to_the_end(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_CONNECTION, true);
	forger_transport(&p, SP_SERVER)->rx.packets = UINT64_C(1) << 30;
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_KEX_DONE], 2);
	sp_engine_allow_rekey(p.server, false);
	forger_transport(&p, SP_SERVER)->rx.packets = (UINT64_C(1) << 31) - 2;
	forger_send_ignore(&p, SP_CLIENT);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	forger_send_ignore(&p, SP_CLIENT);
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_SEQUENCE_WRAP);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_strict_kexinit_must_be_the_first_packet),
		cmocka_unit_test(what_is_cut_off_behind_newkeys_is_missed),
		cmocka_unit_test(
		    a_packet_put_in_place_of_one_cut_off_ends_a_strict_exchange),
		cmocka_unit_test(without_strict_kex_it_would_not_be_noticed),
		cmocka_unit_test(
		    sequence_numbers_start_again_at_each_strict_newkeys),
		cmocka_unit_test(markers_count_in_the_first_kexinit_only),
		cmocka_unit_test(
		    a_number_that_wraps_in_the_first_exchange_ends_it),
		cmocka_unit_test(
		    too_many_packets_lead_to_new_keys_and_then_to_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
