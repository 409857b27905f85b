/* Files of users: what is found in them, and what is wrong with them. */
#include "modules/userfile/userbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPUnAd9Nf1yVqRq1sXo5Y0Qb0i6" \
	"FJ2tZq8l3tqkXm3L"
#define OTHER \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHHnGT6PZg1iNQkKsDMPwmhkEbV5" \
	"Z1O2gV1HT6R8sQ9a"

static const char good[] = "# staff\n"
			   "\n"
			   "user alice\n"
			   "\tpassword $y$j9T$abc$def\n"
			   "\toptions restrict,pty\n"
			   "\tkey from=\"10.0.0.0/8\" " KEY " at home\n"
			   "  # the other one\n"
			   "\tkey " OTHER "\r\n"
			   "user bob\n"
			   "user carol\n"
			   "password $6$abc$def";

static bool
find(const char *text, const char *name, struct userbook_answer *answer)
{
	return userbook_find(sp_text(text), sp_text(name), answer);
}

static void
assert_view(struct sp_view view, const char *text)
{
	assert_int_equal(view.len, strlen(text));
	if (view.len > 0)
		assert_memory_equal(view.data, text, view.len);
}

static void
a_user_is_found_with_all_that_is_his(void **state)
{
	struct userbook_answer answer;
	struct sp_key_line key;

	(void)state;
	assert_true(find(good, "alice", &answer));
	assert_true(answer.is_found);
	assert_view(answer.user.name, "alice");
	assert_view(answer.user.password, "$y$j9T$abc$def");
	assert_view(answer.user.options, "restrict,pty");
	assert_true(userbook_next_key(&answer.user.lines, &key));
	assert_view(key.options, "from=\"10.0.0.0/8\"");
	assert_view(key.comment, "at home");
	assert_true(userbook_next_key(&answer.user.lines, &key));
	assert_view(key.options, "");
	assert_false(userbook_next_key(&answer.user.lines, &key));
}

static void
a_user_ends_where_the_next_begins(void **state)
{
	struct userbook_answer answer;

	(void)state;
	assert_true(find(good, "bob", &answer));
	assert_true(answer.is_found);
	assert_view(answer.user.lines, "user bob\n");
	assert_view(answer.user.password, "");
	assert_true(find(good, "carol", &answer));
	assert_view(answer.user.password, "$6$abc$def");
	assert_view(answer.user.options, "");
}

static void
who_is_not_there_learns_of_what_kind_the_hashes_are(void **state)
{
	struct userbook_answer answer;

	(void)state;
	assert_true(find(good, "ali", &answer));
	assert_false(answer.is_found);
	assert_view(answer.example, "$y$j9T$abc$def");
	assert_true(find("", "ali", &answer));
	assert_false(answer.is_found);
	assert_view(answer.example, "");
}

static void
users_follow_one_another(void **state)
{
	static const char *const names[] = { "alice", "bob", "carol" };
	struct sp_view text = sp_text(good);
	struct userbook_user user;
	size_t lines = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_true(userbook_next_user(&text, &user));
		assert_view(user.name, names[i]);
		lines += user.lines.len;
	}
	assert_false(userbook_next_user(&text, &user));
	assert_int_equal(lines, strlen(good) - strlen("# staff\n\n"));
}

static void
one_wrong_line_spoils_the_file_for_all(void **state)
{
	static const struct {
		const char *line;
		size_t number;
	} wrong[] = {
		{ "user\n", 4 },
		{ "user a b\n", 4 },
		{ "user alice\n", 4 }, /* twice */
		{ "user a\x01\n", 4 },
		{ "usr bob\n", 4 },
		{ "userbob\n", 4 },
		{ "password\n", 4 },
		{ "password secret\n", 4 },
		{ "password $6$a:b$c\n", 4 },
		{ "password !$6$a$c\n", 4 },
		{ "password $6$abc$def more\n", 4 },
		{ "password $6$abc$def\npassword $6$abc$def\n", 5 },
		{ "options\n", 4 },
		{ "options no-pty\noptions no-pty\n", 5 },
		{ "key\n", 4 },
		{ "key nonsense\n", 4 },
		{ "key from=\"open " KEY "\n", 4 },
		{ "key # " KEY "\n", 4 },
		{ "shell /bin/sh\n", 4 },
		{ "\\\n", 4 },
	};
	static const char before[] = "user alice\n\nuser bob\n";
	struct userbook_answer answer;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text, "%s%suser dora\n", before,
		    wrong[i].line);
		if (find(text, "alice", &answer))
			fail_msg("taken: %s", wrong[i].line);
		assert_non_null(answer.problem);
		assert_int_equal(answer.wrong_line, wrong[i].number);
	}
}

static void
nothing_stands_above_the_first_user(void **state)
{
	struct userbook_answer answer;

	(void)state;
	assert_false(find("password $6$abc$def\nuser a\n", "a", &answer));
	assert_int_equal(answer.wrong_line, 1);
	assert_false(find("#\nkey " KEY "\n", "a", &answer));
	assert_int_equal(answer.wrong_line, 2);
}

static void
names_and_hashes_have_their_longest(void **state)
{
	char text[512];

	(void)state;
	memset(text, 'a', sizeof text);
	text[0] = '$';
	assert_true(userbook_is_name((struct sp_view){ (uint8_t *)text, 255 }));
	assert_false(
	    userbook_is_name((struct sp_view){ (uint8_t *)text, 256 }));
	assert_true(userbook_is_hash((struct sp_view){ (uint8_t *)text, 383 }));
	assert_false(
	    userbook_is_hash((struct sp_view){ (uint8_t *)text, 384 }));
	assert_false(userbook_is_name(sp_text("#a")));
	assert_true(userbook_is_name(sp_text("j\xc3\xbcrgen")));
}

/* Each in memory of its own, so that a sanitizer sees one byte more. */
static void
every_truncation_is_read_within_its_bounds(void **state)
{
	struct userbook_answer answer;
	struct userbook_user user;

	(void)state;
	for (size_t len = 0; len < sizeof good; len++) {
		uint8_t *copy = malloc(len + 1);
		struct sp_view text = { copy, len };

		assert_non_null(copy);
		memcpy(copy, good, len);
		/* It may be whole, or not. */
		if (!userbook_find(text, sp_text("alice"), &answer))
			assert_true(answer.wrong_line > 2);
		while (userbook_next_user(&text, &user))
			assert_true(user.lines.len <= len);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_is_found_with_all_that_is_his),
		cmocka_unit_test(a_user_ends_where_the_next_begins),
		cmocka_unit_test(
		    who_is_not_there_learns_of_what_kind_the_hashes_are),
		cmocka_unit_test(users_follow_one_another),
		cmocka_unit_test(one_wrong_line_spoils_the_file_for_all),
		cmocka_unit_test(nothing_stands_above_the_first_user),
		cmocka_unit_test(names_and_hashes_have_their_longest),
		cmocka_unit_test(every_truncation_is_read_within_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
