/* AUTH_REQUEST, SPAWN and AUTH_FAILED. */
#include "daemon/ipc/authentication.h"

#include "tests/unit/ipc/body.h"

static uint8_t long_bytes[40000];

static enum sp_status
decode_request(struct sp_view body)
{
	struct authentication_request got;

	return authentication_request_decode(body, &got);
}

static enum sp_status
decode_spawn(struct sp_view body)
{
	struct authentication_spawn got;

	return authentication_spawn_decode(body, &got);
}

static enum sp_status
decode_failure(struct sp_view body)
{
	struct authentication_failure got;

	return authentication_failure_decode(body, &got);
}

static struct authentication_request
example(void)
{
	return (struct authentication_request){
		.user = view_of_string("alice"),
		.service = view_of_string("ssh-connection"),
		.method = view_of_string("publickey"),
		.key_algorithm = view_of_string("ssh-ed25519"),
		.key = view_of_string("key"),
		.is_signed = true,
		.signature = view_of_string("signature"),
		.bound_to = view_of_string("host key"),
	};
}

static void
assert_example(const struct authentication_request *got)
{
	assert_true(view_equal_string(got->user, "alice"));
	assert_true(view_equal_string(got->service, "ssh-connection"));
	assert_true(view_equal_string(got->method, "publickey"));
	assert_true(view_equal_string(got->key_algorithm, "ssh-ed25519"));
	assert_true(view_equal_string(got->key, "key"));
	assert_true(got->is_signed);
	assert_true(view_equal_string(got->signature, "signature"));
	assert_true(view_equal_string(got->bound_to, "host key"));
}

static void
a_request_is_read_back(void **state)
{
	const struct authentication_request request = example();
	struct authentication_request got;
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(authentication_request_encode(&request, &b), SP_OK);
	assert_int_equal(
	    authentication_request_decode(buffer_view(&b), &got), SP_OK);
	assert_example(&got);
	body_check(&b, decode_request);
}

static void
a_spawn_is_read_back(void **state)
{
	const struct authentication_spawn spawn = {
		.connection = 42,
		.ticket = view_of_string("ticket"),
		.request = example(),
	};
	struct authentication_spawn got;
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(authentication_spawn_encode(&spawn, &b), SP_OK);
	assert_int_equal(
	    authentication_spawn_decode(buffer_view(&b), &got), SP_OK);
	assert_true(got.connection == 42);
	assert_true(view_equal_string(got.ticket, "ticket"));
	assert_example(&got.request);
	body_check(&b, decode_spawn);
}

static void
a_strangers_fields_of_maximal_length_fit_and_longer_ones_do_not(void **state)
{
	static const struct {
		size_t offset;
		size_t max;
	} rows[] = {
		{ offsetof(struct authentication_request, user), 1024 },
		{ offsetof(struct authentication_request, service), 64 },
		{ offsetof(struct authentication_request, method), 64 },
		{ offsetof(struct authentication_request, key_algorithm), 64 },
		{ offsetof(struct authentication_request, key), 32768 },
		{ offsetof(struct authentication_request, signature), 8192 },
		{ offsetof(struct authentication_request, bound_to), 16384 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct authentication_request request = example();
		struct sp_view field = view_of(long_bytes, rows[i].max);
		struct buffer b;

		buffer_init(&b, IPC_BODY_MAX);
		memcpy((char *)&request + rows[i].offset, &field, sizeof field);
		assert_int_equal(
		    authentication_request_encode(&request, &b), SP_OK);
		assert_int_equal(decode_request(buffer_view(&b)), SP_OK);
		buffer_clear(&b);
		field.len++;
		memcpy((char *)&request + rows[i].offset, &field, sizeof field);
		assert_int_equal(
		    authentication_request_encode(&request, &b), SP_ERR_LIMIT);
		buffer_clear(&b);
	}
}

static void
a_failure_is_read_back(void **state)
{
	const struct authentication_failure failure = {
		.methods = view_of_string("publickey,password"),
		.ending = AUTHENTICATION_CLOSED,
	};
	struct authentication_failure got;
	struct buffer b;

	(void)state;
	buffer_init(&b, 1024);
	assert_int_equal(authentication_failure_encode(&failure, &b), SP_OK);
	assert_int_equal(
	    authentication_failure_decode(buffer_view(&b), &got), SP_OK);
	assert_true(view_equal_string(got.methods, "publickey,password"));
	assert_false(got.partial_success);
	assert_int_equal(got.ending, AUTHENTICATION_CLOSED);
	body_check(&b, decode_failure);
}

static void
methods_that_are_no_name_list_are_refused(void **state)
{
	const struct authentication_failure failure = {
		.methods = view_of_string("publickey,,password"),
	};
	struct buffer b;

	(void)state;
	buffer_init(&b, 1024);
	assert_int_equal(authentication_failure_encode(&failure, &b), SP_OK);
	assert_int_equal(decode_failure(buffer_view(&b)), SP_ERR_FORMAT);
	buffer_clear(&b);
}

static void
an_ending_that_there_is_not_is_refused(void **state)
{
	const struct authentication_failure failure = {
		.ending = AUTHENTICATION_ENDINGS,
	};
	struct buffer b;

	(void)state;
	buffer_init(&b, 1024);
	assert_int_equal(authentication_failure_encode(&failure, &b), SP_OK);
	assert_int_equal(decode_failure(buffer_view(&b)), SP_ERR_FORMAT);
	buffer_clear(&b);
}

static void
every_ending_has_words_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 1; i < AUTHENTICATION_ENDINGS; i++) {
		const char *text = authentication_farewell_of(i)->text;

		assert_true(authentication_farewell_of(i)->reason != 0);
		assert_true(text != NULL && text[0] != '\0');
		for (unsigned j = 1; j < i; j++)
			assert_string_not_equal(
			    text, authentication_farewell_of(j)->text);
	}
}

static enum sp_status
decode_banner(struct sp_view body)
{
	struct authentication_banner banner;

	return authentication_banner_decode(body, &banner);
}

static void
a_banner_is_read_back(void **state)
{
	const struct authentication_banner banner = {
		.text = view_of_string("Back at noon.\r\n"),
	};
	struct authentication_banner got;
	struct buffer b;

	(void)state;
	buffer_init(&b, 1024);
	assert_int_equal(authentication_banner_encode(&banner, &b), SP_OK);
	assert_int_equal(
	    authentication_banner_decode(buffer_view(&b), &got), SP_OK);
	assert_true(view_equal(got.text, banner.text));
	body_check(&b, decode_banner);
}

static void
a_banner_has_a_maximum_and_no_nul(void **state)
{
	static uint8_t text[AUTHENTICATION_BANNER_MAX + 1];
	struct authentication_banner banner = {
		.text = view_of(text, sizeof text),
	};
	struct buffer b;

	(void)state;
	memset(text, 'x', sizeof text);
	buffer_init(&b, 2 * sizeof text);
	assert_int_equal(
	    authentication_banner_encode(&banner, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
	banner.text.len--;
	assert_int_equal(authentication_banner_encode(&banner, &b), SP_OK);
	assert_int_equal(decode_banner(buffer_view(&b)), SP_OK);
	buffer_clear(&b);
	text[7] = '\0';
	assert_int_equal(authentication_banner_encode(&banner, &b), SP_OK);
	assert_int_equal(decode_banner(buffer_view(&b)), SP_ERR_FORMAT);
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_back),
		cmocka_unit_test(a_spawn_is_read_back),
		cmocka_unit_test(
		    a_strangers_fields_of_maximal_length_fit_and_longer_ones_do_not),
		cmocka_unit_test(a_failure_is_read_back),
		cmocka_unit_test(methods_that_are_no_name_list_are_refused),
		cmocka_unit_test(an_ending_that_there_is_not_is_refused),
		cmocka_unit_test(every_ending_has_words_of_its_own),
		cmocka_unit_test(a_banner_is_read_back),
		cmocka_unit_test(a_banner_has_a_maximum_and_no_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
