/* What a client believes of a server that says it would take a key. */
#include "lib/message.h"
#include "lib/wire/writer.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char key[] = "\0\0\0\7ssh-rsa\0\0\0\4blob";
static const char other[] = "\0\0\0\7ssh-rsa\0\0\0\4slab";

/* The server's question stays open: it is the forger who answers. */
static bool
listen(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	(void)p;
	(void)side;
	if (event->kind == SP_EVENT_AUTH_KEY_OK) {
		assert_true(view_equal_string(
		    event->u.auth_key_ok.key_algorithm, "rsa-sha2-256"));
		assert_true(view_equal(
		    event->u.auth_key_ok.key, view_of(key, sizeof key - 1)));
	}
	return event->kind == SP_EVENT_AUTH_READY ||
	    event->kind == SP_EVENT_AUTH_REQUEST ||
	    event->kind == SP_EVENT_AUTH_KEY_OK;
}

static void
ask(struct pair *p)
{
	pair_init(p);
	p->hook = listen;
	pair_start(p);
	pair_run(p);
	assert_int_equal(sp_auth_publickey(p->client, "alice", "rsa-sha2-256",
			     view_of(key, sizeof key - 1), true),
	    SP_OK);
	pair_run(p);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_AUTH_REQUEST], 1);
}

static void
answer(struct pair *p, const char *algorithm, const char *blob)
{
	struct buffer b;
	struct writer w;

	buffer_init(&b, 256);
	writer_init(&w, &b);
	writer_u8(&w, SSH_MSG_USERAUTH_PK_OK);
	writer_cstring(&w, algorithm);
	writer_string(&w, view_of(blob, sizeof key - 1));
	assert_int_equal(writer_finish(&w), SP_OK);
	forger_send(p, SP_SERVER, buffer_view(&b));
	buffer_clear(&b);
}

static void
expect_answer(const char *algorithm, const char *blob, bool is_believed)
{
	struct pair p;

	ask(&p);
	answer(&p, algorithm, blob);
	forger_deliver(&p, SP_CLIENT);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_KEY_OK], is_believed);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], !is_believed);
	pair_clear(&p);
}

static void
it_names_the_algorithm_that_was_asked_about(void **state)
{
	(void)state;
	expect_answer("rsa-sha2-256", key, true);
}

static void
or_the_type_of_the_key_as_some_servers_do(void **state)
{
	(void)state;
	expect_answer("ssh-rsa", key, true);
}

static void
but_no_other_algorithm(void **state)
{
	(void)state;
	expect_answer("rsa-sha2-512", key, false);
	expect_answer("ssh-ed25519", key, false);
	expect_answer("", key, false);
}

static void
and_no_other_key(void **state)
{
	(void)state;
	expect_answer("rsa-sha2-256", other, false);
	expect_answer("ssh-rsa", other, false);
}

static void
it_says_so_once(void **state)
{
	struct pair p;

	(void)state;
	ask(&p);
	for (int i = 0; i < 2; i++)
		answer(&p, "rsa-sha2-256", key);
	forger_deliver(&p, SP_CLIENT);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_AUTH_KEY_OK], 1);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 1);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_names_the_algorithm_that_was_asked_about),
		cmocka_unit_test(or_the_type_of_the_key_as_some_servers_do),
		cmocka_unit_test(but_no_other_algorithm),
		cmocka_unit_test(and_no_other_key),
		cmocka_unit_test(it_says_so_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
