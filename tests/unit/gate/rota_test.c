/* Turns: of sources, and of those who wait within one. */
#include "daemon/gate/rota.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
init(struct rota_entry *entry, uint8_t network)
{
	*entry = (struct rota_entry){
		.source = { .bytes = { 0x20, 1, 0, network } },
	};
}

static void
sources_take_turns_and_keep_their_order(void **state)
{
	struct rota_entry many[4], few[2];
	struct rota *r = rota_new();

	(void)state;
	for (int i = 0; i < 4; i++) {
		init(&many[i], 1);
		many[i].source.bytes[15] =
		    (uint8_t)i; /* hosts of one network */
		rota_add(r, &many[i]);
	}
	for (int i = 0; i < 2; i++) {
		init(&few[i], 2);
		rota_add(r, &few[i]);
	}
	rota_add(r, &few[1]); /* who waits already waits once */
	assert_ptr_equal(rota_next(r), &many[0]);
	assert_ptr_equal(rota_next(r), &few[0]);
	assert_ptr_equal(rota_next(r), &many[1]);
	assert_ptr_equal(rota_next(r), &few[1]);
	assert_ptr_equal(rota_next(r), &many[2]);
	assert_ptr_equal(rota_next(r), &many[3]);
	assert_null(rota_next(r));
	assert_true(rota_is_empty(r));
	rota_free(r);
}

static void
who_comes_late_waits_for_one_of_each_other_source(void **state)
{
	enum { SOURCES = 5, EACH = 200 };
	static struct rota_entry entries[SOURCES][EACH];
	struct rota *r = rota_new();
	struct rota_entry late;

	(void)state;
	for (uint8_t s = 0; s < SOURCES; s++) {
		for (int i = 0; i < EACH; i++) {
			init(&entries[s][i], s);
			rota_add(r, &entries[s][i]);
		}
	}
	init(&late, SOURCES);
	rota_add(r, &late);
	for (int i = 0; i < SOURCES; i++)
		assert_ptr_not_equal(rota_next(r), &late);
	assert_ptr_equal(rota_next(r), &late);
	while (rota_next(r) != NULL)
		;
	rota_free(r);
}

static void
who_is_put_back_is_next(void **state)
{
	struct rota_entry entries[3];
	struct rota *r = rota_new();

	(void)state;
	for (int i = 0; i < 3; i++) {
		init(&entries[i], i == 2 ? 2 : 1);
		rota_add(r, &entries[i]);
	}
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(rota_next(r), &entries[0]);
		rota_put_back(r, &entries[0]);
	}
	assert_ptr_equal(rota_next(r), &entries[0]);
	assert_ptr_equal(rota_next(r), &entries[2]);
	/* The last of all, too. */
	assert_ptr_equal(rota_next(r), &entries[1]);
	rota_put_back(r, &entries[1]);
	assert_false(rota_is_empty(r));
	assert_ptr_equal(rota_next(r), &entries[1]);
	assert_null(rota_next(r));
	rota_free(r);
}

static void
who_leaves_is_never_next(void **state)
{
	struct rota_entry entries[3];
	struct rota *r = rota_new();

	(void)state;
	for (int i = 0; i < 3; i++) {
		init(&entries[i], (uint8_t)i);
		rota_add(r, &entries[i]);
	}
	rota_remove(r, &entries[0]);
	rota_remove(r, &entries[0]);
	assert_ptr_equal(rota_next(r), &entries[1]);
	rota_remove(r, &entries[2]);
	assert_null(rota_next(r));
	rota_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_take_turns_and_keep_their_order),
		cmocka_unit_test(
		    who_comes_late_waits_for_one_of_each_other_source),
		cmocka_unit_test(who_is_put_back_is_next),
		cmocka_unit_test(who_leaves_is_never_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
