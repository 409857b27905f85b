/* Gates by their sockets, and no more lines about one than are of use. */
#include "daemon/login/gatelink.h"

#include "daemon/log/record.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct gatelinks gates;
static unsigned lines;
static uint64_t told_gate, told_count;

static void
take(struct sp_view body)
{
	struct record record;

	assert_int_equal(record_decode(body, &record), SP_OK);
	assert_int_equal(record.event, EVENT_GATE_REFUSED);
	told_gate = record_field(&record, FIELD_GATE)->number;
	told_count = record_field(&record, FIELD_COUNT) == NULL
	    ? 0
	    : record_field(&record, FIELD_COUNT)->number;
	lines++;
}

static int
add(uint32_t id)
{
	const struct control_peer peer = {
		.role = IPC_ROLE_GATE, .id = id, .pid = 4711
	};
	int socket = dup(0);

	gatelink_add(&gates, &peer, socket);
	return socket;
}

static int
set_up(void **state)
{
	(void)state;
	gates.count = 0;
	lines = 0;
	log_divert(take, LOG_LEVEL_DEBUG);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	while (gates.count > 0)
		gatelink_drop(&gates, 0);
	return 0;
}

static void
who_goes_is_replaced_by_the_last(void **state)
{
	int first = add(1);

	(void)state;
	add(2);
	add(3);
	gatelink_drop(&gates, 0);
	assert_int_equal(gates.count, 2);
	assert_int_equal(gates.links[0].gate.id, 3);
	assert_int_equal(gates.links[1].gate.id, 2);
	assert_int_equal(fcntl(first, F_GETFD), -1);
}

static void
one_too_many_is_closed(void **state)
{
	int socket;

	(void)state;
	gates.count = GATELINK_MAX;
	socket = add(1);
	assert_int_equal(gates.count, GATELINK_MAX);
	assert_int_equal(fcntl(socket, F_GETFD), -1);
	gates.count = 0;
}

static void
a_flood_is_a_few_lines_and_a_number(void **state)
{
	uint64_t now = 1000;

	(void)state;
	add(1);
	add(2);
	for (int i = 0; i < 10000; i++)
		gatelink_refuse(&gates, &gates.links[0].gate, "no", now);
	assert_int_equal(lines, GATELINK_LINES);
	/* Another's are its own. */
	gatelink_refuse(&gates, &gates.links[1].gate, "no", now);
	assert_int_equal(lines, GATELINK_LINES + 1);
	assert_int_equal(told_gate, 2);
	assert_int_equal(told_count, 0);
	assert_int_equal(gatelink_deadline(&gates), now + REPETITION_TIME);
	gatelink_sum_up(&gates, now + REPETITION_TIME - 1);
	assert_int_equal(lines, GATELINK_LINES + 1);
	gatelink_sum_up(&gates, now + REPETITION_TIME);
	assert_int_equal(lines, GATELINK_LINES + 2);
	assert_int_equal(told_gate, 1);
	assert_int_equal(told_count, 10000 - GATELINK_LINES);
	assert_int_equal(gatelink_deadline(&gates), UINT64_MAX);
}

static void
who_goes_has_his_number_told(void **state)
{
	(void)state;
	add(1);
	for (int i = 0; i < GATELINK_LINES + 5; i++)
		gatelink_refuse(&gates, &gates.links[0].gate, "no", 1000);
	gatelink_drop(&gates, 0);
	assert_int_equal(lines, GATELINK_LINES + 1);
	assert_int_equal(told_count, 5);
}

static void
one_that_is_gone_is_told_of_all_the_same(void **state)
{
	const struct visit_gate gone = { .id = 7 };

	(void)state;
	gatelink_refuse(&gates, &gone, "no", 1000);
	assert_int_equal(lines, 1);
	assert_int_equal(told_gate, 7);
}

#define WITH_GATES(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GATES(who_goes_is_replaced_by_the_last),
		WITH_GATES(one_too_many_is_closed),
		WITH_GATES(a_flood_is_a_few_lines_and_a_number),
		WITH_GATES(who_goes_has_his_number_told),
		WITH_GATES(one_that_is_gone_is_told_of_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
