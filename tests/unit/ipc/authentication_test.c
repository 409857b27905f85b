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
		.password = view_of_string("old"),
		.is_change = true,
		.new_password = view_of_string("new"),
		.submethods = view_of_string("pam,otp"),
		.client_host = view_of_string("client.example"),
		.client_user = view_of_string("bob"),
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
	assert_true(view_equal_string(got->password, "old"));
	assert_true(got->is_change);
	assert_true(view_equal_string(got->new_password, "new"));
	assert_true(view_equal_string(got->submethods, "pam,otp"));
	assert_true(view_equal_string(got->client_host, "client.example"));
	assert_true(view_equal_string(got->client_user, "bob"));
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
		.claim = { true, { { 1, 2 }, 3 }, { { 4, 5 }, 6 } },
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
	assert_true(got.claim.is_made);
	assert_int_equal(got.claim.peer.address[1], 2);
	assert_int_equal(got.claim.local.port, 6);
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
		{ offsetof(struct authentication_request, password), 1024 },
		{ offsetof(struct authentication_request, new_password), 1024 },
		{ offsetof(struct authentication_request, submethods), 1024 },
		{ offsetof(struct authentication_request, client_host), 255 },
		{ offsetof(struct authentication_request, client_user), 255 },
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
	static const char *const lists[] = { "publickey,,password",
		"publickey,", "," };

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		const struct authentication_failure failure = {
			.methods = view_of_string(lists[i]),
		};
		struct buffer b;

		buffer_init(&b, 1024);
		assert_int_equal(
		    authentication_failure_encode(&failure, &b), SP_OK);
		assert_int_equal(
		    decode_failure(buffer_view(&b)), SP_ERR_FORMAT);
		buffer_clear(&b);
	}
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

static enum sp_status
decode_prompts(struct sp_view body)
{
	static struct authentication_prompts got;

	return authentication_prompts_decode(body, &got);
}

static enum sp_status
decode_responses(struct sp_view body)
{
	static struct authentication_responses got;

	return authentication_responses_decode(body, &got);
}

static enum sp_status
decode_change(struct sp_view body)
{
	struct authentication_change got;

	return authentication_change_decode(body, &got);
}

static void
prompts_are_read_back(void **state)
{
	static const struct authentication_prompts prompts = {
		.name = { (const uint8_t *)"Two questions", 13 },
		.instruction = { (const uint8_t *)"of one", 6 },
		.count = 2,
		.prompts = { { { (const uint8_t *)"Name: ", 6 }, true },
		    { { (const uint8_t *)"Code: ", 6 }, false } },
	};
	struct authentication_prompts got;
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(authentication_prompts_encode(&prompts, &b), SP_OK);
	assert_int_equal(
	    authentication_prompts_decode(buffer_view(&b), &got), SP_OK);
	assert_true(view_equal(got.name, prompts.name));
	assert_true(view_equal(got.instruction, prompts.instruction));
	assert_int_equal(got.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(
		    view_equal(got.prompts[i].text, prompts.prompts[i].text));
		assert_int_equal(got.prompts[i].echo, prompts.prompts[i].echo);
	}
	body_check(&b, decode_prompts);
}

static void
prompts_are_no_more_than_the_protocol_takes(void **state)
{
	static struct authentication_prompts prompts;
	const struct sp_view longest = view_of(long_bytes, LIMIT_PROMPT);
	struct buffer b;

	(void)state;
	memset(long_bytes, 'x', sizeof long_bytes);
	buffer_init(&b, IPC_BODY_MAX);
	prompts = (struct authentication_prompts){ .count = LIMIT_PROMPTS };
	assert_int_equal(authentication_prompts_encode(&prompts, &b), SP_OK);
	assert_int_equal(decode_prompts(buffer_view(&b)), SP_OK);
	buffer_clear(&b);
	prompts.count = LIMIT_PROMPTS + 1;
	assert_int_equal(
	    authentication_prompts_encode(&prompts, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
	/* One text at its longest, and past it. */
	prompts = (struct authentication_prompts){ .instruction = longest };
	assert_int_equal(authentication_prompts_encode(&prompts, &b), SP_OK);
	assert_int_equal(decode_prompts(buffer_view(&b)), SP_OK);
	buffer_clear(&b);
	prompts.instruction.len++;
	assert_int_equal(
	    authentication_prompts_encode(&prompts, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
	/* All of them together. */
	prompts = (struct authentication_prompts){ .count = 8 };
	for (size_t i = 0; i < prompts.count; i++)
		prompts.prompts[i].text = longest;
	assert_int_equal(
	    authentication_prompts_encode(&prompts, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
	prompts.prompts[7].text.len -= 8 * 5 + 1;
	assert_int_equal(authentication_prompts_encode(&prompts, &b), SP_OK);
	assert_int_equal(decode_prompts(buffer_view(&b)), SP_OK);
	buffer_clear(&b);
}

static void
a_nul_in_a_prompt_is_refused(void **state)
{
	static const struct sp_view nul = { (const uint8_t *)"a\0b", 3 };
	static struct authentication_prompts prompts;
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	for (int i = 0; i < 3; i++) {
		prompts = (struct authentication_prompts){ .count = 1 };
		if (i == 0)
			prompts.name = nul;
		else if (i == 1)
			prompts.instruction = nul;
		else
			prompts.prompts[0].text = nul;
		assert_int_equal(
		    authentication_prompts_encode(&prompts, &b), SP_OK);
		assert_int_equal(
		    decode_prompts(buffer_view(&b)), SP_ERR_FORMAT);
		buffer_clear(&b);
	}
}

static void
responses_are_read_back(void **state)
{
	struct authentication_responses responses = {
		.is_complete = true,
		.count = LIMIT_PROMPTS,
	};
	struct authentication_responses got;
	struct buffer b;

	(void)state;
	responses.responses[1] = view_of("a\0b", 3);
	responses.responses[31] = view_of(long_bytes, LIMIT_PASSWORD);
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(
	    authentication_responses_encode(&responses, &b), SP_OK);
	assert_int_equal(
	    authentication_responses_decode(buffer_view(&b), &got), SP_OK);
	assert_true(got.is_complete);
	assert_int_equal(got.count, LIMIT_PROMPTS);
	for (size_t i = 0; i < LIMIT_PROMPTS; i++)
		assert_true(
		    view_equal(got.responses[i], responses.responses[i]));
	body_check(&b, decode_responses);
	responses.responses[31].len++;
	assert_int_equal(
	    authentication_responses_encode(&responses, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
	responses.count++;
	assert_int_equal(
	    authentication_responses_encode(&responses, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
}

static void
responses_of_a_wrong_number_bring_none(void **state)
{
	struct authentication_responses responses = { .is_complete = false };
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(
	    authentication_responses_encode(&responses, &b), SP_OK);
	body_check(&b, decode_responses);
	responses.count = 1;
	assert_int_equal(
	    authentication_responses_encode(&responses, &b), SP_OK);
	assert_int_equal(decode_responses(buffer_view(&b)), SP_ERR_FORMAT);
	buffer_clear(&b);
}

static void
a_wish_for_a_new_password_is_read_back(void **state)
{
	struct authentication_change change = {
		.prompt = view_of_string("It is too old."),
	};
	struct authentication_change got;
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(authentication_change_encode(&change, &b), SP_OK);
	assert_int_equal(
	    authentication_change_decode(buffer_view(&b), &got), SP_OK);
	assert_true(view_equal(got.prompt, change.prompt));
	body_check(&b, decode_change);
	change.prompt = view_of("a\0b", 3);
	assert_int_equal(authentication_change_encode(&change, &b), SP_OK);
	assert_int_equal(decode_change(buffer_view(&b)), SP_ERR_FORMAT);
	buffer_clear(&b);
	change.prompt = view_of(long_bytes, LIMIT_PROMPT + 1);
	assert_int_equal(
	    authentication_change_encode(&change, &b), SP_ERR_LIMIT);
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
		cmocka_unit_test(prompts_are_read_back),
		cmocka_unit_test(prompts_are_no_more_than_the_protocol_takes),
		cmocka_unit_test(a_nul_in_a_prompt_is_refused),
		cmocka_unit_test(responses_are_read_back),
		cmocka_unit_test(responses_of_a_wrong_number_bring_none),
		cmocka_unit_test(a_wish_for_a_new_password_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
