/* The effective configuration, shown and read again. */
#include "daemon/config/projection.h"
#include "daemon/config/show.h"
#include "tests/unit/config/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *
show(const struct configuration *c)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	show_settings(&c->request, c->settings, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
each_value_is_shown_with_where_it_comes_from(void **state)
{
	struct configuration *c = *state;
	char *text, origin[160];

	configuration_put(
	    c, "conf.d/10.conf", "\nserver = { max_tries = 9; };\n");
	configuration_read_text(c, configuration_sample);
	assert_non_null(c->settings);
	text = show(c);
	snprintf(origin, sizeof origin,
	    "login_time = \"20s\"; # %s/main.conf:5\n", c->folder);
	assert_non_null(strstr(text, origin));
	snprintf(origin, sizeof origin,
	    "max_tries = 9; # %s/conf.d/10.conf:2\n", c->folder);
	assert_non_null(strstr(text, origin));
	assert_non_null(strstr(text, "max_waiting = 20000; # default\n"));
	assert_non_null(strstr(text, "base = \"modern\"; # default\n"));
	assert_non_null(strstr(text, "cipher = [ \"chacha20-poly1305@"));
	assert_non_null(strstr(text, "text = \"x\\ny\";"));
	free(text);
	configuration_read_text(c, "");
	text = show(c);
	assert_non_null(
	    strstr(text, "type = \"authorized_keys\"; # built in\n"));
	free(text);
}

static void
encode(const struct settings *settings, struct buffer *buffer)
{
	buffer_init(buffer, PROJECTION_MAX);
	assert_int_equal(projection_write_gate(settings, 1, buffer), SP_OK);
	assert_int_equal(projection_write_keyholder(settings, buffer), SP_OK);
}

/* Line numbers differ, so what tells nothing of them is compared. */
static void
what_is_shown_reads_as_the_same_configuration(void **state)
{
	struct configuration *c = *state;
	struct buffer before, after;
	char *first, *second, *end;

	configuration_read_text(c, configuration_sample);
	assert_non_null(c->settings);
	encode(c->settings, &before);
	first = show(c);
	configuration_read_text(c, first);
	if (c->settings == NULL)
		mistake_print(&c->mistakes, stderr);
	assert_non_null(c->settings);
	encode(c->settings, &after);
	assert_true(view_equal(buffer_view(&before), buffer_view(&after)));
	second = show(c);
	for (char *a = first, *b = second; *a != '\0' || *b != '\0';) {
		size_t len = strcspn(a, "#\n");

		assert_int_equal(len, strcspn(b, "#\n"));
		assert_memory_equal(a, b, len);
		end = strchr(a, '\n');
		a = end == NULL ? a + strlen(a) : end + 1;
		end = strchr(b, '\n');
		b = end == NULL ? b + strlen(b) : end + 1;
	}
	free(first);
	free(second);
	buffer_clear(&before);
	buffer_clear(&after);
}

static const struct schema_row options[] = {
	{ .name = "password",
	    .type = SCHEMA_SECRET,
	    .dflt = "",
	    .meaning = "a secret" },
	{ .name = "cache",
	    .type = SCHEMA_TIME,
	    .dflt = "5m",
	    .meaning = "how long" },
	SCHEMA_END,
};

static bool
describe(void *arg, enum loader_kind kind, const char *type,
    struct loader_module *module, char *problem, size_t size)
{
	(void)arg;
	(void)type;
	(void)problem;
	(void)size;
	module->serves = kind == LOADER_AUTH ? "password" : "shell";
	module->options = options;
	return true;
}

static void
a_secret_is_not_shown_and_a_modules_default_is(void **state)
{
	struct configuration *c = *state;
	char *text;

	c->request.describe = describe;
	configuration_read_text(c,
	    "auth = { a = { type = \"x\"; password = \"hidden\"; }; };\n"
	    "profiles = { p = { accept = \"a\"; }; };\n"
	    "rules = ( { use = \"p\"; } );\n");
	assert_non_null(c->settings);
	text = show(c);
	assert_null(strstr(text, "hidden"));
	assert_non_null(strstr(text, "password = \"(secret)\""));
	assert_non_null(strstr(text, "cache = \"5m\"; # default"));
	free(text);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown( \
	    name, configuration_set_up, configuration_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_value_is_shown_with_where_it_comes_from),
		TEST(what_is_shown_reads_as_the_same_configuration),
		TEST(a_secret_is_not_shown_and_a_modules_default_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
