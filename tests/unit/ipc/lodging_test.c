/* LODGE. */
#include "daemon/ipc/lodging.h"

#include "tests/unit/ipc/body.h"

static enum sp_status
decode(struct sp_view body)
{
	struct lodging got;

	return lodging_decode(body, &got);
}

static void
who_and_how_many_are_read_back(void **state)
{
	char longest[LODGING_IDENTITY_MAX];
	const struct sp_view identities[] = {
		view_of_string("a"),
		view_of_string("alice@example.net"),
		view_of(longest, sizeof longest),
	};

	(void)state;
	memset(longest, 'x', sizeof longest);
	for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++) {
		const struct lodging lodging = { identities[i], 10000 };
		struct lodging got;
		struct buffer b;

		buffer_init(&b, 320);
		assert_int_equal(lodging_encode(&lodging, &b), SP_OK);
		assert_int_equal(lodging_decode(buffer_view(&b), &got), SP_OK);
		assert_true(view_equal(got.identity, lodging.identity));
		assert_int_equal(got.max, 10000);
		body_check(&b, decode);
	}
}

static void
nobody_and_none_are_refused(void **state)
{
	char longer[LODGING_IDENTITY_MAX + 1];
	const struct lodging lodgings[] = {
		{ view_of_string(""), 1 },
		{ view_of("a\0b", 3), 1 },
		{ view_of(longer, sizeof longer), 1 },
		{ view_of_string("alice"), 0 },
	};

	(void)state;
	memset(longer, 'x', sizeof longer);
	for (size_t i = 0; i < sizeof lodgings / sizeof lodgings[0]; i++) {
		struct buffer b;

		buffer_init(&b, 320);
		assert_int_equal(lodging_encode(&lodgings[i], &b), SP_OK);
		assert_int_equal(decode(buffer_view(&b)), SP_ERR_FORMAT);
		buffer_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_and_how_many_are_read_back),
		cmocka_unit_test(nobody_and_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
