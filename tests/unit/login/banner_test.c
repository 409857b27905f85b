/* What is shown before a login. */
#include "daemon/login/banner.h"

#include "daemon/login/placard.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
check(const char *text, const char *user, const char *expected)
{
	struct buffer out;

	buffer_init(&out, PLACARD_MAX);
	assert_true(banner_make(text, user, &out));
	if (!view_equal_string(buffer_view(&out), expected))
		fail_msg("%.*s", (int)buffer_len(&out),
		    (const char *)buffer_view(&out).data);
	buffer_clear(&out);
}

static void
names_are_put_in(void **state)
{
	char host[HOST_NAME_MAX + 1] = "", expected[HOST_NAME_MAX + 64];

	(void)state;
	check("Use: ssh -J %u@host\n", "ann", "Use: ssh -J ann@host\r\n");
	check("100%% of %u%u", "b", "100% of bb");
	assert_int_equal(gethostname(host, sizeof host - 1), 0);
	strcpy(expected, "at ");
	strcat(expected, host);
	check("at %n", "ann", expected);
}

static void
any_name_can_be_shown(void **state)
{
	(void)state;
	check("<%u>", "", "<>");
	check("<%u>", "../%u%%", "<../%u%%>");
	check("<%u>", "-x y", "<-x y>");
	check("<%u>", "j\xc3\xbcrgen", "<j\xc3\xbcrgen>");
	check("<%u>", "\x1b[1m\xff", "<?[1m?>");
}

static void
what_is_unknown_stands_for_nothing(void **state)
{
	(void)state;
	check("<%k>%", "ann", "<>");
}

static void
what_is_too_long_is_cut_off(void **state)
{
	char text[2 * PLACARD_READ_MAX], user[256];
	struct buffer out;

	(void)state;
	memset(user, 'x', sizeof user - 1);
	user[sizeof user - 1] = '\0';
	text[0] = '\0';
	while (strlen(text) < sizeof text - 3)
		strcat(text, "%u");
	buffer_init(&out, PLACARD_MAX);
	assert_true(banner_make(text, user, &out));
	assert_int_equal(buffer_len(&out), PLACARD_READ_MAX);
	buffer_clear(&out);
	buffer_init(&out, PLACARD_MAX);
	memset(text, '\n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_true(banner_make(text, user, &out));
	assert_int_equal(buffer_len(&out), PLACARD_MAX);
	buffer_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_put_in),
		cmocka_unit_test(any_name_can_be_shown),
		cmocka_unit_test(what_is_unknown_stands_for_nothing),
		cmocka_unit_test(what_is_too_long_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
