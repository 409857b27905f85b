/* Statuses: each has a name, a text and, where told, a reason. */
#include "lib/wire/status.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
every_status_has_a_name_and_a_text(void **unused)
{
	(void)unused;
#define STATUS(name, reason, text) \
	assert_string_equal(sp_status_name(SP_##name), #name); \
	assert_string_equal(sp_status_text(SP_##name), text); \
	assert_int_equal(status_reason(SP_##name), reason); \
	assert_true(strlen(text) > 0 && text[strlen(text) - 1] != '.');
#include <sallyport/status.def>
#undef STATUS
}

static void
a_number_that_is_no_status_is_named_so(void **unused)
{
	(void)unused;
	assert_string_equal(sp_status_name((enum sp_status)9999), "UNKNOWN");
	assert_non_null(sp_status_text((enum sp_status)9999));
	assert_int_equal(status_reason((enum sp_status)9999), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_a_name_and_a_text),
		cmocka_unit_test(a_number_that_is_no_status_is_named_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
