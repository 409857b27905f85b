/* What the ledger is told, and of what it is not bothered with. */
#include "daemon/login/reputation.h"

#include "daemon/ipc/ipc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1000000, DAY = 86400000 };

static const struct cidr loopback = {
	.address = { { [10] = 0xff, [11] = 0xff, 127 } },
	.bits = 104,
};
static const struct penalty_settings settings = {
	.are_on = true,
	.known_time = DAY,
	.exempt = { .items = &loopback, .count = 1 },
};
static const struct penalty_settings off = { .known_time = DAY };
static const struct cidr_address stranger = {
	{ [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 },
};

static struct {
	struct reputation reputation;
	struct arrears writer;
	int ledger;
} scene;

static int
set_up(void **state)
{
	int whole, view, pair[2];

	(void)state;
	reputation_init(&scene.reputation, &settings);
	if (!ipc_pair(pair) || !arrears_make(&whole, &view) ||
	    !arrears_open(&scene.writer, whole, true) ||
	    !arrears_open(&scene.reputation.arrears, view, false))
		return -1;
	scene.ledger = pair[0];
	reputation_set_ledger(&scene.reputation, pair[1]);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (scene.ledger >= 0)
		close(scene.ledger);
	reputation_set_ledger(&scene.reputation, -1);
	arrears_close(&scene.writer);
	arrears_close(&scene.reputation.arrears);
	return 0;
}

static void
tell(enum conduct_kind kind)
{
	reputation_tell(&scene.reputation, kind, &stranger, false, NOW);
}

static void
expect_silence(void)
{
	static uint8_t room[IPC_ROOM];
	struct ipc_message message;

	assert_int_equal(ipc_receive(scene.ledger, IPC_ROLE_LOGIN,
			     IPC_ROLE_LEDGER, room, &message),
	    SP_ERR_AGAIN);
}

static void
expect(enum conduct_kind kind)
{
	static uint8_t room[IPC_ROOM];
	struct ipc_message message;
	struct conduct conduct;

	assert_int_equal(ipc_receive(scene.ledger, IPC_ROLE_LOGIN,
			     IPC_ROLE_LEDGER, room, &message),
	    SP_OK);
	assert_int_equal(message.type, IPC_CONDUCT);
	assert_int_equal(conduct_decode(message.body, &conduct), SP_OK);
	assert_int_equal(conduct.kind, kind);
	assert_memory_equal(
	    conduct.address, stranger.bytes, sizeof stranger.bytes);
	expect_silence();
}

static void
failures_are_told(void **state)
{
	(void)state;
	for (int kind = CONDUCT_NOAUTH; kind <= CONDUCT_CRASH; kind++) {
		tell((enum conduct_kind)kind);
		expect((enum conduct_kind)kind);
	}
	tell(CONDUCT_NONE);
	expect_silence();
}

static void
know(uint64_t until, uint64_t known_until)
{
	const struct arrears_account account = {
		.until = until,
		.known_until = known_until,
	};

	assert_int_equal(
	    arrears_keep(&scene.writer, stranger.bytes, &account, NOW),
	    ARREARS_KEPT);
}

static void
a_success_is_told_where_it_changes_something(void **state)
{
	(void)state;
	tell(CONDUCT_SUCCESS);
	expect(CONDUCT_SUCCESS);
	know(0, NOW + DAY);
	tell(CONDUCT_SUCCESS);
	expect_silence();
	/* Long ago, or where something is owed. */
	know(0, NOW + DAY / 2 - 1);
	tell(CONDUCT_SUCCESS);
	expect(CONDUCT_SUCCESS);
	know(NOW + 1, NOW + DAY);
	tell(CONDUCT_SUCCESS);
	expect(CONDUCT_SUCCESS);
}

static void
without_arrears_all_are_told(void **state)
{
	(void)state;
	know(0, NOW + DAY);
	arrears_close(&scene.reputation.arrears);
	tell(CONDUCT_SUCCESS);
	expect(CONDUCT_SUCCESS);
}

static void
nothing_is_told_of_who_is_exempt(void **state)
{
	const struct cidr_address own = {
		{ [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 },
	};

	(void)state;
	reputation_tell(&scene.reputation, CONDUCT_AUTHFAIL, &own, false, NOW);
	expect_silence();
	reputation_tell(&scene.reputation, CONDUCT_SUCCESS, &own, false, NOW);
	expect_silence();
	scene.reputation.settings = &off;
	tell(CONDUCT_AUTHFAIL);
	expect_silence();
}

/* Who a proxy says comes is charged, and not known for it. */
static void
nobody_is_known_by_a_claim(void **state)
{
	(void)state;
	reputation_tell(
	    &scene.reputation, CONDUCT_SUCCESS, &stranger, true, NOW);
	expect_silence();
	reputation_tell(
	    &scene.reputation, CONDUCT_AUTHFAIL, &stranger, true, NOW);
	expect(CONDUCT_AUTHFAIL);
}

static void
a_ledger_that_is_gone_is_told_nothing(void **state)
{
	(void)state;
	close(scene.ledger);
	scene.ledger = -1;
	tell(CONDUCT_AUTHFAIL);
	assert_int_equal(scene.reputation.ledger, -1);
	tell(CONDUCT_AUTHFAIL);
}

/* Nobody waits for it. */
static void
a_ledger_that_takes_nothing_keeps_nobody_waiting(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++)
		tell(CONDUCT_AUTHFAIL);
	assert_true(scene.reputation.ledger >= 0);
}

#define WITH_LEDGER(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LEDGER(failures_are_told),
		WITH_LEDGER(a_success_is_told_where_it_changes_something),
		WITH_LEDGER(without_arrears_all_are_told),
		WITH_LEDGER(nothing_is_told_of_who_is_exempt),
		WITH_LEDGER(nobody_is_known_by_a_claim),
		WITH_LEDGER(a_ledger_that_is_gone_is_told_nothing),
		WITH_LEDGER(a_ledger_that_takes_nothing_keeps_nobody_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
