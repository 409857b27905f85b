/* Global requests: round trips, truncations, trailing bytes, bounds. */
#include "lib/connection/global_request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef enum sp_status encode_function(struct buffer *);
typedef enum sp_status decode_function(struct sp_view);

static enum sp_status
encode_tcpip(struct buffer *out)
{
	const struct global_request_tcpip tcpip = { view_of_string("::"),
		8080 };

	return global_request_encode_tcpip(&tcpip, out);
}

static enum sp_status
decode_tcpip(struct sp_view data)
{
	struct global_request_tcpip got;
	enum sp_status status = global_request_decode_tcpip(data, &got);

	if (status == SP_OK) {
		assert_true(view_equal_string(got.address, "::"));
		assert_int_equal(got.port, 8080);
	}
	return status;
}

static enum sp_status
encode_port(struct buffer *out)
{
	return global_request_encode_port(65535, out);
}

static enum sp_status
decode_port(struct sp_view data)
{
	uint32_t port = 0;
	enum sp_status status = global_request_decode_port(data, &port);

	assert_int_equal(port, status == SP_OK ? 65535 : 0);
	return status;
}

static enum sp_status
encode_path(struct buffer *out)
{
	return global_request_encode_path(view_of_string("/run/a"), out);
}

static enum sp_status
decode_path(struct sp_view data)
{
	struct sp_view path;
	enum sp_status status = global_request_decode_path(data, &path);

	if (status == SP_OK)
		assert_true(view_equal_string(path, "/run/a"));
	return status;
}

static const struct {
	encode_function *encode;
	decode_function *decode;
} requests[] = {
	{ encode_tcpip, decode_tcpip },
	{ encode_port, decode_port },
	{ encode_path, decode_path },
};

static void
what_is_encoded_is_decoded_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		struct buffer bytes;
		struct sp_view whole;

		buffer_init(&bytes, 256);
		assert_int_equal(requests[i].encode(&bytes), SP_OK);
		whole = buffer_view(&bytes);
		assert_int_equal(requests[i].decode(whole), SP_OK);
		for (size_t len = 0; len < whole.len; len++)
			assert_int_equal(
			    requests[i].decode(view_of(whole.data, len)),
			    SP_ERR_FORMAT);
		assert_int_equal(buffer_append(&bytes, view_of("", 1)), SP_OK);
		assert_int_equal(
		    requests[i].decode(buffer_view(&bytes)), SP_ERR_TRAILING);
		buffer_clear(&bytes);
		buffer_init(&bytes, 3);
		assert_int_equal(requests[i].encode(&bytes), SP_ERR_LIMIT);
		buffer_clear(&bytes);
	}
}

static void
ports_have_their_range(void **state)
{
	static const uint32_t ports[] = { 0, 65536, 65558, UINT32_MAX };
	struct buffer b;

	(void)state;
	buffer_init(&b, 256);
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
		const struct global_request_tcpip tcpip = { view_of("", 0),
			ports[i] };
		struct global_request_tcpip got;
		uint32_t port;

		buffer_clear(&b);
		assert_int_equal(
		    global_request_encode_tcpip(&tcpip, &b), SP_OK);
		/* 0 asks for any, but is no answer. */
		assert_int_equal(
		    global_request_decode_tcpip(buffer_view(&b), &got),
		    ports[i] == 0 ? SP_OK : SP_ERR_FORMAT);
		buffer_clear(&b);
		assert_int_equal(
		    global_request_encode_port(ports[i], &b), SP_OK);
		assert_int_equal(
		    global_request_decode_port(buffer_view(&b), &port),
		    SP_ERR_FORMAT);
	}
	buffer_clear(&b);
}

/* ---- host keys ---- */

static void
blobs_are_whole_not_empty_and_not_too_many(void **state)
{
	size_t count = 99;
	struct buffer b;

	(void)state;
	buffer_init(&b, 4096);
	assert_int_equal(
	    global_request_decode_blobs(buffer_view(&b), &count), SP_OK);
	assert_int_equal(count, 0);
	for (size_t i = 0; i < GLOBAL_REQUEST_KEYS; i++) {
		size_t before = buffer_len(&b);

		assert_int_equal(
		    global_request_encode_blob(view_of_string("blob"), &b),
		    SP_OK);
		assert_int_equal(
		    global_request_decode_blobs(buffer_view(&b), &count),
		    SP_OK);
		assert_int_equal(count, i + 1);
		for (size_t len = before + 1; len < buffer_len(&b); len++)
			assert_int_equal(global_request_decode_blobs(
					     view_of(b.data, len), &count),
			    SP_ERR_FORMAT);
	}
	assert_int_equal(
	    global_request_encode_blob(view_of_string("more"), &b), SP_OK);
	assert_int_equal(global_request_decode_blobs(buffer_view(&b), &count),
	    SP_ERR_FORMAT);
	assert_int_equal(
	    global_request_decode_blobs(view_of("\0\0\0\0", 4), &count),
	    SP_ERR_FORMAT);
	assert_int_equal(count, GLOBAL_REQUEST_KEYS);
	buffer_clear(&b);
}

static void
they_are_taken_off_in_order(void **state)
{
	struct sp_view rest, blob;
	struct buffer b;

	(void)state;
	buffer_init(&b, 256);
	assert_int_equal(
	    global_request_encode_blob(view_of_string("one"), &b), SP_OK);
	assert_int_equal(
	    global_request_encode_blob(view_of_string("two"), &b), SP_OK);
	rest = buffer_view(&b);
	assert_true(global_request_next_blob(&rest, &blob));
	assert_true(view_equal_string(blob, "one"));
	assert_true(global_request_next_blob(&rest, &blob));
	assert_true(view_equal_string(blob, "two"));
	assert_false(global_request_next_blob(&rest, &blob));
	buffer_clear(&b);
}

static void
a_proof_is_over_name_session_and_key(void **state)
{
	static const char expected[] = "\0\0\0\x1dhostkeys-prove-00@openssh.com"
				       "\0\0\0\2id"
				       "\0\0\0\4blob";
	struct buffer b;

	(void)state;
	buffer_init(&b, 256);
	assert_int_equal(global_request_write_proof(
			     view_of_string("id"), view_of_string("blob"), &b),
	    SP_OK);
	assert_true(view_equal(
	    buffer_view(&b), view_of(expected, sizeof expected - 1)));
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_encoded_is_decoded_whole_or_not_at_all),
		cmocka_unit_test(ports_have_their_range),
		cmocka_unit_test(blobs_are_whole_not_empty_and_not_too_many),
		cmocka_unit_test(they_are_taken_off_in_order),
		cmocka_unit_test(a_proof_is_over_name_session_and_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
