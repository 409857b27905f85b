/* The tree of a configuration and the arena it lives in. */
#include "daemon/config/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct tree_node *
add_text(struct arena *arena, struct tree_node *group, const char *name,
    const char *text)
{
	struct tree_node *node = tree_add(arena, group, TREE_STRING, name);

	node->text = text;
	return node;
}

static void
a_group_joins_a_group_and_any_other_value_is_replaced(void **state)
{
	struct arena arena;
	struct tree_node *base, *over, *group, *list;

	(void)state;
	arena_init(&arena);
	base = tree_add(&arena, NULL, TREE_GROUP, "");
	group = tree_add(&arena, base, TREE_GROUP, "log");
	add_text(&arena, group, "to", "stderr");
	list = tree_add(&arena, base, TREE_LIST, "rules");
	add_text(&arena, list, "", "one");
	add_text(&arena, list, "", "two");
	add_text(&arena, base, "last", "kept");

	over = tree_add(&arena, NULL, TREE_GROUP, "");
	group = tree_add(&arena, over, TREE_GROUP, "log");
	add_text(&arena, group, "to", "syslog");
	add_text(&arena, group, "level", "debug");
	list = tree_add(&arena, over, TREE_LIST, "rules");
	add_text(&arena, list, "", "three");
	add_text(&arena, over, "new", "added");

	tree_merge(base, over);
	assert_int_equal(tree_count(base), 4);
	group = tree_get(base, "log");
	assert_string_equal(tree_get(group, "to")->text, "syslog");
	assert_string_equal(tree_get(group, "level")->text, "debug");
	list = tree_get(base, "rules");
	assert_int_equal(tree_count(list), 1);
	assert_string_equal(list->first->text, "three");
	assert_ptr_equal(list->first->parent, list);
	assert_string_equal(tree_get(base, "last")->text, "kept");
	assert_string_equal(tree_get(base, "new")->text, "added");
	arena_clear(&arena);
}

static void
a_path_names_every_group_and_place_in_a_list(void **state)
{
	struct arena arena;
	struct tree_node *root, *rules, *rule;

	(void)state;
	arena_init(&arena);
	root = tree_add(&arena, NULL, TREE_GROUP, "");
	rules = tree_add(&arena, root, TREE_LIST, "rules");
	tree_add(&arena, rules, TREE_GROUP, "");
	rule = tree_add(&arena, rules, TREE_GROUP, "");
	assert_string_equal(
	    tree_path(&arena, add_text(&arena, rule, "user", "x")),
	    "rules[1].user");
	assert_string_equal(tree_path(&arena, root), "");
	arena_clear(&arena);
}

static void
a_dropped_member_is_gone_wherever_it_stood(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t gone = 0; gone < 3; gone++) {
		struct tree_node *root = tree_add(&arena, NULL, TREE_GROUP, "");

		for (size_t i = 0; i < 3; i++)
			add_text(&arena, root, names[i], "");
		tree_drop(root, names[gone]);
		tree_drop(root, "never there");
		add_text(&arena, root, "d", "");
		assert_int_equal(tree_count(root), 3);
		assert_null(tree_get(root, names[gone]));
		assert_string_equal(root->last->name, "d");
	}
	arena_clear(&arena);
}

static void
an_array_that_grows_keeps_what_it_holds(void **state)
{
	struct arena arena;
	size_t *array = NULL;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < 3000; i++) {
		array = arena_grow(&arena, array, i, sizeof *array);
		array[i] = i;
	}
	for (size_t i = 0; i < 3000; i++)
		assert_int_equal(array[i], i);
	assert_string_equal(arena_format(&arena, "%s-%d", "a", 7), "a-7");
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_group_joins_a_group_and_any_other_value_is_replaced),
		cmocka_unit_test(a_path_names_every_group_and_place_in_a_list),
		cmocka_unit_test(a_dropped_member_is_gone_wherever_it_stood),
		cmocka_unit_test(an_array_that_grows_keeps_what_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
