/* Records of keys, and what is none. */
#include "modules/keydb/keyrecord.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct keyrecord
make_record(void)
{
	struct keyrecord record = { .expires = UINT64_C(0x0102030405060708) };

	assert_true(keyrecord_set_identity(&record, "alice smith"));
	memcpy(record.options, "restrict", sizeof "restrict");
	return record;
}

static void
a_record_is_read_as_it_was_written(void **state)
{
	struct keyrecord record = make_record(), got;
	uint8_t room[KEYRECORD_MAX];
	size_t len = keyrecord_encode(&record, room);

	(void)state;
	assert_true(keyrecord_decode((struct sp_view){ room, len }, &got));
	assert_string_equal(got.identity, "alice smith");
	assert_string_equal(got.options, "restrict");
	assert_true(got.expires == record.expires);
}

static void
the_longest_has_room(void **state)
{
	struct keyrecord record = make_record(), got;
	uint8_t room[KEYRECORD_MAX];
	size_t len;

	(void)state;
	memset(record.identity, 'i', sizeof record.identity - 1);
	record.identity[sizeof record.identity - 1] = '\0';
	memset(record.options, 'o', sizeof record.options - 1);
	record.options[sizeof record.options - 1] = '\0';
	len = keyrecord_encode(&record, room);
	assert_int_equal(len, KEYRECORD_MAX);
	assert_true(keyrecord_decode((struct sp_view){ room, len }, &got));
	assert_string_equal(got.options, record.options);
}

/* Each length in memory of its own, so that a sanitizer sees one more. */
static void
every_truncation_and_a_byte_more_are_refused(void **state)
{
	struct keyrecord record = make_record(), got;
	uint8_t room[KEYRECORD_MAX + 1];
	size_t len = keyrecord_encode(&record, room);

	(void)state;
	room[len] = '\0';
	for (size_t i = 0; i <= len + 1; i++) {
		uint8_t *copy = malloc(i + 1);

		memcpy(copy, room, i);
		assert_int_equal(
		    keyrecord_decode((struct sp_view){ copy, i }, &got),
		    i == len);
		free(copy);
	}
}

static void
another_version_and_control_characters_are_refused(void **state)
{
	struct keyrecord record = make_record(), got;
	uint8_t room[KEYRECORD_MAX];
	size_t len = keyrecord_encode(&record, room);

	(void)state;
	room[0] = 2;
	assert_false(keyrecord_decode((struct sp_view){ room, len }, &got));
	room[0] = 1;
	room[10] = '\n';
	assert_false(keyrecord_decode((struct sp_view){ room, len }, &got));
	room[9] = '\0';
	assert_false(keyrecord_decode((struct sp_view){ room, len }, &got));
}

static void
an_identity_shows_and_fits(void **state)
{
	struct keyrecord record = { .expires = 0 };
	char text[300];

	(void)state;
	assert_false(keyrecord_set_identity(&record, ""));
	assert_false(keyrecord_set_identity(&record, "a\nb"));
	assert_false(keyrecord_set_identity(&record, "a\x7f"));
	memset(text, 'a', sizeof text);
	text[256] = '\0';
	assert_false(keyrecord_set_identity(&record, text));
	text[255] = '\0';
	assert_true(keyrecord_set_identity(&record, text));
}

static void
options_show_and_fit(void **state)
{
	struct keyrecord record = { .expires = 0 };
	char text[5000];

	(void)state;
	assert_true(keyrecord_set_options(&record, ""));
	assert_false(keyrecord_set_options(&record, "a\tb"));
	memset(text, 'a', sizeof text);
	text[4096] = '\0';
	assert_false(keyrecord_set_options(&record, text));
	text[4095] = '\0';
	assert_true(keyrecord_set_options(&record, text));
	assert_string_equal(record.options, text);
}

static void
a_fingerprint_is_one_of_sha256(void **state)
{
	static const char good[] =
	    "SHA256:tXKknGgaS6zCzl5CuFFhvjflENqI35JffTPEt28Y80k";
	char text[64];

	(void)state;
	assert_true(keyrecord_is_fingerprint(good));
	memcpy(text, good, sizeof good);
	text[20] = '=';
	assert_false(keyrecord_is_fingerprint(text));
	text[49] = '\0';
	assert_false(keyrecord_is_fingerprint(text));
	assert_false(keyrecord_is_fingerprint(""));
	assert_false(keyrecord_is_fingerprint("MD5:00:11"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_read_as_it_was_written),
		cmocka_unit_test(the_longest_has_room),
		cmocka_unit_test(every_truncation_and_a_byte_more_are_refused),
		cmocka_unit_test(
		    another_version_and_control_characters_are_refused),
		cmocka_unit_test(an_identity_shows_and_fits),
		cmocka_unit_test(options_show_and_fit),
		cmocka_unit_test(a_fingerprint_is_one_of_sha256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
