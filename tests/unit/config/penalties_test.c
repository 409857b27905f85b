/* Penalties, as written, by default, and as they are told to processes. */
#include "daemon/config/penalties.h"

#include "daemon/config/projection.h"
#include "tests/unit/config/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000 };

/* The settings that penalties are written with; NULL: with mistakes. */
static const struct penalty_settings *
read_penalties(struct configuration *c, const char *penalties)
{
	char text[1024];

	snprintf(text, sizeof text,
	    "server = { listen = \"127.0.0.1:2222\"; %s };\n"
	    "auth = { keys = { type = \"authorized_keys\"; }; };\n"
	    "handlers = { login = { type = \"login\"; }; };\n"
	    "profiles = { all = { accept = \"keys\"; exec = \"login\"; }; };\n"
	    "rules = ( { use = \"all\"; } );\n",
	    penalties);
	configuration_read_text(c, text);
	return c->settings == NULL ? NULL : &c->settings->server.penalties;
}

static bool
are_for(const struct penalty_settings *penalties, const char *text)
{
	struct cidr_address address;

	assert_true(cidr_parse_address(text, &address));
	return penalties_are_for(penalties, &address);
}

static void
by_default_they_are_those_that_administrators_know(void **state)
{
	const struct penalty_settings *p = read_penalties(*state, "");

	assert_non_null(p);
	assert_true(p->are_on);
	assert_int_equal(p->authfail, 5 * SECOND);
	assert_int_equal(p->noauth, SECOND);
	assert_int_equal(p->grace_exceeded, 10 * SECOND);
	assert_int_equal(p->crash, 90 * SECOND);
	assert_int_equal(p->min, 15 * SECOND);
	assert_int_equal(p->max, 600 * SECOND);
	assert_int_equal(p->max_known, 30 * SECOND);
	assert_int_equal(p->known_time, 86400 * SECOND);
}

static void
who_is_at_this_machine_is_exempt(void **state)
{
	const struct penalty_settings *p = read_penalties(*state, "");

	assert_non_null(p);
	assert_false(are_for(p, "127.0.0.1"));
	assert_false(are_for(p, "127.255.0.9"));
	assert_false(are_for(p, "::1"));
	assert_true(are_for(p, "192.0.2.1"));
	assert_true(are_for(p, "2001:db8::1"));
}

static void
who_else_is_exempt_can_be_said(void **state)
{
	const struct penalty_settings *p = read_penalties(*state,
	    "penalties = { exempt = [ \"10.0.0.0/8\", \"2001:db8::5\" ]; };");

	assert_non_null(p);
	assert_false(are_for(p, "10.1.2.3"));
	assert_false(are_for(p, "2001:db8::5"));
	assert_true(are_for(p, "2001:db8::6"));
	assert_true(are_for(p, "127.0.0.1"));
	p = read_penalties(*state, "penalties = { exempt = [ ]; };");
	assert_non_null(p);
	assert_true(are_for(p, "127.0.0.1"));
}

static void
a_word_turns_them_off(void **state)
{
	const struct penalty_settings *p =
	    read_penalties(*state, "penalties = \"off\";");

	assert_non_null(p);
	assert_false(p->are_on);
	assert_false(are_for(p, "192.0.2.1"));
	p = read_penalties(*state, "penalties = { mode = \"off\"; };");
	assert_non_null(p);
	assert_false(p->are_on);
	p = read_penalties(*state, "penalties = { authfail = \"1m\"; };");
	assert_non_null(p);
	assert_true(p->are_on);
	assert_int_equal(p->authfail, 60 * SECOND);
}

static void
what_can_never_be_reached_is_a_mistake(void **state)
{
	struct configuration *c = *state;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_null(read_penalties(c, "penalties = { min = \"11m\"; };"));
	mistake_print(&c->mistakes, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "min is more than max"));
	free(text);
	assert_non_null(read_penalties(
	    c, "penalties = { min = \"11m\"; max = \"11m\"; };"));
	assert_null(read_penalties(c, "penalties = \"maybe\";"));
	assert_null(read_penalties(c, "penalties = { authfale = \"1s\"; };"));
}

/* All three are told the same. */
static void
gate_login_and_ledger_are_told(void **state)
{
	const struct penalty_settings *p = read_penalties(*state,
	    "penalties = { noauth = \"7s\"; exempt = \"10.0.0.0/8\"; };");
	const struct settings *settings =
	    ((struct configuration *)*state)->settings;
	const struct penalty_settings *told[3];
	struct ledger_settings ledger;
	struct login_settings login;
	struct gate_settings gate;
	struct buffer buffer;
	struct arena arena;

	assert_non_null(p);
	arena_init(&arena);
	buffer_init(&buffer, PROJECTION_MAX);
	assert_int_equal(projection_write_gate(settings, 1, &buffer), SP_OK);
	assert_int_equal(
	    projection_read_gate(buffer_view(&buffer), &arena, &gate), SP_OK);
	buffer_clear(&buffer);
	assert_int_equal(projection_write_login(settings, &buffer), SP_OK);
	assert_int_equal(
	    projection_read_login(buffer_view(&buffer), &arena, &login), SP_OK);
	buffer_clear(&buffer);
	assert_int_equal(projection_write_ledger(settings, &buffer), SP_OK);
	assert_int_equal(
	    projection_read_ledger(buffer_view(&buffer), &arena, &ledger),
	    SP_OK);
	buffer_clear(&buffer);
	told[0] = &gate.penalties;
	told[1] = &login.penalties;
	told[2] = &ledger.penalties;
	for (size_t i = 0; i < 3; i++) {
		assert_true(told[i]->are_on);
		assert_int_equal(told[i]->noauth, 7 * SECOND);
		assert_int_equal(told[i]->authfail, p->authfail);
		assert_int_equal(told[i]->grace_exceeded, p->grace_exceeded);
		assert_int_equal(told[i]->crash, p->crash);
		assert_int_equal(told[i]->min, p->min);
		assert_int_equal(told[i]->max, p->max);
		assert_int_equal(told[i]->max_known, p->max_known);
		assert_int_equal(told[i]->known_time, p->known_time);
		assert_false(are_for(told[i], "10.1.2.3"));
		assert_true(are_for(told[i], "11.1.2.3"));
	}
	arena_clear(&arena);
}

#define WITH_FILE(test) \
	cmocka_unit_test_setup_teardown( \
	    test, configuration_set_up, configuration_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(by_default_they_are_those_that_administrators_know),
		WITH_FILE(who_is_at_this_machine_is_exempt),
		WITH_FILE(who_else_is_exempt_can_be_said),
		WITH_FILE(a_word_turns_them_off),
		WITH_FILE(what_can_never_be_reached_is_a_mistake),
		WITH_FILE(gate_login_and_ledger_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
