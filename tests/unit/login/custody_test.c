/* A session that is opened, kept and closed; the way is the test's own. */
#include "daemon/login/custody.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What was called, a letter each: o, c, and e or E for who was accepted. */
static char called[16];

/* What opening is to do. */
static bool may_open;
static const char *restricts; /* a key, with the value "no"; or NULL */

static void
note(const char *letter)
{
	strncat(called, letter, sizeof called - strlen(called) - 1);
}

static bool
open_it(struct sp_login *login, const void *conf)
{
	struct sp_question question = { .text = "Why? " };

	assert_null(conf);
	note("o");
	assert_string_equal(sp_login_get(login, "way"), "guard");
	assert_false(sp_ask(login, NULL, NULL, &question, 1));
	assert_true(sp_tell(login, "Hello."));
	assert_true(sp_tell(login, "Again.\n"));
	assert_true(sp_login_set_env(login, "MINE", "1"));
	assert_true(sp_login_set_env(login, "MINE", "2"));
	assert_true(sp_login_set_env(login, "KEYS", "other"));
	assert_false(sp_login_set_env(login, "SSH_CLIENT", "lie"));
	if (restricts != NULL)
		sp_login_restrict(login, restricts, "no");
	return may_open;
}

static void
close_it(struct sp_login *login, const void *conf)
{
	assert_null(conf);
	note("c");
	assert_false(sp_tell(login, "Nobody is there."));
}

static void
end_it(struct sp_login *login, bool accepted, const void *conf)
{
	(void)login;
	(void)conf;
	note(accepted ? "E" : "e");
}

static const struct modgroup group = {
	.name = "guard",
	.module.auth = {
		.size = sizeof(struct sp_auth_ops),
		.end = end_it,
		.open = open_it,
		.close = close_it,
	},
};

/* An attempt that has succeeded. */
struct scene {
	struct profile_settings profile;
	struct login_settings settings;
	struct login_state state;
	struct attempt attempt;
};

static struct scene scene;

static int
set_up(void **state)
{
	struct attempt *a = &scene.attempt;

	(void)state;
	called[0] = '\0';
	may_open = true;
	restricts = NULL;
	scene = (struct scene){ .settings.access.auth_count = 1 };
	a->given.settings = &scene.settings;
	a->given.auths = &group;
	a->states = &scene.state;
	a->candidate.profile = &scene.profile;
	a->candidate.account.name = strdup("alice");
	a->interview.talk = -1;
	a->login.interview = &a->interview;
	a->login.account = &a->candidate.account;
	a->login.user = a->login.profile = "alice";
	assert_null(
	    restriction_set_variable(&a->login.restrictions, "KEYS", "first"));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	login_clear(&scene.attempt.login);
	localaccount_clear(&scene.attempt.candidate.account);
	return 0;
}

static void
a_profile_may_want_none(void **state)
{
	(void)state;
	assert_true(custody_is_wanted(&scene.attempt));
	scene.profile.session = SETTINGS_NONE;
	assert_false(custody_is_wanted(&scene.attempt));
	custody_decline(&scene.attempt);
	assert_string_equal(called, "");
}

static void
what_was_opened_is_closed_and_then_ended(void **state)
{
	struct sp_login *login = &scene.attempt.login;

	(void)state;
	assert_null(custody_open(&scene.attempt));
	assert_string_equal(called, "o");
	assert_string_equal(login->greeting, "Hello.\nAgain.\n");
	assert_int_equal(login->restrictions.variable_count, 2);
	assert_string_equal(login->restrictions.variables[0], "KEYS=first");
	assert_string_equal(login->restrictions.variables[1], "MINE=1");
	assert_false(login->is_opening);
	custody_close(&scene.attempt);
	assert_string_equal(called, "ocE");
}

static void
what_it_takes_away_is_taken_away(void **state)
{
	(void)state;
	restricts = "pty";
	assert_null(custody_open(&scene.attempt));
	assert_true(restriction_is_set(
	    &scene.attempt.login.restrictions, RESTRICTION_PTY));
	custody_close(&scene.attempt);
}

static void
what_cannot_be_kept_closes_again(void **state)
{
	(void)state;
	restricts = "no-such-thing";
	assert_non_null(custody_open(&scene.attempt));
	assert_string_equal(called, "oce");
}

static void
who_is_not_let_in_has_nothing_to_close(void **state)
{
	(void)state;
	may_open = false;
	assert_non_null(custody_open(&scene.attempt));
	assert_string_equal(called, "oe");
	assert_string_equal(scene.attempt.login.greeting, "Hello.\nAgain.\n");
}

static void
a_greeting_has_its_length(void **state)
{
	struct sp_login *login = &scene.attempt.login;
	static char text[LOGIN_GREETING_SIZE];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	assert_false(login_greet(login, text));
	assert_null(login->greeting);
	text[sizeof text - 2] = '\0';
	assert_true(login_greet(login, text));
	assert_int_equal(strlen(login->greeting), LOGIN_GREETING_SIZE - 1);
	assert_false(login_greet(login, "y"));
}

/* ---- two processes ---- */

/* A keeper of a session that does this; its exit status, or its signal. */
static int
keep(void (*session)(pid_t keeper), int signal_number)
{
	pid_t keeper = fork(), child;
	int status;

	if (keeper == 0) {
		keeper = getpid();
		child = custody_fork();
		if (child == 0) {
			session(keeper);
			_exit(0);
		}
		if (signal_number != 0)
			kill(keeper, signal_number);
		custody_wait(child);
		/* It was waited for, and there is no other. */
		_exit(waitpid(-1, NULL, 0) == -1 && errno == ECHILD ? 7 : 8);
	}
	assert_int_equal(waitpid(keeper, &status, 0), keeper);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
end_at_once(pid_t keeper)
{
	(void)keeper;
}

static void
end_by_a_signal(pid_t keeper)
{
	(void)keeper;
	kill(getpid(), SIGKILL);
}

static void
wait_for_signals(pid_t keeper)
{
	(void)keeper;
	for (;;)
		pause();
}

static void
a_keeper_waits_for_the_end_however_it_comes(void **state)
{
	(void)state;
	assert_int_equal(keep(end_at_once, 0), 7);
	assert_int_equal(keep(end_by_a_signal, 0), 7);
}

static void
a_keeper_that_is_told_to_end_has_the_session_ended(void **state)
{
	(void)state;
	assert_int_equal(keep(wait_for_signals, SIGTERM), 7);
	assert_int_equal(keep(wait_for_signals, SIGHUP), 7);
	assert_int_equal(keep(wait_for_signals, SIGINT), 7);
}

static int lifeline[2];

static void
bind_and_kill(pid_t keeper)
{
	close(lifeline[0]);
	if (custody_bind(getpid()) || !custody_bind(keeper))
		_exit(1);
	kill(keeper, SIGKILL);
	wait_for_signals(keeper);
}

/* Its end of the pipe goes with it. */
static void
a_session_goes_with_its_keeper(void **state)
{
	char byte;

	(void)state;
	assert_int_equal(pipe(lifeline), 0);
	assert_int_equal(keep(bind_and_kill, 0), -SIGKILL);
	close(lifeline[1]);
	alarm(20);
	assert_int_equal(read(lifeline[0], &byte, 1), 0);
	alarm(0);
	close(lifeline[0]);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_profile_may_want_none),
		TEST(what_was_opened_is_closed_and_then_ended),
		TEST(what_it_takes_away_is_taken_away),
		TEST(what_cannot_be_kept_closes_again),
		TEST(who_is_not_let_in_has_nothing_to_close),
		TEST(a_greeting_has_its_length),
		TEST(a_keeper_waits_for_the_end_however_it_comes),
		TEST(a_keeper_that_is_told_to_end_has_the_session_ended),
		TEST(a_session_goes_with_its_keeper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
