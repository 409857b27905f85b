/* Group exchange: which groups are given, taken and refused, and when. */
#include "lib/transport/groupexchange.h"

#include "lib/transport/kex.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char gex[] = "diffie-hellman-group-exchange-sha256";

/* To where both KEXINITs are known and the victim waits for its peer. */
static void
bring(struct pair *p, enum sp_role victim)
{
	pair_init(p);
	p->config[SP_CLIENT].algorithms.kex = gex;
	p->config[SP_SERVER].algorithms.kex = gex;
	forger_bring(p, victim, PHASE_FIRST_KEX, true);
}

static void
send_wish(struct pair *p, uint32_t min, uint32_t wanted, uint32_t max)
{
	forger_say(
	    p, SP_CLIENT, "buuu", SSH_MSG_KEX_DH_GEX_REQUEST, min, wanted, max);
	forger_deliver(p, SP_SERVER);
}

/* The bits of the group that comes; 0: the connection has ended. */
static size_t
bits_for(uint32_t min, uint32_t wanted, uint32_t max)
{
	size_t bits = 0;
	struct pair p;

	bring(&p, SP_SERVER);
	send_wish(&p, min, wanted, max);
	if (p.closed[SP_SERVER] == SP_OK)
		bits = forger_transport(&p, SP_SERVER)->kex->dh.bits;
	else
		assert_int_equal(p.closed[SP_SERVER], SP_ERR_KEX_VALUE);
	pair_clear(&p);
	return bits;
}

static void
a_server_gives_what_is_wanted_within_the_bounds(void **state)
{
	(void)state;
	assert_int_equal(bits_for(2048, 3072, 8192), 3072);
	assert_int_equal(bits_for(2048, 2048, 8192), 2048);
	assert_int_equal(bits_for(1024, 1024, 8192), 2048);
	assert_int_equal(bits_for(1024, 2049, 8192), 3072);
	assert_int_equal(bits_for(2048, 2048, 2048), 2048);
	assert_int_equal(bits_for(2048, 3000, 3071), 2048);
	assert_int_equal(bits_for(0, 0, UINT32_MAX), 2048);
}

/* What costs more than that is not had from it. */
static void
a_server_gives_no_more_than_it_serves(void **state)
{
	(void)state;
	assert_int_equal(bits_for(2048, 8192, 8192), 3072);
	assert_int_equal(bits_for(2048, 4096, UINT32_MAX), 3072);
	assert_int_equal(bits_for(4096, 4096, 8192), 0);
	assert_int_equal(bits_for(3073, 3073, 3073), 0);
}

static void
a_wish_that_cannot_be_ends_the_exchange(void **state)
{
	(void)state;
	assert_int_equal(bits_for(3072, 2048, 8192), 0);
	assert_int_equal(bits_for(2048, 8192, 3072), 0);
	assert_int_equal(bits_for(8192, 3072, 2048), 0);
	assert_int_equal(bits_for(1024, 1024, 1024), 0);
	assert_int_equal(bits_for(0, 0, 0), 0);
	assert_int_equal(bits_for(UINT32_MAX, UINT32_MAX, UINT32_MAX), 0);
}

static void
a_second_wish_ends_the_exchange(void **state)
{
	struct pair p;

	(void)state;
	bring(&p, SP_SERVER);
	send_wish(&p, 2048, 2048, 8192);
	send_wish(&p, 2048, 2048, 8192);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_REPEATED_MESSAGE);
	pair_clear(&p);
}

static void
a_value_before_the_group_ends_the_exchange(void **state)
{
	struct pair p;

	(void)state;
	bring(&p, SP_SERVER);
	forger_say(&p, SP_CLIENT, "bs", SSH_MSG_KEX_DH_GEX_INIT, "\5");
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);

	bring(&p, SP_CLIENT);
	forger_say(&p, SP_SERVER, "bsss", SSH_MSG_KEX_DH_GEX_REPLY, "key", "\5",
	    "signature");
	forger_deliver(&p, SP_CLIENT);
	assert_int_equal(p.closed[SP_CLIENT], SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);
}

/* The old request has no bounds (RFC 4419 5), and 30 is no value here. */
static void
messages_of_other_methods_have_no_place(void **state)
{
	struct pair p;

	(void)state;
	for (int number = 30; number < 50; number++) {
		if (number == SSH_MSG_KEX_DH_GEX_INIT ||
		    number == SSH_MSG_KEX_DH_GEX_REQUEST)
			continue;
		bring(&p, SP_SERVER);
		forger_say(&p, SP_CLIENT, "bu", number, UINT32_C(2048));
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(
		    p.closed[SP_SERVER], SP_ERR_UNEXPECTED_MESSAGE);
		pair_clear(&p);
	}
}

static void
a_wish_cut_short_or_too_long_ends_the_exchange(void **state)
{
	static const uint8_t wish[14] = { 34, 0, 0, 8, 0, 0, 0, 12, 0, 0, 0, 32,
		0, 0 };

	(void)state;
	for (size_t len = 1; len <= sizeof wish; len++) {
		struct pair p;

		bring(&p, SP_SERVER);
		forger_send(&p, SP_CLIENT, view_of(wish, len));
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(p.closed[SP_SERVER],
		    len < 13	   ? SP_ERR_FORMAT
			: len > 13 ? SP_ERR_TRAILING
				   : SP_OK);
		pair_clear(&p);
	}
}

/* ---- groups of the owner's ---- */

/* The safe primes of RFC 3526, each with a generator that says which. */
struct owned {
	struct buffer primes[5];
	struct sp_dh_group groups[16];
	size_t count;
};

static void
own(struct owned *o, size_t row, const char *generator)
{
	struct buffer *prime = &o->primes[row];

	if (buffer_len(prime) == 0) {
		buffer_init(prime, LIMIT_PACKET);
		assert_int_equal(
		    dh_group_write_prime(dh_group_row(row), prime), SP_OK);
	}
	o->groups[o->count++] = (struct sp_dh_group){
		.prime = buffer_view(prime),
		.generator = view_of(generator, 1),
	};
}

static void
disown(struct owned *o)
{
	for (size_t i = 0; i < 5; i++)
		buffer_clear(&o->primes[i]);
}

/* The generator of what is given for a wish; 0: the connection has ended. */
static uint8_t
given_of(const struct owned *o, uint32_t min, uint32_t wanted, uint32_t max)
{
	uint8_t generator = 0;
	struct pair p;

	pair_init(&p);
	p.config[SP_CLIENT].algorithms.kex = gex;
	p.config[SP_SERVER].algorithms.kex = gex;
	p.config[SP_SERVER].groups = o->groups;
	p.config[SP_SERVER].group_count = o->count;
	forger_bring(&p, SP_SERVER, PHASE_FIRST_KEX, true);
	send_wish(&p, min, wanted, max);
	if (p.closed[SP_SERVER] == SP_OK)
		generator = forger_transport(&p, SP_SERVER)->kex->dh.g.data[0];
	else
		assert_int_equal(p.closed[SP_SERVER], SP_ERR_KEX_VALUE);
	pair_clear(&p);
	return generator;
}

static void
a_server_gives_the_groups_of_its_owner_alone(void **state)
{
	struct owned o = { .count = 0 };

	(void)state;
	own(&o, 2, "\x31"); /* 4096 bits: never served */
	own(&o, 1, "\x21");
	own(&o, 0, "\x11");
	assert_int_equal(given_of(&o, 2048, 3072, 8192), 0x21);
	assert_int_equal(given_of(&o, 2048, 8192, 8192), 0x21);
	assert_int_equal(given_of(&o, 2048, 2048, 8192), 0x11);
	assert_int_equal(given_of(&o, 1024, 2049, 8192), 0x21);
	assert_int_equal(given_of(&o, 2048, 3072, 3071), 0);
	assert_int_equal(given_of(&o, 4096, 4096, 8192), 0);
	disown(&o);

	o = (struct owned){ .count = 0 };
	own(&o, 0, "\x11");
	assert_int_equal(given_of(&o, 2048, 3072, 8192), 0x11);
	assert_int_equal(given_of(&o, 3072, 3072, 8192), 0);
	disown(&o);
}

static void
among_groups_of_one_size_chance_decides(void **state)
{
	struct owned o = { .count = 0 };
	unsigned seen = 0;

	(void)state;
	own(&o, 1, "\x21");
	own(&o, 0, "\2");
	own(&o, 0, "\3");
	own(&o, 0, "\4");
	own(&o, 0, "\5");
	/* One is left out in 200 tries once in 10^24. */
	for (int i = 0; i < 200 && seen != 0x3c; i++) {
		uint8_t generator = given_of(&o, 2048, 2048, 8192);

		assert_in_range(generator, 2, 5);
		seen |= 1u << generator;
	}
	assert_int_equal(seen, 0x3c);
	disown(&o);
}

static void
a_group_that_cannot_be_one_ends_the_exchange(void **state)
{
	static uint8_t even[256];
	struct owned o = { .count = 0 };

	(void)state;
	own(&o, 0, "\1");
	assert_int_equal(given_of(&o, 2048, 2048, 8192), 0);
	memset(even, 0xfe, sizeof even);
	o.groups[0].prime = view_of(even, sizeof even);
	o.groups[0].generator = view_of("\2", 1);
	assert_int_equal(given_of(&o, 2048, 2048, 8192), 0);
	/* Of no size that is served. */
	o.groups[0].prime = view_of(even, 0);
	assert_int_equal(given_of(&o, 2048, 2048, 8192), 0);
	o.groups[0].prime = view_of(even, 255);
	assert_int_equal(given_of(&o, 0, 2048, 8192), 0);
	disown(&o);
}

/* New keys come from its groups as well, and both sides hash the same. */
static void
two_sides_go_on_in_an_owners_group(void **state)
{
	struct owned o = { .count = 0 };
	struct pair p;

	(void)state;
	own(&o, 1, "\5");
	pair_init(&p);
	p.config[SP_CLIENT].algorithms.kex = gex;
	p.config[SP_SERVER].algorithms.kex = gex;
	p.config[SP_SERVER].groups = o.groups;
	p.config[SP_SERVER].group_count = o.count;
	pair_start(&p);
	pair_login(&p);
	assert_int_equal(sp_engine_rekey(p.server), SP_OK);
	pair_run(&p);
	assert_int_equal(p.closed[SP_SERVER], SP_OK);
	assert_int_equal(p.closed[SP_CLIENT], SP_OK);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
	pair_clear(&p);
	disown(&o);
}

/* ---- what a client makes of a group ---- */

static void
send_group(struct pair *p, struct sp_view prime, struct sp_view g)
{
	struct buffer payload;
	struct writer w;

	buffer_init(&payload, LIMIT_PACKET);
	writer_init(&w, &payload);
	writer_u8(&w, SSH_MSG_KEX_DH_GEX_GROUP);
	writer_mpint(&w, prime);
	writer_mpint(&w, g);
	forger_send(p, SP_SERVER, buffer_view(&payload));
	buffer_clear(&payload);
	forger_deliver(p, SP_CLIENT);
}

static enum sp_status
offer_group(struct sp_view prime, struct sp_view g)
{
	enum sp_status status;
	struct pair p;

	bring(&p, SP_CLIENT);
	send_group(&p, prime, g);
	status = p.closed[SP_CLIENT];
	assert_int_equal(forger_transport(&p, SP_CLIENT)->kex != NULL &&
		forger_transport(&p, SP_CLIENT)->kex->state != NULL,
	    status == SP_OK);
	pair_clear(&p);
	return status;
}

static void
a_client_takes_groups_between_2048_and_8192_bits(void **state)
{
	static uint8_t huge[30000];
	const struct dh_group *row;
	struct buffer prime;

	(void)state;
	for (size_t i = 0; (row = dh_group_row(i)) != NULL; i++) {
		buffer_init(&prime, LIMIT_PACKET);
		assert_int_equal(dh_group_write_prime(row, &prime), SP_OK);
		assert_int_equal(
		    offer_group(buffer_view(&prime), row->g), SP_OK);
		/* Half of it, and twice of it. */
		buffer_truncate(&prime, buffer_len(&prime) / 2);
		assert_int_equal(
		    offer_group(buffer_view(&prime), row->g), SP_ERR_KEX_VALUE);
		buffer_clear(&prime);
	}
	memset(huge, 0xff, sizeof huge);
	assert_int_equal(offer_group(view_of(huge, 1025), view_of("\2", 1)),
	    SP_ERR_KEX_VALUE);
	assert_int_equal(
	    offer_group(view_of(huge, sizeof huge), view_of("\2", 1)),
	    SP_ERR_KEX_VALUE);
	assert_int_equal(offer_group(view_of(huge, 256), view_of("\2", 1)),
	    SP_ERR_KEX_VALUE);
	assert_int_equal(
	    offer_group(view_of("", 0), view_of("\2", 1)), SP_ERR_KEX_VALUE);
}

static void
a_client_takes_one_group(void **state)
{
	struct buffer prime;
	struct pair p;

	(void)state;
	buffer_init(&prime, LIMIT_PACKET);
	assert_int_equal(dh_group_write_prime(dh_group_row(0), &prime), SP_OK);
	assert_int_equal(offer_group(buffer_view(&prime), view_of("\1", 1)),
	    SP_ERR_KEX_VALUE);
	bring(&p, SP_CLIENT);
	send_group(&p, buffer_view(&prime), view_of("\2", 1));
	assert_int_equal(p.closed[SP_CLIENT], SP_OK);
	send_group(&p, buffer_view(&prime), view_of("\2", 1));
	assert_int_equal(p.closed[SP_CLIENT], SP_ERR_REPEATED_MESSAGE);
	pair_clear(&p);
	buffer_clear(&prime);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_server_gives_what_is_wanted_within_the_bounds),
		cmocka_unit_test(a_server_gives_no_more_than_it_serves),
		cmocka_unit_test(a_wish_that_cannot_be_ends_the_exchange),
		cmocka_unit_test(a_second_wish_ends_the_exchange),
		cmocka_unit_test(a_value_before_the_group_ends_the_exchange),
		cmocka_unit_test(messages_of_other_methods_have_no_place),
		cmocka_unit_test(
		    a_wish_cut_short_or_too_long_ends_the_exchange),
		cmocka_unit_test(a_server_gives_the_groups_of_its_owner_alone),
		cmocka_unit_test(among_groups_of_one_size_chance_decides),
		cmocka_unit_test(a_group_that_cannot_be_one_ends_the_exchange),
		cmocka_unit_test(two_sides_go_on_in_an_owners_group),
		cmocka_unit_test(
		    a_client_takes_groups_between_2048_and_8192_bits),
		cmocka_unit_test(a_client_takes_one_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
