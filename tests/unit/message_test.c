/* The table of messages, searched. */
#include "lib/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct message *
find(unsigned number, enum message_sender sender)
{
	return message_find(
	    (uint8_t)number, sender, FAMILY_ECDH, FAMILY_PUBLICKEY);
}

/* While its own method is under way. */
static const struct message *
find_row(const struct message *row, enum message_sender sender)
{
	return message_find(row->number, sender, row->family, row->family);
}

static void
each_row_is_found_by_its_number_and_sender(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGE_ROWS; i++) {
		const struct message *row = message_row(i);

		assert_non_null(row);
		assert_int_equal(message_index(row), i);
		assert_true(row->name[0] != '\0' && row->number != 0);
		if (row->sender & MESSAGE_FROM_CLIENT)
			assert_ptr_equal(
			    find_row(row, MESSAGE_FROM_CLIENT), row);
		if (row->sender & MESSAGE_FROM_SERVER)
			assert_ptr_equal(
			    find_row(row, MESSAGE_FROM_SERVER), row);
	}
	assert_null(message_row(MESSAGE_ROWS));
	assert_null(message_row(SIZE_MAX));
}

static void
a_number_that_only_the_other_side_sends_is_found_too(void **state)
{
	const struct message *row = find(6, MESSAGE_FROM_CLIENT);

	(void)state;
	assert_non_null(row);
	assert_int_equal(row->sender, MESSAGE_FROM_SERVER);
	assert_string_equal(row->name, "SERVICE_ACCEPT");
}

static void
numbers_of_methods_are_found_while_they_are_under_way(void **state)
{
	(void)state;
	assert_null(message_find(
	    30, MESSAGE_FROM_CLIENT, FAMILY_NONE, FAMILY_PUBLICKEY));
	assert_non_null(
	    message_find(30, MESSAGE_FROM_CLIENT, FAMILY_ECDH, FAMILY_NONE));
	assert_null(
	    message_find(60, MESSAGE_FROM_SERVER, FAMILY_ECDH, FAMILY_NONE));
	assert_non_null(message_find(
	    60, MESSAGE_FROM_SERVER, FAMILY_NONE, FAMILY_PUBLICKEY));
}

static void
other_numbers_are_nobodys(void **state)
{
	static const unsigned numbers[] = { 0, 8, 19, 22, 29, 32, 49, 54, 61,
		79, 83, 89, 101, 128, 191, 194, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		assert_null(find(numbers[i], MESSAGE_FROM_CLIENT));
}

static void
layers_have_their_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGE_ROWS; i++) {
		const struct message *row = message_row(i);
		enum message_layer layer =
		    row->number < 50 || row->number >= 192 ? LAYER_TRANSPORT
		    : row->number < 80			   ? LAYER_USERAUTH
							   : LAYER_CONNECTION;

		assert_int_equal(row->layer, layer);
		assert_int_equal(row->family != FAMILY_NONE,
		    (row->number >= 30 && row->number < 50) ||
			(row->number >= 60 && row->number < 80));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_found_by_its_number_and_sender),
		cmocka_unit_test(
		    a_number_that_only_the_other_side_sends_is_found_too),
		cmocka_unit_test(
		    numbers_of_methods_are_found_while_they_are_under_way),
		cmocka_unit_test(other_numbers_are_nobodys),
		cmocka_unit_test(layers_have_their_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
