/* What satisfies a profile's `accept`: tables of requests and outcomes. */
#include "daemon/login/accept.h"

#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { KEYS, CA, PAM, OTP, ANY, OTHER, AUTHS };

static const char *const all_methods[AUTHS] = {
	[KEYS] = "publickey",
	[CA] = "publickey",
	[PAM] = "password,keyboard-interactive",
	[OTP] = "keyboard-interactive",
	[ANY] = "publickey,password,keyboard-interactive,none",
	[OTHER] = "none,keyboard-interactive,password,publickey",
};

#define WAY(...) \
	{ \
		.steps = (const size_t[]){ __VA_ARGS__ }, \
		.count = \
		    sizeof((const size_t[]){ __VA_ARGS__ }) / sizeof(size_t), \
	}

/* A request: what each group would say to it, and what comes of it. */
struct row {
	const char *method;
	const char *key;
	enum sp_verdict verdicts[AUTHS];
	enum accept_outcome outcome;
	const char *methods; /* that can continue after it; NULL: any */
	unsigned asked; /* bits of the groups that were asked */
	bool is_probe;
};

struct table {
	const struct row *row;
	unsigned asked;
};

static const char *
methods_of(size_t auth, void *arg)
{
	(void)arg;
	return all_methods[auth];
}

static enum sp_verdict
ask(size_t auth, void *arg)
{
	struct table *t = arg;

	t->asked |= 1u << auth;
	return t->row->verdicts[auth];
}

/* Bits of the groups that may fail; of all rows of a table. */
static unsigned may_fail;

static bool
goes_on(size_t auth, void *arg)
{
	(void)arg;
	return (may_fail & 1u << auth) != 0;
}

static void
run(const struct accept_settings *ways, size_t way_count,
    const struct row *rows, size_t row_count)
{
	const struct profile_settings profile = { .accept = ways,
		.accept_count = way_count };
	struct table table = { 0 };
	const struct accept_asker asker = { methods_of, ask, goes_on, &table };
	struct accept accept;
	char methods[128];

	assert_true(accept_init(&accept, &profile));
	for (size_t i = 0; i < row_count; i++) {
		const struct row *row = &rows[i];
		const struct accept_request request = {
			.method = view_of_string(row->method),
			.key = view_of_string(row->key == NULL ? "" : row->key),
			.is_probe = row->is_probe,
		};

		table = (struct table){ .row = row };
		assert_int_equal(
		    accept_judge(&accept, &request, &asker), row->outcome);
		assert_int_equal(table.asked, row->asked);
		accept_methods(&accept, &asker, methods, sizeof methods);
		if (row->methods != NULL)
			assert_string_equal(methods, row->methods);
	}
	accept_clear(&accept);
}

#define RUN(ways, rows) \
	run(ways, sizeof(ways) / sizeof((ways)[0]), rows, \
	    sizeof(rows) / sizeof((rows)[0]))

static void
the_first_way_with_an_opinion_decides(void **state)
{
	const struct accept_settings ways[] = { WAY(CA), WAY(KEYS) };
	static const struct row rows[] = {
		{ "publickey", "a", { [CA] = SP_NEXT, [KEYS] = SP_NEXT },
		    ACCEPT_REFUSED, "publickey", 1u << CA | 1u << KEYS, false },
		{ "publickey", "a", { [CA] = SP_DENY, [KEYS] = SP_ALLOW },
		    ACCEPT_REFUSED, "publickey", 1u << CA, false },
		{ "publickey", "a", { [CA] = SP_FAIL, [KEYS] = SP_ALLOW },
		    ACCEPT_UNJUDGED, "publickey", 1u << CA, false },
		{ "publickey", "a", { [CA] = SP_NEXT, [KEYS] = SP_FAIL },
		    ACCEPT_UNJUDGED, "publickey", 1u << CA | 1u << KEYS,
		    false },
		{ "publickey", "a", { [CA] = SP_NEXT, [KEYS] = SP_ALLOW },
		    ACCEPT_DONE, NULL, 1u << CA | 1u << KEYS, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
a_failure_is_no_opinion_where_the_group_says_so(void **state)
{
	const struct accept_settings ways[] = { WAY(CA), WAY(KEYS) };
	static const struct row rows[] = {
		{ "publickey", "a", { [CA] = SP_FAIL, [KEYS] = SP_NEXT },
		    ACCEPT_UNJUDGED, "publickey", 1u << CA | 1u << KEYS,
		    false },
		/* Somebody could find out, and it was wrong. */
		{ "publickey", "a", { [CA] = SP_FAIL, [KEYS] = SP_DENY },
		    ACCEPT_REFUSED, "publickey", 1u << CA | 1u << KEYS, false },
		{ "publickey", "a", { [CA] = SP_DENY, [KEYS] = SP_ALLOW },
		    ACCEPT_REFUSED, "publickey", 1u << CA, false },
		/* The other may not. */
		{ "publickey", "a", { [CA] = SP_FAIL, [KEYS] = SP_FAIL },
		    ACCEPT_UNJUDGED, "publickey", 1u << CA | 1u << KEYS,
		    false },
		{ "publickey", "a", { [CA] = SP_FAIL, [KEYS] = SP_ALLOW },
		    ACCEPT_DONE, NULL, 1u << CA | 1u << KEYS, false },
	};

	(void)state;
	may_fail = 1u << CA;
	RUN(ways, rows);
	may_fail = 0;
}

static void
where_all_may_fail_and_do_nobody_is_let_in(void **state)
{
	const struct accept_settings ways[] = { WAY(CA), WAY(KEYS, OTP) };
	static const struct row rows[] = {
		{ "publickey", "a", { [CA] = SP_FAIL, [KEYS] = SP_FAIL },
		    ACCEPT_UNJUDGED, "publickey", 1u << CA | 1u << KEYS,
		    false },
		{ "publickey", "a", { [CA] = SP_FAIL, [KEYS] = SP_ALLOW },
		    ACCEPT_STEP, "publickey,keyboard-interactive",
		    1u << CA | 1u << KEYS, false },
		{ "keyboard-interactive", NULL, { [OTP] = SP_FAIL },
		    ACCEPT_UNJUDGED, "publickey,keyboard-interactive",
		    1u << OTP, false },
	};

	(void)state;
	may_fail = 1u << CA | 1u << KEYS | 1u << OTP;
	RUN(ways, rows);
	may_fail = 0;
}

static void
a_group_that_does_not_serve_the_method_is_not_asked(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS), WAY(PAM) };
	static const struct row rows[] = {
		{ "password", NULL, { [KEYS] = SP_ALLOW, [PAM] = SP_DENY },
		    ACCEPT_REFUSED, "publickey,password,keyboard-interactive",
		    1u << PAM, false },
		{ "none", NULL, { SP_ALLOW, SP_ALLOW, SP_ALLOW, SP_ALLOW },
		    ACCEPT_REFUSED, NULL, 0, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
all_steps_of_a_way_are_needed_in_their_order(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS, PAM) };
	static const struct row rows[] = {
		{ "password", NULL, { [PAM] = SP_ALLOW }, ACCEPT_REFUSED,
		    "publickey", 0, false },
		{ "publickey", "a", { [KEYS] = SP_ALLOW }, ACCEPT_STEP,
		    "password,keyboard-interactive", 1u << KEYS, false },
		{ "publickey", "b", { [KEYS] = SP_ALLOW }, ACCEPT_REFUSED,
		    "password,keyboard-interactive", 0, false },
		{ "password", NULL, { [PAM] = SP_DENY }, ACCEPT_REFUSED,
		    "password,keyboard-interactive", 1u << PAM, false },
		{ "password", NULL, { [PAM] = SP_ALLOW }, ACCEPT_DONE, NULL,
		    1u << PAM, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
one_request_satisfies_one_step(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS, KEYS) };
	static const struct row rows[] = {
		{ "publickey", "a", { [KEYS] = SP_ALLOW }, ACCEPT_STEP,
		    "publickey", 1u << KEYS, false },
		{ "publickey", "a", { [KEYS] = SP_ALLOW }, ACCEPT_REFUSED,
		    "publickey", 0, false },
		{ "publickey", "b", { [KEYS] = SP_ALLOW }, ACCEPT_DONE, NULL,
		    1u << KEYS, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
the_same_key_never_satisfies_two_groups_either(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS, CA) };
	static const struct row rows[] = {
		{ "publickey", "a", { [KEYS] = SP_ALLOW, [CA] = SP_ALLOW },
		    ACCEPT_STEP, "publickey", 1u << KEYS, false },
		{ "publickey", "a", { [KEYS] = SP_ALLOW, [CA] = SP_ALLOW },
		    ACCEPT_REFUSED, "publickey", 0, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
a_request_goes_to_the_next_step_of_every_open_way(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS, PAM), WAY(KEYS, OTP),
		WAY(CA) };
	static const struct row rows[] = {
		{ "publickey", "a", { [KEYS] = SP_ALLOW }, ACCEPT_STEP,
		    "password,keyboard-interactive,publickey", 1u << KEYS,
		    false },
		{ "keyboard-interactive", NULL,
		    { [PAM] = SP_NEXT, [OTP] = SP_ALLOW }, ACCEPT_DONE, NULL,
		    1u << PAM | 1u << OTP, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
a_way_that_is_whole_wins_over_a_longer_one(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS, PAM), WAY(KEYS) };
	static const struct row rows[] = {
		{ "publickey", "a", { [KEYS] = SP_ALLOW }, ACCEPT_DONE, NULL,
		    1u << KEYS, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
more_needs_a_further_step(void **state)
{
	const struct accept_settings alone[] = { WAY(KEYS) };
	const struct accept_settings both[] = { WAY(KEYS), WAY(KEYS, PAM) };
	static const struct row no_next[] = {
		{ "publickey", "a", { [KEYS] = SP_MORE }, ACCEPT_NO_NEXT_STEP,
		    "publickey", 1u << KEYS, false },
	};
	static const struct row next[] = {
		{ "publickey", "a", { [KEYS] = SP_MORE }, ACCEPT_STEP,
		    "publickey,password,keyboard-interactive", 1u << KEYS,
		    false },
		{ "password", NULL, { [PAM] = SP_ALLOW }, ACCEPT_DONE, NULL,
		    1u << PAM, false },
	};

	(void)state;
	RUN(alone, no_next);
	RUN(both, next);
}

static void
a_probe_satisfies_nothing(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS, PAM) };
	static const struct row rows[] = {
		{ "publickey", "a", { [KEYS] = SP_ALLOW }, ACCEPT_WOULD_DO,
		    "publickey", 1u << KEYS, true },
		{ "publickey", "b", { [KEYS] = SP_NEXT }, ACCEPT_REFUSED,
		    "publickey", 1u << KEYS, true },
		{ "publickey", "a", { [KEYS] = SP_MORE }, ACCEPT_WOULD_DO,
		    "publickey", 1u << KEYS, true },
		{ "publickey", "a", { [KEYS] = SP_ALLOW }, ACCEPT_STEP,
		    "password,keyboard-interactive", 1u << KEYS, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
a_verdict_that_is_none_refuses(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS), WAY(CA) };
	static const struct row rows[] = {
		{ "publickey", "a",
		    { [KEYS] = (enum sp_verdict)77, [CA] = SP_ALLOW },
		    ACCEPT_REFUSED, "publickey", 1u << KEYS, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
methods_that_do_not_fit_are_left_out(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS), WAY(PAM) };
	const struct profile_settings profile = { .accept = ways,
		.accept_count = 2 };
	const struct accept_asker asker = { methods_of, ask, goes_on, NULL };
	struct accept accept;
	char room[19];

	(void)state;
	assert_true(accept_init(&accept, &profile));
	accept_methods(&accept, &asker, room, sizeof room);
	assert_string_equal(room, "publickey,password");
	accept_methods(&accept, &asker, room, 18);
	assert_string_equal(room, "publickey");
	accept_clear(&accept);
}

/* What the first of two says, to whom the second would say yes. */
static const struct {
	enum sp_verdict first;
	bool goes_on;
	enum accept_outcome outcome;
	bool is_second_asked;
} verdicts[] = {
	{ SP_NEXT, false, ACCEPT_DONE, true },
	{ SP_ALLOW, false, ACCEPT_DONE, false },
	{ SP_DENY, false, ACCEPT_REFUSED, false },
	{ SP_DENY, true, ACCEPT_REFUSED, false },
	{ SP_FAIL, false, ACCEPT_UNJUDGED, false },
	{ SP_FAIL, true, ACCEPT_DONE, true },
	{ SP_MORE, false, ACCEPT_NO_NEXT_STEP, false },
	{ SP_CHANGE, false, ACCEPT_CHANGE, false },
	{ (enum sp_verdict)77, true, ACCEPT_REFUSED, false },
};

static const char *const every_method[] = { "publickey", "password",
	"keyboard-interactive", "none" };

static void
a_verdict_means_the_same_whatever_the_method(void **state)
{
	const struct accept_settings ways[] = { WAY(ANY), WAY(OTHER) };

	(void)state;
	for (size_t m = 0; m < 4; m++)
		for (size_t v = 0; v < sizeof verdicts / sizeof *verdicts;
		     v++) {
			struct row row = { every_method[m], m == 0 ? "a" : NULL,
				{ [ANY] = verdicts[v].first,
				    [OTHER] = SP_ALLOW },
				verdicts[v].outcome, NULL, 1u << ANY, false };

			may_fail = verdicts[v].goes_on ? 1u << ANY : 0;
			if (verdicts[v].is_second_asked)
				row.asked |= 1u << OTHER;
			run(ways, 2, &row, 1);
		}
	may_fail = 0;
}

static void
steps_of_all_methods_follow_each_other_in_their_order(void **state)
{
	const struct accept_settings ways[] = { WAY(ANY, OTHER) };

	(void)state;
	for (size_t m = 0; m < 4; m++)
		for (size_t n = 0; n < 4; n++) {
			const struct row rows[] = {
				{ every_method[m], m == 0 ? "a" : NULL,
				    { [ANY] = SP_DENY, [OTHER] = SP_ALLOW },
				    ACCEPT_REFUSED,
				    "publickey,password,keyboard-interactive",
				    1u << ANY, false },
				{ every_method[m], m == 0 ? "a" : NULL,
				    { [ANY] = SP_ALLOW, [OTHER] = SP_ALLOW },
				    ACCEPT_STEP,
				    "keyboard-interactive,password,publickey",
				    1u << ANY, false },
				{ every_method[n], n == 0 ? "b" : NULL,
				    { [ANY] = SP_ALLOW, [OTHER] = SP_DENY },
				    ACCEPT_REFUSED, NULL, 1u << OTHER, false },
				{ every_method[n], n == 0 ? "b" : NULL,
				    { [ANY] = SP_DENY, [OTHER] = SP_ALLOW },
				    ACCEPT_DONE, NULL, 1u << OTHER, false },
			};

			RUN(ways, rows);
		}
}

static void
three_steps_need_three_requests(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS, PAM, OTP) };
	static const struct row rows[] = {
		{ "publickey", "a", { [KEYS] = SP_MORE }, ACCEPT_STEP,
		    "password,keyboard-interactive", 1u << KEYS, false },
		{ "password", NULL, { [PAM] = SP_MORE }, ACCEPT_STEP,
		    "keyboard-interactive", 1u << PAM, false },
		{ "password", NULL, { [PAM] = SP_ALLOW }, ACCEPT_REFUSED,
		    "keyboard-interactive", 0, false },
		{ "keyboard-interactive", NULL, { [OTP] = SP_FAIL },
		    ACCEPT_UNJUDGED, NULL, 1u << OTP, false },
		{ "keyboard-interactive", NULL, { [OTP] = SP_ALLOW },
		    ACCEPT_DONE, NULL, 1u << OTP, false },
	};

	(void)state;
	RUN(ways, rows);
}

static void
a_password_to_be_changed_takes_no_step(void **state)
{
	const struct accept_settings ways[] = { WAY(PAM, KEYS) };
	static const struct row rows[] = {
		{ "password", NULL, { [PAM] = SP_CHANGE }, ACCEPT_CHANGE,
		    "password,keyboard-interactive", 1u << PAM, false },
		{ "password", NULL, { [PAM] = SP_CHANGE }, ACCEPT_CHANGE,
		    "password,keyboard-interactive", 1u << PAM, false },
		{ "publickey", "a", { [KEYS] = SP_ALLOW }, ACCEPT_REFUSED, NULL,
		    0, false },
		{ "password", NULL, { [PAM] = SP_ALLOW }, ACCEPT_STEP,
		    "publickey", 1u << PAM, false },
		/* Never where nothing is proved. */
		{ "publickey", "a", { [KEYS] = SP_CHANGE }, ACCEPT_REFUSED,
		    NULL, 1u << KEYS, true },
	};

	(void)state;
	RUN(ways, rows);
}

static void
the_method_none_is_served_by_next_steps_and_never_named(void **state)
{
	const struct accept_settings ways[] = { WAY(KEYS, ANY) };
	const struct profile_settings profile = { .accept = ways,
		.accept_count = 1 };
	static const struct row row = { .verdicts = { [KEYS] = SP_ALLOW } };
	struct table table = { .row = &row };
	const struct accept_asker asker = { methods_of, ask, goes_on, &table };
	const struct accept_request key = {
		.method = view_of_string("publickey"),
		.key = view_of_string("a"),
	};
	const struct sp_view none = view_of_string("none");
	struct accept accept;
	char methods[128];

	(void)state;
	assert_true(accept_init(&accept, &profile));
	assert_false(accept_serves(&accept, &asker, none));
	assert_int_equal(accept_judge(&accept, &key, &asker), ACCEPT_STEP);
	assert_true(accept_serves(&accept, &asker, none));
	accept_methods(&accept, &asker, methods, sizeof methods);
	assert_string_equal(methods, "publickey,password,keyboard-interactive");
	accept_clear(&accept);
}

/* ---- every order of verdicts ---- */

enum { SAID = 7, ASKED_IN_TURN = 3 };

/* What a group may say; FAIL once as it is, once where it goes on. */
static const struct {
	enum sp_verdict verdict;
	bool goes_on;
} sayings[SAID] = {
	{ SP_NEXT, false },
	{ SP_ALLOW, false },
	{ SP_DENY, false },
	{ SP_MORE, false },
	{ SP_FAIL, false },
	{ SP_FAIL, true },
	{ SP_CHANGE, false },
};

/* The first with an opinion decides; who cannot find out may have none. */
static enum accept_outcome
expected_of(const size_t said[ASKED_IN_TURN], unsigned *asked)
{
	bool has_failed = false;

	*asked = 0;
	for (size_t i = 0; i < ASKED_IN_TURN; i++) {
		*asked |= 1u << i;
		switch (sayings[said[i]].verdict) {
		case SP_NEXT:
			continue;
		case SP_FAIL:
			has_failed = true;
			if (sayings[said[i]].goes_on)
				continue;
			return ACCEPT_UNJUDGED;
		case SP_ALLOW:
			return ACCEPT_DONE;
		case SP_MORE:
			return ACCEPT_NO_NEXT_STEP;
		case SP_CHANGE:
			return ACCEPT_CHANGE;
		case SP_DENY:
			return ACCEPT_REFUSED;
		}
	}
	return has_failed ? ACCEPT_UNJUDGED : ACCEPT_REFUSED;
}

static const char *
any_method(size_t auth, void *arg)
{
	(void)auth;
	(void)arg;
	return "password";
}

static void
verdicts_in_every_order_mean_what_the_first_opinion_says(void **state)
{
	const struct accept_settings ways[] = { WAY(0), WAY(1), WAY(2) };
	const struct profile_settings profile = { .accept = ways,
		.accept_count = ASKED_IN_TURN };
	const struct accept_request request = {
		.method = view_of_string("password"),
	};

	(void)state;
	for (size_t n = 0; n < SAID * SAID * SAID; n++) {
		const size_t said[] = { n % SAID, n / SAID % SAID,
			n / SAID / SAID };
		struct row row = { .method = "password" };
		struct table table = { .row = &row };
		const struct accept_asker asker = { any_method, ask, goes_on,
			&table };
		enum accept_outcome outcome;
		struct accept accept;
		unsigned asked;

		may_fail = 0;
		for (size_t i = 0; i < ASKED_IN_TURN; i++) {
			row.verdicts[i] = sayings[said[i]].verdict;
			may_fail |= sayings[said[i]].goes_on ? 1u << i : 0;
		}
		outcome = expected_of(said, &asked);
		assert_true(accept_init(&accept, &profile));
		assert_int_equal(
		    accept_judge(&accept, &request, &asker), outcome);
		assert_int_equal(table.asked, asked);
		accept_clear(&accept);
	}
	may_fail = 0;
}

/* ---- every combination of one to three steps ---- */

enum { GROUPS = 3, STEPS_MAX = 3, WAYS = 3 + 9 + 27, TRIES = 4, ORDERS = 81 };

static const char *const group_methods[GROUPS] = { "publickey", "password",
	"keyboard-interactive" };

static const char *
one_method_each(size_t auth, void *arg)
{
	(void)arg;
	return group_methods[auth];
}

/* The n-th of all ways of one, two and three steps. */
static struct accept_settings
nth_way(size_t n, size_t steps[STEPS_MAX])
{
	size_t count = 1, first = 0, all = GROUPS;

	while (n - first >= all) {
		first += all;
		all *= GROUPS;
		count++;
	}
	n -= first;
	for (size_t i = 0; i < count; i++, n /= GROUPS)
		steps[i] = n % GROUPS;
	return (struct accept_settings){ .steps = steps, .count = count };
}

/* Whether what was right so far has all steps of a way, in their order. */
static bool
is_whole(const struct accept_settings *way, const size_t *right, size_t count)
{
	size_t done = 0;

	for (size_t i = 0; i < count && done < way->count; i++)
		done += right[i] == way->steps[done];
	return done == way->count;
}

/* Requests that are all right, each with a key of its own. */
static void
try_order(const struct profile_settings *profile, size_t order)
{
	static const char *const keys[TRIES] = { "a", "b", "c", "d" };
	struct row row = { .verdicts = { SP_ALLOW, SP_ALLOW, SP_ALLOW } };
	struct table table = { .row = &row };
	const struct accept_asker asker = { one_method_each, ask, goes_on,
		&table };
	size_t right[TRIES];
	struct accept accept;
	bool is_in = false;

	assert_true(accept_init(&accept, profile));
	for (size_t i = 0; i < TRIES && !is_in; i++, order /= GROUPS) {
		struct accept_request request;

		right[i] = order % GROUPS;
		request = (struct accept_request){
			.method = view_of_string(group_methods[right[i]]),
			.key = view_of_string(right[i] == 0 ? keys[i] : ""),
		};
		for (size_t w = 0; w < profile->accept_count; w++)
			is_in = is_in ||
			    is_whole(&profile->accept[w], right, i + 1);
		assert_int_equal(
		    accept_judge(&accept, &request, &asker) == ACCEPT_DONE,
		    is_in);
	}
	accept_clear(&accept);
}

static void
every_combination_of_one_to_three_steps_wants_all_in_their_order(void **state)
{
	size_t steps[2][STEPS_MAX];

	(void)state;
	for (size_t n = 0; n < WAYS * WAYS; n++) {
		const struct accept_settings ways[] = {
			nth_way(n % WAYS, steps[0]),
			nth_way(n / WAYS, steps[1]),
		};
		const struct profile_settings profile = { .accept = ways,
			.accept_count = 2 };

		for (size_t order = 0; order < ORDERS; order++)
			try_order(&profile, order);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_way_with_an_opinion_decides),
		cmocka_unit_test(
		    a_failure_is_no_opinion_where_the_group_says_so),
		cmocka_unit_test(where_all_may_fail_and_do_nobody_is_let_in),
		cmocka_unit_test(
		    a_group_that_does_not_serve_the_method_is_not_asked),
		cmocka_unit_test(all_steps_of_a_way_are_needed_in_their_order),
		cmocka_unit_test(one_request_satisfies_one_step),
		cmocka_unit_test(
		    the_same_key_never_satisfies_two_groups_either),
		cmocka_unit_test(
		    a_request_goes_to_the_next_step_of_every_open_way),
		cmocka_unit_test(a_way_that_is_whole_wins_over_a_longer_one),
		cmocka_unit_test(more_needs_a_further_step),
		cmocka_unit_test(a_probe_satisfies_nothing),
		cmocka_unit_test(a_verdict_that_is_none_refuses),
		cmocka_unit_test(
		    verdicts_in_every_order_mean_what_the_first_opinion_says),
		cmocka_unit_test(
		    every_combination_of_one_to_three_steps_wants_all_in_their_order),
		cmocka_unit_test(methods_that_do_not_fit_are_left_out),
		cmocka_unit_test(a_verdict_means_the_same_whatever_the_method),
		cmocka_unit_test(
		    steps_of_all_methods_follow_each_other_in_their_order),
		cmocka_unit_test(three_steps_need_three_requests),
		cmocka_unit_test(a_password_to_be_changed_takes_no_step),
		cmocka_unit_test(
		    the_method_none_is_served_by_next_steps_and_never_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
