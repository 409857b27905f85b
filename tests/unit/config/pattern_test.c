/* The pattern language: what fits, what is none, and how long it takes. */
#include "daemon/config/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct row {
	const char *pattern;
	const char *text;
	bool fits;
};

static void
a_pattern_fits_the_whole_text_or_not_at_all(void **state)
{
	static const struct row rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "alice", "alice", true },
		{ "alice", "alice2", false },
		{ "alice", "malice", false },
		{ "a*", "a", true },
		{ "a*", "abc", true },
		{ "a*", "a/b", false },
		{ "*", "", true },
		{ "*a*b*", "xaxbx", true },
		{ "*a*b*", "xbxax", false },
		{ "LC_*", "LC_ALL", true },
		{ "LC_*", "LANG", false },
		{ "a?c", "abc", true },
		{ "a?c", "ac", false },
		{ "a?c", "a/c", false },
		{ "**", "", true },
		{ "**", "a/b/c", true },
		{ "a**c", "a/b/c", true },
		{ "/srv/**/x", "/srv/x", true },
		{ "/srv/**/x", "/srv/a/x", true },
		{ "/srv/**/x", "/srv/a/b/x", true },
		{ "/srv/**/x", "/srv/ax", false },
		{ "/srv/**/x", "/srv/a/bx", false },
		{ "**/x", "x", true },
		{ "**/x", "a/x", true },
		{ "**/x", "ax", false },
		{ "a/**", "a/b/c", true },
		{ "a/**", "a", false },
		{ "{word}", "a", true },
		{ "{word}", "9lives_and-more", true },
		{ "{word}", "", false },
		{ "{word}", "-rf", false },
		{ "{word}", "_x", false },
		{ "{word}", "A", false },
		{ "{word}", "a.b", false },
		{ "x-{word}.git", "x-project.git", true },
		{ "x-{word}.git", "x-.git", false },
		{ "{word}{word}", "ab", true },
		{ "{word}{word}", "a", false },
		{ "\\*", "*", true },
		{ "\\*", "a", false },
		{ "\\\\*", "\\abc", true },
		{ "\\[a\\]", "[a]", true },
		{ "\xc3\xa4*", "\xc3\xa4x", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (pattern_matches(rows[i].pattern, rows[i].text) !=
		    rows[i].fits)
			fail_msg(
			    "\"%s\" and \"%s\"", rows[i].pattern, rows[i].text);
}

static void
what_is_no_pattern_is_told_and_fits_nothing(void **state)
{
	static const char *const wrong[] = { "[a-z]", "a]", "{a,b}", "{word",
		"word}", "***", "a\\" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_non_null(pattern_problem(wrong[i]));
		assert_false(pattern_matches(wrong[i], wrong[i]));
	}
	assert_null(pattern_problem("**/{word}-*?\\["));
}

static void
only_a_pattern_without_special_characters_is_literal(void **state)
{
	(void)state;
	assert_true(pattern_is_literal("root"));
	assert_true(pattern_is_literal("a.b-c_d"));
	assert_false(pattern_is_literal("roo?"));
	assert_false(pattern_is_literal("root*"));
	assert_false(pattern_is_literal("{word}"));
	assert_false(pattern_is_literal("roo\\t"));
}

static void
a_pattern_has_a_longest_length(void **state)
{
	char pattern[PATTERN_MAX + 2] = "";

	(void)state;
	memset(pattern, 'a', PATTERN_MAX);
	assert_null(pattern_problem(pattern));
	pattern[0] = '*';
	assert_true(pattern_matches(pattern, pattern));
	pattern[PATTERN_MAX] = 'a';
	assert_non_null(pattern_problem(pattern));
}

/* What takes a backtracking matcher longer than the universe is old. */
static void
pattern_matching_takes_no_exponential_time(void **state)
{
	static const char *const pieces[] = { "*a", "**a", "**/", "a*",
		"{word}", "?*" };
	char text[4001], pattern[PATTERN_MAX + 1];
	clock_t begin = clock();

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		pattern[0] = '\0';
		for (size_t n = 0; n < 60; n++)
			strcat(pattern, pieces[i]);
		strcat(pattern, "!");
		assert_false(pattern_matches(pattern, text));
	}
	assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
}

/* Words are written with a blank between them. */
static struct string_list
words_of(const char *text, char *room, const char **items)
{
	struct string_list list = { .items = items };

	strcpy(room, text);
	for (char *word = strtok(room, " "); word != NULL;
	     word = strtok(NULL, " "))
		items[list.count++] = word;
	return list;
}

static void
words_fit_patterns_one_by_one(void **state)
{
	static const struct row rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
		{ "status {word}", "status web", true },
		{ "status {word}", "status", false },
		{ "status {word}", "status web db", false },
		{ "status {word}", "status -x", false },
		{ "status {word}", "status ../x", false },
		{ "status {word}", "status web;id", false },
		{ "status {word}", "xstatus web", false },
		{ "status *", "status a/b", false },
		{ "status *", "status -rf", true },
		{ "borg serve **", "borg serve", true },
		{ "borg serve **", "borg serve --a /b c", true },
		{ "borg serve **", "borg", false },
		{ "borg serve **", "borg init", false },
		{ "borg serve **", "borg --x serve", false },
		{ "borg serve **", "/usr/bin/borg serve", false },
		{ "** z", "z", true },
		{ "** z", "a b z", true },
		{ "** z", "a z b", false },
		{ "a ** b ** c", "a b c", true },
		{ "a ** b ** c", "a x b y z c", true },
		{ "a ** b ** c", "a c b", false },
		{ "a ** b ** c", "a b b c c", true },
		{ "** **", "", true },
		{ "** **", "a", true },
		{ "a** b", "a/x/y b", true },
		{ "a** b", "a x b", false },
		{ "\\*\\*", "a b", false },
		{ "[ab]", "a", false },
	};
	char rooms[2][64];
	const char *items[2][16];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct string_list patterns =
		    words_of(rows[i].pattern, rooms[0], items[0]);
		struct string_list words =
		    words_of(rows[i].text, rooms[1], items[1]);

		if (pattern_words_match(&patterns, &words) != rows[i].fits)
			fail_msg(
			    "\"%s\" and \"%s\"", rows[i].pattern, rows[i].text);
	}
}

static void
no_patterns_make_words_explode(void **state)
{
	const char *patterns[PATTERN_WORDS_MAX + 1], *words[4096];
	struct string_list p = { patterns, PATTERN_WORDS_MAX };
	struct string_list w = { words, 4096 };
	clock_t begin = clock();

	(void)state;
	for (size_t i = 0; i < PATTERN_WORDS_MAX; i++)
		patterns[i] = i % 2 == 0 ? "**" : "*a*";
	patterns[PATTERN_WORDS_MAX - 1] = "!";
	for (size_t i = 0; i < 4096; i++)
		words[i] = "aaaaaaaa";
	assert_false(pattern_words_match(&p, &w));
	assert_true(clock() - begin < 10 * CLOCKS_PER_SEC);
	/* One more, and nothing fits. */
	for (size_t i = 0; i < PATTERN_WORDS_MAX + 1; i++)
		patterns[i] = "**";
	assert_true(pattern_words_match(&p, &w));
	p.count++;
	assert_false(pattern_words_match(&p, &w));
}

static void
one_of_several_patterns_is_enough(void **state)
{
	static const char *const items[] = { "alice", "team-*" };
	static const struct string_list patterns = { items, 2 };
	static const struct string_list none = { NULL, 0 };

	(void)state;
	assert_true(pattern_any_matches(&patterns, "alice"));
	assert_true(pattern_any_matches(&patterns, "team-a"));
	assert_false(pattern_any_matches(&patterns, "bob"));
	assert_false(pattern_any_matches(&none, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_fits_the_whole_text_or_not_at_all),
		cmocka_unit_test(what_is_no_pattern_is_told_and_fits_nothing),
		cmocka_unit_test(
		    only_a_pattern_without_special_characters_is_literal),
		cmocka_unit_test(a_pattern_has_a_longest_length),
		cmocka_unit_test(pattern_matching_takes_no_exponential_time),
		cmocka_unit_test(words_fit_patterns_one_by_one),
		cmocka_unit_test(no_patterns_make_words_explode),
		cmocka_unit_test(one_of_several_patterns_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
