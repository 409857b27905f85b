/* Tables of algorithms, walked. */
#include "lib/crypto/algorithm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *
row(size_t index, enum algorithm_set *set)
{
	static const struct {
		const char *name;
		enum algorithm_set set;
	} rows[] = {
		{ "asked", ALGORITHM_ASK },
		{ "best", ALGORITHM_MODERN },
		{ "older", ALGORITHM_COMPATIBLE },
		{ "good", ALGORITHM_MODERN },
	};

	if (index >= sizeof rows / sizeof rows[0])
		return NULL;
	*set = rows[index].set;
	return rows[index].name;
}

static const char *
no_row(size_t index, enum algorithm_set *set)
{
	(void)index;
	(void)set;
	return NULL;
}

static void
check_names(algorithm_row *table, enum algorithm_set set, const char *names)
{
	struct buffer b;

	buffer_init(&b, 64);
	assert_int_equal(algorithm_names(table, set, &b), SP_OK);
	assert_true(view_equal_string(buffer_view(&b), names));
	buffer_clear(&b);
}

static void
a_wider_set_has_all_of_a_narrower_one_in_the_tables_order(void **state)
{
	(void)state;
	check_names(row, ALGORITHM_MODERN, "best,good");
	check_names(row, ALGORITHM_COMPATIBLE, "best,older,good");
	check_names(row, ALGORITHM_ASK, "asked,best,older,good");
	check_names(no_row, ALGORITHM_ASK, "");
}

static void
every_name_is_known_whatever_its_set(void **state)
{
	(void)state;
	assert_true(algorithm_is_known(row, view_of_string("asked")));
	assert_true(algorithm_is_known(row, view_of_string("good")));
	assert_false(algorithm_is_known(row, view_of_string("goo")));
	assert_false(algorithm_is_known(row, view_of_string("")));
	assert_false(algorithm_is_known(no_row, view_of_string("good")));
}

static void
names_that_do_not_fit_are_an_error(void **state)
{
	struct buffer b;

	(void)state;
	for (size_t max = 0; max < strlen("best,good"); max++) {
		buffer_init(&b, max);
		assert_int_equal(
		    algorithm_names(row, ALGORITHM_MODERN, &b), SP_ERR_LIMIT);
		buffer_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_wider_set_has_all_of_a_narrower_one_in_the_tables_order),
		cmocka_unit_test(every_name_is_known_whatever_its_set),
		cmocka_unit_test(names_that_do_not_fit_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
