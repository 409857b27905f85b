/* Who asks to be let in, and breaks the rules of asking. */
#include "lib/limits.h"
#include "lib/transport/transport.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
check_closed(struct pair *p, enum sp_role victim, enum sp_status status)
{
	forger_deliver(p, victim);
	assert_int_equal(p->closed[victim], status);
	assert_int_equal(
	    p->count[victim][SP_EVENT_CLOSED], status == SP_OK ? 0 : 1);
	pair_clear(p);
}

static bool
leave_failures(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	(void)p;
	(void)side;
	return event->kind == SP_EVENT_AUTH_FAILED;
}

static void
a_client_takes_no_answer_it_did_not_ask_for(void **state)
{
	struct pair p;

	(void)state;
	for (int is_success = 0; is_success < 2; is_success++) {
		forger_begin(&p, SP_CLIENT, PHASE_USERAUTH, true);
		/* One answers the query; the other is too many. */
		p.hook = leave_failures;
		forger_say(&p, SP_SERVER, "bsb", 51, "publickey", 0);
		if (is_success)
			forger_say(&p, SP_SERVER, "b", 52);
		else
			forger_say(&p, SP_SERVER, "bsb", 51, "publickey", 0);
		check_closed(&p, SP_CLIENT, SP_ERR_UNEXPECTED_MESSAGE);
	}
	/* Success is no answer to "would this key do". */
	forger_begin(&p, SP_CLIENT, PHASE_USERAUTH, true);
	forger_say(&p, SP_SERVER, "b", 52);
	check_closed(&p, SP_CLIENT, SP_ERR_UNEXPECTED_MESSAGE);
	/* Nor is another key. */
	forger_begin(&p, SP_CLIENT, PHASE_USERAUTH, true);
	forger_say(&p, SP_SERVER, "bss", 60, "ssh-ed25519", "another");
	check_closed(&p, SP_CLIENT, SP_ERR_UNEXPECTED_MESSAGE);
}

static void
request(struct pair *p, const char *user)
{
	forger_say(p, SP_CLIENT, "bsss", 50, user, "ssh-connection", "none");
	forger_deliver(p, SP_SERVER);
}

static void
so_many_failures_and_the_connection_ends(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.config[SP_SERVER].max_tries = 3;
	forger_bring(&p, SP_SERVER, PHASE_USERAUTH, true);
	/* Who begins with it wants to know what there is. */
	request(&p, "alice");
	request(&p, "alice");
	request(&p, "bob");
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	request(&p, "alice");
	check_closed(&p, SP_SERVER, SP_ERR_AUTH_TRIES);
}

static void
so_many_keys_may_be_asked_about(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_USERAUTH, true);
	for (int i = 0; i < LIMIT_KEY_QUERIES; i++)
		forger_say(&p, SP_CLIENT, "bsssbss", 50, "alice",
		    "ssh-connection", "publickey", 0, "ssh-ed25519", "key");
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	forger_say(&p, SP_CLIENT, "bsssbss", 50, "alice", "ssh-connection",
	    "publickey", 0, "ssh-ed25519", "key");
	check_closed(&p, SP_SERVER, SP_ERR_AUTH_TRIES);
}

static bool
partly(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	if (side != SP_SERVER || event->kind != SP_EVENT_AUTH_REQUEST)
		return false;
	assert_int_equal(
	    sp_auth_fail(p->server, event->token, "publickey", true), SP_OK);
	return true;
}

static void
after_a_partial_success_the_user_stays_the_same(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_USERAUTH, true);
	p.hook = partly;
	request(&p, "alice");
	request(&p, "alice");
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
	request(&p, "bob");
	check_closed(&p, SP_SERVER, SP_ERR_AUTH_CHANGED);
}

static void
there_is_one_service_behind_authentication(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_USERAUTH, true);
	forger_say(&p, SP_CLIENT, "bsss", 50, "alice", "ssh-userauth", "none");
	check_closed(&p, SP_SERVER, SP_ERR_SERVICE);

	forger_begin(&p, SP_SERVER, PHASE_SERVICE, true);
	forger_say(&p, SP_CLIENT, "bs", 5, "ssh-connection");
	check_closed(&p, SP_SERVER, SP_ERR_SERVICE);
}

static void
names_in_a_request_have_bounds(void **state)
{
	/* user, service, method; a query's algorithm and key */
	static const size_t lens[][5] = {
		{ LIMIT_USER + 1, 0, 0, 0, 0 },
		{ 0, LIMIT_SERVICE + 1, 0, 0, 0 },
		{ 0, 0, LIMIT_METHOD + 1, 0, 0 },
		{ 0, 0, 0, LIMIT_METHOD + 1, 0 },
		{ 0, 0, 0, 0, LIMIT_KEY_BLOB + 1 },
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct pair p;

		forger_begin(&p, SP_SERVER, PHASE_USERAUTH, true);
		if (i < 3)
			forger_say(&p, SP_CLIENT, "bddd", 50, lens[i][0],
			    lens[i][1], lens[i][2]);
		else
			forger_say(&p, SP_CLIENT, "bsssbdd", 50, "alice",
			    "ssh-connection", "publickey", 0, lens[i][3],
			    lens[i][4]);
		check_closed(&p, SP_SERVER, SP_ERR_FORMAT);
	}
}

static void
another_methods_fields_are_its_own_and_it_can_be_refused(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_USERAUTH, true);
	forger_say(&p, SP_CLIENT, "bsssbs", 50, "alice", "ssh-connection",
	    "password", 0, "secret");
	forger_deliver(&p, SP_SERVER);
	assert_int_equal(p.count[SP_SERVER][SP_EVENT_AUTH_REQUEST], 1);
	check_closed(&p, SP_SERVER, SP_OK);
}

static void
requests_after_success_are_passed_over(void **state)
{
	struct pair p;

	(void)state;
	forger_begin(&p, SP_SERVER, PHASE_CONNECTION, true);
	forger_say(&p, SP_CLIENT, "bs", 50, "not even whole");
	request(&p, "root");
	assert_int_equal(sp_engine_output(p.server).len, 0);
	check_closed(&p, SP_SERVER, SP_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_takes_no_answer_it_did_not_ask_for),
		cmocka_unit_test(so_many_failures_and_the_connection_ends),
		cmocka_unit_test(so_many_keys_may_be_asked_about),
		cmocka_unit_test(
		    after_a_partial_success_the_user_stays_the_same),
		cmocka_unit_test(there_is_one_service_behind_authentication),
		cmocka_unit_test(names_in_a_request_have_bounds),
		cmocka_unit_test(
		    another_methods_fields_are_its_own_and_it_can_be_refused),
		cmocka_unit_test(requests_after_success_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
