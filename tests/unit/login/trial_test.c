/* What modules say along with their verdicts: when it counts, and when not. */
#include "daemon/login/trial.h"

#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* All that was kept so far, of the login that is tried. */
static struct restrictions kept;
static char identity[TRIAL_IDENTITY_SIZE];
static struct trial trial;

static int
start_over(void **state)
{
	(void)state;
	trial_clear(&trial);
	restriction_clear(&kept);
	identity[0] = '\0';
	return 0;
}

static void
begin(void)
{
	trial_begin(&trial, &(struct trial_proof){ .moment.seconds = 1000 });
}

/* Whether the module's verdict stands. */
static bool
settles(enum sp_verdict verdict)
{
	enum sp_verdict before = verdict;
	const char *problem = trial_settle(&trial, &verdict, &kept);

	assert_true(problem == NULL || verdict == SP_DENY);
	return problem == NULL && verdict == before;
}

static void
keep(void)
{
	trial_keep(&trial, identity, &kept);
}

static const char *
value(const char *key)
{
	return restriction_value(&kept, key);
}

static void
what_an_acceptance_says_is_kept(void **state)
{
	(void)state;
	begin();
	assert_true(trial_restrict(&trial, "command", "id"));
	assert_true(trial_set_variable(&trial, "A", "b"));
	assert_true(trial_set_identity(&trial, identity, "alice"));
	assert_true(settles(SP_ALLOW));
	assert_null(value("command"));
	keep();
	assert_string_equal(value("command"), "id");
	assert_string_equal(kept.variables[0], "A=b");
	assert_string_equal(identity, "alice");
}

static void
who_does_not_accept_leaves_nothing_behind(void **state)
{
	static const enum sp_verdict verdicts[] = { SP_NEXT, SP_DENY, SP_FAIL };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin();
		assert_true(trial_restrict(&trial, "command", "id"));
		assert_true(trial_set_identity(&trial, identity, "mallory"));
		/* And what it says wrongly harms nobody either. */
		assert_false(trial_restrict(&trial, "colour", "red"));
		assert_true(settles(verdicts[i]));
	}
	begin();
	assert_true(settles(SP_ALLOW));
	keep();
	assert_null(value("command"));
	assert_string_equal(identity, "");
}

/* Dropbear's changes of 2026.90. */
static void
forced_command_bypassed_when_a_second_factors_acceptance_replaced_the_keys_options(
    void **state)
{
	(void)state;
	begin();
	assert_true(trial_restrict(&trial, "command", "backup"));
	assert_true(trial_restrict(&trial, "pty", "no"));
	assert_true(settles(SP_MORE));
	keep();
	/* The second factor has nothing to say. */
	begin();
	assert_true(settles(SP_ALLOW));
	keep();
	assert_string_equal(value("command"), "backup");
	assert_string_equal(value("pty"), "no");
	/* Nor can a third change what was said. */
	begin();
	assert_true(trial_restrict(&trial, "command", "sh"));
	assert_true(trial_restrict(&trial, "pty", "yes"));
	assert_false(settles(SP_ALLOW));
	begin();
	assert_true(trial_restrict(&trial, "pty", "yes"));
	assert_true(settles(SP_ALLOW));
	keep();
	assert_string_equal(value("command"), "backup");
	assert_string_equal(value("pty"), "no");
}

static void
a_yes_with_what_cannot_be_kept_is_a_no(void **state)
{
	static const char *const rows[][2] = { { "colour", "red" },
		{ "pty", "maybe" }, { "permitopen", "host:0" },
		{ "expiry", "soon" }, { "from", "10.0.0.0/99" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin();
		assert_false(trial_restrict(&trial, rows[i][0], rows[i][1]));
		assert_false(settles(SP_ALLOW));
		assert_string_equal(trial.problem_key, rows[i][0]);
		begin();
		assert_true(trial_set_variable(&trial, "A", "b"));
		assert_false(trial_set_variable(&trial, "SSH_TTY", "x"));
		assert_false(settles(SP_MORE));
	}
}

static void
two_identities_are_a_refusal(void **state)
{
	(void)state;
	begin();
	assert_true(trial_set_identity(&trial, identity, "alice"));
	assert_false(trial_set_identity(&trial, identity, "bob"));
	assert_false(settles(SP_ALLOW));
	begin();
	assert_true(trial_set_identity(&trial, identity, "alice"));
	assert_true(settles(SP_MORE));
	keep();
	begin();
	assert_false(trial_set_identity(&trial, identity, "bob"));
	assert_false(settles(SP_ALLOW));
	begin();
	assert_true(trial_set_identity(&trial, identity, "alice"));
	assert_true(settles(SP_ALLOW));
	begin();
	assert_false(trial_set_identity(&trial, "", ""));
	assert_false(settles(SP_ALLOW));
	begin();
	assert_false(trial_set_identity(&trial, "", "a\nb"));
	assert_false(settles(SP_ALLOW));
}

/* An authenticator's word, and whether it lets in. */
static bool
is_in_with(
    bool is_touched, bool is_verified, bool needs_no_touch, bool must_verify)
{
	const struct trial_proof proof = {
		.moment = { .seconds = 1000, .is_verified = is_verified },
		.presence = { .is_reported = true, .is_touched = is_touched },
	};

	trial_begin(&trial, &proof);
	trial.may_be_untouched = needs_no_touch;
	if (must_verify)
		assert_true(trial_restrict(&trial, "verify", "yes"));
	return settles(SP_ALLOW);
}

static void
somebody_must_touch_an_authenticator_unless_all_do_without(void **state)
{
	struct sp_certificate certificate = { 0 };
	struct trial_proof proof = {
		.presence = { .is_reported = true },
		.certificate = &certificate,
	};
	/* The extension "no-touch-required", without data. */
	static const uint8_t no_touch[] = "\0\0\0\x11no-touch-required\0\0\0";

	(void)state;
	assert_true(is_in_with(true, false, false, false));
	assert_false(is_in_with(false, false, false, false));
	assert_true(is_in_with(false, false, true, false));
	assert_false(is_in_with(true, false, false, true));
	assert_true(is_in_with(true, true, false, true));
	assert_false(is_in_with(false, true, false, true));
	/* A certificate has a say as well. */
	certificate.valid_before = 1;
	trial_begin(&trial, &proof);
	trial.may_be_untouched = true;
	assert_false(settles(SP_ALLOW));
	certificate.extensions = view_of(no_touch, sizeof no_touch);
	trial_begin(&trial, &proof);
	trial.may_be_untouched = true;
	assert_true(settles(SP_ALLOW));
	trial_begin(&trial, &proof);
	assert_false(settles(SP_ALLOW));
}

static void
a_key_of_no_authenticator_verifies_nobody(void **state)
{
	(void)state;
	begin();
	assert_true(trial_restrict(&trial, "verify", "yes"));
	assert_false(settles(SP_ALLOW));
	/* Nor is it asked for in a probe. */
	trial_begin(&trial, &(struct trial_proof){ .moment.is_probe = true });
	assert_true(trial_restrict(&trial, "verify", "yes"));
	assert_true(settles(SP_ALLOW));
}

static void
all_of_a_line_is_added_or_nothing(void **state)
{
	struct restrictions line = { 0 };

	(void)state;
	begin();
	assert_true(trial_restrict(&trial, "command", "id"));
	assert_null(restriction_add(&line, "agent-forwarding", "no"));
	assert_null(restriction_add(&line, "command", "ls"));
	assert_non_null(trial_add_all(&trial, &line));
	assert_null(restriction_value(&trial.said, "agent-forwarding"));
	assert_true(settles(SP_ALLOW));
	restriction_clear(&line);
	assert_null(restriction_add(&line, "pty", "no"));
	begin();
	assert_null(trial_add_all(&trial, &line));
	assert_true(settles(SP_ALLOW));
	keep();
	assert_string_equal(value("pty"), "no");
	restriction_clear(&line);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    what_an_acceptance_says_is_kept, start_over),
		cmocka_unit_test_setup(
		    who_does_not_accept_leaves_nothing_behind, start_over),
		cmocka_unit_test_setup(
		    forced_command_bypassed_when_a_second_factors_acceptance_replaced_the_keys_options,
		    start_over),
		cmocka_unit_test_setup(
		    a_yes_with_what_cannot_be_kept_is_a_no, start_over),
		cmocka_unit_test_setup(
		    two_identities_are_a_refusal, start_over),
		cmocka_unit_test_setup(
		    somebody_must_touch_an_authenticator_unless_all_do_without,
		    start_over),
		cmocka_unit_test_setup(
		    a_key_of_no_authenticator_verifies_nobody, start_over),
		cmocka_unit_test_setup_teardown(
		    all_of_a_line_is_added_or_nothing, start_over, start_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
