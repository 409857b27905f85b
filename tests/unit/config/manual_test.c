/* The manual page has every setting, as the schema describes it. */
#include "daemon/config/manual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The whole page; $srcdir is set by make check. */
static char *
read_page(void)
{
	const char *srcdir = getenv("srcdir");
	char path[512], *text = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/doc/man/sallyportd.conf.5",
	    srcdir == NULL ? "." : srcdir);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s cannot be opened", path);
	assert_true(getdelim(&text, &size, '\0', file) > 0);
	fclose(file);
	return text;
}

static void
every_setting_stands_in_the_manual_as_the_schema_has_it(void **state)
{
	char *page = read_page(), *entries = NULL, *entry, *next;
	size_t len = 0;
	FILE *out = open_memstream(&entries, &len);

	(void)state;
	assert_non_null(out);
	manual_print(out);
	assert_int_equal(fclose(out), 0);
	for (entry = entries; entry != NULL; entry = next) {
		next = strstr(entry + 1, ".It Cm ");
		if (next != NULL)
			next[-1] = '\0';
		if (strstr(page, entry) == NULL)
			fail_msg("not in the manual:\n%s", entry);
	}
	free(entries);
	free(page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_setting_stands_in_the_manual_as_the_schema_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
