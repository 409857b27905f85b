/* Records as they travel, and what they must never be. */
#include "daemon/log/record.h"

#include "tests/unit/ipc/body.h"

static uint8_t long_text[RECORD_TEXT_MAX * 2];

static enum sp_status
decode(struct sp_view body)
{
	struct record got;

	return record_decode(body, &got);
}

static void
encode_example(struct buffer *out)
{
	buffer_init(out, RECORD_MAX);
	assert_int_equal(record_encode(EVENT_AUTH_FAILED, 3,
			     LOG_FIELDS(log_text(FIELD_USER, "alice"),
				 log_number(FIELD_PORT, 4242)),
			     out),
	    SP_OK);
}

static void
a_record_is_read_back(void **state)
{
	struct record got;
	struct buffer b;

	(void)state;
	encode_example(&b);
	assert_int_equal(record_decode(buffer_view(&b), &got), SP_OK);
	assert_int_equal(got.event, EVENT_AUTH_FAILED);
	assert_int_equal(got.lost, 3);
	assert_int_equal(got.count, 2);
	assert_true(
	    view_equal_string(record_field(&got, FIELD_USER)->text, "alice"));
	assert_true(record_field(&got, FIELD_PORT)->number == 4242);
	assert_null(record_field(&got, FIELD_KEY));
	buffer_clear(&b);
}

/* A record may end after any field; everywhere else it is malformed. */
static void
a_record_cut_inside_a_field_is_refused(void **state)
{
	struct buffer b;

	(void)state;
	encode_example(&b);
	for (size_t len = 0; len < buffer_len(&b); len++) {
		bool is_whole = len == 8 || len == 18;

		assert_int_equal(
		    body_decode_copy(decode, buffer_view(&b).data, len),
		    is_whole ? SP_OK : SP_ERR_FORMAT);
	}
	assert_int_equal(buffer_append(&b, view_of("\0", 1)), SP_OK);
	assert_int_equal(decode(buffer_view(&b)), SP_ERR_FORMAT);
	buffer_clear(&b);
}

static void
a_field_given_twice_is_refused(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b, RECORD_MAX);
	assert_int_equal(record_encode(EVENT_READY, 0,
			     LOG_FIELDS(log_text(FIELD_USER, "a"),
				 log_text(FIELD_USER, "b")),
			     &b),
	    SP_OK);
	assert_int_equal(decode(buffer_view(&b)), SP_ERR_FORMAT);
	buffer_clear(&b);
}

static void
an_unknown_event_or_field_is_refused(void **state)
{
	const uint8_t event[] = { 0, 0, 0, LOG_EVENTS, 0, 0, 0, 0 };
	const uint8_t field[] = { 0, 0, 0, 0, 0, 0, 0, 0, LOG_KEYS, 0, 0, 0,
		0 };

	(void)state;
	assert_int_equal(decode(view_of(event, sizeof event)), SP_ERR_FORMAT);
	assert_int_equal(decode(view_of(field, sizeof field)), SP_ERR_FORMAT);
}

static void
a_long_text_is_cut(void **state)
{
	const struct sp_view text = view_of(long_text, sizeof long_text);
	struct record got;
	struct buffer b;

	(void)state;
	buffer_init(&b, RECORD_MAX);
	assert_int_equal(record_encode(EVENT_READY, 0,
			     LOG_FIELDS(log_view(FIELD_REASON, text)), &b),
	    SP_OK);
	assert_int_equal(record_decode(buffer_view(&b), &got), SP_OK);
	assert_int_equal(got.fields[0].text.len, RECORD_TEXT_MAX);
	buffer_clear(&b);
}

static void
a_text_longer_than_the_maximum_is_refused(void **state)
{
	static uint8_t body[8 + 5 + RECORD_TEXT_MAX + 1] = { 0, 0, 0, 0, 0, 0,
		0, 0, FIELD_USER };
	const size_t most = RECORD_TEXT_MAX;

	(void)state;
	body[11] = (uint8_t)(most >> 8);
	body[12] = (uint8_t)most;
	assert_int_equal(decode(view_of(body, sizeof body - 1)), SP_OK);
	body[12]++;
	assert_int_equal(decode(view_of(body, sizeof body)), SP_ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_read_back),
		cmocka_unit_test(a_record_cut_inside_a_field_is_refused),
		cmocka_unit_test(a_field_given_twice_is_refused),
		cmocka_unit_test(an_unknown_event_or_field_is_refused),
		cmocka_unit_test(a_long_text_is_cut),
		cmocka_unit_test(a_text_longer_than_the_maximum_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
