/*
 * Guesses of the first message (RFC 4253 7), right and wrong in the method,
 * in the host key and in both, of either side.
 */
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { POINT_LEN = 32 };

static const char other_kex[] =
    "diffie-hellman-group14-sha256,curve25519-sha256";
static const char other_key[] = "ecdsa-sha2-nistp256,ssh-ed25519";

/* The lists of a guess: bit 0, of a wrong method; bit 1, of a wrong key. */
static struct forger_kexinit
guess_of(unsigned wrong)
{
	return (struct forger_kexinit){
		.kex = (wrong & 1) != 0 ? other_kex : "curve25519-sha256",
		.host_key = (wrong & 2) != 0 ? other_key : "ssh-ed25519",
		.has_markers = true,
		.guess_follows = true,
	};
}

static void
bring(struct pair *p, enum sp_role victim, unsigned wrong)
{
	struct forger_kexinit kexinit = guess_of(wrong);

	pair_init(p);
	p->config[victim].algorithms.kex =
	    "curve25519-sha256,diffie-hellman-group14-sha256";
	forger_bring(p, victim, PHASE_FIRST_KEXINIT, true);
	forger_send_kexinit(p, forger_other(victim), &kexinit);
}

static void
a_server_reads_a_right_guess_and_passes_over_any_wrong_one(void **state)
{
	static const uint8_t base_point[POINT_LEN] = { 9 };
	uint8_t payload[5 + POINT_LEN] = { SSH_MSG_KEX_ECDH_INIT, 0, 0, 0,
		POINT_LEN };

	(void)state;
	memcpy(payload + 5, base_point, POINT_LEN);
	for (unsigned wrong = 0; wrong < 4; wrong++) {
		struct pair p;

		bring(&p, SP_SERVER, wrong);
		forger_send(&p, SP_CLIENT, view_of(payload, sizeof payload));
		forger_deliver(&p, SP_SERVER);
		assert_int_equal(p.closed[SP_SERVER], SP_OK);
		assert_int_equal(
		    p.count[SP_SERVER][SP_EVENT_SIGN_EXCHANGE], wrong == 0);
		if (wrong != 0) {
			forger_send(
			    &p, SP_CLIENT, view_of(payload, sizeof payload));
			forger_deliver(&p, SP_SERVER);
			assert_int_equal(p.closed[SP_SERVER], SP_OK);
			assert_int_equal(
			    p.count[SP_SERVER][SP_EVENT_SIGN_EXCHANGE], 1);
		}
		pair_clear(&p);
	}
}

/*
 * No method has a server speak first, yet it may say that it guessed: one
 * message of its is passed over then, whatever it holds, and no second.
 */
static void
a_client_passes_over_one_message_of_a_wrong_guess(void **state)
{
	(void)state;
	for (unsigned wrong = 0; wrong < 4; wrong++) {
		struct pair p;

		bring(&p, SP_CLIENT, wrong);
		forger_say(&p, SP_SERVER, "bs", SSH_MSG_KEX_ECDH_REPLY, "x");
		forger_deliver(&p, SP_CLIENT);
		assert_int_equal(
		    p.closed[SP_CLIENT], wrong == 0 ? SP_ERR_FORMAT : SP_OK);
		if (wrong != 0) {
			forger_say(
			    &p, SP_SERVER, "bs", SSH_MSG_KEX_ECDH_REPLY, "x");
			forger_deliver(&p, SP_CLIENT);
			assert_int_equal(p.closed[SP_CLIENT], SP_ERR_FORMAT);
		}
		pair_clear(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_server_reads_a_right_guess_and_passes_over_any_wrong_one),
		cmocka_unit_test(
		    a_client_passes_over_one_message_of_a_wrong_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
