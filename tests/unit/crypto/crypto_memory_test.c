/* lib/crypto when memory runs out, at every allocation it makes. */
#include "lib/crypto/agreement.h"
#include "lib/crypto/cipher.h"
#include "lib/crypto/digest.h"
#include "tests/unit/alloc_fail.h"
#include "tests/unit/suites.h"

#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sp_crypto *crypto;

static void
make_crypto(void *context)
{
	struct sp_crypto *c = sp_crypto_new();

	(void)context;
	if (c == NULL)
		assert_true(alloc_fail_happened());
	sp_crypto_free(c);
}

static void
crypto_is_whole_or_not_there(void **unused)
{
	(void)unused;
	alloc_fail_each(make_crypto, NULL);
}

/* Only an HMAC allocates for a packet, inside OpenSSL. */
static void
carry_packet(struct cipher_state *seal, struct cipher_state *open,
    uint8_t *packet, bool may_fail)
{
	uint32_t length = cipher_has_length_inside(seal) ? 28 : 32;
	enum sp_status status = cipher_seal(seal, 0, packet, length);

	if (status == SP_OK) {
		assert_int_equal(cipher_length(open, 0, packet), length);
		status = cipher_open(open, 0, packet, length);
	}
	if (status != SP_OK)
		assert_true(may_fail && alloc_fail_happened() &&
		    status == SP_ERR_CRYPTO);
}

static void
seal_and_open(void *context)
{
	const struct cipher_suite *suite = context;
	struct cipher_state *seal = NULL, *open = NULL;
	uint8_t bytes[64] = { 0 }, packet[128] = { 0 };
	struct cipher_keys keys = suites_keys(*suite, bytes);

	if (cipher_new(*suite, crypto, CIPHER_SEAL, keys, &seal) != SP_OK ||
	    cipher_new(*suite, crypto, CIPHER_OPEN, keys, &open) != SP_OK)
		assert_true(alloc_fail_happened());
	else
		carry_packet(seal, open, packet, suite->mac != NULL);
	cipher_free(seal);
	cipher_free(open);
}

static void
a_cipher_state_is_whole_or_not_there(void **unused)
{
	struct cipher_suite suite;

	(void)unused;
	for (size_t i = 0; suites_at(i, &suite); i++)
		alloc_fail_each(seal_and_open, &suite);
}

static void
agree(void *context)
{
	struct agreement_state *client = NULL;
	struct buffer to_server, to_client;
	struct secret ours = { NULL, 0 }, theirs = { NULL, 0 };

	(void)context;
	buffer_init(&to_server, 256);
	buffer_init(&to_client, 256);
	if (agreement_start(&x25519_agreement, crypto, &to_server, &client) !=
		SP_OK ||
	    agreement_respond(&x25519_agreement, crypto,
		buffer_view(&to_server), &to_client, &theirs) != SP_OK ||
	    agreement_finish(client, buffer_view(&to_client), &ours) != SP_OK)
		assert_true(alloc_fail_happened());
	else
		assert_true(
		    view_equal(secret_view(&ours), secret_view(&theirs)));
	agreement_free(client);
	secret_clear(&ours);
	secret_clear(&theirs);
	buffer_clear(&to_server);
	buffer_clear(&to_client);
}

static void
an_agreement_ends_in_one_secret_or_in_an_error(void **unused)
{
	(void)unused;
	alloc_fail_each(agree, NULL);
}

static void
digest(void *context)
{
	struct sp_view piece = view_of_string("piece");
	uint8_t out[DIGEST_MAX];

	(void)context;
	if (digest_of(crypto, DIGEST_SHA512, &piece, 1, out) != SP_OK ||
	    digest_hmac(crypto, DIGEST_SHA256, piece, &piece, 1, out) != SP_OK)
		assert_true(alloc_fail_happened());
}

static void
a_digest_is_made_or_an_error(void **unused)
{
	(void)unused;
	alloc_fail_each(digest, NULL);
}

/*
 * The first run of anything after sp_crypto_new() finds all in place, as a
 * forked child should: it allocates what every later run does.
 */
static void
the_first_time_costs_no_more_than_the_second(void **unused)
{
	static void (*const bodies[])(void *) = { agree, digest };

	(void)unused;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		unsigned long first = alloc_fail_count(bodies[i], NULL);

		assert_int_equal(first, alloc_fail_count(bodies[i], NULL));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* first of all: the others warm what they use */
		cmocka_unit_test(the_first_time_costs_no_more_than_the_second),
		cmocka_unit_test(crypto_is_whole_or_not_there),
		cmocka_unit_test(a_cipher_state_is_whole_or_not_there),
		cmocka_unit_test(
		    an_agreement_ends_in_one_secret_or_in_an_error),
		cmocka_unit_test(a_digest_is_made_or_an_error),
	};
	int failed;

	alloc_fail_install();
	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
