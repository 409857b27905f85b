/* A shortage is one line, however long it lasts. */
#include "daemon/log/shortage.h"

#include "daemon/log/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned lines;
static uint64_t peer;
static char type[32];

static void
take(struct sp_view body)
{
	struct record record;

	assert_int_equal(record_decode(body, &record), SP_OK);
	assert_int_equal(record.event, EVENT_DESCRIPTORS_SHORT);
	assert_true(view_to_string(
	    record_field(&record, FIELD_DETAIL)->text, type, sizeof type));
	peer = record_field(&record, FIELD_PEER)->number;
	lines++;
}

static void
a_thousand_lost_messages_are_one_line(void **state)
{
	(void)state;
	log_divert(take, LOG_LEVEL_DEBUG);
	for (int i = 0; i < 1000; i++)
		shortage_log(IPC_ROLE_GATE, 3, IPC_SPAWN);
	assert_int_equal(lines, 1);
	assert_int_equal(peer, 3);
	assert_string_equal(type, "SPAWN");
}

static void
take_failure(struct sp_view body)
{
	struct record record;

	assert_int_equal(record_decode(body, &record), SP_OK);
	assert_int_equal(record.event, EVENT_PROCESS_FAILED);
	assert_true(view_to_string(
	    record_field(&record, FIELD_ROLE)->text, type, sizeof type));
	lines++;
}

static void
a_lost_order_is_one_line_and_each_time_a_wish_for_another(void **state)
{
	static uint8_t room[IPC_ROOM];
	struct ipc_message message;
	int pair[2];

	(void)state;
	lines = 0;
	log_divert(take_failure, LOG_LEVEL_DEBUG);
	assert_true(ipc_pair(pair));
	for (int i = 0; i < 3; i++)
		shortage_of_order(pair[1], IPC_ROLE_LEDGER, IPC_PEER);
	assert_int_equal(lines, 1);
	assert_string_equal(type, "ledger");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ipc_receive(pair[0], IPC_ROLE_LEDGER,
				     IPC_ROLE_SUPERVISOR, room, &message),
		    SP_OK);
		assert_int_equal(message.type, IPC_WORN);
	}
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_lost_messages_are_one_line),
		cmocka_unit_test(
		    a_lost_order_is_one_line_and_each_time_a_wish_for_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
