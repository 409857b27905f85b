/* "SSH-2.0-software comments": what is taken for one and what is not. */
#include "lib/transport/identification.h"
#include "tests/unit/transport/fixture.h"

/* A string of n times a letter, with a start and an end. */
static const char *
long_line(const char *start, size_t len, const char *end)
{
	static char line[4096];
	size_t at = strlen(start);

	memcpy(line, start, at);
	memset(line + at, 'x', len - at);
	memcpy(line + len, end, strlen(end) + 1);
	return line;
}

static enum sp_status
receive(enum sp_role role, struct sp_view bytes)
{
	enum sp_status status;
	struct transport t;

	fixture_transport(&t, role);
	assert_int_equal(buffer_append(&t.in, bytes), SP_OK);
	status = identification_receive(&t);
	assert_int_equal(t.events.count, status == SP_OK ? 1 : 0);
	assert_int_equal(t.peer_identification[0] != '\0', status == SP_OK);
	transport_clear(&t);
	return status;
}

static enum sp_status
server_reads(const char *text)
{
	return receive(SP_SERVER, view_of_string(text));
}

static void
a_server_takes_well_formed_lines_alone(void **state)
{
	static const struct {
		const char *text;
		enum sp_status status;
	} cases[] = {
		{ "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", SP_OK },
		{ "SSH-2.0-x\n", SP_OK },
		{ "SSH-1.99-x\r\n", SP_OK },
		{ "SSH-2.0-with-minus\r\n", SP_OK },
		{ "SSH-1.5-x\r\n", SP_ERR_VERSION },
		{ "SSH-2.1-x\r\n", SP_ERR_VERSION },
		{ "SSH-3.0-x\r\n", SP_ERR_VERSION },
		{ "SSH-2.0\r\n", SP_ERR_VERSION },
		{ "SSH-2.0-\r\n", SP_ERR_VERSION },
		{ "SSH-2.0- only comments\r\n", SP_ERR_VERSION },
		{ "SSH-\r\n", SP_ERR_VERSION },
		{ "SSH-2.0-x\ty\r\n", SP_ERR_IDENTIFICATION },
		{ "SSH-2.0-x\ry\r\n", SP_ERR_IDENTIFICATION },
		{ "SSH-2.0-x\x7f\r\n", SP_ERR_IDENTIFICATION },
		{ "GET / HTTP/1.1\r\n", SP_ERR_IDENTIFICATION },
		{ "\r\n", SP_ERR_IDENTIFICATION },
		{ "\n", SP_ERR_IDENTIFICATION },
		{ "ssh-2.0-x\r\n", SP_ERR_IDENTIFICATION },
		/* A line in front of it is a server's privilege. */
		{ "hello\r\nSSH-2.0-x\r\n", SP_ERR_IDENTIFICATION },
		/* Not whole yet. */
		{ "", SP_ERR_AGAIN },
		{ "S", SP_ERR_AGAIN },
		{ "SSH-2.0-x\r", SP_ERR_AGAIN },
		/* Hopeless from its first byte. */
		{ "G", SP_ERR_IDENTIFICATION },
		{ "SSL", SP_ERR_IDENTIFICATION },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (server_reads(cases[i].text) != cases[i].status)
			fail_msg("%s", cases[i].text);
	assert_int_equal(receive(SP_SERVER, view_of("SSH-2.0-x\0y\r\n", 13)),
	    SP_ERR_IDENTIFICATION);
}

static void
a_line_has_at_most_255_bytes(void **state)
{
	(void)state;
	assert_int_equal(
	    server_reads(long_line("SSH-2.0-", 253, "\r\n")), SP_OK);
	assert_int_equal(server_reads(long_line("SSH-2.0-", 254, "\r\n")),
	    SP_ERR_IDENTIFICATION);
	assert_int_equal(server_reads(long_line("SSH-2.0-", 253, "\n")), SP_OK);
	assert_int_equal(server_reads(long_line("SSH-2.0-", 254, "\n")),
	    SP_ERR_IDENTIFICATION);
	/* No more is waited for. */
	assert_int_equal(
	    server_reads(long_line("SSH-2.0-", 254, "")), SP_ERR_AGAIN);
	assert_int_equal(server_reads(long_line("SSH-2.0-", 255, "")),
	    SP_ERR_IDENTIFICATION);
	assert_int_equal(
	    receive(
		SP_CLIENT, view_of_string(long_line("SSH-2.0-", 254, "\r\n"))),
	    SP_ERR_IDENTIFICATION);
}

static void
a_client_passes_over_lines_in_front_of_it(void **state)
{
	struct sp_view line = view_of_string("welcome\r\n");
	struct transport t;

	(void)state;
	fixture_transport(&t, SP_CLIENT);
	for (unsigned i = 0; i < LIMIT_BANNER_LINES; i++)
		assert_int_equal(buffer_append(&t.in, line), SP_OK);
	assert_int_equal(identification_receive(&t), SP_ERR_AGAIN);
	assert_int_equal(
	    buffer_append(&t.in, view_of_string("SSH-2.0-x\r\n")), SP_OK);
	assert_int_equal(identification_receive(&t), SP_OK);
	assert_string_equal(t.peer_identification, "SSH-2.0-x");
	transport_clear(&t);

	fixture_transport(&t, SP_CLIENT);
	for (unsigned i = 0; i <= LIMIT_BANNER_LINES; i++)
		assert_int_equal(buffer_append(&t.in, line), SP_OK);
	assert_int_equal(identification_receive(&t), SP_ERR_IDENTIFICATION);
	transport_clear(&t);
}

static void
lines_in_front_of_it_have_a_bound(void **state)
{
	(void)state;
	assert_int_equal(
	    receive(SP_CLIENT,
		view_of_string(long_line("", LIMIT_BANNER_LINE - 1, "\n"))),
	    SP_ERR_AGAIN);
	assert_int_equal(
	    receive(SP_CLIENT,
		view_of_string(long_line("", LIMIT_BANNER_LINE, "\n"))),
	    SP_ERR_IDENTIFICATION);
}

static void
its_parts_are_told_and_what_follows_is_left(void **state)
{
	static const char text[] = "SSH-2.0-soft_1.0 some comments\r\nrest";
	struct sp_event event;
	struct transport t;

	(void)state;
	fixture_transport(&t, SP_SERVER);
	for (size_t i = 0; i + 5 < sizeof text; i++) {
		assert_int_equal(identification_receive(&t), SP_ERR_AGAIN);
		assert_int_equal(
		    buffer_append(&t.in, view_of(text + i, 1)), SP_OK);
	}
	assert_int_equal(buffer_append(&t.in, view_of_string("rest")), SP_OK);
	assert_int_equal(identification_receive(&t), SP_OK);
	assert_true(event_pop(&t.events, &event));
	assert_int_equal(event.kind, SP_EVENT_IDENTIFIED);
	assert_true(view_equal_string(
	    event.u.identified.line, "SSH-2.0-soft_1.0 some comments"));
	assert_true(view_equal_string(event.u.identified.protocol, "2.0"));
	assert_true(view_equal_string(event.u.identified.software, "soft_1.0"));
	assert_true(
	    view_equal_string(event.u.identified.comments, "some comments"));
	buffer_consume(&t.in, t.opened);
	assert_true(view_equal_string(buffer_view(&t.in), "rest"));
	transport_clear(&t);
}

static void
our_own_is_what_the_rfc_allows(void **state)
{
	static const char *const bad[] = { "", " x", "x\r", "x\n", "x\t",
		"\x7f", "\xc3\xa9" };
	struct transport t;

	(void)state;
	fixture_transport(&t, SP_CLIENT);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(
		    identification_set(&t, bad[i]), SP_ERR_ARGUMENT);
	assert_int_equal(identification_set(&t, long_line("", 245, "")), SP_OK);
	assert_int_equal(
	    identification_set(&t, long_line("", 246, "")), SP_ERR_ARGUMENT);
	assert_int_equal(identification_set(&t, "soft_1 and more"), SP_OK);
	assert_int_equal(identification_send(&t), SP_OK);
	assert_true(view_equal_string(
	    buffer_view(&t.out), "SSH-2.0-soft_1 and more\r\n"));
	transport_clear(&t);
}

static void
a_line_is_taken_apart(void **state)
{
	static const struct {
		const char *line;
		const char *protocol;
		const char *software;
		const char *comments;
	} cases[] = {
		{ "SSH-2.0-a", "2.0", "a", "" },
		{ "SSH-1.99-OpenSSH_3.1 x y", "1.99", "OpenSSH_3.1", "x y" },
		{ "SSH-2.0-a-b ", "2.0", "a-b", "" },
		{ "SSH-2.0-a  b", "2.0", "a", " b" },
		{ "SSH-2.0-SSH-2.0-a", "2.0", "SSH-2.0-a", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct identification parts;

		assert_true(
		    identification_split(sp_text(cases[i].line), &parts));
		assert_true(sp_view_is(parts.protocol, cases[i].protocol));
		assert_true(sp_view_is(parts.software, cases[i].software));
		assert_true(sp_view_is(parts.comments, cases[i].comments));
	}
}

/* expected: what is sent then; NULL where it does not matter. */
static enum sp_status
greet(enum sp_role role, const char *greeting, const char *expected)
{
	enum sp_status status;
	struct transport t;

	fixture_transport(&t, role);
	status = identification_greet(&t, greeting);
	if (status == SP_OK && expected != NULL)
		assert_true(sp_view_is(buffer_view(&t.out), expected));
	transport_clear(&t);
	return status;
}

static void
a_greeting_is_sent_in_lines(void **state)
{
	(void)state;
	assert_int_equal(greet(SP_SERVER, "", ""), SP_OK);
	assert_int_equal(greet(SP_SERVER, "one", "one\r\n"), SP_OK);
	assert_int_equal(greet(SP_SERVER, "one\n", "one\r\n"), SP_OK);
	assert_int_equal(greet(SP_SERVER, "one\n\ntwo\xc3\xa9",
			     "one\r\n\r\ntwo\xc3\xa9\r\n"),
	    SP_OK);
	assert_int_equal(greet(SP_CLIENT, "one", ""), SP_ERR_ARGUMENT);
}

static void
what_a_client_might_mistake_is_no_greeting(void **state)
{
	static const char *const bad[] = { "SSH-2.0-x", "one\nSSH-", "one\r\n",
		"a\tb", "\x1b[2J" };
	char lines[2 * (LIMIT_BANNER_LINES + 1) + 1] = "";

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(greet(SP_SERVER, bad[i], ""), SP_ERR_ARGUMENT);
	assert_int_equal(
	    greet(SP_SERVER, long_line("", 1023, ""), NULL), SP_ERR_ARGUMENT);
	assert_int_equal(
	    greet(SP_SERVER, long_line("", 1022, ""), NULL), SP_OK);
	for (size_t i = 0; i <= LIMIT_BANNER_LINES; i++)
		memcpy(lines + 2 * i, "x\n", 2);
	assert_int_equal(greet(SP_SERVER, lines, ""), SP_ERR_ARGUMENT);
	lines[2 * LIMIT_BANNER_LINES] = '\0';
	assert_int_equal(greet(SP_SERVER, lines, NULL), SP_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_takes_well_formed_lines_alone),
		cmocka_unit_test(a_line_has_at_most_255_bytes),
		cmocka_unit_test(a_client_passes_over_lines_in_front_of_it),
		cmocka_unit_test(lines_in_front_of_it_have_a_bound),
		cmocka_unit_test(its_parts_are_told_and_what_follows_is_left),
		cmocka_unit_test(our_own_is_what_the_rfc_allows),
		cmocka_unit_test(a_line_is_taken_apart),
		cmocka_unit_test(a_greeting_is_sent_in_lines),
		cmocka_unit_test(what_a_client_might_mistake_is_no_greeting),
	};

	return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
