/* Name-lists: walking, looking up, choosing. */
#include "lib/wire/namelist.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
names_come_off_in_order(void **unused)
{
	struct sp_view list = view_of_string("one,two,three"), name;

	(void)unused;
	assert_true(namelist_next(&list, &name));
	assert_true(view_equal_string(name, "one"));
	assert_true(namelist_next(&list, &name));
	assert_true(view_equal_string(name, "two"));
	assert_true(namelist_next(&list, &name));
	assert_true(view_equal_string(name, "three"));
	assert_false(namelist_next(&list, &name));
	assert_int_equal(name.len, 0);
	assert_false(namelist_next(&list, &name));
}

static void
a_name_is_found_only_whole(void **unused)
{
	struct sp_view list = view_of_string("aes,aes256,x");

	(void)unused;
	assert_true(namelist_has(list, view_of_string("aes")));
	assert_true(namelist_has(list, view_of_string("aes256")));
	assert_true(namelist_has(list, view_of_string("x")));
	assert_false(namelist_has(list, view_of_string("aes2")));
	assert_false(namelist_has(list, view_of_string("aes,aes256")));
	assert_false(namelist_has(list, view_of_string("")));
	assert_false(namelist_has(view_of(NULL, 0), view_of_string("aes")));
	assert_false(namelist_has(view_of(NULL, 0), view_of(NULL, 0)));
}

static void
the_clients_first_name_that_the_server_has_is_chosen(void **unused)
{
	static const struct {
		const char *client, *server, *chosen;
	} rows[] = {
		{ "a,b,c", "c,b", "b" },
		{ "a", "a", "a" },
		{ "a,b", "c,d", "" },
		{ "", "a", "" },
		{ "a", "", "" },
		{ "", "", "" },
		{ "ab,a", "a,abc", "a" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_view client = view_of_string(rows[i].client);
		struct sp_view chosen =
		    namelist_match(client, view_of_string(rows[i].server));

		assert_true(view_equal_string(chosen, rows[i].chosen));
		if (chosen.len > 0)
			assert_in_range((uintptr_t)chosen.data,
			    (uintptr_t)client.data,
			    (uintptr_t)client.data + client.len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_off_in_order),
		cmocka_unit_test(a_name_is_found_only_whole),
		cmocka_unit_test(
		    the_clients_first_name_that_the_server_has_is_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
