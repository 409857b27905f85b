/* What a gate may say, and a login. */
#include "daemon/ledger/informant.h"

#include "daemon/ipc/share.h"
#include "daemon/ledger/penalty.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { GATES = 2 };

static struct informant
make(enum ipc_role role, uint32_t part, uint32_t parts, bool is_steered)
{
	const struct control_peer peer = {
		.role = role,
		.id = 7,
		.part = part,
		.parts = parts,
		.is_steered = is_steered,
	};
	struct informant informant;

	assert_true(informant_init(&informant, &peer));
	assert_int_equal(informant.id, 7);
	return informant;
}

static bool
may_say(const struct informant *informant, enum conduct_kind kind,
    const uint8_t address[CONDUCT_ADDRESS_LEN])
{
	struct conduct conduct = { .kind = kind };

	memcpy(conduct.address, address, sizeof conduct.address);
	return informant_refusal(informant, &conduct) == NULL;
}

static void
a_gate_speaks_of_the_sources_that_it_meets(void **state)
{
	uint8_t address[CONDUCT_ADDRESS_LEN] = { [10] = 0xff, [11] = 0xff };

	(void)state;
	for (int i = 0; i < 200; i++) {
		uint32_t its;

		address[15] = (uint8_t)i;
		its = share_of(address, GATES);
		for (uint32_t part = 0; part < GATES; part++) {
			struct informant gate =
			    make(IPC_ROLE_GATE, part, GATES, true);

			assert_int_equal(
			    may_say(&gate, CONDUCT_NOAUTH, address),
			    part == its);
			assert_int_equal(
			    may_say(&gate, CONDUCT_GRACE_EXCEEDED, address),
			    part == its);
		}
	}
}

static void
a_gate_speaks_of_no_login(void **state)
{
	static const uint8_t address[CONDUCT_ADDRESS_LEN];
	const struct informant gate = make(IPC_ROLE_GATE, 0, 1, true);

	(void)state;
	assert_true(may_say(&gate, CONDUCT_NOAUTH, address));
	assert_true(may_say(&gate, CONDUCT_GRACE_EXCEEDED, address));
	assert_false(may_say(&gate, CONDUCT_AUTHFAIL, address));
	assert_false(may_say(&gate, CONDUCT_CRASH, address));
	assert_false(may_say(&gate, CONDUCT_SUCCESS, address));
}

static void
a_porter_speaks_of_crashes_too(void **state)
{
	static const uint8_t address[CONDUCT_ADDRESS_LEN];
	const struct informant porter = make(IPC_ROLE_GATE, 0, 0, true);

	(void)state;
	assert_true(may_say(&porter, CONDUCT_NOAUTH, address));
	assert_true(may_say(&porter, CONDUCT_CRASH, address));
	assert_false(may_say(&porter, CONDUCT_AUTHFAIL, address));
	assert_false(may_say(&porter, CONDUCT_SUCCESS, address));
}

static void
a_login_speaks_of_all(void **state)
{
	static const uint8_t address[CONDUCT_ADDRESS_LEN];
	const struct informant login = make(IPC_ROLE_LOGIN, 0, 0, false);

	(void)state;
	for (int kind = CONDUCT_NOAUTH; kind < CONDUCT_KINDS; kind++)
		assert_true(may_say(&login, (enum conduct_kind)kind, address));
}

static void
the_word_of_a_gate_that_could_meet_anybody_counts_little(void **state)
{
	const struct penalty_settings settings = { .min = 15, .max = 600 };
	const struct informant steered = make(IPC_ROLE_GATE, 0, GATES, true);
	const struct informant lone = make(IPC_ROLE_GATE, 0, 1, false);
	const struct informant porter = make(IPC_ROLE_GATE, 0, 0, false);
	const struct informant login = make(IPC_ROLE_LOGIN, 0, 0, false);
	const struct informant any = make(IPC_ROLE_GATE, 0, GATES, false);
	const struct conduct seen = { .kind = CONDUCT_NOAUTH };
	const struct conduct said = { .is_claimed = true };
	uint8_t address[CONDUCT_ADDRESS_LEN] = { 0 };

	(void)state;
	/* Nor does a login's, of an address that a gate has told it. */
	assert_int_equal(informant_limit(&login, &said, &settings), 30);
	assert_true(
	    informant_limit(&steered, &seen, &settings) == PENALTY_NO_LIMIT);
	assert_true(
	    informant_limit(&lone, &seen, &settings) == PENALTY_NO_LIMIT);
	assert_true(
	    informant_limit(&porter, &seen, &settings) == PENALTY_NO_LIMIT);
	assert_true(
	    informant_limit(&login, &seen, &settings) == PENALTY_NO_LIMIT);
	assert_int_equal(informant_limit(&any, &seen, &settings), 30);
	for (int i = 0; i < 10; i++) {
		address[0] = (uint8_t)i;
		assert_true(may_say(&any, CONDUCT_NOAUTH, address));
	}
}

static void
others_have_nothing_to_tell(void **state)
{
	static const enum ipc_role roles[] = { IPC_ROLE_SUPERVISOR,
		IPC_ROLE_KEYHOLDER, IPC_ROLE_SESSION, IPC_ROLE_SERVICE,
		IPC_ROLE_LEDGER };
	struct informant informant;

	(void)state;
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		const struct control_peer peer = { .role = roles[i] };

		assert_false(informant_init(&informant, &peer));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gate_speaks_of_the_sources_that_it_meets),
		cmocka_unit_test(a_gate_speaks_of_no_login),
		cmocka_unit_test(a_porter_speaks_of_crashes_too),
		cmocka_unit_test(a_login_speaks_of_all),
		cmocka_unit_test(
		    the_word_of_a_gate_that_could_meet_anybody_counts_little),
		cmocka_unit_test(others_have_nothing_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
