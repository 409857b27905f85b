/* What is remembered, for how long, and in whose place. */
#include "modules/http/recall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct recall recall;
static uint8_t key[RECALL_KEY_LEN];

static struct sp_view
text_of(const char *text)
{
	return (struct sp_view){ (const uint8_t *)text, strlen(text) };
}

static void
store(const char *asked, bool is_yes, uint64_t now, const char *answer)
{
	assert_true(recall_key(&recall, text_of(asked), key));
	recall_store(&recall, key, is_yes, now, text_of(answer));
}

static void
expect(const char *asked, uint64_t now, const char *answer)
{
	struct sp_view got = { NULL, 0 };
	bool is_found;

	assert_true(recall_key(&recall, text_of(asked), key));
	is_found = recall_find(&recall, key, now, &got);
	assert_int_equal(is_found, answer != NULL);
	if (is_found) {
		assert_int_equal(got.len, strlen(answer));
		assert_memory_equal(got.data, answer, got.len);
	}
}

static void
each_kind_has_a_time_of_its_own(void **state)
{
	(void)state;
	assert_true(recall_init(&recall, 1000, 50, 20));
	expect("alice", 0, NULL);
	store("alice", true, 100, "yes");
	store("bob", false, 100, "no");
	expect("alice", 149, "yes");
	expect("alice", 150, NULL);
	expect("bob", 119, "no");
	expect("bob", 120, NULL);
	expect("carol", 100, NULL);
	recall_clear(&recall);
}

static void
the_last_answer_holds(void **state)
{
	(void)state;
	assert_true(recall_init(&recall, 1000, 50, 50));
	store("alice", true, 0, "yes");
	store("alice", false, 1, "no");
	expect("alice", 2, "no");
	store("alice", true, 3, "again");
	expect("alice", 4, "again");
	recall_clear(&recall);
}

static void
who_is_refused_pushes_nobody_out_who_was_let_in(void **state)
{
	char name[2] = "a";

	(void)state;
	assert_true(recall_init(&recall, 1, 50, 50));
	store("alice", true, 0, "yes");
	for (; name[0] <= 'z'; name[0]++)
		store(name, false, 0, name);
	expect("alice", 1, "yes");
	expect("z", 1, "z");
	expect("y", 1, NULL);
	store("bob", true, 0, "bob's");
	expect("alice", 1, NULL);
	recall_clear(&recall);
}

static void
what_has_no_time_is_not_kept(void **state)
{
	(void)state;
	assert_true(recall_init(&recall, 10, 0, 50));
	store("alice", true, 0, "yes");
	expect("alice", 0, NULL);
	/* A yes that is not kept still ends a no that was. */
	store("alice", false, 0, "no");
	store("alice", true, 0, "yes");
	expect("alice", 0, NULL);
	recall_clear(&recall);
}

static void
two_processes_have_different_keys_for_the_same(void **state)
{
	uint8_t other[RECALL_KEY_LEN];

	(void)state;
	assert_true(recall_init(&recall, 10, 1, 1));
	assert_true(recall_key(&recall, text_of("secret"), other));
	recall_clear(&recall);
	assert_true(recall_init(&recall, 10, 1, 1));
	assert_true(recall_key(&recall, text_of("secret"), key));
	assert_memory_not_equal(key, other, sizeof key);
	recall_clear(&recall);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_a_time_of_its_own),
		cmocka_unit_test(the_last_answer_holds),
		cmocka_unit_test(
		    who_is_refused_pushes_nobody_out_who_was_let_in),
		cmocka_unit_test(what_has_no_time_is_not_kept),
		cmocka_unit_test(
		    two_processes_have_different_keys_for_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
