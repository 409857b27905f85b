/* Which requests may be looked at at all. */
#include "daemon/login/judgement.h"

#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t long_bytes[LIMIT_KEY_BLOB + 1] = { 'x' };
static char long_text[CANDIDATE_NAME_SIZE + LIMIT_SERVICE + LIMIT_METHOD];

/* The texts of a request, how long each may be, and whether it may be "". */
static const struct {
	size_t offset;
	size_t max;
	bool may_be_empty;
} texts[] = {
	{ offsetof(struct authentication_request, user),
	    CANDIDATE_NAME_SIZE - 1, false },
	{ offsetof(struct authentication_request, service), LIMIT_SERVICE,
	    false },
	{ offsetof(struct authentication_request, method), LIMIT_METHOD,
	    false },
	{ offsetof(struct authentication_request, key_algorithm), LIMIT_METHOD,
	    true },
	{ offsetof(struct authentication_request, client_host), LIMIT_HOST_NAME,
	    true },
	{ offsetof(struct authentication_request, client_user), LIMIT_USER,
	    true },
};

enum { TEXTS = sizeof texts / sizeof texts[0] };

static struct authentication_request
example(void)
{
	return (struct authentication_request){
		.user = view_of_string("alice"),
		.service = view_of_string("ssh-connection"),
		.method = view_of_string("publickey"),
		.key_algorithm = view_of_string("ssh-ed25519"),
		.key = view_of("\0\1\2", 3),
		.signature = view_of("\0\1\2", 3),
	};
}

/* The example with one of its texts changed. */
static bool
is_plain_with(size_t i, struct sp_view text)
{
	struct authentication_request request = example();

	memcpy((char *)&request + texts[i].offset, &text, sizeof text);
	return judgement_is_plain(&request);
}

static void
what_clients_send_is_plain(void **state)
{
	struct authentication_request request = example();

	(void)state;
	assert_true(judgement_is_plain(&request));
	request.user = view_of_string("M\xc3\xbcller von \"X\"\\");
	assert_true(judgement_is_plain(&request));
	request.key = request.key_algorithm = view_of(NULL, 0);
	assert_true(judgement_is_plain(&request));
}

static void
a_control_character_anywhere_in_a_text_is_refused(void **state)
{
	uint8_t text[] = "abc";

	(void)state;
	for (size_t i = 0; i < TEXTS; i++)
		for (unsigned c = 0; c <= 0x7f; c += c == 0x1f ? 0x60 : 1)
			for (size_t at = 0; at < 3; at++) {
				memcpy(text, "abc", 3);
				text[at] = (uint8_t)c;
				assert_false(
				    is_plain_with(i, view_of(text, 3)));
			}
}

static void
a_text_has_its_length(void **state)
{
	(void)state;
	memset(long_text, 'x', sizeof long_text);
	for (size_t i = 0; i < TEXTS; i++) {
		assert_true(is_plain_with(i, view_of(long_text, texts[i].max)));
		assert_false(
		    is_plain_with(i, view_of(long_text, texts[i].max + 1)));
		assert_int_equal(
		    is_plain_with(i, view_of(NULL, 0)), texts[i].may_be_empty);
	}
}

static void
a_key_has_its_length(void **state)
{
	struct authentication_request request = example();

	(void)state;
	request.key = view_of(long_bytes, LIMIT_KEY_BLOB);
	assert_true(judgement_is_plain(&request));
	request.key.len++;
	assert_false(judgement_is_plain(&request));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_clients_send_is_plain),
		cmocka_unit_test(
		    a_control_character_anywhere_in_a_text_is_refused),
		cmocka_unit_test(a_text_has_its_length),
		cmocka_unit_test(a_key_has_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
