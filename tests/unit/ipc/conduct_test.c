/* CONDUCT. */
#include "daemon/ipc/conduct.h"

#include "tests/unit/ipc/body.h"

static enum sp_status
decode(struct sp_view body)
{
	struct conduct got;

	return conduct_decode(body, &got);
}

static void
each_kind_is_read_back(void **state)
{
	(void)state;
	for (int kind = CONDUCT_NONE + 1; kind < CONDUCT_KINDS; kind++) {
		const struct conduct conduct = {
			.kind = (enum conduct_kind)kind,
			.is_claimed = kind % 2 == 0,
			.address = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 },
		};
		struct conduct got;
		struct buffer b;

		buffer_init(&b, 32);
		assert_int_equal(conduct_encode(&conduct, &b), SP_OK);
		assert_int_equal(conduct_decode(buffer_view(&b), &got), SP_OK);
		assert_int_equal(got.kind, kind);
		assert_true(got.is_claimed == conduct.is_claimed);
		assert_memory_equal(
		    got.address, conduct.address, sizeof got.address);
		body_check(&b, decode);
	}
}

static void
no_other_kind_is(void **state)
{
	static const int kinds[] = { CONDUCT_NONE, CONDUCT_KINDS, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct conduct conduct = {
			.kind = (enum conduct_kind)kinds[i],
		};
		struct buffer b;

		buffer_init(&b, 32);
		assert_int_equal(conduct_encode(&conduct, &b), SP_OK);
		assert_int_equal(decode(buffer_view(&b)), SP_ERR_FORMAT);
		buffer_clear(&b);
	}
}

static void
each_penalty_has_words_of_its_own(void **state)
{
	(void)state;
	for (int a = CONDUCT_NOAUTH; a <= CONDUCT_CRASH; a++)
		for (int b = CONDUCT_NONE; b < a; b++)
			assert_string_not_equal(
			    conduct_text((enum conduct_kind)a),
			    conduct_text((enum conduct_kind)b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_read_back),
		cmocka_unit_test(no_other_kind_is),
		cmocka_unit_test(each_penalty_has_words_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
