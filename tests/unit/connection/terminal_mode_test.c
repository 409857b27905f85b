/* Terminal modes: names both ways, and lists of all of them. */
#include "lib/connection/terminal_mode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
each_name_has_its_opcode_and_back(void **state)
{
	size_t count = 0;

	(void)state;
	for (int opcode = 0; opcode < 256; opcode++) {
		const char *name = terminal_mode_name((uint8_t)opcode);

		if (name == NULL)
			continue;
		count++;
		assert_int_equal(terminal_mode_opcode(name), opcode);
		assert_true(opcode > 0 && opcode < 160);
	}
	assert_int_equal(count, 55 + 1); /* RFC 4254 8, and IUTF8 */
	assert_int_equal(terminal_mode_opcode("IUTF8"), 42);
	assert_int_equal(terminal_mode_opcode("VDISCARD"), 18);
	assert_int_equal(terminal_mode_opcode("TTY_OP_OSPEED"), 129);
	assert_int_equal(terminal_mode_opcode("CS6"), 0);
	assert_int_equal(terminal_mode_opcode(""), 0);
}

static void
all_of_them_pass_in_a_list(void **state)
{
	struct session_request_mode modes[256], mode;
	struct sp_view list;
	struct buffer b;
	size_t count = 0;

	(void)state;
	for (int opcode = 1; opcode < 160; opcode++)
		modes[count++] = (struct session_request_mode){ (uint8_t)opcode,
			opcode == 1 ? TERMINAL_MODE_NO_CHARACTER
				    : (uint32_t)opcode << 20 };
	buffer_init(&b, 4096);
	assert_int_equal(terminal_mode_encode(modes, count, &b), SP_OK);
	list = buffer_view(&b);
	for (size_t i = 0; i < count; i++) {
		assert_true(session_request_next_mode(&list, &mode));
		assert_int_equal(mode.opcode, modes[i].opcode);
		assert_int_equal(mode.value, modes[i].value);
	}
	assert_false(session_request_next_mode(&list, &mode));
	buffer_clear(&b);
}

static void
an_opcode_that_ends_the_list_is_none(void **state)
{
	static const uint8_t opcodes[] = { 0, 160, 255 };
	struct buffer b;

	(void)state;
	buffer_init(&b, 4096);
	for (size_t i = 0; i < sizeof opcodes; i++) {
		const struct session_request_mode mode = { opcodes[i], 1 };

		assert_int_equal(
		    terminal_mode_encode(&mode, 1, &b), SP_ERR_ARGUMENT);
		assert_int_equal(buffer_len(&b), 0);
	}
	assert_int_equal(terminal_mode_encode(NULL, 0, &b), SP_OK);
	assert_true(view_equal(buffer_view(&b), view_of("", 1)));
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_has_its_opcode_and_back),
		cmocka_unit_test(all_of_them_pass_in_a_list),
		cmocka_unit_test(an_opcode_that_ends_the_list_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
