/* Requests of a session: round trips, truncations, trailing bytes. */
#include "lib/connection/session_request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef enum sp_status encode_function(struct buffer *);
typedef enum sp_status decode_function(struct sp_view);

static enum sp_status
encode_pty(struct buffer *out)
{
	const struct session_request_pty pty = {
		.term = view_of_string("xterm"),
		.columns = 80,
		.rows = 24,
		.width = 640,
		.height = 480,
		.modes = view_of("\x01\0\0\0\x03\0", 6),
	};

	return session_request_encode_pty(&pty, out);
}

static enum sp_status
decode_pty(struct sp_view data)
{
	struct session_request_pty pty;
	enum sp_status status = session_request_decode_pty(data, &pty);

	if (status == SP_OK) {
		assert_true(view_equal_string(pty.term, "xterm"));
		assert_int_equal(pty.columns, 80);
		assert_int_equal(pty.rows, 24);
		assert_int_equal(pty.width, 640);
		assert_int_equal(pty.height, 480);
		assert_int_equal(pty.modes.len, 6);
	}
	return status;
}

static enum sp_status
encode_env(struct buffer *out)
{
	const struct session_request_env env = { view_of_string("LANG"),
		view_of_string("C") };

	return session_request_encode_env(&env, out);
}

static enum sp_status
decode_env(struct sp_view data)
{
	struct session_request_env env;
	enum sp_status status = session_request_decode_env(data, &env);

	if (status == SP_OK) {
		assert_true(view_equal_string(env.name, "LANG"));
		assert_true(view_equal_string(env.value, "C"));
	}
	return status;
}

static enum sp_status
encode_text(struct buffer *out)
{
	return session_request_encode_text(view_of_string("ls -l"), out);
}

static enum sp_status
decode_text(struct sp_view data)
{
	struct sp_view text;
	enum sp_status status = session_request_decode_text(data, &text);

	if (status == SP_OK)
		assert_true(view_equal_string(text, "ls -l"));
	return status;
}

static enum sp_status
encode_size(struct buffer *out)
{
	const struct session_request_size size = { 1, 2, 3, 4 };

	return session_request_encode_size(&size, out);
}

static enum sp_status
decode_size(struct sp_view data)
{
	struct session_request_size size;
	enum sp_status status = session_request_decode_size(data, &size);

	if (status == SP_OK)
		assert_true(size.columns == 1 && size.rows == 2 &&
		    size.width == 3 && size.height == 4);
	return status;
}

static enum sp_status
encode_status(struct buffer *out)
{
	return session_request_encode_status(255, out);
}

static enum sp_status
decode_status(struct sp_view data)
{
	uint32_t got = 0;
	enum sp_status status = session_request_decode_status(data, &got);

	if (status == SP_OK)
		assert_int_equal(got, 255);
	return status;
}

static enum sp_status
encode_exit_signal(struct buffer *out)
{
	const struct session_request_exit_signal killed = {
		.name = view_of_string("SEGV"),
		.has_core = true,
		.message = view_of_string("dumped"),
		.language = view_of_string("en"),
	};

	return session_request_encode_exit_signal(&killed, out);
}

static enum sp_status
decode_exit_signal(struct sp_view data)
{
	struct session_request_exit_signal killed;
	enum sp_status status =
	    session_request_decode_exit_signal(data, &killed);

	if (status == SP_OK) {
		assert_true(view_equal_string(killed.name, "SEGV"));
		assert_true(killed.has_core);
		assert_true(view_equal_string(killed.message, "dumped"));
		assert_true(view_equal_string(killed.language, "en"));
	}
	return status;
}

static enum sp_status
encode_x11(struct buffer *out)
{
	const struct session_request_x11 x11 = {
		.single = true,
		.protocol = view_of_string("MIT-MAGIC-COOKIE-1"),
		.cookie = view_of_string("00ff"),
		.screen = 1,
	};

	return session_request_encode_x11(&x11, out);
}

static enum sp_status
decode_x11(struct sp_view data)
{
	struct session_request_x11 x11;
	enum sp_status status = session_request_decode_x11(data, &x11);

	if (status == SP_OK) {
		assert_true(x11.single);
		assert_true(
		    view_equal_string(x11.protocol, "MIT-MAGIC-COOKIE-1"));
		assert_true(view_equal_string(x11.cookie, "00ff"));
		assert_int_equal(x11.screen, 1);
	}
	return status;
}

static enum sp_status
encode_break(struct buffer *out)
{
	return session_request_encode_break(500, out);
}

static enum sp_status
decode_break(struct sp_view data)
{
	uint32_t ms = 0;
	enum sp_status status = session_request_decode_break(data, &ms);

	assert_int_equal(ms, status == SP_OK ? 500 : 0);
	return status;
}

static const struct {
	encode_function *encode;
	decode_function *decode;
} requests[] = {
	{ encode_pty, decode_pty },
	{ encode_env, decode_env },
	{ encode_text, decode_text },
	{ encode_size, decode_size },
	{ encode_status, decode_status },
	{ encode_exit_signal, decode_exit_signal },
	{ encode_x11, decode_x11 },
	{ encode_break, decode_break },
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
	}
}

static void
what_does_not_fit_is_not_encoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		struct buffer bytes;

		buffer_init(&bytes, 3);
		assert_int_equal(requests[i].encode(&bytes), SP_ERR_LIMIT);
		buffer_clear(&bytes);
	}
}

static void
a_flag_is_one_byte(void **state)
{
	struct buffer b;
	bool flag;

	(void)state;
	buffer_init(&b, 1);
	for (int i = 0; i < 2; i++) {
		buffer_clear(&b);
		assert_int_equal(
		    session_request_encode_flag(i == 1, &b), SP_OK);
		assert_int_equal(
		    session_request_decode_flag(buffer_view(&b), &flag), SP_OK);
		assert_int_equal(flag, i == 1);
	}
	assert_int_equal(session_request_encode_flag(true, &b), SP_ERR_LIMIT);
	assert_int_equal(
	    session_request_decode_flag(view_of("", 0), &flag), SP_ERR_FORMAT);
	assert_int_equal(session_request_decode_flag(view_of("\0", 2), &flag),
	    SP_ERR_TRAILING);
	buffer_clear(&b);
}

static void
modes_end_at_zero_at_160_and_where_they_are_cut(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		size_t count;
	} rows[] = {
		{ "", 0, 0 },
		{ "\0", 1, 0 },
		{ "\x01\0\0\0\x03", 5, 1 },
		{ "\x01\0\0\0\x03\0\x02\0\0\0\x04", 11, 1 },
		{ "\x01\0\0\0\x03\x9f\0\0\0\x04\xa0\0\0\0\x05\x02\0\0\0\1", 20,
		    2 },
		{ "\x01\0\0\0\x03\x02\0\0\0", 9, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_view modes = view_of(rows[i].bytes, rows[i].len);
		struct session_request_mode mode;
		size_t count = 0;

		while (session_request_next_mode(&modes, &mode))
			count++;
		assert_int_equal(count, rows[i].count);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_encoded_is_decoded_whole_or_not_at_all),
		cmocka_unit_test(what_does_not_fit_is_not_encoded),
		cmocka_unit_test(a_flag_is_one_byte),
		cmocka_unit_test(
		    modes_end_at_zero_at_160_and_where_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
