/* What a user signs, byte for byte (RFC 4252 7). */
#include "lib/userauth/publickey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
signed_data_is_the_request_behind_the_session_id(void **state)
{
	static const char expected[] = "\0\0\0\2id"
				       "\x32"
				       "\0\0\0\5alice"
				       "\0\0\0\7service"
				       "\0\0\0\x09publickey"
				       "\1"
				       "\0\0\0\3alg"
				       "\0\0\0\4blob";
	struct buffer b;
	struct writer w;

	(void)state;
	buffer_init(&b, 256);
	writer_init(&w, &b);
	publickey_write_signed_data(&w, view_of_string("id"),
	    view_of_string("alice"), view_of_string("service"),
	    view_of_string("alg"), view_of_string("blob"));
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_true(view_equal(
	    buffer_view(&b), view_of(expected, sizeof expected - 1)));
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    signed_data_is_the_request_behind_the_session_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
