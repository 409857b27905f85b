/* Lines: OpenSSH's wording, JSON, and hostile bytes made harmless. */
#include "daemon/log/line.h"

#include "daemon/log/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct record
record_of(enum log_event event, const struct log_field *fields, size_t n)
{
	struct record record = { .event = event, .count = n };

	memcpy(record.fields, fields, n * sizeof *fields);
	return record;
}

static void
assert_text(const struct record *record, const char *expected)
{
	struct buffer b;

	buffer_init(&b, LINE_MAX_LEN);
	assert_int_equal(line_write_text(record, &b), SP_OK);
	assert_int_equal(buffer_append(&b, view_of("", 1)), SP_OK);
	assert_string_equal((const char *)buffer_view(&b).data, expected);
	buffer_clear(&b);
}

static void
assert_json(const struct record *record, const struct line_origin *origin,
    const char *expected)
{
	const struct timespec time = { .tv_sec = 1795356723,
		.tv_nsec = 123456789 };
	struct buffer b;

	buffer_init(&b, LINE_MAX_LEN);
	assert_int_equal(line_write_json(record, origin, &time, &b), SP_OK);
	assert_int_equal(buffer_append(&b, view_of("", 1)), SP_OK);
	assert_string_equal((const char *)buffer_view(&b).data, expected);
	buffer_clear(&b);
}

static void
logins_are_told_in_the_words_of_openssh(void **state)
{
	const struct log_field user = log_text(FIELD_USER, "alice");
	const struct log_field method = log_text(FIELD_METHOD, "publickey");
	const struct log_field address = log_text(FIELD_ADDRESS, "192.0.2.1");
	const struct log_field port = log_number(FIELD_PORT, 4242);
	const struct log_field key = log_text(FIELD_KEY, "ED25519 SHA256:abc");
	struct record record;

	(void)state;
	record = record_of(
	    EVENT_AUTH_ACCEPTED, LOG_FIELDS(user, method, address, port, key));
	assert_text(&record,
	    "Accepted publickey for alice from 192.0.2.1 port 4242 ssh2: "
	    "ED25519 SHA256:abc");
	record = record_of(
	    EVENT_AUTH_FAILED, LOG_FIELDS(user, method, address, port));
	assert_text(&record,
	    "Failed publickey for alice from 192.0.2.1 port 4242 ssh2");
	record = record_of(EVENT_AUTH_FAILED_UNKNOWN,
	    LOG_FIELDS(user, method, address, port, key));
	assert_text(&record,
	    "Failed publickey for invalid user alice from 192.0.2.1 port 4242 "
	    "ssh2: ED25519 SHA256:abc");
	record = record_of(EVENT_USER_UNKNOWN, LOG_FIELDS(user, address, port));
	assert_text(&record, "Invalid user alice from 192.0.2.1 port 4242");
	record = record_of(EVENT_CONNECTION_CLOSED, LOG_FIELDS(address, port));
	assert_text(
	    &record, "Connection closed by 192.0.2.1 port 4242 [preauth]");
}

static void
a_user_name_cannot_imitate_a_line(void **state)
{
	struct record record = record_of(EVENT_USER_UNKNOWN,
	    LOG_FIELDS(
		log_text(FIELD_USER, "x from 10.0.0.1 port 1\nFailed\x7f\\"),
		log_text(FIELD_ADDRESS, "192.0.2.1"),
		log_number(FIELD_PORT, 4242)));

	(void)state;
	assert_text(&record,
	    "Invalid user x\\x20from\\x2010.0.0.1\\x20port\\x201\\x0aFailed"
	    "\\x7f\\\\ from 192.0.2.1 port 4242");
}

static void
an_absent_field_is_a_dash_or_nothing(void **state)
{
	struct record record = { .event = EVENT_PROCESS_DIED };

	(void)state;
	assert_text(&record, "Process - - died");
	record = record_of(
	    EVENT_PROCESS_DIED, LOG_FIELDS(log_number(FIELD_SIGNAL, 11)));
	assert_text(&record, "Process - - died of signal 11");
}

static void
json_holds_time_sender_event_and_fields(void **state)
{
	const struct line_origin gate = { IPC_ROLE_GATE, 77, 2 };
	const struct line_origin login = { IPC_ROLE_LOGIN, 78, 0 };
	struct record record = record_of(EVENT_CONNECTION_RESET,
	    LOG_FIELDS(
		log_text(FIELD_ADDRESS, "::1"), log_number(FIELD_PORT, 9)));

	(void)state;
	assert_json(&record, &gate,
	    "{\"time\":\"2026-11-22T14:12:03.123Z\",\"level\":\"info\","
	    "\"by\":\"gate\",\"pid\":77,\"by_number\":2,"
	    "\"event\":\"connection_reset\",\"address\":\"::1\",\"port\":9}");
	record = record_of(EVENT_USER_UNKNOWN,
	    LOG_FIELDS(log_text(FIELD_USER, "a\"b\\c\n\xff d")));
	assert_json(&record, &login,
	    "{\"time\":\"2026-11-22T14:12:03.123Z\",\"level\":\"info\","
	    "\"by\":\"login\",\"pid\":78,\"event\":\"user_unknown\","
	    "\"user\":\"a\\\"b\\\\c\\u000a\\u00ff d\"}");
}

/* A wrong name between braces is an assertion in line.c. */
static void
every_event_has_a_text_that_can_be_filled_in(void **state)
{
	(void)state;
	for (size_t event = 0; event < LOG_EVENTS; event++) {
		struct record record = { .event = (enum log_event)event };
		struct buffer b;

		buffer_init(&b, LINE_MAX_LEN);
		assert_int_equal(line_write_text(&record, &b), SP_OK);
		assert_true(buffer_len(&b) > 0);
		for (size_t key = 0; key < LOG_KEYS; key++)
			record.fields[record.count++] = (struct log_field){
				.key = (enum log_key)key,
				.text = view_of_string("text"),
			};
		assert_int_equal(line_write_text(&record, &b), SP_OK);
		buffer_clear(&b);
	}
}

static void
only_login_can_say_that_somebody_was_accepted(void **state)
{
	(void)state;
	for (size_t event = 0; event < LOG_EVENTS; event++) {
		const struct events_row *row =
		    events_find((enum log_event)event);

		if (strstr(row->text, "Accepted") != NULL ||
		    strstr(row->text, "Failed") != NULL)
			assert_int_equal(row->roles, IPC_ROLE_LOGIN);
		assert_true(row->roles != 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logins_are_told_in_the_words_of_openssh),
		cmocka_unit_test(a_user_name_cannot_imitate_a_line),
		cmocka_unit_test(an_absent_field_is_a_dash_or_nothing),
		cmocka_unit_test(json_holds_time_sender_event_and_fields),
		cmocka_unit_test(every_event_has_a_text_that_can_be_filled_in),
		cmocka_unit_test(only_login_can_say_that_somebody_was_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
