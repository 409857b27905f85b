/* Lines of scp. */
#include "lib/scp/scprecord.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
lines_are_read_and_written_alike(void **state)
{
	static const struct {
		const char *line;
		struct scprecord r;
	} rows[] = {
		{ "C0644 0 x",
		    { .kind = SCPRECORD_FILE,
			.mode = 0644,
			.text = { (const uint8_t *)"x", 1 } } },
		{ "C7777 9223372036854775807 a b",
		    { .kind = SCPRECORD_FILE,
			.mode = 07777,
			.size = INT64_MAX,
			.text = { (const uint8_t *)"a b", 3 } } },
		{ "D0700 0 ...",
		    { .kind = SCPRECORD_FOLDER,
			.mode = 0700,
			.text = { (const uint8_t *)"...", 3 } } },
		{ "T4294967295 0 1 0",
		    { .kind = SCPRECORD_TIMES,
			.mtime = UINT32_MAX,
			.atime = 1 } },
		{ "E", { .kind = SCPRECORD_END } },
		{ "\1scp: no",
		    { .kind = SCPRECORD_WARNING,
			.text = { (const uint8_t *)"scp: no", 7 } } },
		{ "\2", { .kind = SCPRECORD_ERROR } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct scprecord *want = &rows[i].r;
		struct scprecord r;
		struct buffer b;

		assert_null(scprecord_decode(&r, sp_text(rows[i].line)));
		assert_int_equal(r.kind, want->kind);
		assert_int_equal(r.mode, want->mode);
		assert_int_equal(r.size, want->size);
		assert_int_equal(r.mtime, want->mtime);
		assert_int_equal(r.atime, want->atime);
		assert_true(view_equal(r.text, want->text));
		buffer_init(&b, 1000);
		assert_int_equal(scprecord_encode(&b, want), SP_OK);
		assert_int_equal(buffer_len(&b), strlen(rows[i].line) + 1);
		assert_memory_equal(
		    buffer_view(&b).data, rows[i].line, strlen(rows[i].line));
		buffer_clear(&b);
	}
}

static void
what_is_no_line_is_refused(void **state)
{
	static const char *const lines[] = { "", "x", "0", "C", "C0644",
		"C644 1 x", "C0644  1 x", "C06441 1 x", "C0648 1 x",
		"C-644 1 x", "C0644 -1 x", "C0644 1", "C0644 1 ", "C0644 +1 x",
		"C0644 9223372036854775808 x", "C0644 1x x", "C0644 1 .",
		"C0644 1 ..", "C0644 1 a/b", "C0644 1 /", "C0644 1 a\x01",
		"D0755 0 ../x", "D0755 x y", "Ex", "T", "T1", "T1 0", "T1 0 1",
		"T1 0 1 0 ", "T1 0 1 0x", "T-1 0 1 0", "T4294967296 0 1 0",
		"T1 1000000 1 0", "T1  0 1 0", "c0644 1 x", "S 1" };
	struct scprecord r = { .mode = 1 };
	char name[SCPRECORD_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_non_null(scprecord_decode(&r, sp_text(lines[i])));
	assert_non_null(scprecord_decode(
	    &r, view_of("C0644 1 a\0b", sizeof "C0644 1 a\0b" - 1)));
	assert_int_equal(r.mode, 1);
	memset(name, 'a', sizeof name);
	assert_true(scprecord_is_name(view_of(name, SCPRECORD_NAME_MAX)));
	assert_false(scprecord_is_name(view_of(name, sizeof name - 1)));
}

static void
each_truncation_is_refused_or_a_shorter_name(void **state)
{
	static const char line[] = "C0644 12 name";
	struct scprecord r;

	(void)state;
	for (size_t len = 0; len < sizeof line - 1; len++) {
		const char *problem = scprecord_decode(&r, view_of(line, len));

		assert_true((problem == NULL) == (len > 9));
	}
}

static void
texts_are_one_line(void **state)
{
	static char text[SCPRECORD_TEXT_MAX + 10];
	struct scprecord r = { .kind = SCPRECORD_WARNING,
		.text = sp_text("a\nb\x1b[2J\x7f") };
	struct buffer b;

	(void)state;
	buffer_init(&b, 10000);
	assert_int_equal(scprecord_encode(&b, &r), SP_OK);
	assert_true(sp_view_is(buffer_view(&b), "\1a?b?[2J?\n"));
	buffer_clear(&b);
	memset(text, 'x', sizeof text);
	r.text = view_of(text, sizeof text);
	assert_int_equal(scprecord_encode(&b, &r), SP_OK);
	assert_int_equal(buffer_len(&b), SCPRECORD_TEXT_MAX + 2);
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_and_written_alike),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(each_truncation_is_refused_or_a_shorter_name),
		cmocka_unit_test(texts_are_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
