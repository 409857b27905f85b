/* Base64: RFC 4648's vectors, and one text only for any bytes. */
#include "lib/pubkey/base64.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
the_vectors_of_rfc_4648_hold(void **unused)
{
	static const struct {
		const char *bytes, *text;
	} rows[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_view bytes = view_of_string(rows[i].bytes);
		struct sp_view text = view_of_string(rows[i].text);
		uint8_t room[6];
		char written[8];
		size_t len = 99;

		assert_int_equal(base64_text_len(bytes.len), text.len);
		base64_encode(bytes, written);
		assert_memory_equal(written, text.data, text.len);
		assert_int_equal(base64_bytes_len(text), bytes.len);
		assert_true(base64_decode(text, room, bytes.len, &len));
		assert_int_equal(len, bytes.len);
		assert_memory_equal(room, bytes.data, len);
	}
}

static void
every_byte_survives_the_round_trip(void **unused)
{
	uint8_t bytes[256], room[256];
	char text[344];

	(void)unused;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	for (size_t len = 0; len <= sizeof bytes; len++) {
		size_t text_len = base64_text_len(len), decoded = 999;

		base64_encode(view_of(bytes, len), text);
		assert_true(base64_decode(
		    view_of(text, text_len), room, len, &decoded));
		assert_int_equal(decoded, len);
		assert_memory_equal(room, bytes, len);
		if (len > 0)
			assert_false(base64_decode(
			    view_of(text, text_len), room, len - 1, &decoded));
	}
}

/* Of all texts of four characters from these, only canonical ones decode. */
static void
a_text_that_decodes_is_what_its_bytes_encode_to(void **unused)
{
	static const char characters[] = "ABQgw/+9z=-_ \n\t.\x80";
	enum { N = sizeof characters - 1 };

	(void)unused;
	for (size_t i = 0; i < (size_t)N * N * N * N; i++) {
		char text[4] = { characters[i % N], characters[i / N % N],
			characters[i / N / N % N], characters[i / N / N / N] };
		uint8_t room[3];
		char again[4];
		size_t len;

		if (!base64_decode(view_of(text, 4), room, 3, &len))
			continue;
		base64_encode(view_of(room, len), again);
		assert_memory_equal(text, again, 4);
	}
}

static void
every_single_character_is_right_or_refused(void **unused)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";

	(void)unused;
	for (int c = 0; c < 256; c++) {
		char text[4] = { 'A', 'A', 'A', (char)c };
		const char *at = c == 0 ? NULL : strchr(alphabet, c);
		uint8_t room[3];
		size_t len;
		bool good = base64_decode(view_of(text, 4), room, 3, &len);

		assert_int_equal(good, at != NULL || c == '=');
		if (at != NULL)
			assert_int_equal(room[2], at - alphabet);
	}
}

static void
other_lengths_than_groups_of_four_are_refused(void **unused)
{
	uint8_t room[16];
	size_t len = 7;

	(void)unused;
	for (size_t n = 1; n < 12; n++)
		assert_int_equal(
		    base64_decode(view_of("AAAAAAAAAAAA", n), room, 16, &len),
		    n % 4 == 0);
	len = 7;
	assert_false(base64_decode(view_of("=", 1), room, 16, &len));
	assert_false(base64_decode(view_of("==", 2), room, 16, &len));
	assert_false(base64_decode(view_of("====", 4), room, 16, &len));
	assert_false(base64_decode(view_of("A===", 4), room, 16, &len));
	assert_false(base64_decode(view_of("AA==AAAA", 8), room, 16, &len));
	assert_int_equal(len, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc_4648_hold),
		cmocka_unit_test(every_byte_survives_the_round_trip),
		cmocka_unit_test(
		    a_text_that_decodes_is_what_its_bytes_encode_to),
		cmocka_unit_test(every_single_character_is_right_or_refused),
		cmocka_unit_test(other_lengths_than_groups_of_four_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
