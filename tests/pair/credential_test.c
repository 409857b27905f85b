/* Ways to prove oneself, from both sides: changes, lists, ends. */
#include "lib/userauth/userauth.h"
#include "tests/pair/dialogue.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- password ---- */

static void
a_password_reaches_the_server_and_may_be_accepted(void **state)
{
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	dialogue_password(&p, "wrong", NULL);
	dialogue_expect(&p, "password;wrong;;");
	dialogue_refuse(&p, "password,publickey", false);
	dialogue_password(&p, "right", NULL);
	dialogue_expect(&p, "password;right;;");
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	dialogue_check_in(&p);
}

static void
one_that_is_too_old_is_changed(void **state)
{
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	dialogue_password(&p, "old", NULL);
	dialogue_expect(&p, "password;old;;");
	assert_int_equal(
	    sp_auth_change_password(p.server, s.token, "too old"), SP_OK);
	dialogue_expect(&p, "too old;");
	dialogue_password(&p, "old", "weak");
	dialogue_expect(&p, "password;old;weak;");
	assert_int_equal(
	    sp_auth_change_password(p.server, s.token, "too weak"), SP_OK);
	dialogue_expect(&p, "too weak;");
	dialogue_password(&p, "old", "");
	dialogue_expect(&p, "password;old;;");
	assert_int_equal(
	    sp_auth_change_password(p.server, s.token, "empty"), SP_OK);
	dialogue_expect(&p, "empty;");
	dialogue_password(&p, "old", "new");
	dialogue_expect(&p, "password;old;new;");
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	dialogue_check_in(&p);
}

static void
a_change_cannot_be_asked_for_ever(void **state)
{
	struct dialogue s;
	struct pair p;
	int n;

	(void)state;
	dialogue_start(&p, &s);
	for (n = 0; n < 1000 && p.count[SP_SERVER][SP_EVENT_CLOSED] == 0; n++) {
		s.heard[0] = '\0';
		dialogue_password(&p, "old", NULL);
		pair_run(&p);
		assert_int_equal(
		    sp_auth_change_password(p.server, s.token, "x"), SP_OK);
		pair_run(&p);
	}
	assert_int_equal(n, LIMIT_KEY_QUERIES + 1);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_AUTH_TRIES);
	pair_clear(&p);
}

static bool
is_in_memory(struct pair *p, const char *text)
{
	const struct buffer *in = &forger_transport(p, SP_SERVER)->in;
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= in->capacity; i++)
		if (memcmp(in->data + i, text, len) == 0)
			return true;
	return false;
}

static void
the_answer_wipes_what_the_request_brought(void **state)
{
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	dialogue_password(&p, "my dear secret", NULL);
	dialogue_expect(&p, "password;my dear secret;;");
	assert_true(is_in_memory(&p, "my dear secret"));
	dialogue_refuse(&p, "keyboard-interactive", false);
	assert_false(is_in_memory(&p, "my dear secret"));
	dialogue_begin_prompts(&p);
	dialogue_prompt(&p, "one", true);
	dialogue_expect(&p, "one;seen;again;hid;");
	dialogue_answer(&p, "this is", "my other one");
	dialogue_expect(&p, "this is;my other one;");
	assert_true(is_in_memory(&p, "my other one"));
	dialogue_refuse(&p, "", false);
	assert_false(is_in_memory(&p, "my other one"));
	pair_clear(&p);
}

/* ---- hostbased ---- */

static bool
check_host(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	const struct sp_event *e = event;

	if (event->kind == SP_EVENT_AUTH_READY) {
		assert_int_equal(
		    sp_auth_hostbased(p->client, "alice", "ssh-ed25519",
			sp_key_blob(p->user_key), "host.example", "bob"),
		    SP_OK);
		return true;
	}
	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST)
		return false;
	assert_true(
	    view_equal_string(e->u.auth_request.client_host, "host.example"));
	assert_true(view_equal_string(e->u.auth_request.client_user, "bob"));
	/* Who looks for a user's key finds none. */
	assert_int_equal(e->u.auth_request.key.len, 0);
	assert_int_equal(e->u.auth_request.signature.len, 0);
	assert_int_equal(sp_key_verify(p->crypto, e->u.auth_request.host_key,
			     e->u.auth_request.host_algorithm,
			     e->u.auth_request.host_signed_data,
			     e->u.auth_request.host_signature),
	    SP_OK);
	assert_int_equal(sp_auth_accept(p->server, event->token), SP_OK);
	return true;
}

static void
a_host_vouches_for_its_user_with_a_signature(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.hook = check_host;
	pair_start(&p);
	dialogue_check_in(&p);
}

/* ---- several of them ---- */

static void
what_was_passed_is_told_with_what_is_left(void **state)
{
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_OK);
	dialogue_expect(&p, "none;;;");
	dialogue_refuse(&p, "password,keyboard-interactive,hostbased", false);
	dialogue_password(&p, "right", NULL);
	pair_run(&p);
	dialogue_refuse(&p, "keyboard-interactive", true);
	s.heard[0] = '\0';
	dialogue_begin_prompts(&p);
	dialogue_prompt(&p, "code", true);
	dialogue_expect(&p, "code;seen;again;hid;");
	dialogue_answer(&p, "123", "123");
	dialogue_expect(&p, "123;123;");
	dialogue_refuse(&p, "", true);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_OK);
	pair_run(&p);
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	dialogue_check_in(&p);
}

static void
after_it_the_user_cannot_change(void **state)
{
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	dialogue_password(&p, "right", NULL);
	pair_run(&p);
	dialogue_refuse(&p, "publickey", true);
	assert_int_equal(sp_auth_none(p.client, "root"), SP_OK);
	pair_run(&p);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_AUTH_CHANGED);
	pair_clear(&p);
}

static void
a_method_that_is_not_known_can_only_be_refused(void **state)
{
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	forger_say(&p, SP_CLIENT, "bsssud", 50, "alice", "ssh-connection",
	    "gssapi-with-mic", 1, (size_t)40);
	forger_deliver(&p, SP_SERVER);
	assert_string_equal(s.heard, "gssapi-with-mic;;;");
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_ERR_STATE);
	assert_int_equal(
	    sp_auth_fail(p.server, s.token, "publickey", true), SP_ERR_STATE);
	assert_int_equal(
	    sp_auth_fail(p.server, s.token, "publickey", false), SP_OK);
	pair_clear(&p);
}

/* ---- owners ---- */

static void
answers_that_do_not_fit_the_request_are_refused(void **state)
{
	const struct sp_prompt one = { view_of_string("x"), true };
	struct sp_view none = view_of(NULL, 0);
	struct sp_prompt many[LIMIT_PROMPTS + 1];
	char text[LIMIT_PROMPT + 2] = { 0 };
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	dialogue_password(&p, "x", NULL);
	pair_run(&p);
	assert_int_equal(sp_auth_key_ok(p.server, s.token), SP_ERR_STATE);
	assert_int_equal(
	    sp_auth_prompt(p.server, s.token, "", "", &one, 1), SP_ERR_STATE);
	memset(text, 'x', sizeof text - 1);
	assert_int_equal(
	    sp_auth_change_password(p.server, s.token, text), SP_ERR_LIMIT);
	dialogue_refuse(&p, "", false);
	assert_int_equal(sp_auth_change_password(p.server, s.token, "x"),
	    SP_ERR_STALE_TOKEN);

	s.heard[0] = '\0';
	dialogue_begin_prompts(&p);
	for (size_t i = 0; i <= LIMIT_PROMPTS; i++)
		many[i] = one;
	assert_int_equal(
	    sp_auth_prompt(p.server, s.token, "", "", many, LIMIT_PROMPTS + 1),
	    SP_ERR_LIMIT);
	assert_int_equal(
	    sp_auth_prompt(p.server, s.token, text, "", &one, 1), SP_ERR_LIMIT);
	for (size_t i = 0; i < LIMIT_PROMPTS; i++)
		many[i].text = view_of(text, LIMIT_PROMPT);
	assert_int_equal(
	    sp_auth_prompt(p.server, s.token, "", "", many, LIMIT_PROMPTS),
	    SP_ERR_LIMIT);
	assert_int_equal(
	    sp_auth_change_password(p.server, s.token, "x"), SP_ERR_STATE);
	assert_int_equal(
	    sp_auth_prompt(p.server, s.token, "", "", &one, 1), SP_OK);
	pair_run(&p);
	assert_int_equal(
	    sp_auth_respond(p.client, s.prompt, &none, 0), SP_ERR_ARGUMENT);
	none = view_of(text, LIMIT_PASSWORD + 1);
	assert_int_equal(
	    sp_auth_respond(p.client, s.prompt, &none, 1), SP_ERR_LIMIT);
	none.len = LIMIT_PASSWORD;
	assert_int_equal(sp_auth_respond(p.client, s.prompt, &none, 1), SP_OK);
	assert_int_equal(
	    sp_auth_respond(p.client, s.prompt, &none, 1), SP_ERR_STALE_TOKEN);
	pair_clear(&p);
}

static void
one_request_at_a_time_and_of_a_length(void **state)
{
	static const uint8_t text[LIMIT_PASSWORD + 1];
	struct sp_view long_one = view_of(text, sizeof text);
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	assert_int_equal(
	    sp_auth_password(p.client, "alice", long_one, NULL), SP_ERR_LIMIT);
	assert_int_equal(
	    sp_auth_password(p.client, "alice", view_of(NULL, 0), &long_one),
	    SP_ERR_LIMIT);
	assert_int_equal(
	    sp_auth_keyboard_interactive(p.client, "alice", ""), SP_OK);
	assert_int_equal(
	    sp_auth_keyboard_interactive(p.client, "alice", ""), SP_ERR_STATE);
	assert_int_equal(
	    sp_auth_password(p.client, "alice", view_of(NULL, 0), NULL),
	    SP_ERR_STATE);
	assert_int_equal(sp_auth_hostbased(p.client, "alice", "a",
			     view_of(NULL, 0), "h", "u"),
	    SP_ERR_STATE);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_ERR_STATE);
	/* Nor does a server send any. */
	assert_int_equal(
	    sp_auth_keyboard_interactive(p.server, "alice", ""), SP_ERR_STATE);
	pair_clear(&p);
}

/* ---- servers that answer what was not asked ---- */

static void
a_client_takes_no_answer_to_another_method(void **state)
{
	(void)state;
	for (int method = 0; method < 3; method++)
		for (int answer = 0; answer < 3; answer++) {
			struct dialogue s;
			struct pair p;

			dialogue_start(&p, &s);
			if (method == 0)
				assert_int_equal(
				    sp_auth_none(p.client, "alice"), SP_OK);
			else if (method == 1)
				dialogue_password(&p, "x", NULL);
			else
				dialogue_begin_prompts(&p);
			if (answer == 0)
				forger_say(&p, SP_SERVER, "bss", 60, "a", "b");
			else if (answer == 1)
				forger_say(&p, SP_SERVER, "bsssu", 60, "a", "b",
				    "", 0);
			else
				forger_say(&p, SP_SERVER, "bu", 61, 0);
			forger_deliver(&p, SP_CLIENT);
			assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED],
			    method != answer + 1);
			pair_clear(&p);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_password_reaches_the_server_and_may_be_accepted),
		cmocka_unit_test(one_that_is_too_old_is_changed),
		cmocka_unit_test(a_change_cannot_be_asked_for_ever),
		cmocka_unit_test(the_answer_wipes_what_the_request_brought),
		cmocka_unit_test(a_host_vouches_for_its_user_with_a_signature),
		cmocka_unit_test(what_was_passed_is_told_with_what_is_left),
		cmocka_unit_test(after_it_the_user_cannot_change),
		cmocka_unit_test(
		    a_method_that_is_not_known_can_only_be_refused),
		cmocka_unit_test(
		    answers_that_do_not_fit_the_request_are_refused),
		cmocka_unit_test(one_request_at_a_time_and_of_a_length),
		cmocka_unit_test(a_client_takes_no_answer_to_another_method),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
