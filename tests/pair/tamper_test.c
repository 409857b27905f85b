/* Packets that cannot be: their lengths, their padding, their seals. */
#include "lib/transport/packet.h"
#include "tests/pair/forger.h"
#include "tests/unit/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const enum message_phase phases[] = { PHASE_FIRST_KEXINIT,
	PHASE_FIRST_KEX, PHASE_FIRST_NEWKEYS, PHASE_SERVICE, PHASE_USERAUTH,
	PHASE_CONNECTION, PHASE_REKEX, PHASE_RENEWKEYS, PHASE_USER_REKEX,
	PHASE_USER_RENEWKEYS };

enum { PHASES = sizeof phases / sizeof phases[0] };

/* One with a tag of its own. */
static struct cipher_suite
suite_named(const char *name)
{
	return (struct cipher_suite){ cipher_find(view_of_string(name)), NULL };
}

static void
bring(struct pair *p, enum sp_role victim, enum message_phase phase,
    struct cipher_suite suite)
{
	pair_init(p);
	suites_offer(&p->config[SP_CLIENT], suite);
	suites_offer(&p->config[SP_SERVER], suite);
	forger_bring(p, victim, phase, true);
}

static void
send_length(enum sp_role victim, enum message_phase phase, uint32_t length)
{
	static const uint8_t rest[16];
	struct pair p;

	/* A cipher whose lengths are in clear. */
	bring(&p, victim, phase, suite_named("aes256-gcm@openssh.com"));
	forger_send_clear(
	    &p, forger_other(victim), length, 6, view_of(rest, sizeof rest));
	forger_deliver(&p, victim);
	assert_int_equal(p.closed[victim], SP_ERR_PACKET_LENGTH);
	pair_clear(&p);
}

static void
a_length_out_of_range_ends_the_connection_in_each_phase(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 5, 7, 13, 262145, 262160,
		0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < PHASES; i++)
		for (size_t k = 0; k < sizeof lengths / sizeof lengths[0];
		     k++) {
			send_length(SP_SERVER, phases[i], lengths[k]);
			send_length(SP_CLIENT, phases[i], lengths[k]);
		}
}

static void
a_stranger_may_send_no_large_packet(void **state)
{
	static const enum message_phase before[] = { PHASE_FIRST_KEXINIT,
		PHASE_FIRST_KEX, PHASE_FIRST_NEWKEYS, PHASE_SERVICE,
		PHASE_USERAUTH };

	(void)state;
	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		send_length(SP_SERVER, before[i], 35001);
		send_length(SP_SERVER, before[i], 36864);
	}
}

static void
garbage_for_a_sealed_length_ends_the_connection(void **state)
{
	static const uint8_t rest[40000];
	struct pair p;

	(void)state;
	bring(&p, SP_SERVER, PHASE_CONNECTION,
	    suite_named("chacha20-poly1305@openssh.com"));
	forger_send_clear(
	    &p, SP_CLIENT, 0x12345678, 6, view_of(rest, sizeof rest));
	forger_deliver(&p, SP_SERVER);
	assert_true(p.closed[SP_SERVER] == SP_ERR_PACKET_LENGTH ||
	    p.closed[SP_SERVER] == SP_ERR_MAC);
	pair_clear(&p);
}

static void
the_largest_packet_passes_and_a_larger_one_is_not_made(void **state)
{
	static const uint8_t payload[PACKET_PAYLOAD_MAX + 1] = { 2 };
	struct cipher_suite suite;
	struct transport *t;
	struct pair p;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		bring(&p, SP_SERVER, PHASE_CONNECTION, suite);
		forger_send(
		    &p, SP_CLIENT, view_of(payload, sizeof payload - 1));
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
		t = forger_transport(&p, SP_CLIENT);
		assert_int_equal(packet_begin(t), SP_OK);
		assert_int_equal(
		    buffer_append(&t->out, view_of(payload, sizeof payload)),
		    SP_OK);
		assert_int_equal(packet_end(t), SP_ERR_LIMIT);
		pair_clear(&p);
	}
}

static void
send_padding(enum sp_role victim, enum message_phase phase, uint8_t padding,
    struct cipher_suite suite)
{
	struct pair p;

	bring(&p, victim, phase, suite);
	/* The shortest packets: one byte of payload. */
	forger_send_padded(
	    &p, forger_other(victim), padding, view_of("\x02", 1));
	forger_deliver(&p, victim);
	assert_int_equal(p.closed[victim], SP_ERR_PADDING);
	pair_clear(&p);
}

static void
a_padding_that_cannot_be_ends_the_connection(void **state)
{
	static const uint8_t paddings[] = { 0, 1, 2, 3, 100, 128, 255 };
	struct cipher_suite suite;
	size_t next = 0;

	(void)state;
	for (size_t i = 0; i < PHASES; i++)
		for (size_t k = 0; k < sizeof paddings; k++) {
			enum sp_role victim = k % 2 ? SP_SERVER : SP_CLIENT;

			if (!suites_at(next, &suite))
				next = 0;
			assert_true(suites_at(next++, &suite));
			send_padding(victim, phases[i], paddings[k], suite);
			victim = forger_other(victim);
			send_padding(victim, phases[i], paddings[k], suite);
		}
}

/* Of a packet with a byte of payload, so much more than its own. */
static enum sp_status
end_with_padding(enum sp_role victim, enum message_phase phase, size_t more,
    struct cipher_suite suite)
{
	enum sp_status status;
	struct zlibstream *zlib;
	struct transport *t;
	size_t size, tag;
	struct pair p;

	bring(&p, victim, phase, suite);
	t = forger_transport(&p, forger_other(victim));
	tag = t->tx.cipher == NULL ? 0 : cipher_tag_len(t->tx.cipher);
	/* Nothing is deflated where the forger writes. */
	zlib = t->tx.zlib;
	t->tx.zlib = NULL;
	size = packet_size(t, 1) - tag;
	t->tx.zlib = zlib;
	forger_send_padded(&p, forger_other(victim),
	    (uint8_t)(size - PACKET_HEADER - 1 + more), view_of("\x02", 1));
	forger_deliver(&p, victim);
	status = p.closed[victim];
	pair_clear(&p);
	return status;
}

/* RFC 4253 6 has a payload in every packet. */
static void
nor_may_it_leave_nothing_else(void **state)
{
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++)
		for (size_t k = 0; k < 2 * PHASES; k++) {
			enum sp_role victim = k % 2 ? SP_SERVER : SP_CLIENT;
			enum message_phase phase = phases[k / 2];

			assert_int_not_equal(
			    end_with_padding(victim, phase, 0, suite),
			    SP_ERR_PADDING);
			assert_int_equal(
			    end_with_padding(victim, phase, 1, suite),
			    SP_ERR_PADDING);
		}
}

static void
flip(struct cipher_suite suite, size_t at, bool *was_there)
{
	static const uint8_t filler[LIMIT_PACKET_TRUSTED + 128];
	bool is_inside = suite.mac != NULL && !suite.mac->is_etm;
	struct buffer *out;
	struct pair p;

	bring(&p, SP_SERVER, PHASE_CONNECTION, suite);
	out = &forger_transport(&p, SP_CLIENT)->out;
	forger_say(&p, SP_CLIENT, "bs", 2, "ignore all of this");
	*was_there = at < buffer_len(out);
	if (*was_there) {
		out->data[out->start + at] ^= 0x10;
		/* Where the length grew there must be something to wait for. */
		assert_int_equal(
		    buffer_append(out, view_of(filler, sizeof filler)), SP_OK);
		forger_deliver(&p, SP_SERVER);
		/* A length that is in clear, or sealed by itself, may be. */
		assert_true(p.closed[SP_SERVER] == SP_ERR_MAC ||
		    (at < 4 && !is_inside &&
			p.closed[SP_SERVER] == SP_ERR_PACKET_LENGTH));
	}
	pair_clear(&p);
}

static void
no_byte_of_a_sealed_packet_can_be_changed(void **state)
{
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		bool was_there = true;

		for (size_t at = 0; was_there; at++)
			flip(suite, at, &was_there);
	}
}

static void
a_packet_sent_again_is_not_taken(void **state)
{
	static const uint8_t filler[LIMIT_PACKET_TRUSTED + 128];
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		uint8_t copy[256];
		struct buffer *out;
		struct pair p;
		size_t len;

		bring(&p, SP_SERVER, PHASE_CONNECTION, suite);
		out = &forger_transport(&p, SP_CLIENT)->out;
		forger_say(&p, SP_CLIENT, "bs", 2, "once");
		len = buffer_len(out);
		memcpy(copy, out->data + out->start, len);
		assert_int_equal(buffer_append(out, view_of(copy, len)), SP_OK);
		assert_int_equal(
		    buffer_append(out, view_of(filler, sizeof filler)), SP_OK);
		forger_deliver(&p, SP_SERVER);
		assert_true(p.closed[SP_SERVER] == SP_ERR_MAC ||
		    p.closed[SP_SERVER] == SP_ERR_PACKET_LENGTH);
		pair_clear(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_length_out_of_range_ends_the_connection_in_each_phase),
		cmocka_unit_test(a_stranger_may_send_no_large_packet),
		cmocka_unit_test(
		    garbage_for_a_sealed_length_ends_the_connection),
		cmocka_unit_test(
		    the_largest_packet_passes_and_a_larger_one_is_not_made),
		cmocka_unit_test(a_padding_that_cannot_be_ends_the_connection),
		cmocka_unit_test(nor_may_it_leave_nothing_else),
		cmocka_unit_test(no_byte_of_a_sealed_packet_can_be_changed),
		cmocka_unit_test(a_packet_sent_again_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
