/* A shortage is one line, however long it lasts. */
#include "daemon/log/shortage.h"

#include "daemon/log/record.h"

#include <setjmp.h>
#include <stdarg.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_lost_messages_are_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
