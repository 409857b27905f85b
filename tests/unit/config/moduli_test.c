/* Lines of moduli(5): which groups are kept, and what is told. */
#include "daemon/config/moduli.h"

#include "daemon/config/projection.h"
#include "lib/crypto/dh.h"
#include "tests/unit/config/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PRIME_SIZE = 2 * 8192 / 8 + 1, LINE_SIZE = PRIME_SIZE + 600 };

/* In hexadecimal. */
static void
prime_of(size_t row, char text[PRIME_SIZE])
{
	struct buffer prime;

	buffer_init(&prime, 1024);
	assert_int_equal(
	    dh_group_write_prime(dh_group_row(row), &prime), SP_OK);
	for (size_t i = 0; i < buffer_len(&prime); i++)
		snprintf(text + 2 * i, 3, "%02X", buffer_view(&prime).data[i]);
	buffer_clear(&prime);
}

/* A line whose other fields are as given. */
static const char *
line_of(const char *fields, size_t row)
{
	static char line[LINE_SIZE];
	char prime[PRIME_SIZE];

	prime_of(row, prime);
	snprintf(
	    line, sizeof line, "20220714110357 %.540s %s\n", fields, prime);
	return line;
}

static struct group_list
read_text(struct configuration *c, struct arena *arena, const char *text)
{
	struct source_line at = { .file = "main.conf", .line = 3 };
	char path[128];

	snprintf(path, sizeof path, "%s/moduli", c->folder);
	configuration_put(c, "moduli", text);
	mistake_clear(&c->mistakes);
	mistake_init(&c->mistakes);
	return moduli_read(arena, path, at, &c->mistakes);
}

/* The number of groups kept, and whether the mistake is this one (NULL: none).
 */
static size_t
count_of(struct configuration *c, const char *text, const char *told)
{
	struct group_list groups;
	struct arena arena;

	arena_init(&arena);
	groups = read_text(c, &arena, text);
	if (told == NULL) {
		if (c->mistakes.count != 0)
			mistake_print(&c->mistakes, stderr);
		assert_int_equal(c->mistakes.count, 0);
	} else {
		assert_int_equal(c->mistakes.count, 1);
		if (strstr(c->mistakes.items[0].text, told) == NULL)
			fail_msg("told: %s", c->mistakes.items[0].text);
	}
	arena_clear(&arena);
	return groups.count;
}

static void
a_tested_safe_prime_is_a_group(void **state)
{
	struct configuration *c = *state;
	struct group_list groups;
	struct dh_group parsed;
	struct arena arena;

	arena_init(&arena);
	groups = read_text(c, &arena, line_of("2 6 100 2047 2", 0));
	assert_int_equal(groups.count, 1);
	assert_int_equal(dh_bits(groups.items[0].prime), 2048);
	assert_int_equal(dh_group_init(&parsed, groups.items[0].prime,
			     groups.items[0].generator, 2048, 2048),
	    SP_OK);
	assert_int_equal(groups.items[0].generator.len, 1);
	assert_int_equal(groups.items[0].generator.data[0], 2);
	arena_clear(&arena);
	assert_int_equal(count_of(c, line_of("2 6 100 2048 02", 0), NULL), 1);
	assert_int_equal(count_of(c, line_of("2 4 50 3071 5", 1), NULL), 1);
}

static void
comments_blanks_and_other_numbers_are_passed_over(void **state)
{
	static const char *const others[] = {
		"0 6 100 2047 2", /* of no type */
		"4 6 100 2047 2", /* a candidate */
		"2 0 0 2047 2", /* not tested */
		"2 2 0 2047 2", /* a sieve alone */
		"2 7 100 2047 2", /* and found to be none */
	};
	struct configuration *c = *state;
	char text[8 * LINE_SIZE] = "# a comment\n\n \t \r\n";

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		strcat(text, line_of(others[i], 0));
	strcat(text, line_of("2 6 100 4095 2", 2)); /* not served */
	assert_int_equal(count_of(c, text, "has no tested safe prime"), 0);
	strcat(text, " ");
	strcat(text, line_of("2 6 100 2047 2", 0));
	assert_int_equal(count_of(c, text, NULL), 1);
	/* The last line needs no end. */
	text[strlen(text) - 1] = '\0';
	assert_int_equal(count_of(c, text, NULL), 1);
}

static void
a_malformed_line_is_told_with_its_place(void **state)
{
	static const struct {
		const char *text;
		const char *told;
	} wrong[] = {
		{ "20220714110357 2 6 100 2047 2\n", "not seven fields" },
		{ "20220714110357 2 6 100 2047 2 FF FF\n", "not seven fields" },
		{ "now 2 6 100 2047 2 FF\n", "no decimal number" },
		{ "1 -2 6 100 2047 2 FF\n", "no decimal number" },
		{ "1 2 0x6 100 2047 2 FF\n", "no decimal number" },
		{ "1 2 6 99999999999999999999999 7 2 FF\n",
		    "no decimal number" },
		{ "1 2 6 100 2047 2 FG\n", "no hexadecimal number" },
		{ "1 2 6 100 2047 -2 FF\n", "no hexadecimal number" },
		{ "1 2 6 100 2047 2 FF\n", "has 8 bits, not 2047" },
		{ "1 2 6 100 2047 2 0\n", "has 0 bits, not 2047" },
		{ "1 2 6 100 18446744073709551615 2 00\n", "has 0 bits" },
		{ "1 2 6 100 7 2 0\n", "has 0 bits, not 7" },
	};
	struct configuration *c = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char text[200];

		snprintf(text, sizeof text, "# one\n%s", wrong[i].text);
		assert_int_equal(count_of(c, text, wrong[i].told), 0);
		assert_int_equal(c->mistakes.items[0].line, 2);
		assert_non_null(strstr(c->mistakes.items[0].file, "/moduli"));
	}
}

/* The last digit of a prime, or the generator, written wrong. */
static void
a_number_that_cannot_be_a_safe_prime_is_told(void **state)
{
	static const char *const generators[] = { "0", "1" };
	struct configuration *c = *state;
	char text[LINE_SIZE], fields[64];

	for (const char *d = "0123456789ABCDE"; *d != '\0'; d++) {
		strcpy(text, line_of("2 6 100 2047 2", 0));
		text[strlen(text) - 2] = *d;
		assert_int_equal(count_of(c, text, "is no safe prime"), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		snprintf(
		    fields, sizeof fields, "2 6 100 2047 %s", generators[i]);
		assert_int_equal(
		    count_of(c, line_of(fields, 0), "generator is none"), 0);
	}
	/* p - 1 */
	prime_of(0, text);
	text[strlen(text) - 1] = 'E';
	snprintf(text + 600, sizeof text - 600, "2 6 100 2047 %.512s", text);
	assert_int_equal(
	    count_of(c, line_of(text + 600, 0), "generator is none"), 0);
}

static void
a_file_that_cannot_be_read_is_told_where_it_is_named(void **state)
{
	struct source_line at = { .file = "main.conf", .line = 3 };
	struct configuration *c = *state;
	struct arena arena;
	char path[128];

	arena_init(&arena);
	moduli_read(&arena, "/nowhere/moduli", at, &c->mistakes);
	assert_int_equal(c->mistakes.count, 1);
	assert_string_equal(c->mistakes.items[0].file, "main.conf");
	assert_int_equal(c->mistakes.items[0].line, 3);
	snprintf(path, sizeof path, "%s/moduli", c->folder);
	configuration_put(c, "moduli", line_of("2 6 100 2047 2", 0));
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(moduli_read(&arena, path, at, &c->mistakes).count, 0);
	assert_int_equal(c->mistakes.count, 2);
	assert_non_null(strstr(c->mistakes.items[1].text, "0666"));
	arena_clear(&arena);
}

static void
too_many_groups_are_told_once(void **state)
{
	const char *line = line_of("2 6 100 2047 2", 0);
	struct configuration *c = *state;
	size_t len = strlen(line);
	char *text = malloc((MODULI_GROUPS_MAX + 2) * len + 1);

	assert_non_null(text);
	text[0] = '\0';
	for (size_t i = 0; i < MODULI_GROUPS_MAX + 2; i++)
		strcpy(text + i * len, line);
	assert_int_equal(
	    count_of(c, text, "more than 1024 groups"), MODULI_GROUPS_MAX);
	text[MODULI_GROUPS_MAX * len] = '\0';
	assert_int_equal(count_of(c, text, NULL), MODULI_GROUPS_MAX);
	free(text);
}

/* ---- from the setting to who gives the groups ---- */

static void
check_groups(const struct group_list *groups)
{
	assert_int_equal(groups->count, 2);
	assert_int_equal(dh_bits(groups->items[0].prime), 2048);
	assert_int_equal(dh_bits(groups->items[1].prime), 3072);
	assert_int_equal(groups->items[1].generator.data[0], 5);
}

static void
gates_and_sessions_are_told_the_groups(void **state)
{
	struct configuration *c = *state;
	struct gate_settings gate;
	struct login_settings login;
	char text[2 * LINE_SIZE];
	struct buffer buffer;
	struct arena arena;

	strcpy(text, line_of("2 6 100 2047 2", 0));
	strcat(text, line_of("2 6 100 3071 5", 1));
	configuration_put(c, "moduli", text);
	snprintf(text, sizeof text,
	    "server = { crypto = { moduli = \"%s/moduli\"; }; };\n", c->folder);
	configuration_read_text(c, text);
	if (c->settings == NULL)
		mistake_print(&c->mistakes, stderr);
	assert_non_null(c->settings);
	check_groups(&c->settings->server.groups);

	arena_init(&arena);
	buffer_init(&buffer, PROJECTION_MAX);
	assert_int_equal(projection_write_gate(c->settings, 1, &buffer), SP_OK);
	assert_int_equal(
	    projection_read_gate(buffer_view(&buffer), &arena, &gate), SP_OK);
	check_groups(&gate.groups);
	buffer_clear(&buffer);
	assert_int_equal(projection_write_login(c->settings, &buffer), SP_OK);
	assert_int_equal(
	    projection_read_login(buffer_view(&buffer), &arena, &login), SP_OK);
	check_groups(&login.groups);
	buffer_clear(&buffer);
	arena_clear(&arena);
}

static void
without_the_setting_there_are_none_but_our_own(void **state)
{
	static const char *const texts[] = {
		"",
		"server = { crypto = \"compatible\"; };\n",
		"server = { crypto = { moduli = \"own\"; }; };\n",
	};
	struct configuration *c = *state;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		configuration_read_text(c, texts[i]);
		assert_non_null(c->settings);
		assert_int_equal(c->settings->server.groups.count, 0);
	}
}

static void
a_setting_that_names_no_such_file_is_told(void **state)
{
	static const struct {
		const char *value;
		const char *told;
	} wrong[] = {
		{ "/nowhere/moduli", "/nowhere/moduli cannot be opened" },
		{ "moduli", "is no absolute path" },
		{ "%h/moduli", "is no plain path" },
		{ "/dev/null", "is no regular file" },
	};
	struct configuration *c = *state;
	char text[200];

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text,
		    "server = { crypto = { moduli = \"%s\"; }; };\n",
		    wrong[i].value);
		configuration_read_text(c, text);
		assert_null(c->settings);
		assert_non_null(
		    strstr(c->mistakes.items[0].text, wrong[i].told));
	}
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown( \
	    function, configuration_set_up, configuration_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tested_safe_prime_is_a_group),
		TEST(comments_blanks_and_other_numbers_are_passed_over),
		TEST(a_malformed_line_is_told_with_its_place),
		TEST(a_number_that_cannot_be_a_safe_prime_is_told),
		TEST(a_file_that_cannot_be_read_is_told_where_it_is_named),
		TEST(too_many_groups_are_told_once),
		TEST(gates_and_sessions_are_told_the_groups),
		TEST(without_the_setting_there_are_none_but_our_own),
		TEST(a_setting_that_names_no_such_file_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
