/* Hashes of passwords, with what the system's library has. */
#include "modules/userfile/passwordhash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* From the text that defines this kind. */
static const char known[] =
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4"
    "OTLiBFdcbYEdFCoEOfaS35inz1";

static void
a_known_password_fits_its_hash(void **state)
{
	(void)state;
	assert_int_equal(
	    passwordhash_check("Hello world!", known), PASSWORDHASH_RIGHT);
	assert_int_equal(
	    passwordhash_check("hello world!", known), PASSWORDHASH_WRONG);
	assert_int_equal(passwordhash_check("", known), PASSWORDHASH_WRONG);
}

static void
a_part_of_a_hash_is_not_enough(void **state)
{
	char part[sizeof known];

	(void)state;
	memcpy(part, known, sizeof known);
	part[sizeof known - 2] = '\0';
	assert_int_equal(
	    passwordhash_check("Hello world!", part), PASSWORDHASH_WRONG);
	part[strlen("$6$saltstring$")] = '\0';
	assert_int_equal(
	    passwordhash_check("Hello world!", part), PASSWORDHASH_WRONG);
}

static void
what_is_made_is_good_and_fits(void **state)
{
	static const char *const prefixes[] = { "$y$", "$6$", NULL };
	char hash[PASSWORDHASH_SIZE], other[PASSWORDHASH_SIZE];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_true(passwordhash_make("secret", prefixes[i], hash));
		assert_true(passwordhash_make("secret", prefixes[i], other));
		assert_string_not_equal(hash, other);
		if (prefixes[i] != NULL)
			assert_memory_equal(hash, prefixes[i], 3);
		assert_true(passwordhash_is_good(hash));
		assert_int_equal(
		    passwordhash_check("secret", hash), PASSWORDHASH_RIGHT);
		assert_int_equal(
		    passwordhash_check("Secret", hash), PASSWORDHASH_WRONG);
	}
}

static void
what_is_weak_or_unknown_is_not_good(void **state)
{
	(void)state;
	assert_false(passwordhash_is_good("$1$abc$def"));
	assert_false(passwordhash_is_good("$nothing$abc$def"));
	assert_false(passwordhash_is_good("ab"));
	assert_false(passwordhash_is_good("*"));
	assert_int_equal(
	    passwordhash_check("x", "$nothing$a$b"), PASSWORDHASH_BROKEN);
	assert_int_equal(passwordhash_check("x", "*0"), PASSWORDHASH_BROKEN);
}

static void
a_password_that_is_too_long_is_neither_hashed_nor_right(void **state)
{
	char longest[1025], hash[PASSWORDHASH_SIZE];

	(void)state;
	memset(longest, 'a', sizeof longest);
	longest[1024] = '\0';
	assert_false(passwordhash_make(longest, "$6$", hash));
	assert_int_equal(
	    passwordhash_check(longest, known), PASSWORDHASH_BROKEN);
	assert_false(passwordhash_make("x", "$nothing$", hash));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_password_fits_its_hash),
		cmocka_unit_test(a_part_of_a_hash_is_not_enough),
		cmocka_unit_test(what_is_made_is_good_and_fits),
		cmocka_unit_test(what_is_weak_or_unknown_is_not_good),
		cmocka_unit_test(
		    a_password_that_is_too_long_is_neither_hashed_nor_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
