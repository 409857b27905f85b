/* Channel requests: values and bytes of each, as the RFCs have them. */
#include "lib/connection/session_request.h"
#include "tests/unit/connection/formcheck.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEXT FORMCHECK_TEXT

static const struct {
	struct sp_request values;
	struct sp_view bytes;
} rows[] = {
	{ { .kind = SP_REQUEST_PTY,
	      .u.pty = { .term = TEXT("xterm"),
		  .size = { 80, 24, 640, 480 },
		  .modes = TEXT("\x01\0\0\0\x03\0") } },
	    TEXT("\0\0\0\5xterm\0\0\0\x50\0\0\0\x18\0\0\2\x80\0\0\1\xe0"
		 "\0\0\0\6\1\0\0\0\3\0") },
	{ { .kind = SP_REQUEST_X11,
	      .u.x11 = { .single = true,
		  .protocol = TEXT("MIT-MAGIC-COOKIE-1"),
		  .cookie = TEXT("00ff"),
		  .screen = 1 } },
	    TEXT("\1\0\0\0\x12MIT-MAGIC-COOKIE-1\0\0\0\4"
		 "00ff\0\0\0\1") },
	{ { .kind = SP_REQUEST_ENV,
	      .u.env = { .name = TEXT("LANG"), .value = TEXT("C") } },
	    TEXT("\0\0\0\4LANG\0\0\0\1C") },
	{ { .kind = SP_REQUEST_AUTH_AGENT }, TEXT("") },
	{ { .kind = SP_REQUEST_SHELL }, TEXT("") },
	{ { .kind = SP_REQUEST_EXEC, .u.command = TEXT("ls -l") },
	    TEXT("\0\0\0\5ls -l") },
	{ { .kind = SP_REQUEST_SUBSYSTEM, .u.subsystem = TEXT("sftp") },
	    TEXT("\0\0\0\4sftp") },
	{ { .kind = SP_REQUEST_WINDOW_CHANGE, .u.size = { 1, 2, 3, 4 } },
	    TEXT("\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4") },
	{ { .kind = SP_REQUEST_SIGNAL, .u.signal = TEXT("TERM") },
	    TEXT("\0\0\0\4TERM") },
	{ { .kind = SP_REQUEST_BREAK, .u.break_ms = 500 }, TEXT("\0\0\1\xf4") },
	{ { .kind = SP_REQUEST_XON_XOFF, .u.client_can_do = true },
	    TEXT("\1") },
	{ { .kind = SP_REQUEST_EXIT_STATUS, .u.exit_status = 255 },
	    TEXT("\0\0\0\xff") },
	{ { .kind = SP_REQUEST_EXIT_SIGNAL,
	      .u.exit_signal = { .name = TEXT("SEGV"),
		  .core_dumped = true,
		  .message = TEXT("dumped"),
		  .language = TEXT("en") } },
	    TEXT("\0\0\0\4SEGV\1\0\0\0\6dumped\0\0\0\2en") },
	{ { .kind = SP_REQUEST_EOW }, TEXT("") },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static enum sp_status
read_event(struct sp_view name, struct sp_view data, void *values)
{
	struct sp_event event = { .kind = SP_EVENT_CHANNEL_REQUEST };

	event.u.channel_request.name = name;
	event.u.channel_request.data = data;
	return sp_request_read(&event, values);
}

static void
each_request_is_written_and_read_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		formcheck_run(&(struct formcheck){
		    .form = session_request_form(rows[i].values.kind),
		    .read = read_event,
		    .values = &rows[i].values,
		    .size = sizeof rows[i].values,
		    .bytes = rows[i].bytes,
		});
}

static void
none_is_missing_above(void **state)
{
	(void)state;
	assert_null(session_request_form(SP_REQUEST_UNKNOWN));
	for (int kind = 1; kind <= ROWS; kind++) {
		size_t i = 0;

		while (i < ROWS && (int)rows[i].values.kind != kind)
			i++;
		assert_true(i < ROWS);
	}
	assert_null(session_request_form((enum sp_request_kind)(ROWS + 1)));
}

static void
the_kind_is_that_of_the_name(void **state)
{
	struct sp_request got;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct form *form =
		    session_request_form(rows[i].values.kind);

		assert_int_equal(
		    read_event(sp_text(form->name), rows[i].bytes, &got),
		    SP_OK);
		assert_int_equal(got.kind, rows[i].values.kind);
	}
	assert_int_equal(
	    read_event(sp_text("x@example.com"), sp_text("any"), &got), SP_OK);
	assert_int_equal(got.kind, SP_REQUEST_UNKNOWN);
}

/* RFC 4254 6.7, 6.8, 6.9, 6.10; OpenSSH's PROTOCOL 2.1 */
static void
some_have_no_reply(void **state)
{
	size_t count = 0;

	(void)state;
	for (int kind = 1; kind <= ROWS; kind++)
		count += session_request_form((enum sp_request_kind)kind)
			     ->has_no_reply;
	assert_int_equal(count, 6);
	assert_true(
	    session_request_form(SP_REQUEST_WINDOW_CHANGE)->has_no_reply);
	assert_false(session_request_form(SP_REQUEST_BREAK)->has_no_reply);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_request_is_written_and_read_whole_or_not_at_all),
		cmocka_unit_test(none_is_missing_above),
		cmocka_unit_test(the_kind_is_that_of_the_name),
		cmocka_unit_test(some_have_no_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
