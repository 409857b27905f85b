/* The crowd: who is removed, when, and why. */
#include "daemon/gate/crowd.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MEMBERS = 8 };

static struct crowd_member members[MEMBERS];
static struct crowd_member *removed[MEMBERS];
static enum crowd_reason reasons[MEMBERS];
static size_t removed_count;

static void
on_remove(struct crowd_member *member, enum crowd_reason reason)
{
	assert_null(member->origin.origin);
	reasons[removed_count] = reason;
	removed[removed_count++] = member;
}

struct fixture {
	struct event_base *base;
	struct crowd *crowd;
};

static void
init(struct fixture *f, const struct crowd_limits *limits)
{
	for (size_t i = 0; i < MEMBERS; i++)
		members[i] = (struct crowd_member){ 0 };
	removed_count = 0;
	f->base = event_base_new();
	f->crowd = crowd_new(f->base, limits, on_remove);
	assert_non_null(f->crowd);
}

static void
clear(struct fixture *f)
{
	for (size_t i = 0; i < MEMBERS; i++)
		crowd_leave(f->crowd, &members[i]);
	assert_int_equal(crowd_count(f->crowd), 0);
	crowd_free(f->crowd);
	event_base_free(f->base);
}

static enum sp_status
join(struct fixture *f, const char *text, size_t i)
{
	struct cidr_address a;

	assert_true(cidr_parse_address(text, &a));
	return crowd_join(f->crowd, &a, &members[i]);
}

static void
run(struct fixture *f, int ms)
{
	event_base_loopexit(f->base, &(struct timeval){ .tv_usec = ms * 1000 });
	event_base_dispatch(f->base);
}

static const struct crowd_limits small = {
	.max = 3,
	.max_per_origin = 2,
	.time = 60000,
	.memory = SIZE_MAX,
};

static void
a_full_crowd_loses_the_oldest_of_the_origin_that_has_most(void **state)
{
	struct fixture f;

	(void)state;
	init(&f, &small);
	assert_int_equal(join(&f, "192.0.2.1", 0), SP_OK);
	assert_int_equal(join(&f, "192.0.2.2", 1), SP_OK);
	assert_int_equal(join(&f, "192.0.2.2", 2), SP_OK);
	assert_int_equal(removed_count, 0);
	assert_int_equal(join(&f, "192.0.2.3", 3), SP_OK);
	assert_int_equal(removed_count, 1);
	assert_ptr_equal(removed[0], &members[1]);
	assert_int_equal(reasons[0], CROWD_IS_FULL);
	assert_int_equal(crowd_count(f.crowd), 3);
	clear(&f);
}

static void
where_no_origin_has_most_the_oldest_of_all_goes(void **state)
{
	static const char *const origins[] = { "192.0.2.1", "192.0.2.2",
		"192.0.2.3", "192.0.2.4", "192.0.2.5" };
	struct fixture f;

	(void)state;
	init(&f, &small);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(join(&f, origins[i], i), SP_OK);
	assert_int_equal(removed_count, 2);
	assert_ptr_equal(removed[0], &members[0]);
	assert_ptr_equal(removed[1], &members[1]);
	clear(&f);
}

static void
an_origin_with_its_share_is_refused_and_nobody_removed(void **state)
{
	struct fixture f;

	(void)state;
	init(&f, &small);
	assert_int_equal(join(&f, "192.0.2.1", 0), SP_OK);
	assert_int_equal(join(&f, "192.0.2.1", 1), SP_OK);
	assert_int_equal(join(&f, "192.0.2.1", 2), SP_ERR_LIMIT);
	assert_int_equal(removed_count, 0);
	assert_int_equal(crowd_count(f.crowd), 2);
	clear(&f);
}

static void
gates_that_share_a_source_have_their_part_of_it_each(void **state)
{
	const struct crowd_limits limits = {
		.max = 8, .max_per_origin = 5, .time = 600, .memory = SIZE_MAX
	};
	struct fixture f;

	(void)state;
	init(&f, &limits);
	assert_int_equal(join(&f, "192.0.2.1", 0), SP_OK);
	crowd_share(f.crowd, 2);
	assert_int_equal(join(&f, "192.0.2.1", 1), SP_OK);
	assert_int_equal(join(&f, "192.0.2.1", 2), SP_ERR_LIMIT);
	/* Once more changes nothing. */
	crowd_share(f.crowd, 2);
	assert_int_equal(join(&f, "192.0.2.2", 3), SP_OK);
	/* And who has one part in many has one, and those who were there. */
	crowd_share(f.crowd, 16);
	assert_int_equal(join(&f, "192.0.2.1", 4), SP_ERR_LIMIT);
	assert_int_equal(join(&f, "192.0.2.3", 5), SP_OK);
	assert_int_equal(join(&f, "192.0.2.3", 6), SP_ERR_LIMIT);
	crowd_leave(f.crowd, &members[0]);
	crowd_leave(f.crowd, &members[1]);
	assert_int_equal(join(&f, "192.0.2.1", 7), SP_OK);
	assert_int_equal(removed_count, 0);
	clear(&f);
}

static void
time_is_up_for_the_oldest_first_and_for_nobody_who_left(void **state)
{
	const struct crowd_limits limits = {
		.max = 8, .max_per_origin = 8, .time = 600, .memory = SIZE_MAX
	};
	struct fixture f;

	(void)state;
	init(&f, &limits);
	assert_int_equal(join(&f, "192.0.2.1", 0), SP_OK);
	assert_int_equal(join(&f, "192.0.2.1", 1), SP_OK);
	crowd_leave(f.crowd, &members[0]);
	run(&f, 300);
	assert_int_equal(join(&f, "192.0.2.1", 2), SP_OK);
	run(&f, 450);
	assert_int_equal(removed_count, 1);
	assert_ptr_equal(removed[0], &members[1]);
	assert_int_equal(reasons[0], CROWD_TIME_IS_UP);
	run(&f, 600);
	assert_int_equal(removed_count, 2);
	assert_ptr_equal(removed[1], &members[2]);
	clear(&f);
}

static void
a_huge_limit_for_an_origin_takes_no_memory(void **state)
{
	const struct crowd_limits limits = {
		.max = 2, .max_per_origin = UINT32_MAX, .time = 60000
	};
	struct fixture f;

	(void)state;
	init(&f, &limits);
	assert_int_equal(join(&f, "192.0.2.1", 0), SP_OK);
	assert_int_equal(join(&f, "192.0.2.1", 1), SP_OK);
	clear(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_full_crowd_loses_the_oldest_of_the_origin_that_has_most),
		cmocka_unit_test(
		    where_no_origin_has_most_the_oldest_of_all_goes),
		cmocka_unit_test(
		    an_origin_with_its_share_is_refused_and_nobody_removed),
		cmocka_unit_test(
		    gates_that_share_a_source_have_their_part_of_it_each),
		cmocka_unit_test(
		    time_is_up_for_the_oldest_first_and_for_nobody_who_left),
		cmocka_unit_test(a_huge_limit_for_an_origin_takes_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
