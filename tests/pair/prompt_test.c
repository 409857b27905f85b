/* Prompts and responses in rounds, and requests in their place. */
#include "lib/userauth/userauth.h"
#include "tests/pair/dialogue.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
prompts_come_in_many_rounds(void **state)
{
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	dialogue_begin_prompts(&p);
	for (int i = 0; i < 50; i++) {
		dialogue_prompt(&p, "one", i % 2 == 0);
		dialogue_expect(&p,
		    i % 2 == 0 ? "one;seen;again;hid;" : "one;hid;again;seen;");
		dialogue_answer(&p, "1", "");
		dialogue_expect(&p, "1;;");
	}
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	dialogue_check_in(&p);
}

static void
a_round_may_have_no_prompt_at_all(void **state)
{
	struct dialogue s;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	dialogue_begin_prompts(&p);
	assert_int_equal(
	    sp_auth_prompt(p.server, s.token, "", "hello", NULL, 0), SP_OK);
	dialogue_expect(&p, "");
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_PROMPT], 1);
	assert_int_equal(sp_auth_respond(p.client, s.prompt, NULL, 0), SP_OK);
	dialogue_expect(&p, "");
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_AUTH_RESPONSE], 1);
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	dialogue_check_in(&p);
}

static void
another_request_aborts_the_one_with_prompts(void **state)
{
	struct dialogue s;
	sp_token dead;
	struct pair p;

	(void)state;
	dialogue_start(&p, &s);
	dialogue_begin_prompts(&p);
	dead = s.token;
	dialogue_prompt(&p, "one", true);
	dialogue_expect(&p, "one;seen;again;hid;");
	dialogue_password(&p, "instead", NULL);
	dialogue_expect(&p, "aborted;password;instead;;");
	assert_int_equal(
	    sp_auth_respond(p.client, s.prompt, NULL, 0), SP_ERR_STALE_TOKEN);
	assert_int_equal(sp_auth_accept(p.server, dead), SP_ERR_STALE_TOKEN);
	assert_int_equal(sp_auth_accept(p.server, s.token), SP_OK);
	dialogue_check_in(&p);
}

static void
and_cannot_do_so_for_ever(void **state)
{
	struct dialogue s;
	struct pair p;
	unsigned n = 0;

	(void)state;
	dialogue_start(&p, &s);
	while (n++ < 100 && p.count[SP_SERVER][SP_EVENT_CLOSED] == 0) {
		s.heard[0] = '\0';
		assert_int_equal(
		    sp_auth_keyboard_interactive(p.client, "alice", ""), SP_OK);
		pair_run(&p);
		if (p.count[SP_SERVER][SP_EVENT_CLOSED] == 0)
			dialogue_prompt(&p, "one", true);
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
		struct dialogue s;
		struct pair p;

		dialogue_start(&p, &s);
		if (is_second) {
			dialogue_begin_prompts(&p);
			dialogue_prompt(&p, "one", true);
			pair_run(&p);
			dialogue_answer(&p, "1", "2");
			pair_run(&p);
			dialogue_refuse(&p, "", false);
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
		struct dialogue s;
		struct pair p;

		dialogue_start(&p, &s);
		dialogue_begin_prompts(&p);
		dialogue_prompt(&p, "one", true);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prompts_come_in_many_rounds),
		cmocka_unit_test(a_round_may_have_no_prompt_at_all),
		cmocka_unit_test(another_request_aborts_the_one_with_prompts),
		cmocka_unit_test(and_cannot_do_so_for_ever),
		cmocka_unit_test(
		    responses_that_nobody_awaits_end_the_connection),
		cmocka_unit_test(more_or_fewer_responses_can_only_be_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
