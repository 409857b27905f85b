/* Replies: answered in any order, taken off in their own. */
#include "lib/connection/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sp_view
nothing(void)
{
	return view_of(NULL, 0);
}

static void
they_leave_in_the_order_of_the_questions(void **state)
{
	struct reply_queue q = { .count = 0 };

	(void)state;
	/* Several times round the ring. */
	for (sp_token base = 1; base < 100; base += 3) {
		for (sp_token i = 0; i < 3; i++)
			reply_ask(&q, base + i);
		assert_int_equal(
		    reply_answer(&q, base + 2, true, view_of("x", 1)), SP_OK);
		assert_null(reply_next(&q));
		assert_int_equal(
		    reply_answer(&q, base, false, nothing()), SP_OK);
		assert_int_equal(reply_next(&q)->token, base);
		assert_int_equal(reply_next(&q)->state, REPLY_FAILURE);
		reply_drop(&q);
		assert_null(reply_next(&q));
		assert_int_equal(
		    reply_answer(&q, base + 1, true, nothing()), SP_OK);
		assert_int_equal(reply_next(&q)->token, base + 1);
		reply_drop(&q);
		assert_int_equal(reply_next(&q)->state, REPLY_SUCCESS);
		assert_true(
		    view_equal_string(buffer_view(&reply_next(&q)->data), "x"));
		reply_drop(&q);
		assert_null(reply_next(&q));
	}
}

static void
a_question_is_answered_once(void **state)
{
	struct reply_queue q = { .count = 0 };

	(void)state;
	assert_int_equal(
	    reply_answer(&q, 1, true, nothing()), SP_ERR_STALE_TOKEN);
	reply_ask(&q, 7);
	reply_ask(&q, 8);
	assert_int_equal(
	    reply_answer(&q, 1, true, nothing()), SP_ERR_STALE_TOKEN);
	assert_int_equal(reply_answer(&q, 8, true, nothing()), SP_OK);
	assert_int_equal(
	    reply_answer(&q, 8, false, nothing()), SP_ERR_STALE_TOKEN);
	assert_int_equal(
	    reply_answer(&q, 0, true, nothing()), SP_ERR_STALE_TOKEN);
	reply_clear(&q);
	assert_int_equal(
	    reply_answer(&q, 7, true, nothing()), SP_ERR_STALE_TOKEN);
}

static void
there_is_room_for_so_many(void **state)
{
	struct reply_queue q = { .count = 0 };

	(void)state;
	for (sp_token i = 1; i <= LIMIT_QUESTIONS; i++) {
		assert_false(reply_is_full(&q));
		reply_ask(&q, i);
	}
	assert_true(reply_is_full(&q));
	assert_int_equal(reply_answer(&q, 1, true, nothing()), SP_OK);
	assert_true(reply_is_full(&q));
	reply_drop(&q);
	assert_false(reply_is_full(&q));
	reply_clear(&q);
	assert_int_equal(q.count, 0);
}

static void
what_is_too_long_leaves_the_question_open(void **state)
{
	static const uint8_t data[LIMIT_CHANNEL_PACKET + 1];
	struct reply_queue q = { .count = 0 };

	(void)state;
	reply_ask(&q, 1);
	assert_int_equal(reply_answer(&q, 1, true, view_of(data, sizeof data)),
	    SP_ERR_LIMIT);
	assert_null(reply_next(&q));
	assert_int_equal(
	    reply_answer(&q, 1, true, view_of(data, sizeof data - 1)), SP_OK);
	assert_non_null(reply_next(&q));
	reply_clear(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_leave_in_the_order_of_the_questions),
		cmocka_unit_test(a_question_is_answered_once),
		cmocka_unit_test(there_is_room_for_so_many),
		cmocka_unit_test(what_is_too_long_leaves_the_question_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
