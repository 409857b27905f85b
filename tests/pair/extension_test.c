/* What a server says it can do (RFC 8308), and what a client makes of it. */
#include "lib/limits.h"
#include "lib/wire/view.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char name[] = "server-sig-algs";

static bool
is_list(const struct pair *p, const char *expected)
{
	return view_equal_string(
	    sp_engine_server_sig_algs(p->client), expected);
}

static bool
look_when_ready(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	unsigned *seen = p->arg;

	if (side == SP_CLIENT && event->kind == SP_EVENT_AUTH_READY) {
		assert_true(is_list(p, "rsa-sha2-256,ssh-ed25519"));
		++*seen;
	}
	return false;
}

static void
a_client_knows_what_keys_may_sign_with_before_it_shows_one(void **state)
{
	unsigned seen = 0;
	struct pair p;

	(void)state;
	pair_init(&p);
	p.config[SP_SERVER].algorithms.user_key = "rsa-sha2-256,ssh-ed25519";
	p.hook = look_when_ready;
	p.arg = &seen;
	pair_start(&p);
	assert_true(is_list(&p, ""));
	pair_login(&p);
	assert_int_equal(seen, 1);
	/* A server is told nothing. */
	assert_int_equal(sp_engine_server_sig_algs(p.server).len, 0);
	pair_clear(&p);
}

static void
say_list(struct pair *p, const char *list)
{
	forger_say(p, SP_SERVER, "buss", SSH_MSG_EXT_INFO, 1, name, list);
	forger_deliver(p, SP_CLIENT);
}

/* What the pair asks about first is no request that can succeed. */
static bool
ask_for_none(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (side != SP_CLIENT || event->kind != SP_EVENT_AUTH_FAILED)
		return false;
	assert_int_equal(sp_auth_none(p->client, "alice"), SP_OK);
	return true;
}

static void
a_server_may_say_it_again_until_it_lets_the_user_in(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_CLIENT, PHASE_USERAUTH, true);
	say_list(&p, "ssh-ed25519");
	assert_true(is_list(&p, "ssh-ed25519"));
	p.hook = ask_for_none;
	forger_say(&p, SP_SERVER, "bsb", SSH_MSG_USERAUTH_FAILURE, "none", 0);
	forger_deliver(&p, SP_CLIENT);
	/* Right before its SUCCESS, and with another list. */
	say_list(&p, "rsa-sha2-512");
	forger_say(&p, SP_SERVER, "b", SSH_MSG_USERAUTH_SUCCESS);
	forger_deliver(&p, SP_CLIENT);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 1);
	assert_true(is_list(&p, "rsa-sha2-512"));
	say_list(&p, "ssh-ed25519");
	assert_int_equal(p.closed[SP_CLIENT], SP_ERR_UNEXPECTED_MESSAGE);
	pair_clear(&p);
}

static void
one_that_says_nothing_of_it_takes_nothing_back(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_CLIENT, PHASE_USERAUTH, true);
	say_list(&p, "ssh-ed25519");
	forger_say(
	    &p, SP_SERVER, "buss", SSH_MSG_EXT_INFO, 1, "no-flow-control", "p");
	forger_deliver(&p, SP_CLIENT);
	assert_true(is_list(&p, "ssh-ed25519"));
	say_list(&p, "");
	assert_true(is_list(&p, ""));
	assert_int_equal(p.closed[SP_CLIENT], SP_OK);
	pair_clear(&p);
}

/* How the connection of a client ends that is told such a list. */
static enum sp_status
end_of(const char *list)
{
	enum sp_status status;
	struct pair p;

	forger_begin(&p, SP_CLIENT, PHASE_USERAUTH, true);
	say_list(&p, list);
	status = p.closed[SP_CLIENT];
	if (status == SP_OK)
		assert_true(is_list(&p, list));
	pair_clear(&p);
	return status;
}

static void
a_list_is_one_and_has_a_length(void **state)
{
	static char list[LIMIT_SIG_ALGS + 2];

	(void)state;
	assert_int_equal(end_of("a,,b"), SP_ERR_FORMAT);
	assert_int_equal(end_of("a b"), SP_ERR_FORMAT);
	assert_int_equal(end_of("a\033"), SP_ERR_FORMAT);
	memset(list, 'x', LIMIT_SIG_ALGS);
	assert_int_equal(end_of(list), SP_OK);
	list[LIMIT_SIG_ALGS] = 'x';
	assert_int_equal(end_of(list), SP_ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_client_knows_what_keys_may_sign_with_before_it_shows_one),
		cmocka_unit_test(
		    a_server_may_say_it_again_until_it_lets_the_user_in),
		cmocka_unit_test(
		    one_that_says_nothing_of_it_takes_nothing_back),
		cmocka_unit_test(a_list_is_one_and_has_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
