/* The fields of "password", read (RFC 4252 8). */
#include "lib/userauth/password.h"

#include "tests/unit/userauth/fields.h"

static struct sp_event event;

static enum sp_status
decode(struct sp_view body)
{
	struct userauth u = { .request_has_password = false };
	enum sp_status status;
	struct reader r;

	memset(&event, 0, sizeof event);
	reader_init(&r, body);
	status = password_read_request(&u, &r, &event);
	assert_int_equal(u.request_has_password, status == SP_OK);
	return status;
}

static void
write_body(struct buffer *b, bool is_change, size_t len)
{
	struct writer w;

	buffer_init(b, 10000);
	writer_init(&w, b);
	writer_bool(&w, is_change);
	fields_string(&w, len);
	if (is_change)
		fields_string(&w, len);
	assert_int_equal(writer_finish(&w), SP_OK);
}

static void
its_fields_are_read_whole_or_not_at_all(void **state)
{
	(void)state;
	for (int is_change = 0; is_change < 2; is_change++) {
		struct buffer b;

		write_body(&b, is_change, 7);
		fields_check(&b, decode);
		buffer_truncate(&b, buffer_len(&b) - 1);
		assert_int_equal(decode(buffer_view(&b)), SP_OK);
		assert_int_equal(event.u.auth_request.is_change, is_change);
		assert_int_equal(event.u.auth_request.password.len, 7);
		assert_int_equal(
		    event.u.auth_request.new_password.len, is_change ? 7 : 0);
		buffer_clear(&b);
	}
}

static void
so_long_and_no_longer(void **state)
{
	(void)state;
	for (int is_change = 0; is_change < 2; is_change++) {
		struct buffer b;

		write_body(&b, is_change, LIMIT_PASSWORD);
		assert_int_equal(decode(buffer_view(&b)), SP_OK);
		buffer_clear(&b);
		write_body(&b, is_change, LIMIT_PASSWORD + 1);
		assert_int_equal(decode(buffer_view(&b)), SP_ERR_FORMAT);
		buffer_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_fields_are_read_whole_or_not_at_all),
		cmocka_unit_test(so_long_and_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
