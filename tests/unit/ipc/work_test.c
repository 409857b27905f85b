/* WORK and WORKED. */
#include "daemon/ipc/work.h"

#include "daemon/ipc/ipc.h"

#include <sallyport/key.h>
#include <unistd.h>

#include "tests/unit/ipc/body.h"

static uint8_t long_bytes[WORK_DATA_MAX + 1];

static enum sp_status
decode_order(struct sp_view body)
{
	struct work_order got;

	return work_order_decode(body, &got);
}

static enum sp_status
decode_result(struct sp_view body)
{
	struct work_result got;

	return work_result_decode(body, &got);
}

static void
an_order_is_read_back(void **state)
{
	const struct work_order order = { 0x0102030405060708,
		view_of_string("hash"), view_of_string("rsa-sha2-512"),
		view_of_string("data") };
	struct work_order got;
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(work_order_encode(&order, &b), SP_OK);
	assert_int_equal(work_order_decode(buffer_view(&b), &got), SP_OK);
	assert_true(got.id == order.id);
	assert_true(view_equal(got.key, order.key));
	assert_true(view_equal(got.algorithm, order.algorithm));
	assert_true(view_equal(got.data, order.data));
	body_check(&b, decode_order);
}

static void
a_result_is_read_back_with_a_signature_and_without(void **state)
{
	static const char *const signatures[] = { "signature", "" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct work_result result = { 9,
			view_of_string(signatures[i]) };
		struct work_result got;
		struct buffer b;

		buffer_init(&b, IPC_BODY_MAX);
		assert_int_equal(work_result_encode(&result, &b), SP_OK);
		assert_int_equal(
		    work_result_decode(buffer_view(&b), &got), SP_OK);
		assert_true(got.id == result.id);
		assert_true(view_equal(got.signature, result.signature));
		body_check(&b, decode_result);
	}
}

/* Both as they are encoded: over the wire by hand, a byte longer. */
static void
assert_bounded(
    body_decoder *decode, const size_t *lengths, size_t count, size_t longer)
{
	struct buffer b;
	struct writer w;

	buffer_init(&b, IPC_BODY_MAX);
	writer_init(&w, &b);
	writer_u64(&w, 1);
	for (size_t i = 0; i < count; i++)
		writer_string(&w,
		    view_of(long_bytes, lengths[i] + (i == longer ? 1 : 0)));
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_int_equal(
	    decode(buffer_view(&b)), longer < count ? SP_ERR_FORMAT : SP_OK);
	buffer_clear(&b);
}

static void
fields_are_taken_up_to_their_maximum(void **state)
{
	static const size_t order[] = { 32, 64, WORK_DATA_MAX };
	static const size_t result[] = { SP_SIGNATURE_MAX };

	(void)state;
	for (size_t longer = 0; longer <= 3; longer++)
		assert_bounded(decode_order, order, 3, longer);
	for (size_t longer = 0; longer <= 1; longer++)
		assert_bounded(decode_result, result, 1, longer);
}

static void
the_largest_fit_their_rows(void **state)
{
	const struct work_order order = { 1, view_of(long_bytes, 32),
		view_of(long_bytes, 64), view_of(long_bytes, WORK_DATA_MAX) };
	const struct work_result result = { 1,
		view_of(long_bytes, SP_SIGNATURE_MAX) };
	struct buffer b;
	int pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(work_order_encode(&order, &b), SP_OK);
	assert_int_equal(
	    ipc_send(pair[0], IPC_WORK, buffer_view(&b), NULL, 0), SP_OK);
	buffer_clear(&b);
	assert_int_equal(work_result_encode(&result, &b), SP_OK);
	assert_int_equal(
	    ipc_send(pair[1], IPC_WORKED, buffer_view(&b), NULL, 0), SP_OK);
	buffer_clear(&b);
	close(pair[0]);
	close(pair[1]);
}

static void
what_is_too_long_is_not_sent(void **state)
{
	const struct sp_view algorithm = view_of_string("rsa-sha2-512");
	const struct work_order orders[] = {
		{ 1, view_of(long_bytes, 33), algorithm, algorithm },
		{ 1, algorithm, view_of(long_bytes, 65), algorithm },
		{ 1, algorithm, algorithm,
		    view_of(long_bytes, WORK_DATA_MAX + 1) },
	};
	const struct work_result result = { 1,
		view_of(long_bytes, SP_SIGNATURE_MAX + 1) };
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    work_order_encode(&orders[i], &b), SP_ERR_LIMIT);
	assert_int_equal(work_result_encode(&result, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_read_back),
		cmocka_unit_test(
		    a_result_is_read_back_with_a_signature_and_without),
		cmocka_unit_test(fields_are_taken_up_to_their_maximum),
		cmocka_unit_test(the_largest_fit_their_rows),
		cmocka_unit_test(what_is_too_long_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
