/* Every key exchange method of the table, through whole connections. */
#include "lib/transport/kex.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { METHODS_MAX = 32 };

static const struct kex_method *methods[METHODS_MAX];
static size_t method_count;

static int
list_methods(void **state)
{
	enum algorithm_set set;
	const char *name;

	(void)state;
	while ((name = kexmethod_row(method_count, &set)) != NULL) {
		assert_true(method_count < METHODS_MAX);
		methods[method_count++] = kexmethod_find(view_of_string(name));
	}
	return 0;
}

static void
start(struct pair *p, const struct kex_method *method)
{
	pair_init(p);
	p->config[SP_CLIENT].algorithms.kex = method->name;
	p->config[SP_SERVER].algorithms.kex = method->name;
	pair_start(p);
}

static void
each_logs_in_and_rekeys_from_either_side(void **state)
{
	(void)state;
	for (size_t i = 0; i < method_count; i++) {
		struct pair p;

		start(&p, methods[i]);
		pair_login(&p);
		assert_ptr_equal(
		    forger_transport(&p, SP_SERVER)->negotiated.method,
		    methods[i]);
		assert_int_equal(sp_engine_session_id(p.client).len,
		    digest_len(methods[i]->digest));
		assert_true(view_equal(sp_engine_session_id(p.client),
		    sp_engine_session_id(p.server)));
		assert_int_equal(sp_engine_rekey(p.client), SP_OK);
		pair_run(&p);
		assert_int_equal(sp_engine_rekey(p.server), SP_OK);
		pair_run(&p);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 3);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_KEX_DONE], 3);
		pair_open_session(&p);
		pair_clear(&p);
	}
}

static void
each_works_a_byte_at_a_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < method_count; i++) {
		struct pair p;

		start(&p, methods[i]);
		p.chunk = 1;
		pair_login(&p);
		pair_clear(&p);
	}
}

/* A server that rekeys may choose among what both have, again. */
static void
a_rekey_may_be_by_another_method(void **state)
{
	(void)state;
	for (size_t i = 0; i < method_count; i++) {
		const struct kex_method *next = methods[(i + 1) % method_count];
		struct negotiation_offer *offer;
		struct pair p;

		start(&p, methods[i]);
		pair_login(&p);
		for (int role = SP_CLIENT; role <= SP_SERVER; role++) {
			offer =
			    &forger_transport(&p, (enum sp_role)role)->offer;
			free(offer->kex);
			offer->kex = strdup(next->name);
		}
		assert_int_equal(sp_engine_rekey(p.server), SP_OK);
		pair_run(&p);
		assert_int_equal(p.count[SP_CLIENT][SP_EVENT_KEX_DONE], 2);
		assert_ptr_equal(
		    forger_transport(&p, SP_CLIENT)->negotiated.method, next);
		assert_int_equal(sp_engine_session_id(p.client).len,
		    digest_len(methods[i]->digest));
		pair_open_session(&p);
		pair_clear(&p);
	}
}

/* ---- what the server makes of a client's first message ---- */

struct shot {
	const struct kex_method *method;
	const char *guess; /* NULL: the method's own name comes first */
};

/* A client's KEXINIT that a guess follows, and nothing else of it. */
static void
aim(struct pair *p, const struct shot *shot, char names[256])
{
	snprintf(names, 256, "%s%s%s", shot->guess == NULL ? "" : shot->guess,
	    shot->guess == NULL ? "" : ",", shot->method->name);
	pair_init(p);
	p->config[SP_SERVER].algorithms.kex = shot->method->name;
	p->config[SP_CLIENT].algorithms.kex = shot->method->name;
	forger_bring(p, SP_SERVER, PHASE_FIRST_KEXINIT, true);
	forger_send_kexinit(p, SP_CLIENT,
	    &(struct forger_kexinit){
		.kex = names, .has_markers = true, .guess_follows = true });
}

static void
a_wrong_guess_is_passed_over_whatever_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < method_count; i++) {
		struct shot shot = { methods[i], "guessed-wrong" };
		char names[256];
		struct pair p;

		aim(&p, &shot, names);
		forger_send(&p, SP_CLIENT, view_of("\x1e\0\0\0\1\x80", 6));
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 0);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_SIGN_EXCHANGE], 0);
		/* The second of the kind is taken at its word. */
		forger_send(&p, SP_CLIENT, view_of("\x1e\0\0\0\1\x80", 6));
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 1);
		pair_clear(&p);
	}
}

/* Each exchange keeps its own secrets, and the sanitizer counts them. */
static void
many_wrong_guesses_leave_nothing_behind(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * method_count; i++) {
		enum sp_role from = i % 2 == 0 ? SP_CLIENT : SP_SERVER;
		char names[256];
		struct pair p;

		snprintf(names, sizeof names, "wrong,%s", methods[i / 2]->name);
		start(&p, methods[i / 2]);
		pair_login(&p);
		for (unsigned n = 2; n < 5; n++) {
			forger_send_kexinit(&p, from,
			    &(struct forger_kexinit){
				.kex = names, .guess_follows = true });
			forger_send(&p, from, view_of("\x1f guess", 7));
			pair_run(&p);
			assert_int_equal(
			    p.count[SP_SERVER][SP_EVENT_KEX_DONE], n);
			assert_int_equal(
			    p.count[SP_CLIENT][SP_EVENT_KEX_DONE], n);
		}
		pair_clear(&p);
	}
}

static void
a_right_guess_is_not_passed_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < method_count; i++) {
		struct shot shot = { methods[i], NULL };
		char names[256];
		struct pair p;

		aim(&p, &shot, names);
		forger_send(&p, SP_CLIENT, view_of("\x1e\0\0\0\1\x80", 6));
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_CLOSED], 1);
		assert_int_equal(p.count[SP_SERVER][SP_EVENT_SIGN_EXCHANGE], 0);
		pair_clear(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_logs_in_and_rekeys_from_either_side),
		cmocka_unit_test(each_works_a_byte_at_a_time),
		cmocka_unit_test(a_rekey_may_be_by_another_method),
		cmocka_unit_test(a_wrong_guess_is_passed_over_whatever_it_is),
		cmocka_unit_test(many_wrong_guesses_leave_nothing_behind),
		cmocka_unit_test(a_right_guess_is_not_passed_over),
	};

	return cmocka_run_group_tests(tests, list_methods, NULL);
}
