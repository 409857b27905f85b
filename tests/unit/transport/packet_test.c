/* Binary packets: built, padded, sealed, and opened again in place. */
#include "lib/transport/packet.h"
#include "tests/unit/suites.h"
#include "tests/unit/transport/fixture.h"

/* Two ends with the same keys in this direction. */
struct line {
	struct transport from;
	struct transport to;
};

static void
line_init_clear(struct line *line)
{
	fixture_transport(&line->from, SP_CLIENT);
	fixture_transport(&line->to, SP_SERVER);
}

static void
line_init(struct line *line, struct cipher_suite suite)
{
	static const uint8_t bytes[64] = { 1, 2, 3 };
	struct cipher_keys keys = suites_keys(suite, bytes);

	line_init_clear(line);
	assert_int_equal(cipher_new(suite, fixture_crypto, CIPHER_SEAL, keys,
			     &line->from.tx.cipher),
	    SP_OK);
	assert_int_equal(cipher_new(suite, fixture_crypto, CIPHER_OPEN, keys,
			     &line->to.rx.cipher),
	    SP_OK);
}

/* In clear at 0, then in every suite. */
static bool
line_init_at(struct line *line, size_t index)
{
	struct cipher_suite suite;

	if (index > 0 && !suites_at(index - 1, &suite))
		return false;
	if (index == 0)
		line_init_clear(line);
	else
		line_init(line, suite);
	return true;
}

static void
line_clear(struct line *line)
{
	transport_clear(&line->from);
	transport_clear(&line->to);
}

static enum sp_status
send_payload(struct line *line, struct sp_view payload)
{
	struct writer w;

	writer_init(&w, &line->from.out);
	assert_int_equal(packet_begin(&line->from), SP_OK);
	writer_bytes(&w, payload);
	assert_int_equal(w.status, SP_OK);
	return packet_end(&line->from);
}

static void
carry(struct line *line)
{
	assert_int_equal(
	    buffer_append(&line->to.in, buffer_view(&line->from.out)), SP_OK);
	buffer_consume(&line->from.out, buffer_len(&line->from.out));
}

static void
what_is_sealed_is_opened_whatever_its_length(void **state)
{
	static uint8_t payload[PACKET_PAYLOAD_MAX];
	struct line line;

	(void)state;
	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(i * 7);
	for (size_t i = 0; line_init_at(&line, i); i++) {
		for (size_t len = 1; len <= sizeof payload;
		     len += len < 300 ? 1 : 1733) {
			struct sp_view opened;

			assert_int_equal(
			    send_payload(&line, view_of(payload, len)), SP_OK);
			assert_int_equal(buffer_len(&line.from.out),
			    packet_size(&line.from, len));
			carry(&line);
			assert_int_equal(packet_open(&line.to, &opened), SP_OK);
			assert_true(view_equal(opened, view_of(payload, len)));
		}
		assert_int_equal(line.to.rx.packets, line.from.tx.packets);
		assert_int_equal(line.to.rx.bytes, line.from.tx.bytes);
		assert_int_equal(line.to.rx.sequence, line.from.tx.sequence);
		line_clear(&line);
	}
}

static void
padding_is_random_and_ends_on_a_block(void **state)
{
	static const uint8_t payload[40] = { 2 };
	struct line line;
	uint8_t seen[2][4];

	(void)state;
	line_init_clear(&line);
	for (size_t len = 1; len < sizeof payload; len++) {
		const uint8_t *packet;

		assert_int_equal(
		    send_payload(&line, view_of(payload, len)), SP_OK);
		packet = line.from.out.data + line.from.out.start;
		assert_int_equal(buffer_len(&line.from.out) % 8, 0);
		assert_true(packet[4] >= 4 && packet[4] < 12);
		memcpy(seen[len % 2], packet + 5 + len, 4);
		assert_true(len == 1 || memcmp(seen[0], seen[1], 4) != 0);
		buffer_consume(&line.from.out, buffer_len(&line.from.out));
	}
	line_clear(&line);
}

static void
a_packet_is_opened_when_all_of_it_is_there(void **state)
{
	struct line line;

	(void)state;
	for (size_t i = 0; line_init_at(&line, i); i++) {
		struct sp_view all, opened;

		assert_int_equal(
		    send_payload(&line, view_of("one payload", 11)), SP_OK);
		all = buffer_view(&line.from.out);
		for (size_t n = 0; n < all.len; n++) {
			assert_int_equal(
			    packet_open(&line.to, &opened), SP_ERR_AGAIN);
			assert_int_equal(buffer_append(&line.to.in,
					     view_of(all.data + n, 1)),
			    SP_OK);
		}
		assert_int_equal(packet_open(&line.to, &opened), SP_OK);
		assert_true(view_equal_string(opened, "one payload"));
		assert_int_equal(packet_open(&line.to, &opened), SP_ERR_AGAIN);
		assert_int_equal(buffer_len(&line.to.in), 0);
		line_clear(&line);
	}
}

static void
what_was_begun_can_be_taken_back(void **state)
{
	struct sp_view opened;
	struct line line;
	struct writer w;

	(void)state;
	assert_true(line_init_at(&line, 1));
	assert_int_equal(send_payload(&line, view_of("first", 5)), SP_OK);
	assert_int_equal(packet_begin(&line.from), SP_OK);
	writer_init(&w, &line.from.out);
	writer_cstring(&w, "a secret");
	packet_cancel(&line.from);
	assert_int_equal(send_payload(&line, view_of("second", 6)), SP_OK);
	carry(&line);
	assert_int_equal(packet_open(&line.to, &opened), SP_OK);
	assert_true(view_equal_string(opened, "first"));
	assert_int_equal(packet_open(&line.to, &opened), SP_OK);
	assert_true(view_equal_string(opened, "second"));
	line_clear(&line);
}

static void
answers_are_counted_until_they_have_left(void **state)
{
	struct line line;

	(void)state;
	line_init_clear(&line);
	assert_int_equal(send_payload(&line, view_of("x", 1)), SP_OK);
	assert_int_equal(send_payload(&line, view_of("x", 1)), SP_OK);
	assert_int_equal(line.from.out_answers, buffer_len(&line.from.out));
	line_clear(&line);
}

/* ---- packets that are false ---- */

/* How many bytes a damaged packet takes to be refused, and with what. */
static size_t
bytes_to_refusal(struct cipher_suite suite, size_t at, enum sp_status *status)
{
	static const uint8_t filler[LIMIT_PACKET + 100] = { 0x55 };
	struct sp_view opened;
	struct line line;
	size_t taken = 0;

	line_init(&line, suite);
	assert_int_equal(send_payload(&line, view_of("x", 1)), SP_OK);
	assert_true(at < buffer_len(&line.from.out));
	line.from.out.data[line.from.out.start + at] ^= 0x40;
	assert_int_equal(
	    buffer_append(&line.from.out, view_of(filler, sizeof filler)),
	    SP_OK);
	*status = SP_ERR_AGAIN;
	while (*status == SP_ERR_AGAIN && buffer_len(&line.from.out) > 0) {
		assert_int_equal(
		    buffer_append(&line.to.in,
			view_of(line.from.out.data + line.from.out.start, 1)),
		    SP_OK);
		buffer_consume(&line.from.out, 1);
		taken++;
		*status = packet_open(&line.to, &opened);
	}
	line_clear(&line);
	return taken;
}

/*
 * With the length sealed in the first block and the MAC over what is
 * inside, neither the answer nor the number of bytes it comes after may
 * say what became of the length.
 */
static void
whichever_byte_is_changed_the_refusal_is_the_same(void **state)
{
	struct cipher_suite suite;
	enum sp_status status;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++) {
		size_t size = 16 + (suite.mac == NULL ? 0 : suite.mac->len);
		size_t expected = 34992 + size - 16;

		if (suite.mac == NULL || suite.mac->is_etm)
			continue;
		for (size_t at = 0; at < size; at++) {
			assert_int_equal(
			    bytes_to_refusal(suite, at, &status), expected);
			assert_int_equal(status, SP_ERR_MAC);
		}
	}
}

/* All of it may be there at once, and must not be waited for then. */
static void
what_has_come_already_is_enough_for_a_refusal(void **state)
{
	static const uint8_t filler[LIMIT_PACKET + 100] = { 0x55 };
	struct cipher_suite suite;

	(void)state;
	for (size_t i = 0; suites_at(i, &suite); i++)
		for (size_t at = 0; at < 20; at += 19) {
			struct sp_view opened;
			struct line line;

			if (suite.mac == NULL || suite.mac->is_etm)
				continue;
			line_init(&line, suite);
			assert_int_equal(
			    send_payload(&line, view_of("x", 1)), SP_OK);
			line.from.out.data[line.from.out.start + at] ^= 0x40;
			carry(&line);
			assert_int_equal(buffer_append(&line.to.in,
					     view_of(filler, sizeof filler)),
			    SP_OK);
			assert_int_equal(
			    packet_open(&line.to, &opened), SP_ERR_MAC);
			line_clear(&line);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_is_opened_whatever_its_length),
		cmocka_unit_test(padding_is_random_and_ends_on_a_block),
		cmocka_unit_test(a_packet_is_opened_when_all_of_it_is_there),
		cmocka_unit_test(what_was_begun_can_be_taken_back),
		cmocka_unit_test(answers_are_counted_until_they_have_left),
		cmocka_unit_test(
		    whichever_byte_is_changed_the_refusal_is_the_same),
		cmocka_unit_test(what_has_come_already_is_enough_for_a_refusal),
	};

	return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
