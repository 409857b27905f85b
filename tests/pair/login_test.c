/* A whole connection between two engines, whole and a byte at a time. */
#include "lib/wire/view.h"
#include "tests/pair/pair.h"
#include "tests/unit/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
log_in(struct cipher_suite suite, size_t chunk)
{
	struct pair p;

	pair_init(&p);
	suites_offer(&p.config[SP_CLIENT], suite);
	suites_offer(&p.config[SP_SERVER], suite);
	p.chunk = chunk;
	pair_start(&p);
	pair_login(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 1);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_AUTH_REQUEST], 2);
	pair_clear(&p);
}

static void
a_client_logs_in_with_a_key_by_each_cipher_and_mac(void **state)
{
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++)
		log_in(suite, 0);
}

static void
a_client_logs_in_a_byte_at_a_time(void **state)
{
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++)
		log_in(suite, 1);
}

/* To the end of an open channel, so that all kinds of packets are in it. */
static void
a_login_may_be_split_anywhere(void **state)
{
	size_t longest = 1;

	(void)state;
	for (size_t split = 1; split <= longest; split++) {
		struct pair p;

		pair_init(&p);
		p.split = split;
		pair_start(&p);
		pair_login(&p);
		pair_open_session(&p);
		longest = p.moved[0] > p.moved[1] ? p.moved[0] : p.moved[1];
		pair_clear(&p);
	}
}

/* Keeps sending until all of it is gone. */
static void
send_all(struct pair *p, enum sp_role from, uint32_t channel, size_t len)
{
	static uint8_t bytes[100000];

	while (len > 0) {
		size_t part = len < sizeof bytes ? len : sizeof bytes;
		size_t taken;

		assert_int_equal(sp_channel_write(pair_engine(p, from), channel,
				     0, view_of(bytes, part), &taken),
		    SP_OK);
		len -= taken;
		pair_run(p);
	}
}

static void
bulk_data_passes_both_ways_through_rekeys(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	pair_init(&p);
	p.config[SP_CLIENT].rekey_bytes = 1000000;
	pair_start(&p);
	pair_login(&p);
	channel = pair_open_session(&p);
	send_all(&p, SP_CLIENT, channel, 10000000);
	send_all(&p, SP_SERVER, channel, 10000000);
	assert_int_equal(p.bytes[SP_SERVER], 10000000);
	assert_int_equal(p.bytes[SP_CLIENT], 10000000);
	assert_true(p.count[SP_CLIENT][SP_EVENT_KEX_DONE] > 15);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

static void
a_channel_ends_after_close_from_both_sides(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	pair_init(&p);
	pair_start(&p);
	pair_login(&p);
	channel = pair_open_session(&p);
	assert_int_equal(sp_channel_eof(p.client, channel), SP_OK);
	assert_int_equal(sp_channel_close(p.client, channel), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_EOF], 1);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CHANNEL_CLOSED], 1);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_CLOSED], 1);
	pair_clear(&p);
}

static bool
export_on_accept(
    struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct sp_engine *gate = p->server;
	uint8_t *data;
	size_t len;

	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST ||
	    !event->u.auth_request.is_signed)
		return false;
	assert_int_equal(
	    sp_engine_export(gate, event->token, &data, &len), SP_OK);
	assert_int_equal(sp_engine_import(&p->config[SP_SERVER],
			     view_of(data, len), &p->server),
	    SP_OK);
	sp_engine_export_free(data, len);
	sp_engine_free(gate);
	assert_int_equal(sp_engine_enable_connection(p->server), SP_OK);
	assert_int_equal(sp_engine_import_accept(p->server), SP_OK);
	return true;
}

static void
a_connection_moves_to_another_engine(void **state)
{
	struct pair p;
	uint32_t channel;

	(void)state;
	pair_init(&p);
	p.hook = export_on_accept;
	pair_start(&p);
	pair_login(&p);
	channel = pair_open_session(&p);
	send_all(&p, SP_CLIENT, channel, 1000000);
	send_all(&p, SP_SERVER, channel, 1000000);
	assert_int_equal(sp_engine_rekey(p.server), SP_OK);
	pair_run(&p);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
	send_all(&p, SP_SERVER, channel, 1000000);
	assert_int_equal(p.bytes[SP_CLIENT], 2000000);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_client_logs_in_with_a_key_by_each_cipher_and_mac),
		cmocka_unit_test(a_client_logs_in_a_byte_at_a_time),
		cmocka_unit_test(a_login_may_be_split_anywhere),
		cmocka_unit_test(bulk_data_passes_both_ways_through_rekeys),
		cmocka_unit_test(a_channel_ends_after_close_from_both_sides),
		cmocka_unit_test(a_connection_moves_to_another_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
