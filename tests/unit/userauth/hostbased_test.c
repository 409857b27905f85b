/* The fields of "hostbased", read, and what its host signs (RFC 4252 9). */
#include "lib/userauth/hostbased.h"

#include "tests/unit/userauth/fields.h"

static struct transport transport;
static struct userauth u;
static struct sp_event event;

static enum sp_status
decode(struct sp_view body)
{
	struct reader r;

	memset(&event, 0, sizeof event);
	event.u.auth_request.user = view_of_string("alice");
	event.u.auth_request.service = view_of_string("service");
	reader_init(&r, body);
	return hostbased_read_request(&u, &r, &event);
}

static void
set_scene(void)
{
	memset(&transport, 0, sizeof transport);
	buffer_init(&transport.session_id, 64);
	assert_int_equal(
	    buffer_append(&transport.session_id, view_of("id", 2)), SP_OK);
	userauth_init(&u, &transport, 0);
}

static void
clear(void)
{
	userauth_clear(&u);
	buffer_clear(&transport.session_id);
}

static void
its_fields_are_read_whole_or_not_at_all(void **state)
{
	static const char expected[] = "\0\0\0\2id"
				       "\x32"
				       "\0\0\0\5alice"
				       "\0\0\0\7service"
				       "\0\0\0\x09hostbased"
				       "\0\0\0\3alg"
				       "\0\0\0\4blob"
				       "\0\0\0\4host"
				       "\0\0\0\3bob";
	struct buffer b;
	struct writer w;

	(void)state;
	set_scene();
	buffer_init(&b, 1000);
	writer_init(&w, &b);
	writer_cstring(&w, "alg");
	writer_cstring(&w, "blob");
	writer_cstring(&w, "host");
	writer_cstring(&w, "bob");
	writer_cstring(&w, "signature");
	fields_check(&b, decode);
	buffer_truncate(&b, buffer_len(&b) - 1);
	assert_int_equal(decode(buffer_view(&b)), SP_OK);
	assert_true(view_equal_string(
	    event.u.auth_request.host_signature, "signature"));
	assert_true(view_equal_string(event.u.auth_request.client_user, "bob"));
	assert_true(view_equal(event.u.auth_request.host_signed_data,
	    view_of(expected, sizeof expected - 1)));
	buffer_clear(&b);
	clear();
}

static void
so_long_and_no_longer(void **state)
{
	static const size_t limits[] = { LIMIT_METHOD, LIMIT_KEY_BLOB,
		LIMIT_HOST_NAME, LIMIT_USER };

	(void)state;
	set_scene();
	for (size_t too_long = 0; too_long <= 4; too_long++) {
		struct buffer b;
		struct writer w;

		buffer_init(&b, LIMIT_PACKET);
		writer_init(&w, &b);
		for (size_t i = 0; i < 4; i++)
			fields_string(&w, limits[i] + (i == too_long));
		fields_string(&w, 100);
		assert_int_equal(writer_finish(&w), SP_OK);
		assert_int_equal(decode(buffer_view(&b)),
		    too_long == 4 ? SP_OK : SP_ERR_FORMAT);
		buffer_clear(&b);
	}
	clear();
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
