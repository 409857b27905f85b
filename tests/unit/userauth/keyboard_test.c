/* The fields of "keyboard-interactive", read (RFC 4256 3). */
#include "lib/userauth/keyboard.h"

#include "tests/unit/userauth/fields.h"

static struct transport transport;
static struct userauth u;
static struct sp_event event;

/* As it is while responses, or prompts, are awaited. */
static void
set_scene(void)
{
	memset(&transport, 0, sizeof transport);
	memset(&event, 0, sizeof event);
	u = (struct userauth){
		.transport = &transport,
		.family = FAMILY_KEYBOARD,
		.awaiting = USERAUTH_ANSWER,
		.prompts = 2,
	};
}

static enum sp_status
decode_request(struct sp_view body)
{
	struct reader r;

	set_scene();
	reader_init(&r, body);
	return keyboard_read_request(&u, &r, &event);
}

static enum sp_status
decode_prompts(struct sp_view body)
{
	struct reader r;

	set_scene();
	reader_init(&r, body);
	return keyboard_receive_prompts(&u, &r);
}

static enum sp_status
decode_responses(struct sp_view body)
{
	struct reader r;

	set_scene();
	reader_init(&r, body);
	return keyboard_receive_responses(&u, &r);
}

static void
write_request(struct buffer *b, size_t language, size_t submethods)
{
	struct writer w;

	buffer_init(b, 10000);
	writer_init(&w, b);
	fields_string(&w, language);
	fields_string(&w, submethods);
	assert_int_equal(writer_finish(&w), SP_OK);
}

static void
write_prompts(struct buffer *b, size_t text, uint32_t count, size_t prompt)
{
	struct writer w;

	buffer_init(b, 400000);
	writer_init(&w, b);
	fields_string(&w, text);
	fields_string(&w, text);
	fields_string(&w, 2);
	writer_u32(&w, count);
	for (uint32_t i = 0; i < count; i++) {
		fields_string(&w, prompt);
		writer_bool(&w, i % 2 == 0);
	}
	assert_int_equal(writer_finish(&w), SP_OK);
}

static void
write_responses(struct buffer *b, uint32_t count, size_t len)
{
	struct writer w;

	buffer_init(b, 400000);
	writer_init(&w, b);
	writer_u32(&w, count);
	for (uint32_t i = 0; i < count; i++)
		fields_string(&w, len);
	assert_int_equal(writer_finish(&w), SP_OK);
}

static void
fields_are_read_whole_or_not_at_all(void **state)
{
	struct buffer b;

	(void)state;
	write_request(&b, 2, 5);
	fields_check(&b, decode_request);
	buffer_clear(&b);
	for (uint32_t count = 0; count < 3; count++) {
		write_prompts(&b, 5, count, 3);
		fields_check(&b, decode_prompts);
		buffer_clear(&b);
		write_responses(&b, count, 3);
		fields_check(&b, decode_responses);
		buffer_clear(&b);
	}
}

static void
check(struct buffer *b, fields_decode *decode, enum sp_status expected)
{
	assert_int_equal(decode(buffer_view(b)), expected);
	buffer_clear(b);
}

static void
so_long_so_many_and_no_more(void **state)
{
	struct buffer b;

	(void)state;
	write_request(&b, LIMIT_LANGUAGE, LIMIT_SUBMETHODS);
	check(&b, decode_request, SP_OK);
	write_request(&b, LIMIT_LANGUAGE + 1, 0);
	check(&b, decode_request, SP_ERR_FORMAT);
	write_request(&b, 0, LIMIT_SUBMETHODS + 1);
	check(&b, decode_request, SP_ERR_FORMAT);

	write_prompts(&b, LIMIT_PROMPT, LIMIT_PROMPTS, LIMIT_PROMPT);
	check(&b, decode_prompts, SP_OK);
	write_prompts(&b, LIMIT_PROMPT + 1, 1, 1);
	check(&b, decode_prompts, SP_ERR_FORMAT);
	write_prompts(&b, 1, 1, LIMIT_PROMPT + 1);
	check(&b, decode_prompts, SP_ERR_FORMAT);
	write_prompts(&b, 1, LIMIT_PROMPTS + 1, 1);
	check(&b, decode_prompts, SP_ERR_FORMAT);

	write_responses(&b, LIMIT_PROMPTS, LIMIT_PASSWORD);
	check(&b, decode_responses, SP_OK);
	write_responses(&b, 1, LIMIT_PASSWORD + 1);
	check(&b, decode_responses, SP_ERR_FORMAT);
	write_responses(&b, LIMIT_PROMPTS + 1, 0);
	check(&b, decode_responses, SP_ERR_FORMAT);
}

static void
a_count_that_is_a_lie_ends_where_the_bytes_do(void **state)
{
	static const uint8_t lie[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0 };

	(void)state;
	assert_int_equal(
	    decode_responses(view_of(lie, sizeof lie)), SP_ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_read_whole_or_not_at_all),
		cmocka_unit_test(so_long_so_many_and_no_more),
		cmocka_unit_test(a_count_that_is_a_lie_ends_where_the_bytes_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
