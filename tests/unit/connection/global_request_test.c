/* Global requests: values and bytes of each, ports, lists of blobs. */
#include "lib/connection/global_request.h"
#include "tests/unit/connection/formcheck.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEXT FORMCHECK_TEXT

static const struct {
	struct sp_global values;
	struct sp_view bytes;
} rows[] = {
	{ { .kind = SP_GLOBAL_TCPIP_FORWARD,
	      .u.forward = { TEXT("::"), 8080 } },
	    TEXT("\0\0\0\2::\0\0\x1f\x90") },
	{ { .kind = SP_GLOBAL_CANCEL_TCPIP_FORWARD,
	      .u.forward = { TEXT(""), 0 } },
	    TEXT("\0\0\0\0\0\0\0\0") },
	{ { .kind = SP_GLOBAL_STREAMLOCAL_FORWARD, .u.path = TEXT("/run/a") },
	    TEXT("\0\0\0\6/run/a") },
	{ { .kind = SP_GLOBAL_CANCEL_STREAMLOCAL_FORWARD,
	      .u.path = TEXT("/run/a") },
	    TEXT("\0\0\0\6/run/a") },
	{ { .kind = SP_GLOBAL_NO_MORE_SESSIONS }, TEXT("") },
	{ { .kind = SP_GLOBAL_HOSTKEYS_PROVE,
	      .u.host_keys = TEXT("\0\0\0\1a\0\0\0\1b") },
	    TEXT("\0\0\0\1a\0\0\0\1b") },
	{ { .kind = SP_GLOBAL_HOSTKEYS, .u.host_keys = TEXT("\0\0\0\1a") },
	    TEXT("\0\0\0\1a") },
	{ { .kind = SP_GLOBAL_KEEPALIVE }, TEXT("") },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static enum sp_status
read_event(struct sp_view name, struct sp_view data, void *values)
{
	struct sp_event event = { .kind = SP_EVENT_GLOBAL_REQUEST };

	event.u.global_request.name = name;
	event.u.global_request.data = data;
	return sp_global_read(&event, values);
}

/* A list of blobs may end between two of them: see below. */
static bool
is_list(enum sp_global_kind kind)
{
	return kind == SP_GLOBAL_HOSTKEYS || kind == SP_GLOBAL_HOSTKEYS_PROVE;
}

static void
each_request_is_written_and_read_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		if (is_list(rows[i].values.kind))
			continue;
		formcheck_run(&(struct formcheck){
		    .form = global_request_form(rows[i].values.kind),
		    .read = read_event,
		    .values = &rows[i].values,
		    .size = sizeof rows[i].values,
		    .bytes = rows[i].bytes,
		});
	}
}

static void
the_rows_are_all_there_are(void **state)
{
	struct sp_global got;

	(void)state;
	assert_null(global_request_form(SP_GLOBAL_UNKNOWN));
	assert_null(global_request_form((enum sp_global_kind)(ROWS + 1)));
	for (size_t i = 0; i < ROWS; i++) {
		const struct form *form =
		    global_request_form((enum sp_global_kind)(i + 1));

		assert_int_equal(rows[i].values.kind, i + 1);
		assert_int_equal(
		    read_event(sp_text(form->name), rows[i].bytes, &got),
		    SP_OK);
		assert_int_equal(got.kind, i + 1);
	}
	assert_int_equal(
	    read_event(sp_text("x@example.com"), sp_text("any"), &got), SP_OK);
	assert_int_equal(got.kind, SP_GLOBAL_UNKNOWN);
}

static enum sp_status
read_reply(uint32_t number, uint32_t *port)
{
	struct sp_event event = { .kind = SP_EVENT_GLOBAL_REPLY };
	uint8_t bytes[4];

	writer_put_u32(bytes, number);
	event.u.global_reply.data = view_of(bytes, sizeof bytes);
	return sp_forward_port_read(&event, port);
}

static void
ports_have_their_range(void **state)
{
	static const uint32_t ports[] = { 0, 65536, 65558, UINT32_MAX };
	uint32_t port = 7;

	(void)state;
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
		uint8_t bytes[8] = { 0 };
		struct sp_global got;

		/* 0 asks for any, but is no answer. */
		writer_put_u32(bytes + 4, ports[i]);
		assert_int_equal(read_event(sp_text("tcpip-forward"),
				     view_of(bytes, sizeof bytes), &got),
		    ports[i] == 0 ? SP_OK : SP_ERR_FORMAT);
		assert_int_equal(read_reply(ports[i], &port), SP_ERR_FORMAT);
	}
	assert_int_equal(port, 7);
	assert_int_equal(read_reply(65535, &port), SP_OK);
	assert_int_equal(port, 65535);
}

static void
a_reply_without_a_port_has_none(void **state)
{
	struct sp_event event = { .kind = SP_EVENT_GLOBAL_REPLY };
	uint32_t port = 7;

	(void)state;
	assert_int_equal(sp_forward_port_read(&event, &port), SP_ERR_FORMAT);
	event.u.global_reply.data = view_of("\0\0\0\1", 5);
	assert_int_equal(sp_forward_port_read(&event, &port), SP_ERR_TRAILING);
	assert_int_equal(port, 7);
}

/* ---- host keys ---- */

/* One more at the end, as sp_strings_write() has them. */
static void
add_blob(const char *text, struct buffer *b)
{
	const struct sp_view blob = view_of_string(text);
	uint8_t room[64];
	size_t len;

	assert_int_equal(
	    sp_strings_write(&blob, 1, room, sizeof room, &len), SP_OK);
	assert_int_equal(buffer_append(b, view_of(room, len)), SP_OK);
}

static void
blobs_are_whole_not_empty_and_not_too_many(void **state)
{
	size_t count = 99;
	struct buffer b;

	(void)state;
	buffer_init(&b, 4096);
	assert_int_equal(
	    global_request_decode_blobs(buffer_view(&b), &count), SP_OK);
	assert_int_equal(count, 0);
	for (size_t i = 0; i < GLOBAL_REQUEST_KEYS; i++) {
		size_t before = buffer_len(&b);

		add_blob("blob", &b);
		assert_int_equal(
		    global_request_decode_blobs(buffer_view(&b), &count),
		    SP_OK);
		assert_int_equal(count, i + 1);
		for (size_t len = before + 1; len < buffer_len(&b); len++)
			assert_int_equal(global_request_decode_blobs(
					     view_of(b.data, len), &count),
			    SP_ERR_FORMAT);
	}
	add_blob("more", &b);
	assert_int_equal(global_request_decode_blobs(buffer_view(&b), &count),
	    SP_ERR_FORMAT);
	assert_int_equal(
	    global_request_decode_blobs(view_of("\0\0\0\0", 4), &count),
	    SP_ERR_FORMAT);
	assert_int_equal(count, GLOBAL_REQUEST_KEYS);
	buffer_clear(&b);
}

static void
strings_fill_their_room_or_are_not_written(void **state)
{
	const struct sp_view strings[] = { sp_text("one"), sp_text(""),
		sp_text("three") };
	struct sp_view rest, string;
	uint8_t room[20];
	size_t len = 99;

	(void)state;
	for (size_t size = 0; size < sizeof room; size++)
		assert_int_equal(sp_strings_write(strings, 3, room, size, &len),
		    SP_ERR_LIMIT);
	assert_int_equal(len, 99);
	assert_int_equal(
	    sp_strings_write(strings, 3, room, sizeof room, &len), SP_OK);
	assert_int_equal(len, sizeof room);
	rest = view_of(room, len);
	for (size_t i = 0; i < 3; i++) {
		assert_true(sp_strings_next(&rest, &string));
		assert_true(sp_view_equal(string, strings[i]));
	}
	assert_false(sp_strings_next(&rest, &string));
	assert_int_equal(sp_strings_write(NULL, 0, room, 0, &len), SP_OK);
	assert_int_equal(len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_request_is_written_and_read_whole_or_not_at_all),
		cmocka_unit_test(the_rows_are_all_there_are),
		cmocka_unit_test(ports_have_their_range),
		cmocka_unit_test(a_reply_without_a_port_has_none),
		cmocka_unit_test(blobs_are_whole_not_empty_and_not_too_many),
		cmocka_unit_test(strings_fill_their_room_or_are_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
