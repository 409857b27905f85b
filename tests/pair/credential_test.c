/* Ways to prove oneself, from both sides: rounds, changes, lists, ends. */
#include "lib/userauth/userauth.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the server does with the events of one test, and what was seen. */
struct script {
	int step;
	sp_token token; /* the server's open question */
	sp_token prompt; /* the client's */
	char heard[256]; /* what came, one after the other */
	char methods[64]; /* of the last failure */
	bool partial_success;
};

static void
note(struct script *s, struct sp_view text)
{
	size_t len = strlen(s->heard);

	assert_true(len + text.len + 2 < sizeof s->heard);
	if (text.len > 0)
		memcpy(s->heard + len, text.data, text.len);
	memcpy(s->heard + len + text.len, ";", 2);
}

/* Keeps every question of authentication open, and notes what it says. */
static bool
listen(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct script *s = p->arg;
	struct sp_view rest, one;
	struct sp_prompt prompt;

	switch (event->kind) {
	case SP_EVENT_AUTH_READY:
		return true;
	case SP_EVENT_AUTH_REQUEST:
		s->token = event->token;
		note(s, event->u.auth_request.method);
		note(s, event->u.auth_request.password);
		note(s, event->u.auth_request.new_password);
		return true;
	case SP_EVENT_AUTH_RESPONSE:
		s->token = event->token;
		rest = event->u.auth_response.responses;
		while (sp_auth_next_response(&rest, &one))
			note(s, one);
		return true;
	case SP_EVENT_AUTH_ABORTED:
		note(s, view_of_string("aborted"));
		return true;
	case SP_EVENT_AUTH_PROMPT:
		s->prompt = event->token;
		rest = event->u.auth_prompt.prompts;
		while (sp_auth_next_prompt(&rest, &prompt)) {
			note(s, prompt.text);
			note(s, view_of_string(prompt.echo ? "seen" : "hid"));
		}
		return true;
	case SP_EVENT_AUTH_CHANGE_PASSWORD:
		note(s, event->u.auth_change_password.prompt);
		return true;
	case SP_EVENT_AUTH_FAILED:
		assert_true(view_to_string(event->u.auth_failed.methods,
		    s->methods, sizeof s->methods));
		s->partial_success = event->u.auth_failed.partial_success;
		return true;
	default:
		return false;
	}
	(void)side;
}

static void
start(struct pair *p, struct script *s)
{
	*s = (struct script){ .step = 0 };
	pair_init(p);
	p->hook = listen;
	p->arg = s;
	pair_start(p);
	pair_run(p);
	assert_int_equal(p->count[SP_CLIENT][SP_EVENT_AUTH_READY], 1);
}

/* What was heard since the last time. */
static void
expect(struct pair *p, const char *heard)
{
	struct script *s = p->arg;

	pair_run(p);
	assert_string_equal(s->heard, heard);
	s->heard[0] = '\0';
}

static void
check_in(struct pair *p)
{
	pair_run(p);
	assert_int_equal(p->count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 1);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_AUTHENTICATED], 1);
	pair_open_session(p);
	pair_clear(p);
}

static void
give_password(struct pair *p, const char *password, const char *fresh)
{
	struct sp_view view = view_of_string(fresh == NULL ? "" : fresh);

	assert_int_equal(
	    sp_auth_password(p->client, "alice", view_of_string(password),
		fresh == NULL ? NULL : &view),
	    SP_OK);
}

static void
be_prompted(struct pair *p)
{
	assert_int_equal(
	    sp_auth_keyboard_interactive(p->client, "alice", "pam"), SP_OK);
	expect(p, "keyboard-interactive;;;");
}

static void
prompt(struct pair *p, const char *text, bool echo)
{
	const struct sp_prompt prompts[] = {
		{ view_of_string(text), echo },
		{ view_of_string("again"), !echo },
	};
	struct script *s = p->arg;

	assert_int_equal(
	    sp_auth_prompt(p->server, s->token, "name", "do it", prompts, 2),
	    SP_OK);
}

static void
answer_prompts(struct pair *p, const char *one, const char *two)
{
	const struct sp_view responses[] = { view_of_string(one),
		view_of_string(two) };
	struct script *s = p->arg;

	assert_int_equal(
	    sp_auth_respond(p->client, s->prompt, responses, 2), SP_OK);
}

static void
refuse(struct pair *p, const char *methods, bool partial_success)
{
	struct script *s = p->arg;

	assert_int_equal(
	    sp_auth_fail(p->server, s->token, methods, partial_success), SP_OK);
	pair_run(p);
	assert_string_equal(s->methods, methods);
	assert_int_equal(s->partial_success, partial_success);
}

/* ---- password ---- */

static void
a_password_reaches_the_server_and_may_be_accepted(void **state)
{
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
	give_password(&p, "wrong", NULL);
	expect(&p, "password;wrong;;");
	refuse(&p, "password,publickey", false);
	give_password(&p, "right", NULL);
	expect(&p, "password;right;;");
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	check_in(&p);
}

static void
one_that_is_too_old_is_changed(void **state)
{
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
	give_password(&p, "old", NULL);
	expect(&p, "password;old;;");
	assert_int_equal(
	    sp_auth_change_password(p.server, s.token, "too old"), SP_OK);
	expect(&p, "too old;");
	give_password(&p, "old", "weak");
	expect(&p, "password;old;weak;");
	assert_int_equal(
	    sp_auth_change_password(p.server, s.token, "too weak"), SP_OK);
	expect(&p, "too weak;");
	give_password(&p, "old", "");
	expect(&p, "password;old;;");
	assert_int_equal(
	    sp_auth_change_password(p.server, s.token, "empty"), SP_OK);
	expect(&p, "empty;");
	give_password(&p, "old", "new");
	expect(&p, "password;old;new;");
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	check_in(&p);
}

static void
a_change_cannot_be_asked_for_ever(void **state)
{
	struct script s;
	struct pair p;
	int n;

	(void)state;
	start(&p, &s);
	for (n = 0; n < 1000 && p.count[SP_SERVER][SP_EVENT_CLOSED] == 0; n++) {
		s.heard[0] = '\0';
		give_password(&p, "old", NULL);
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
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
	give_password(&p, "my dear secret", NULL);
	expect(&p, "password;my dear secret;;");
	assert_true(is_in_memory(&p, "my dear secret"));
	refuse(&p, "keyboard-interactive", false);
	assert_false(is_in_memory(&p, "my dear secret"));
	be_prompted(&p);
	prompt(&p, "one", true);
	expect(&p, "one;seen;again;hid;");
	answer_prompts(&p, "this is", "my other one");
	expect(&p, "this is;my other one;");
	assert_true(is_in_memory(&p, "my other one"));
	refuse(&p, "", false);
	assert_false(is_in_memory(&p, "my other one"));
	pair_clear(&p);
}

/* ---- keyboard-interactive ---- */

static void
prompts_come_in_many_rounds(void **state)
{
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
	be_prompted(&p);
	for (int i = 0; i < 50; i++) {
		prompt(&p, "one", i % 2 == 0);
		expect(&p,
		    i % 2 == 0 ? "one;seen;again;hid;" : "one;hid;again;seen;");
		answer_prompts(&p, "1", "");
		expect(&p, "1;;");
	}
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	check_in(&p);
}

static void
a_round_may_have_no_prompt_at_all(void **state)
{
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
	be_prompted(&p);
	assert_int_equal(
	    sp_auth_prompt(p.server, s.token, "", "hello", NULL, 0), SP_OK);
	expect(&p, "");
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_PROMPT], 1);
	assert_int_equal(sp_auth_respond(p.client, s.prompt, NULL, 0), SP_OK);
	expect(&p, "");
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_AUTH_RESPONSE], 1);
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	check_in(&p);
}

static void
another_request_aborts_the_one_with_prompts(void **state)
{
	struct script s;
	sp_token dead;
	struct pair p;

	(void)state;
	start(&p, &s);
	be_prompted(&p);
	dead = s.token;
	prompt(&p, "one", true);
	expect(&p, "one;seen;again;hid;");
	give_password(&p, "instead", NULL);
	expect(&p, "aborted;password;instead;;");
	assert_int_equal(
	    sp_auth_respond(p.client, s.prompt, NULL, 0), SP_ERR_STALE_TOKEN);
	assert_int_equal(sp_auth_accept(p.server, dead), SP_ERR_STALE_TOKEN);
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	check_in(&p);
}

static void
and_cannot_do_so_for_ever(void **state)
{
	struct script s;
	struct pair p;
	unsigned n = 0;

	(void)state;
	start(&p, &s);
	while (n++ < 100 && p.count[SP_SERVER][SP_EVENT_CLOSED] == 0) {
		s.heard[0] = '\0';
		assert_int_equal(
		    sp_auth_keyboard_interactive(p.client, "alice", ""), SP_OK);
		pair_run(&p);
		if (p.count[SP_SERVER][SP_EVENT_CLOSED] == 0)
			prompt(&p, "one", true);
		pair_run(&p);
	}
	assert_int_equal(n - 1, LIMIT_TRIES + 1);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_AUTH_TRIES);
	pair_clear(&p);
}

static void
responses_that_nobody_awaits_end_the_connection(void **state)
{
	(void)state;
	for (int is_second = 0; is_second < 2; is_second++) {
		struct script s;
		struct pair p;

		start(&p, &s);
		if (is_second) {
			be_prompted(&p);
			prompt(&p, "one", true);
			pair_run(&p);
			answer_prompts(&p, "1", "2");
			pair_run(&p);
			refuse(&p, "", false);
		}
		forger_say(&p, SP_CLIENT, "bu", 61, 0);
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(
		    p.closed[SP_SERVER], SP_ERR_UNEXPECTED_MESSAGE);
		pair_clear(&p);
	}
}

static void
more_or_fewer_responses_can_only_be_refused(void **state)
{
	(void)state;
	for (uint32_t count = 0; count < 4; count += count == 1 ? 2 : 1) {
		const struct sp_prompt more = { view_of_string("more"), true };
		struct script s;
		struct pair p;

		start(&p, &s);
		be_prompted(&p);
		prompt(&p, "one", true);
		pair_run(&p);
		s.heard[0] = '\0';
		forger_say(&p, SP_CLIENT,
		    count == 0	     ? "bu"
			: count == 1 ? "bus"
				     : "busss",
		    61, count, "1", "2", "3");
		forger_deliver(&p, SP_SERVER);
		assert_string_equal(s.heard, "");
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_AUTH_RESPONSE], 1);
		assert_int_equal(
		    sp_auth_accept(p.server, s.token), SP_ERR_STATE);
		assert_int_equal(
		    sp_auth_prompt(p.server, s.token, "", "", &more, 1),
		    SP_ERR_STATE);
		assert_int_equal(
		    sp_auth_fail(p.server, s.token, "", true), SP_ERR_STATE);
		assert_int_equal(
		    sp_auth_fail(p.server, s.token, "", false), SP_OK);
		pair_clear(&p);
	}
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
	check_in(&p);
}

/* ---- several of them ---- */

static void
what_was_passed_is_told_with_what_is_left(void **state)
{
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_OK);
	expect(&p, "none;;;");
	refuse(&p, "password,keyboard-interactive,hostbased", false);
	give_password(&p, "right", NULL);
	pair_run(&p);
	refuse(&p, "keyboard-interactive", true);
	s.heard[0] = '\0';
	be_prompted(&p);
	prompt(&p, "code", true);
	expect(&p, "code;seen;again;hid;");
	answer_prompts(&p, "123", "123");
	expect(&p, "123;123;");
	refuse(&p, "", true);
	assert_int_equal(sp_auth_none(p.client, "alice"), SP_OK);
	pair_run(&p);
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	check_in(&p);
}

static void
after_it_the_user_cannot_change(void **state)
{
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
	give_password(&p, "right", NULL);
	pair_run(&p);
	refuse(&p, "publickey", true);
	assert_int_equal(sp_auth_none(p.client, "root"), SP_OK);
	pair_run(&p);
	assert_int_equal(p.closed[SP_SERVER], SP_ERR_AUTH_CHANGED);
	pair_clear(&p);
}

static void
a_method_that_is_not_known_can_only_be_refused(void **state)
{
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
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
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
	give_password(&p, "x", NULL);
	pair_run(&p);
	assert_int_equal(sp_auth_key_ok(p.server, s.token), SP_ERR_STATE);
	assert_int_equal(
	    sp_auth_prompt(p.server, s.token, "", "", &one, 1), SP_ERR_STATE);
	memset(text, 'x', sizeof text - 1);
	assert_int_equal(
	    sp_auth_change_password(p.server, s.token, text), SP_ERR_LIMIT);
	refuse(&p, "", false);
	assert_int_equal(sp_auth_change_password(p.server, s.token, "x"),
	    SP_ERR_STALE_TOKEN);

	s.heard[0] = '\0';
	be_prompted(&p);
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
	struct script s;
	struct pair p;

	(void)state;
	start(&p, &s);
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
			struct script s;
			struct pair p;

			start(&p, &s);
			if (method == 0)
				assert_int_equal(
				    sp_auth_none(p.client, "alice"), SP_OK);
			else if (method == 1)
				give_password(&p, "x", NULL);
			else
				be_prompted(&p);
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
		cmocka_unit_test(prompts_come_in_many_rounds),
		cmocka_unit_test(a_round_may_have_no_prompt_at_all),
		cmocka_unit_test(another_request_aborts_the_one_with_prompts),
		cmocka_unit_test(and_cannot_do_so_for_ever),
		cmocka_unit_test(
		    responses_that_nobody_awaits_end_the_connection),
		cmocka_unit_test(more_or_fewer_responses_can_only_be_refused),
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
