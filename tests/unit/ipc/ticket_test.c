/* Tickets: for one gate, for a time, and not to be forged. */
#include "daemon/ipc/ticket.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sp_crypto *crypto;
static uint8_t key_bytes[TICKET_KEY_LEN];
static uint8_t hash_bytes[32];
static uint8_t host_key_bytes[32];

static int
set_up(void **state)
{
	(void)state;
	crypto = sp_crypto_new();
	memset(key_bytes, 7, sizeof key_bytes);
	for (uint8_t i = 0; i < 32; i++) {
		hash_bytes[i] = i;
		host_key_bytes[i] = (uint8_t)(32 + i);
	}
	return crypto == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sp_crypto_free(crypto);
	return 0;
}

static struct sp_view
key(void)
{
	return view_of(key_bytes, sizeof key_bytes);
}

/* Gate 3, from 3000 until 5000. */
static void
seal(struct buffer *out)
{
	const struct ticket ticket = {
		.hash = view_of(hash_bytes, sizeof hash_bytes),
		.host_key = view_of(host_key_bytes, sizeof host_key_bytes),
		.listener = view_of_string("[::]:22"),
		.gate = 3,
		.made = 3000,
		.expiry = 5000,
	};

	buffer_init(out, TICKET_MAX);
	assert_int_equal(ticket_seal(crypto, key(), &ticket, out), SP_OK);
}

static void
a_ticket_opens_for_its_gate_in_time(void **state)
{
	struct ticket got;
	struct buffer b;

	(void)state;
	seal(&b);
	assert_int_equal(
	    ticket_open(crypto, key(), buffer_view(&b), 3, 4999, &got), SP_OK);
	assert_true(view_equal(got.hash, view_of(hash_bytes, 32)));
	assert_true(view_equal(got.host_key, view_of(host_key_bytes, 32)));
	assert_true(view_equal_string(got.listener, "[::]:22"));
	assert_int_equal(got.gate, 3);
	assert_true(got.made == 3000);
	assert_true(got.expiry == 5000);
	buffer_clear(&b);
}

/* Computed apart, with Python's hmac. */
static void
a_ticket_is_sealed_as_written_down(void **state)
{
	static const uint8_t tag[] = { 0x22, 0x44, 0x40, 0xc7, 0xe0, 0xb3, 0xe0,
		0xfe, 0xfd, 0xe4, 0x64, 0xbc, 0xb8, 0xe4, 0x17, 0x3b, 0x4e,
		0xa2, 0xba, 0xd0, 0xf7, 0xa4, 0x99, 0x06, 0xac, 0x87, 0x9c,
		0x8c, 0xa4, 0xe7, 0x70, 0xa5 };
	struct buffer b;

	(void)state;
	seal(&b);
	assert_int_equal(buffer_len(&b), 103 + sizeof tag);
	assert_memory_equal(buffer_view(&b).data + 103, tag, sizeof tag);
	buffer_clear(&b);
}

static void
a_ticket_of_another_gate_or_time_is_refused(void **state)
{
	struct ticket got;
	struct buffer b;

	(void)state;
	seal(&b);
	assert_int_equal(
	    ticket_open(crypto, key(), buffer_view(&b), 2, 0, &got),
	    SP_ERR_SIGNATURE);
	assert_int_equal(
	    ticket_open(crypto, key(), buffer_view(&b), 3, 5000, &got),
	    SP_ERR_SIGNATURE);
	buffer_clear(&b);
}

static void
a_ticket_with_any_bit_changed_is_refused(void **state)
{
	struct ticket got;
	struct buffer b;

	(void)state;
	seal(&b);
	for (size_t i = 0; i < buffer_len(&b) * 8; i++) {
		b.data[b.start + i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(
		    ticket_open(crypto, key(), buffer_view(&b), 3, 0, &got),
		    SP_ERR_SIGNATURE);
		b.data[b.start + i / 8] ^= (uint8_t)(1 << i % 8);
	}
	buffer_clear(&b);
}

static void
a_ticket_cut_short_or_made_longer_is_refused(void **state)
{
	struct ticket got;
	struct buffer b;

	(void)state;
	seal(&b);
	for (size_t len = 0; len < buffer_len(&b); len++)
		assert_int_equal(
		    ticket_open(crypto, key(),
			view_of(buffer_view(&b).data, len), 3, 0, &got),
		    SP_ERR_SIGNATURE);
	assert_int_equal(buffer_append(&b, view_of("\0", 1)), SP_OK);
	assert_int_equal(
	    ticket_open(crypto, key(), buffer_view(&b), 3, 0, &got),
	    SP_ERR_SIGNATURE);
	buffer_clear(&b);
}

static void
a_ticket_under_another_key_is_refused(void **state)
{
	static const uint8_t other[TICKET_KEY_LEN];
	struct ticket got;
	struct buffer b;

	(void)state;
	seal(&b);
	assert_int_equal(ticket_open(crypto, view_of(other, sizeof other),
			     buffer_view(&b), 3, 0, &got),
	    SP_ERR_SIGNATURE);
	buffer_clear(&b);
}

static void
a_ticket_that_cannot_be_made_leaves_nothing_behind(void **state)
{
	static uint8_t long_hash[DIGEST_MAX + 1];
	const struct ticket ticket = {
		.hash = view_of(long_hash, sizeof long_hash),
	};
	struct buffer b;

	(void)state;
	buffer_init(&b, TICKET_MAX);
	assert_int_equal(ticket_seal(crypto, key(), &ticket, &b), SP_ERR_LIMIT);
	assert_int_equal(buffer_len(&b), 0);
	buffer_clear(&b);
}

static void
the_longest_ticket_fits(void **state)
{
	static uint8_t long_hash[DIGEST_MAX];
	const struct ticket ticket = {
		.hash = view_of(long_hash, sizeof long_hash),
		.host_key = view_of(host_key_bytes, 32),
		.made = UINT64_MAX,
		.expiry = UINT64_MAX,
	};
	struct ticket got;
	struct buffer b;

	(void)state;
	buffer_init(&b, TICKET_MAX);
	assert_int_equal(ticket_seal(crypto, key(), &ticket, &b), SP_OK);
	assert_int_equal(
	    ticket_open(crypto, key(), buffer_view(&b), 0, 0, &got), SP_OK);
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_opens_for_its_gate_in_time),
		cmocka_unit_test(a_ticket_is_sealed_as_written_down),
		cmocka_unit_test(a_ticket_of_another_gate_or_time_is_refused),
		cmocka_unit_test(a_ticket_with_any_bit_changed_is_refused),
		cmocka_unit_test(a_ticket_cut_short_or_made_longer_is_refused),
		cmocka_unit_test(a_ticket_under_another_key_is_refused),
		cmocka_unit_test(
		    a_ticket_that_cannot_be_made_leaves_nothing_behind),
		cmocka_unit_test(the_longest_ticket_fits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
