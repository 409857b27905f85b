/* What a user signs, byte for byte (RFC 4252 7). */
#include "lib/userauth/publickey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
expect(struct sp_view host_key, struct sp_view expected)
{
	const struct publickey_claim claim = {
		.user = view_of_string("alice"),
		.service = view_of_string("service"),
		.algorithm = view_of_string("alg"),
		.key = view_of_string("blob"),
		.host_key = host_key,
	};
	struct buffer b;
	struct writer w;

	buffer_init(&b, 256);
	writer_init(&w, &b);
	publickey_write_signed_data(&w, view_of_string("id"), &claim);
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_true(view_equal(buffer_view(&b), expected));
	buffer_clear(&b);
}

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

	(void)state;
	expect(view_of(NULL, 0), view_of(expected, sizeof expected - 1));
}

/* OpenSSH's PROTOCOL 3.1. */
static void
where_it_is_bound_to_a_host_it_ends_with_the_hosts_key(void **state)
{
	static const char expected[] =
	    "\0\0\0\2id"
	    "\x32"
	    "\0\0\0\5alice"
	    "\0\0\0\7service"
	    "\0\0\0\x23publickey-hostbound-v00@openssh.com"
	    "\1"
	    "\0\0\0\3alg"
	    "\0\0\0\4blob"
	    "\0\0\0\4host";

	(void)state;
	expect(view_of_string("host"), view_of(expected, sizeof expected - 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    signed_data_is_the_request_behind_the_session_id),
		cmocka_unit_test(
		    where_it_is_bound_to_a_host_it_ends_with_the_hosts_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
