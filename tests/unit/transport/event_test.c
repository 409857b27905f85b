/* The ring of events. */
#include "lib/transport/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
events_come_out_as_they_went_in(void **state)
{
	struct event_queue q = { .count = 0 };
	struct sp_event event;
	uint32_t in = 0, out = 0;

	(void)state;
	/* Of every fill, all the way round. */
	for (size_t fill = 1; fill <= EVENT_QUEUE_SIZE; fill++)
		for (int round = 0; round < 5; round++) {
			for (size_t i = 0; i < fill; i++)
				event_push(&q, SP_EVENT_CHANNEL_EOF)->channel =
				    in++;
			for (size_t i = 0; i < fill; i++) {
				assert_true(event_pop(&q, &event));
				assert_int_equal(event.channel, out++);
			}
			assert_false(event_pop(&q, &event));
		}
}

static void
a_new_event_has_nothing_of_an_old_one(void **state)
{
	struct event_queue q = { .count = 0 };
	struct sp_event event;

	(void)state;
	for (int i = 0; i < EVENT_QUEUE_SIZE + 1; i++) {
		struct sp_event *fresh = event_push(&q, SP_EVENT_CLOSED);

		assert_int_equal(fresh->kind, SP_EVENT_CLOSED);
		assert_int_equal(fresh->token, 0);
		assert_int_equal(fresh->u.closed.reason, 0);
		fresh->token = 5;
		fresh->u.closed.reason = 5;
		assert_true(event_pop(&q, &event));
		assert_int_equal(event.token, 5);
	}
}

static void
the_last_one_can_be_taken_back(void **state)
{
	struct event_queue q = { .count = 0 };
	struct sp_event event;

	(void)state;
	event_push(&q, SP_EVENT_IDENTIFIED);
	event_push(&q, SP_EVENT_CLOSED);
	event_drop_last(&q);
	assert_true(event_pop(&q, &event));
	assert_int_equal(event.kind, SP_EVENT_IDENTIFIED);
	assert_false(event_pop(&q, &event));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_out_as_they_went_in),
		cmocka_unit_test(a_new_event_has_nothing_of_an_old_one),
		cmocka_unit_test(the_last_one_can_be_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
