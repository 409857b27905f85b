/* Origins: who counts as one, how many there are, and who has most. */
#include "daemon/gate/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct cidr_address
address(const char *text)
{
	struct cidr_address a;

	assert_true(cidr_parse_address(text, &a));
	return a;
}

static enum sp_status
join(struct origin_table *t, const char *text, struct origin_member *member)
{
	struct cidr_address a = address(text);

	return origin_join(t, &a, member);
}

static void
an_origin_takes_its_share_and_no_more(void **state)
{
	struct origin_table *t = origin_table_new(2, 7);
	struct origin_member members[3] = { 0 };

	(void)state;
	assert_int_equal(join(t, "192.0.2.1", &members[0]), SP_OK);
	assert_int_equal(join(t, "192.0.2.1", &members[1]), SP_OK);
	assert_int_equal(join(t, "192.0.2.1", &members[2]), SP_ERR_LIMIT);
	assert_int_equal(join(t, "192.0.2.2", &members[2]), SP_OK);
	origin_leave(t, &members[2]);
	origin_leave(t, &members[0]);
	assert_int_equal(join(t, "192.0.2.1", &members[0]), SP_OK);
	origin_leave(t, &members[0]);
	origin_leave(t, &members[1]);
	origin_table_free(t);
}

static void
an_ipv6_host_is_its_64_and_a_mapped_one_is_its_ipv4(void **state)
{
	static const struct {
		const char *first;
		const char *second;
		bool is_same;
	} rows[] = {
		{ "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true },
		{ "2001:db8:0:1::1", "2001:db8:0:2::1", false },
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct origin_table *t = origin_table_new(1, i);
		struct origin_member members[2] = { 0 };

		assert_int_equal(join(t, rows[i].first, &members[0]), SP_OK);
		assert_int_equal(join(t, rows[i].second, &members[1]),
		    rows[i].is_same ? SP_ERR_LIMIT : SP_OK);
		origin_leave(t, &members[0]);
		origin_leave(t, &members[1]);
		origin_table_free(t);
	}
}

static void
who_must_go_is_the_oldest_of_the_origin_that_has_most(void **state)
{
	struct origin_table *t = origin_table_new(10, 7);
	struct origin_member members[6] = { 0 };

	(void)state;
	assert_null(origin_oldest_of_most(t));
	assert_int_equal(join(t, "192.0.2.1", &members[0]), SP_OK);
	assert_int_equal(join(t, "192.0.2.2", &members[1]), SP_OK);
	assert_int_equal(join(t, "192.0.2.2", &members[2]), SP_OK);
	assert_int_equal(join(t, "192.0.2.3", &members[3]), SP_OK);
	assert_ptr_equal(origin_oldest_of_most(t), &members[1]);
	origin_leave(t, &members[1]);
	assert_int_equal(join(t, "192.0.2.3", &members[4]), SP_OK);
	assert_ptr_equal(origin_oldest_of_most(t), &members[3]);
	assert_int_equal(join(t, "192.0.2.3", &members[5]), SP_OK);
	origin_leave(t, &members[4]);
	assert_ptr_equal(origin_oldest_of_most(t), &members[3]);
	for (size_t i = 0; i < 6; i++)
		origin_leave(t, &members[i]);
	assert_null(origin_oldest_of_most(t));
	origin_table_free(t);
}

static void
leaving_twice_does_nothing(void **state)
{
	struct origin_table *t = origin_table_new(2, 7);
	struct origin_member member = { 0 };

	(void)state;
	assert_int_equal(join(t, "192.0.2.1", &member), SP_OK);
	origin_leave(t, &member);
	origin_leave(t, &member);
	assert_null(origin_oldest_of_most(t));
	origin_table_free(t);
}

/* The counts as a plain array would have them. */
static void
a_hundred_thousand_comings_and_goings_are_counted(void **state)
{
	enum { MEMBERS = 2000, ORIGINS = 300, MAX = 12 };
	struct origin_table *t = origin_table_new(MAX, 7);
	struct origin_member *members = calloc(MEMBERS, sizeof *members);
	uint16_t *where = calloc(MEMBERS, sizeof *where);
	uint32_t counts[ORIGINS] = { 0 };

	(void)state;
	srand(1);
	for (int i = 0; i < 100000; i++) {
		int who = rand() % MEMBERS;
		uint16_t from = (uint16_t)(rand() % ORIGINS);
		struct cidr_address a = address("::");

		if (members[who].origin != NULL) {
			origin_leave(t, &members[who]);
			counts[where[who]]--;
			continue;
		}
		a.bytes[0] = 0x20;
		a.bytes[6] = (uint8_t)(from >> 8);
		a.bytes[7] = (uint8_t)from;
		assert_int_equal(origin_join(t, &a, &members[who]),
		    counts[from] == MAX ? SP_ERR_LIMIT : SP_OK);
		if (counts[from] < MAX) {
			where[who] = from;
			counts[from]++;
		}
		if (i % 100 == 0) {
			struct origin_member *most = origin_oldest_of_most(t);
			uint32_t largest = 0;

			for (int o = 0; o < ORIGINS; o++)
				if (counts[o] > largest)
					largest = counts[o];
			assert_int_equal(
			    counts[where[most - members]], largest);
		}
	}
	for (int i = 0; i < MEMBERS; i++)
		origin_leave(t, &members[i]);
	free(members);
	free(where);
	origin_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_origin_takes_its_share_and_no_more),
		cmocka_unit_test(
		    an_ipv6_host_is_its_64_and_a_mapped_one_is_its_ipv4),
		cmocka_unit_test(
		    who_must_go_is_the_oldest_of_the_origin_that_has_most),
		cmocka_unit_test(leaving_twice_does_nothing),
		cmocka_unit_test(
		    a_hundred_thousand_comings_and_goings_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
