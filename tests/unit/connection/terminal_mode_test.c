/* Terminal modes: names both ways, and lists of all of them. */
#include "lib/wire/view.h"

#include <sallyport/connection.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
each_name_has_its_opcode_and_back(void **state)
{
	size_t count = 0;

	(void)state;
	for (int opcode = 0; opcode < 256; opcode++) {
		const char *name = sp_terminal_mode_name((uint8_t)opcode);

		if (name == NULL)
			continue;
		count++;
		assert_int_equal(sp_terminal_mode_opcode(name), opcode);
		assert_true(opcode > 0 && opcode < 160);
	}
	assert_int_equal(count, 55 + 1); /* RFC 4254 8, and IUTF8 */
	assert_int_equal(sp_terminal_mode_opcode("IUTF8"), 42);
	assert_int_equal(sp_terminal_mode_opcode("VDISCARD"), 18);
	assert_int_equal(sp_terminal_mode_opcode("TTY_OP_OSPEED"), 129);
	assert_int_equal(sp_terminal_mode_opcode("CS6"), 0);
	assert_int_equal(sp_terminal_mode_opcode(""), 0);
}

static void
all_of_them_pass_in_a_list(void **state)
{
	struct sp_terminal_mode modes[256], mode;
	uint8_t room[SP_TERMINAL_MODES_SIZE];
	struct sp_view list;
	size_t count = 0, len;

	(void)state;
	for (int opcode = 1; opcode < 160; opcode++)
		modes[count++] = (struct sp_terminal_mode){ (uint8_t)opcode,
			opcode == 1 ? SP_TERMINAL_NO_CHARACTER
				    : (uint32_t)opcode << 20 };
	assert_int_equal(
	    sp_terminal_modes_write(modes, count, room, sizeof room, &len),
	    SP_OK);
	assert_int_equal(len, sizeof room);
	list = view_of(room, len);
	for (size_t i = 0; i < count; i++) {
		assert_true(sp_terminal_modes_next(&list, &mode));
		assert_int_equal(mode.opcode, modes[i].opcode);
		assert_int_equal(mode.value, modes[i].value);
	}
	assert_false(sp_terminal_modes_next(&list, &mode));
}

static void
a_list_is_written_whole_or_not_at_all(void **state)
{
	static const char bytes[] = "\x01\0\0\0\xff\x80\0\x02\x58\0";
	const struct sp_terminal_mode modes[] = {
		{ 1, SP_TERMINAL_NO_CHARACTER }, { 128, 153600 }
	};
	uint8_t room[16];
	size_t len = 99;

	(void)state;
	for (size_t size = 0; size < 11; size++)
		assert_int_equal(
		    sp_terminal_modes_write(modes, 2, room, size, &len),
		    SP_ERR_LIMIT);
	assert_int_equal(len, 99);
	assert_int_equal(
	    sp_terminal_modes_write(modes, 2, room, 11, &len), SP_OK);
	assert_true(
	    view_equal(view_of(room, len), view_of(bytes, sizeof bytes)));
	assert_int_equal(
	    sp_terminal_modes_write(NULL, 0, room, 1, &len), SP_OK);
	assert_int_equal(len, 1);
	assert_int_equal(room[0], 0);
}

static void
an_opcode_that_ends_the_list_is_none(void **state)
{
	static const uint8_t opcodes[] = { 0, 160, 255 };
	uint8_t room[16];
	size_t len = 99;

	(void)state;
	for (size_t i = 0; i < sizeof opcodes; i++) {
		const struct sp_terminal_mode mode = { opcodes[i], 1 };

		assert_int_equal(
		    sp_terminal_modes_write(&mode, 1, room, sizeof room, &len),
		    SP_ERR_ARGUMENT);
	}
	assert_int_equal(len, 99);
}

static void
modes_end_at_zero_at_160_and_where_they_are_cut(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		size_t count;
	} rows[] = {
		{ "", 0, 0 },
		{ "\0", 1, 0 },
		{ "\x01\0\0\0\x03", 5, 1 },
		{ "\x01\0\0\0\x03\0\x02\0\0\0\x04", 11, 1 },
		{ "\x01\0\0\0\x03\x9f\0\0\0\x04\xa0\0\0\0\x05\x02\0\0\0\1", 20,
		    2 },
		{ "\x01\0\0\0\x03\x02\0\0\0", 9, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sp_view modes = view_of(rows[i].bytes, rows[i].len);
		struct sp_terminal_mode mode;
		size_t count = 0;

		while (sp_terminal_modes_next(&modes, &mode))
			count++;
		assert_int_equal(count, rows[i].count);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_its_opcode_and_back),
		cmocka_unit_test(all_of_them_pass_in_a_list),
		cmocka_unit_test(a_list_is_written_whole_or_not_at_all),
		cmocka_unit_test(an_opcode_that_ends_the_list_is_none),
		cmocka_unit_test(
		    modes_end_at_zero_at_160_and_where_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
