/* Questions and answers: as packets, and as JSON. */
#include "modules/asking/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slip packet;
static struct slip_reader answer;
static char problem[VERDICT_PROBLEM_SIZE];

static struct sp_view
text_of(const char *text)
{
	return (struct sp_view){ (const uint8_t *)text, strlen(text) };
}

/* To question 7, which is the login's third. */
static enum verdict_kind
read_answer(const char *text)
{
	enum verdict_kind kind;

	problem[0] = '\0';
	kind = verdict_read(text_of(text), 7, &packet, 3, problem);
	if (kind != VERDICT_NONE)
		assert_true(slip_open(&answer,
		    (struct sp_view){ (uint8_t *)packet.bytes, packet.len }));
	return kind;
}

static void
an_answer_becomes_a_packet(void **state)
{
	(void)state;
	assert_int_equal(read_answer("{\"v\":1,\"id\":7,\"verdict\":\"allow\","
				     "\"identity\":\"carol\",\"options\":\"x\","
				     "\"text\":\"Hi\\n\","
				     "\"restrict\":{\"pty\":\"no\"},"
				     "\"env\":{\"A\":\"1\",\"B\":\"\"}}"),
	    VERDICT_YES);
	assert_int_equal(answer.number, 3);
	assert_string_equal(slip_find(answer, "verdict"), "allow");
	assert_string_equal(slip_find(answer, "identity"), "carol");
	assert_string_equal(slip_find(answer, "options"), "x");
	assert_string_equal(slip_find(answer, "text"), "Hi\n");
	assert_string_equal(slip_find(answer, "restrict.pty"), "no");
	assert_string_equal(slip_find(answer, "env.A"), "1");
	assert_string_equal(slip_find(answer, "env.B"), "");
	assert_null(slip_find(answer, "echo"));
	assert_int_equal(
	    read_answer("{\"id\":7,\"verdict\":\"more\"}"), VERDICT_YES);
	assert_int_equal(
	    read_answer("{\"id\":7,\"verdict\":\"deny\"}"), VERDICT_NO);
	assert_int_equal(
	    read_answer("{\"verdict\":\"next\",\"id\":7}"), VERDICT_NO);
	assert_int_equal(
	    read_answer("{\"id\":7,\"verdict\":\"fail\"}"), VERDICT_FAIL);
	assert_int_equal(
	    read_answer("{\"id\":7,\"prompt\":\"?\",\"echo\":true}"),
	    VERDICT_PROMPT);
	assert_string_equal(slip_find(answer, "echo"), "yes");
}

static void
what_is_not_understood_is_no_answer(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "", "JSON" },
		{ "{}", "no \"id\"" },
		{ "{\"verdict\":\"allow\"}", "no \"id\"" },
		{ "{\"id\":8,\"verdict\":\"allow\"}", "another question" },
		{ "{\"id\":7}", "neither" },
		{ "{\"id\":7,\"v\":2,\"verdict\":\"allow\"}", "JSON" },
		{ "{\"id\":\"7\",\"verdict\":\"allow\"}", "JSON" },
		{ "{\"id\":7,\"verdict\":\"yes\"}", "JSON" },
		{ "{\"id\":7,\"verdict\":true}", "JSON" },
		{ "{\"id\":7,\"id\":7,\"verdict\":\"allow\"}", "JSON" },
		{ "{\"id\":7,\"verdict\":\"deny\",\"verdict\":\"allow\"}",
		    "JSON" },
		{ "{\"id\":7,\"verdict\":\"allow\",\"user\":\"x\"}",
		    "\"user\"" },
		{ "{\"id\":7,\"verdict\":\"allow\",\"echo\":true}",
		    "\"echo\"" },
		{ "{\"id\":7,\"verdict\":\"allow\",\"prompt\":\"x\"}",
		    "\"prompt\"" },
		{ "{\"id\":7,\"prompt\":\"x\",\"env\":{}}", "\"prompt\"" },
		{ "{\"id\":7,\"verdict\":\"allow\",\"restrict\":\"pty\"}",
		    "JSON" },
		{ "{\"id\":7,\"verdict\":\"allow\",\"restrict\":{\"a\":{}}}",
		    "JSON" },
		{ "{\"id\":7,\"verdict\":\"allow\",\"env\":{\"A\":\"1\","
		  "\"A\":\"2\"}}",
		    "JSON" },
		{ "{\"id\":7,\"verdict\":\"allow\"} {}", "JSON" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(read_answer(bad[i].text), VERDICT_NONE);
		assert_non_null(strstr(problem, bad[i].words));
	}
}

static void
a_question_is_one_line_with_all_that_was_asked(void **state)
{
	static char room[VERDICT_QUESTION_SIZE];
	struct slip_reader question;
	size_t len;

	(void)state;
	slip_begin(&packet, 12);
	slip_put(&packet, "ask", "check");
	slip_put(&packet, "password", "a\"b\n");
	slip_put(&packet, "probe", "");
	assert_true(slip_open(&question,
	    (struct sp_view){ (uint8_t *)packet.bytes, packet.len }));
	len = verdict_ask(&question, 9, room);
	room[len] = '\0';
	assert_string_equal(room,
	    "{\"v\":1,\"id\":9,\"ask\":\"check\","
	    "\"password\":\"a\\\"b\\u000a\",\"probe\":true}\n");
	slip_put(&packet, "user", "\xff");
	assert_true(slip_open(&question,
	    (struct sp_view){ (uint8_t *)packet.bytes, packet.len }));
	assert_int_equal(verdict_ask(&question, 9, room), 0);
}

static void
packets_are_pairs_or_they_are_none(void **state)
{
	struct slip_reader r;
	struct sp_view whole;
	static char large[SLIP_SIZE];

	(void)state;
	slip_begin(&packet, 4711);
	slip_put(&packet, "a", "");
	whole = (struct sp_view){ (uint8_t *)packet.bytes, packet.len };
	assert_true(slip_open(&r, whole));
	assert_int_equal(r.number, 4711);
	assert_string_equal(slip_find(r, "a"), "");
	for (size_t len = 0; len < whole.len; len++) {
		uint8_t *end = malloc(len + 1);

		assert_non_null(end);
		memcpy(end, whole.data, len);
		/* With its number alone it is whole again. */
		assert_int_equal(
		    slip_open(&r, (struct sp_view){ end, len }), len == 7);
		free(end);
	}
	assert_false(
	    slip_open(&r, (struct sp_view){ (const uint8_t *)"m\0001\0", 4 }));
	assert_false(
	    slip_open(&r, (struct sp_view){ (const uint8_t *)"n\0001x\0", 5 }));
	assert_false(
	    slip_open(&r, (struct sp_view){ (const uint8_t *)"n\000-1\0", 5 }));
	memset(large, 'x', sizeof large - 1);
	slip_put(&packet, "b", large);
	assert_true(packet.failed);
	assert_false(slip_send(0, &packet));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_becomes_a_packet),
		cmocka_unit_test(what_is_not_understood_is_no_answer),
		cmocka_unit_test(
		    a_question_is_one_line_with_all_that_was_asked),
		cmocka_unit_test(packets_are_pairs_or_they_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
