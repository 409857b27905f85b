/* Lists of algorithms: named, added to, taken out of, put in front. */
#include "daemon/config/algorithms.h"

#include "daemon/config/show.h"
#include "tests/unit/config/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *
row(size_t index, enum algorithm_set *set)
{
	static const struct {
		const char *name;
		enum algorithm_set set;
	} rows[] = {
		{ "a-best", ALGORITHM_MODERN },
		{ "b-good", ALGORITHM_MODERN },
		{ "c-older", ALGORITHM_COMPATIBLE },
		{ "d-asked", ALGORITHM_ASK },
	};

	if (index >= sizeof rows / sizeof rows[0])
		return NULL;
	*set = rows[index].set;
	return rows[index].name;
}

/* A list of members with blanks between them; one alone is no list. */
static struct tree_node *
written(struct arena *arena, const char *members)
{
	struct tree_node *list = tree_add(arena, NULL, TREE_LIST, "kex");
	char *text = arena_string(arena, members), *word, *rest = NULL;

	list->file = "a file";
	for (word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		struct tree_node *member =
		    tree_add(arena, list, TREE_STRING, "");

		member->text = word;
		member->file = "a file";
		member->line = 3;
	}
	return list->first != NULL && list->first == list->last ? list->first
								: list;
}

/* The names joined by blanks; "" with a mistake that says what is told. */
static void
check(enum algorithm_set set, const char *members, const char *names,
    const char *told)
{
	struct mistakes mistakes;
	struct schema_reader reader;
	struct string_list list;
	struct arena arena;
	char text[256] = "";

	arena_init(&arena);
	mistake_init(&mistakes);
	reader = (struct schema_reader){ &arena, &mistakes, "a file" };
	list = algorithms_read(&reader, row, set, written(&arena, members));
	for (size_t i = 0; i < list.count; i++) {
		strcat(text, i > 0 ? " " : "");
		strcat(text, list.items[i]);
	}
	if (told == NULL) {
		if (mistakes.count > 0)
			mistake_print(&mistakes, stderr);
		assert_int_equal(mistakes.count, 0);
		assert_string_equal(text, names);
	} else {
		char *said = NULL;
		size_t len;
		FILE *out = open_memstream(&said, &len);

		mistake_print(&mistakes, out);
		assert_int_equal(fclose(out), 0);
		if (strstr(said, told) == NULL)
			fail_msg("%s: %s", members, said);
		free(said);
	}
	mistake_clear(&mistakes);
	arena_clear(&arena);
}

static void
a_list_of_names_is_taken_as_it_is(void **state)
{
	(void)state;
	check(ALGORITHM_MODERN, "d-asked a-best", "d-asked a-best", NULL);
	check(ALGORITHM_COMPATIBLE, "c-older", "c-older", NULL);
	check(ALGORITHM_MODERN, "d-asked,a-best", "d-asked a-best", NULL);
	check(ALGORITHM_MODERN, "a-best a-best", "a-best", NULL);
}

static void
signs_change_the_list_of_the_set(void **state)
{
	(void)state;
	check(ALGORITHM_MODERN, "+c-older", "a-best b-good c-older", NULL);
	check(ALGORITHM_MODERN, "+a-best", "a-best b-good", NULL);
	check(ALGORITHM_MODERN, "+d-asked,c-older",
	    "a-best b-good d-asked c-older", NULL);
	check(ALGORITHM_MODERN, "^b-good", "b-good a-best", NULL);
	check(
	    ALGORITHM_MODERN, "^d-asked,b-good", "d-asked b-good a-best", NULL);
	check(ALGORITHM_MODERN, "^b-good,b-good ^d-asked",
	    "b-good d-asked a-best", NULL);
	check(ALGORITHM_MODERN, "-a-best", "b-good", NULL);
	check(ALGORITHM_COMPATIBLE, "-*-o*", "a-best b-good", NULL);
	check(ALGORITHM_COMPATIBLE, "-?-good ^c-older +d-asked",
	    "c-older a-best d-asked", NULL);
	check(
	    ALGORITHM_MODERN, "^b-good -b-* ^d-asked", "d-asked a-best", NULL);
}

static void
what_is_wrong_is_told_with_its_line_and_what_is_known(void **state)
{
	(void)state;
	check(ALGORITHM_MODERN, "a-bets", "",
	    "a file:3: [0]: \"a-bets\" is no algorithm, known are a-best, "
	    "b-good, c-older, d-asked (did you mean \"a-best\"?)");
	check(ALGORITHM_MODERN, "+x", "", "\"x\" is no algorithm, known are");
	check(ALGORITHM_MODERN, "^a-best,x", "", "\"x\" is no algorithm");
	check(ALGORITHM_MODERN, "-x*", "", "\"x*\" fits no algorithm");
	check(ALGORITHM_MODERN, "-[a", "", "\"[a\"");
	check(ALGORITHM_MODERN, "a-best,,b-good", "", "\"\" is no algorithm");
	check(ALGORITHM_MODERN, "+", "", "\"\" is no algorithm");
	check(
	    ALGORITHM_MODERN, "a-best +b-good", "", "is a change among names");
	check(
	    ALGORITHM_MODERN, "+b-good a-best", "", "is a name among changes");
	check(ALGORITHM_MODERN, "-*", "", "nobody could connect");
	check(ALGORITHM_MODERN, "", "", "nobody could connect");
}

/* ---- in a configuration ---- */

static const struct sp_algorithms *
read_crypto(struct configuration *c, const char *crypto)
{
	char text[2048];

	snprintf(text, sizeof text, "server = { crypto = %s; };\n", crypto);
	configuration_read_text(c, text);
	if (c->settings == NULL)
		mistake_print(&c->mistakes, stderr);
	assert_non_null(c->settings);
	return &c->settings->server.crypto;
}

static void
a_word_is_a_set_and_a_group_changes_it(void **state)
{
	struct configuration *c = *state;
	const struct sp_algorithms *names;

	names = read_crypto(c, "\"modern\"");
	assert_null(strstr(names->kex, "nistp"));
	assert_null(strstr(names->host_key, "nistp"));
	assert_non_null(strstr(names->mac, "hmac-sha2-256-etm@openssh.com"));
	assert_null(strstr(names->mac, "hmac-sha2-256,"));
	assert_string_equal(names->compression, "none");
	names = read_crypto(c, "\"compatible\"");
	assert_non_null(strstr(names->kex, "ecdh-sha2-nistp256"));
	assert_non_null(strstr(names->mac, ",hmac-sha2-256,"));
	assert_string_equal(names->compression, "none");
	names = read_crypto(c,
	    "{ base = \"compatible\"; kex = \"-*nistp*,diffie-*\"; "
	    "mac = [ \"^hmac-sha2-512\" ]; cipher = \"aes128-ctr\"; }");
	assert_null(strstr(names->kex, "nistp"));
	assert_null(strstr(names->kex, "diffie"));
	assert_int_equal(strncmp(names->mac, "hmac-sha2-512,", 14), 0);
	assert_string_equal(names->cipher, "aes128-ctr");
	names = read_crypto(c, "{ cipher = [ \"^aes128-ctr\" ]; }");
	assert_null(strstr(names->kex, "nistp"));
	assert_int_equal(strncmp(names->cipher, "aes128-ctr,chacha20", 19), 0);
}

static void
show_has_the_lists_as_they_turned_out(void **state)
{
	struct configuration *c = *state;
	char *text = NULL, line[256];
	size_t len;
	FILE *out;

	read_crypto(
	    c, "{\n\tbase = \"compatible\";\n\tcipher = \"-*ctr,*gcm*\"; }");
	out = open_memstream(&text, &len);
	show_settings(&c->request, c->settings, out);
	assert_int_equal(fclose(out), 0);
	snprintf(line, sizeof line,
	    "cipher = [ \"chacha20-poly1305@openssh.com\" ]; # %s:3\n",
	    c->path);
	assert_non_null(strstr(text, line));
	assert_non_null(strstr(text, "\"hmac-sha2-256\""));
	free(text);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown( \
	    name, configuration_set_up, configuration_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_names_is_taken_as_it_is),
		cmocka_unit_test(signs_change_the_list_of_the_set),
		cmocka_unit_test(
		    what_is_wrong_is_told_with_its_line_and_what_is_known),
		TEST(a_word_is_a_set_and_a_group_changes_it),
		TEST(show_has_the_lists_as_they_turned_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
