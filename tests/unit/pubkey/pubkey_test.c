/* The table of key types, and the sets their algorithms are in. */
#include "lib/crypto/algorithm.h"
#include "lib/pubkey/pubkey.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PLAIN "ssh-ed25519,sk-ssh-ed25519@openssh.com,rsa-sha2-512,rsa-sha2-256"
#define NIST \
	"sk-ecdsa-sha2-nistp256@openssh.com,ecdsa-sha2-nistp256," \
	"ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"

static void
expect_names(algorithm_row *row, enum algorithm_set set, const char *expected)
{
	struct buffer names;

	buffer_init(&names, 4096);
	assert_int_equal(algorithm_names(row, set, &names), SP_OK);
	assert_true(view_equal_string(buffer_view(&names), expected));
	buffer_clear(&names);
}

static void
nist_is_compatible_alone_for_hosts_and_modern_for_users(void **unused)
{
	(void)unused;
	expect_names(pubkey_host_row, ALGORITHM_MODERN, PLAIN);
	expect_names(pubkey_host_row, ALGORITHM_COMPATIBLE, PLAIN "," NIST);
	expect_names(pubkey_user_row, ALGORITHM_MODERN, PLAIN "," NIST);
}

static void
no_authenticator_is_a_host_key_of_ours(void **unused)
{
	(void)unused;
	expect_names(pubkey_server_row, ALGORITHM_MODERN,
	    "ssh-ed25519,rsa-sha2-512,rsa-sha2-256");
	expect_names(pubkey_server_row, ALGORITHM_COMPATIBLE,
	    "ssh-ed25519,rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,"
	    "ecdsa-sha2-nistp384,ecdsa-sha2-nistp521");
}

static void
sha1_is_nowhere(void **unused)
{
	struct sp_view name = view_of_string("ssh-rsa");

	(void)unused;
	assert_non_null(pubkey_type_find(name));
	assert_null(pubkey_type_algorithm(pubkey_type_find(name), name));
	assert_false(algorithm_is_known(pubkey_host_row, name));
	assert_false(algorithm_is_known(pubkey_user_row, name));
	assert_null(pubkey_type_find(view_of_string("ssh-dss")));
}

/* Whoever offers them by default would be shown what he does not expect. */
static void
certificates_of_hosts_are_offered_where_they_are_named(void **unused)
{
	enum algorithm_set set;
	const char *name;
	size_t count = 0;

	(void)unused;
	expect_names(pubkey_offer_row, ALGORITHM_MODERN, PLAIN);
	expect_names(pubkey_offer_row, ALGORITHM_COMPATIBLE, PLAIN "," NIST);
	for (size_t i = 0; (name = pubkey_offer_row(i, &set)) != NULL; i++) {
		const char *plain =
		    sp_certificate_algorithm(view_of_string(name));

		if (set != ALGORITHM_ASK)
			continue;
		assert_non_null(plain);
		assert_true(
		    algorithm_is_known(pubkey_host_row, view_of_string(plain)));
		assert_string_equal(pubkey_certificate_algorithm(plain), name);
		count++;
	}
	assert_int_equal(count, 8);
	assert_null(pubkey_certificate_algorithm("ssh-rsa"));
}

static void
rsa_alone_is_slow_by_any_of_its_names(void **unused)
{
	enum algorithm_set set;
	const char *name;

	(void)unused;
	for (size_t i = 0; (name = pubkey_offer_row(i, &set)) != NULL; i++)
		assert_int_equal(pubkey_is_slow(view_of_string(name)),
		    strncmp(name, "rsa-", 4) == 0);
	assert_false(pubkey_is_slow(view_of_string("ssh-rsa")));
	assert_false(pubkey_is_slow(view_of_string("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    nist_is_compatible_alone_for_hosts_and_modern_for_users),
		cmocka_unit_test(no_authenticator_is_a_host_key_of_ours),
		cmocka_unit_test(sha1_is_nowhere),
		cmocka_unit_test(
		    certificates_of_hosts_are_offered_where_they_are_named),
		cmocka_unit_test(rsa_alone_is_slow_by_any_of_its_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
