/* What the supervisor says is followed; at his end it is the end. */
#include "daemon/login/orders.h"

#include "daemon/ipc/daybook.h"
#include "daemon/ipc/ticket.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static uint8_t room[IPC_ROOM];
static struct guest_things things;
static struct gatelinks gates;
static struct daybook daybook;
static struct servicelinks services;
static struct reputation reputation;
static struct penalty_settings penalties;
static struct orders orders;
static int supervisor;

static int
set_up(void **state)
{
	int pair[2];

	(void)state;
	things = (struct guest_things){ .keyholder = -1, .identities = -1 };
	gates.count = 0;
	if (!ipc_pair(pair))
		return -1;
	supervisor = pair[0];
	reputation_init(&reputation, &penalties);
	orders_init(&orders, pair[1], &things, &gates, &daybook, &services,
	    &reputation);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (supervisor >= 0)
		close(supervisor);
	if (orders.control >= 0)
		close(orders.control);
	if (things.keyholder >= 0)
		close(things.keyholder);
	if (things.identities >= 0)
		close(things.identities);
	while (gates.count > 0)
		gatelink_drop(&gates, 0);
	secret_clear(&orders.ticket_key);
	buffer_clear(&orders.host_keys);
	daybook_close(&daybook);
	reputation_set_ledger(&reputation, -1);
	arrears_close(&reputation.arrears);
	return 0;
}

static void
say(enum ipc_type type, struct sp_view body, int fd)
{
	assert_int_equal(
	    ipc_send(supervisor, type, body, &fd, fd >= 0 ? 1 : 0), SP_OK);
}

static void
introduce(enum ipc_role role, uint32_t id)
{
	const struct control_peer peer = { .role = role, .id = id, .pid = 9 };
	struct buffer body;

	buffer_init(&body, 64);
	assert_int_equal(control_peer_encode(&peer, &body), SP_OK);
	say(IPC_PEER, buffer_view(&body), 0);
	buffer_clear(&body);
}

static void
gates_and_the_keyholder_become_known(void **state)
{
	int before;

	(void)state;
	introduce(IPC_ROLE_GATE, 3);
	introduce(IPC_ROLE_GATE, 4);
	introduce(IPC_ROLE_KEYHOLDER, 1);
	orders_follow(&orders, room);
	assert_int_equal(gates.count, 2);
	assert_int_equal(gates.links[0].gate.id, 3);
	assert_int_equal(gates.links[0].gate.pid, 9);
	before = things.keyholder;
	assert_true(before >= 0);
	/* The next takes its place. */
	introduce(IPC_ROLE_KEYHOLDER, 2);
	orders_follow(&orders, room);
	assert_true(things.keyholder >= 0);
	assert_int_equal(fcntl(before, F_GETFD), -1);
	assert_false(orders.is_retired);
}

static void
the_ledger_becomes_known_and_what_it_writes(void **state)
{
	int whole, view, before;

	(void)state;
	introduce(IPC_ROLE_LEDGER, 1);
	orders_follow(&orders, room);
	before = reputation.ledger;
	assert_true(before >= 0);
	introduce(IPC_ROLE_LEDGER, 2);
	assert_true(arrears_make(&whole, &view));
	say(IPC_ARREARS, view_of(NULL, 0), view);
	orders_follow(&orders, room);
	assert_true(reputation.ledger >= 0);
	assert_int_equal(fcntl(before, F_GETFD), -1);
	assert_non_null(reputation.arrears.pages);
	/* What is none is closed. */
	say(IPC_ARREARS, view_of(NULL, 0), 0);
	orders_follow(&orders, room);
	assert_int_equal(gates.count, 0);
	close(whole);
	close(view);
}

static void
who_counts_has_the_folder_of_identities(void **state)
{
	int next = dup(0), before;

	(void)state;
	close(next);
	say(IPC_IDENTITIES, view_of(NULL, 0), 0);
	orders_follow(&orders, room);
	assert_int_equal(things.identities, -1);
	assert_int_equal(fcntl(next, F_GETFD), -1);
	orders.wants_identities = true;
	say(IPC_IDENTITIES, view_of(NULL, 0), 0);
	orders_follow(&orders, room);
	before = things.identities;
	assert_true(before >= 0);
	say(IPC_IDENTITIES, view_of(NULL, 0), 0);
	orders_follow(&orders, room);
	assert_int_equal(fcntl(before, F_GETFD), -1);
	assert_true(things.identities >= 0);
}

static void
others_do_not(void **state)
{
	int next = dup(0);

	(void)state;
	close(next);
	introduce(IPC_ROLE_SESSION, 1);
	say(IPC_PEER, view_of_string("nonsense"), 0);
	orders_follow(&orders, room);
	assert_int_equal(gates.count, 0);
	assert_int_equal(things.keyholder, -1);
	/* Their descriptors were closed. */
	assert_int_equal(fcntl(next, F_GETFD), -1);
}

static void
keys_are_those_he_said_last(void **state)
{
	static const uint8_t key[TICKET_KEY_LEN] = { 1 };
	const struct control_host_keys keys = {
		.count = 1,
		.keys = { { view_of_string("ssh-ed25519"),
		    view_of_string("blob") } },
	};
	struct buffer body;

	(void)state;
	buffer_init(&body, 256);
	assert_int_equal(control_host_keys_encode(&keys, &body), SP_OK);
	say(IPC_HOST_KEYS, buffer_view(&body), -1);
	say(IPC_TICKET_KEY, view_of(key, sizeof key), -1);
	orders_follow(&orders, room);
	assert_int_equal(things.host_keys.count, 1);
	assert_true(view_equal_string(things.host_keys.keys[0].blob, "blob"));
	assert_true(view_equal(
	    secret_view(&orders.ticket_key), view_of(key, sizeof key)));
	/* Of the message nothing is left behind. */
	for (size_t i = 0; i < 4 + sizeof key; i++)
		assert_int_equal(room[i], 0);
	say(IPC_HOST_KEYS, view_of_string("nonsense"), -1);
	say(IPC_TICKET_KEY, view_of(key, 3), -1);
	orders_follow(&orders, room);
	assert_int_equal(things.host_keys.count, 0);
	assert_int_equal(orders.ticket_key.len, TICKET_KEY_LEN);
	buffer_clear(&body);
}

static void
with_a_daybook_tickets_can_be_taken(void **state)
{
	static const uint8_t hash[DAYBOOK_HASH_MIN] = { 1 };
	struct sp_view ticket = view_of(hash, sizeof hash);
	int fd = daybook_make();

	(void)state;
	assert_true(fd >= 0);
	assert_false(daybook_take(&daybook, ticket, 9, 1));
	say(IPC_DAYBOOK, view_of(NULL, 0), fd);
	close(fd);
	orders_follow(&orders, room);
	assert_true(daybook_take(&daybook, ticket, 9, 1));
	assert_false(daybook_take(&daybook, ticket, 9, 1));
}

static void
an_order_that_came_without_its_descriptor_is_its_end(void **state)
{
	struct rlimit before, none;
	struct ipc_message message;
	int next = dup(0);

	(void)state;
	close(next);
	introduce(IPC_ROLE_GATE, 3);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	orders_follow(&orders, room);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(orders.has_lost);
	assert_int_equal(ipc_receive(supervisor, IPC_ROLE_LOGIN,
			     IPC_ROLE_SUPERVISOR, room, &message),
	    SP_OK);
	assert_int_equal(message.type, IPC_WORN);
}

static void
a_daybook_that_cannot_be_opened_is_its_end(void **state)
{
	(void)state;
	say(IPC_DAYBOOK, view_of(NULL, 0), 0);
	orders_follow(&orders, room);
	assert_true(orders.has_lost);
}

static void
who_is_told_to_retire_retires(void **state)
{
	(void)state;
	orders_follow(&orders, room);
	assert_false(orders.is_retired);
	say(IPC_RETIRE, view_of(NULL, 0), -1);
	orders_follow(&orders, room);
	assert_true(orders.is_retired);
	assert_true(orders.control >= 0);
}

static void
without_a_supervisor_it_is_over(void **state)
{
	(void)state;
	introduce(IPC_ROLE_GATE, 3);
	close(supervisor);
	supervisor = -1;
	orders_follow(&orders, room);
	assert_int_equal(gates.count, 1);
	assert_true(orders.is_retired);
	assert_int_equal(orders.control, -1);
}

static void
a_breach_is_as_his_end(void **state)
{
	(void)state;
	assert_int_equal(write(supervisor, "nonsense", 8), 8);
	orders_follow(&orders, room);
	assert_true(orders.is_retired);
	assert_int_equal(orders.control, -1);
}

#define WITH_ORDERS(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ORDERS(gates_and_the_keyholder_become_known),
		WITH_ORDERS(the_ledger_becomes_known_and_what_it_writes),
		WITH_ORDERS(who_counts_has_the_folder_of_identities),
		WITH_ORDERS(others_do_not),
		WITH_ORDERS(keys_are_those_he_said_last),
		WITH_ORDERS(with_a_daybook_tickets_can_be_taken),
		WITH_ORDERS(
		    an_order_that_came_without_its_descriptor_is_its_end),
		WITH_ORDERS(a_daybook_that_cannot_be_opened_is_its_end),
		WITH_ORDERS(who_is_told_to_retire_retires),
		WITH_ORDERS(without_a_supervisor_it_is_over),
		WITH_ORDERS(a_breach_is_as_his_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
