/* Who is let in, and what the ledger is told. */
#include "daemon/gate/doorman.h"

#include "daemon/ipc/arrears.h"
#include "daemon/ipc/ipc.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1000000 };

static const struct cidr trusted = {
	.address = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 5 } },
	.bits = 128,
};
static struct penalty_settings settings = {
	.exempt = { .items = &trusted, .count = 1 },
};

static struct {
	struct event_base *base;
	struct doorman *doorman;
	struct arrears writer;
	int ledger;
} scene;

static int
set_up(void **state)
{
	int whole, view, pair[2];

	(void)state;
	settings.are_on = true;
	scene.base = event_base_new();
	scene.doorman = doorman_new(scene.base, &settings);
	if (scene.doorman == NULL || !arrears_make(&whole, &view) ||
	    !arrears_open(&scene.writer, whole, true) || !ipc_pair(pair))
		return -1;
	assert_false(doorman_is_there(scene.doorman));
	if (!doorman_open(scene.doorman, view))
		return -1;
	/* Nobody counts yet. */
	assert_false(doorman_is_there(scene.doorman));
	scene.ledger = pair[0];
	doorman_replace(scene.doorman, pair[1]);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (scene.ledger >= 0)
		close(scene.ledger);
	doorman_free(scene.doorman);
	arrears_close(&scene.writer);
	event_base_free(scene.base);
	return 0;
}

static struct cidr_address
net_address(uint8_t net, uint8_t last)
{
	return (struct cidr_address){
		{ 0x20, 0x01, 0x0d, 0xb8, [7] = net, [15] = last },
	};
}

static void
owe(struct cidr_address address, uint64_t until, bool is_enforced)
{
	const struct arrears_account account = {
		.until = until,
		.is_enforced = is_enforced,
		.cause = CONDUCT_AUTHFAIL,
	};

	assert_int_equal(
	    arrears_keep(&scene.writer, address.bytes, &account, NOW),
	    ARREARS_KEPT);
}

static const char *
refusal(struct cidr_address address, uint64_t now)
{
	return doorman_refusal(scene.doorman, &address, now);
}

static void
who_owes_is_refused_until_it_is_paid(void **state)
{
	(void)state;
	assert_true(doorman_is_there(scene.doorman));
	assert_null(refusal(net_address(1, 1), NOW));
	owe(net_address(1, 1), NOW + 1000, true);
	assert_string_equal(
	    refusal(net_address(1, 1), NOW), "penalty: failed authentication");
	/* All of its net, and no other. */
	assert_non_null(refusal(net_address(1, 200), NOW + 999));
	assert_null(refusal(net_address(2, 1), NOW));
	assert_null(refusal(net_address(1, 1), NOW + 1000));
}

static void
who_owes_little_is_let_in(void **state)
{
	(void)state;
	owe(net_address(1, 1), NOW + 1000, false);
	assert_null(refusal(net_address(1, 1), NOW));
}

static void
who_is_exempt_is_let_in_whatever_others_did(void **state)
{
	(void)state;
	owe(net_address(0, 1), NOW + 1000, true);
	assert_null(refusal(net_address(0, 5), NOW));
	assert_non_null(refusal(net_address(0, 6), NOW));
	settings.are_on = false;
	assert_null(refusal(net_address(0, 6), NOW));
}

static enum sp_status
hear(struct conduct *conduct)
{
	static uint8_t room[IPC_ROOM];
	struct ipc_message message;
	enum sp_status status = ipc_receive(
	    scene.ledger, IPC_ROLE_GATE, IPC_ROLE_LEDGER, room, &message);

	if (status == SP_OK)
		status = conduct_decode(message.body, conduct);
	return status;
}

static void
the_ledger_is_told(void **state)
{
	const struct cidr_address stranger = net_address(3, 7);
	const struct cidr_address own = net_address(0, 5);
	struct conduct conduct;

	(void)state;
	doorman_tell(scene.doorman, CONDUCT_NONE, &stranger);
	doorman_tell(scene.doorman, CONDUCT_NOAUTH, &own);
	doorman_tell(scene.doorman, CONDUCT_NOAUTH, &stranger);
	assert_int_equal(hear(&conduct), SP_OK);
	assert_int_equal(conduct.kind, CONDUCT_NOAUTH);
	assert_memory_equal(
	    conduct.address, stranger.bytes, sizeof stranger.bytes);
	assert_int_equal(hear(&conduct), SP_ERR_AGAIN);
}

static void
without_a_ledger_nobody_is_to_come(void **state)
{
	const struct cidr_address stranger = net_address(3, 7);

	(void)state;
	close(scene.ledger);
	scene.ledger = -1;
	event_base_loop(scene.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_false(doorman_is_there(scene.doorman));
	doorman_tell(scene.doorman, CONDUCT_NOAUTH, &stranger);
	/* What is owed is owed all the same. */
	owe(stranger, NOW + 1000, true);
	assert_non_null(refusal(stranger, NOW));
}

static void
where_nothing_is_counted_there_need_be_no_ledger(void **state)
{
	(void)state;
	settings.are_on = false;
	close(scene.ledger);
	scene.ledger = -1;
	event_base_loop(scene.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_true(doorman_is_there(scene.doorman));
}

static void
one_that_speaks_is_hung_up_on(void **state)
{
	(void)state;
	assert_int_equal(write(scene.ledger, "nonsense", 8), 8);
	event_base_loop(scene.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_false(doorman_is_there(scene.doorman));
}

static void
who_is_refused_is_told_so(void **state)
{
	char text[64] = "";
	int pair[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	doorman_turn_away(pair[0]);
	assert_int_equal(read(pair[1], text, sizeof text), 26);
	assert_string_equal(text, "Not allowed at this time\r\n");
	/* Who is gone is not. */
	close(pair[1]);
	doorman_turn_away(pair[0]);
	close(pair[0]);
}

#define WITH_DOORMAN(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DOORMAN(who_owes_is_refused_until_it_is_paid),
		WITH_DOORMAN(who_owes_little_is_let_in),
		WITH_DOORMAN(who_is_exempt_is_let_in_whatever_others_did),
		WITH_DOORMAN(the_ledger_is_told),
		WITH_DOORMAN(without_a_ledger_nobody_is_to_come),
		WITH_DOORMAN(where_nothing_is_counted_there_need_be_no_ledger),
		WITH_DOORMAN(one_that_speaks_is_hung_up_on),
		WITH_DOORMAN(who_is_refused_is_told_so),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
