/* What modules are shown of a request, a method at a time. */
#include "daemon/login/exhibit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct candidate alice = { .user = "alice", .is_genuine = true };
static const struct candidate decoy = { .user = "alice" };
static char long_text[LIMIT_PASSWORD + 1];
static struct exhibit exhibit;

static struct authentication_request
request_of(const char *method)
{
	return (struct authentication_request){
		.user = view_of_string("alice"),
		.service = view_of_string("ssh-connection"),
		.method = view_of_string(method),
	};
}

static bool
make(const struct candidate *who, const struct authentication_request *request)
{
	const struct sp_crypto *crypto = sp_crypto_new();
	bool is_made;

	assert_non_null(crypto);
	is_made = exhibit_make(&exhibit, crypto, who, request);
	sp_crypto_free((struct sp_crypto *)(uintptr_t)crypto);
	return is_made;
}

static bool
is_password(struct sp_view password)
{
	struct authentication_request request = request_of("password");

	request.password = password;
	return make(&alice, &request);
}

static void
a_password_is_shown_as_it_was_typed(void **state)
{
	(void)state;
	assert_true(is_password(view_of_string("p\303\244ss\tword\177")));
	assert_string_equal(exhibit.cred.method, "password");
	assert_string_equal(exhibit.cred.user, "alice");
	assert_string_equal(exhibit.cred.password, "p\303\244ss\tword\177");
	assert_null(exhibit.cred.submethods);
	assert_int_equal(exhibit.cred.key.len, 0);
	assert_false(exhibit.cred.probe);
}

static void
a_password_has_its_length_and_no_nul(void **state)
{
	(void)state;
	memset(long_text, 'x', sizeof long_text);
	assert_true(is_password(view_of(long_text, LIMIT_PASSWORD)));
	assert_false(is_password(view_of(long_text, LIMIT_PASSWORD + 1)));
	assert_false(is_password(view_of("a\0b", 3)));
	assert_false(is_password(view_of("ab\0", 3)));
	assert_false(is_password(view_of("\0", 1)));
	assert_false(is_password(view_of(NULL, 0)));
}

static void
a_new_password_comes_with_the_wish_to_change_it(void **state)
{
	struct authentication_request request = request_of("password");

	(void)state;
	request.password = view_of_string("old");
	request.is_change = true;
	assert_false(make(&alice, &request));
	request.new_password = view_of("n\0w", 3);
	assert_false(make(&alice, &request));
	request.new_password = view_of_string("new");
	assert_true(make(&alice, &request));
	assert_string_equal(exhibit.new_password, "new");
	request.is_change = false;
	assert_false(make(&alice, &request));
}

static void
what_a_decoy_types_never_reaches_a_module(void **state)
{
	struct authentication_request request = request_of("password");

	(void)state;
	request.password = view_of_string("the right one");
	request.is_change = true;
	request.new_password = view_of_string("another");
	assert_true(make(&decoy, &request));
	assert_string_not_equal(exhibit.cred.password, "the right one");
	assert_int_equal(strlen(exhibit.cred.password), 13);
	assert_string_not_equal(exhibit.new_password, "another");
}

static void
a_method_has_its_own_fields_alone(void **state)
{
	static const char *const methods[] = { "none", "keyboard-interactive" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct authentication_request request = request_of(methods[i]);

		request.password = view_of_string("secret");
		request.key = view_of("\0\1\2", 3);
		request.submethods = view_of_string("otp");
		assert_true(make(&alice, &request));
		assert_string_equal(exhibit.cred.method, methods[i]);
		assert_null(exhibit.cred.password);
		assert_int_equal(exhibit.cred.key.len, 0);
		assert_null(exhibit.cred.key_fingerprint);
		if (i == 0)
			assert_null(exhibit.cred.submethods);
		else
			assert_string_equal(exhibit.cred.submethods, "otp");
	}
}

/* "ssh-ed25519", and 32 bytes; nothing is verified here. */
static uint8_t key_blob[51] = "\0\0\0\13ssh-ed25519\0\0\0\40";

static struct authentication_request
vouched_for(const char *host, const char *user)
{
	struct authentication_request request = request_of("hostbased");

	request.key_algorithm = view_of_string("ssh-ed25519");
	request.key = view_of(key_blob, sizeof key_blob);
	request.client_host = view_of_string(host);
	request.client_user = view_of_string(user);
	return request;
}

static void
a_host_is_shown_by_its_name_in_small_letters(void **state)
{
	static const struct {
		const char *said, *shown; /* NULL: it is no name */
	} rows[] = {
		{ "client.example", "client.example" },
		{ "Client.Example.", "client.example" },
		{ "192.0.2.7", "192.0.2.7" },
		{ "2001:DB8::1", "2001:db8::1" },
		{ "a_b-c", "a_b-c" },
		{ "", NULL },
		{ ".", NULL },
		{ "client.example,other", NULL },
		{ "*.example", NULL },
		{ "|1|x", NULL },
		{ "client example", NULL },
		{ "[client]:22", NULL },
		{ "clie\303\244nt", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct authentication_request request =
		    vouched_for(rows[i].said, "bob");

		assert_int_equal(make(&alice, &request), rows[i].shown != NULL);
		if (rows[i].shown == NULL)
			continue;
		assert_string_equal(exhibit.cred.client_host, rows[i].shown);
		assert_string_equal(exhibit.cred.client_user, "bob");
		assert_string_equal(exhibit.cred.user, "alice");
		assert_int_equal(exhibit.cred.key.len, sizeof key_blob);
		/* A gate may say that nothing is signed: it must be. */
		assert_false(exhibit.cred.probe);
	}
}

static void
a_host_that_names_nobody_or_shows_nothing_vouches_for_none(void **state)
{
	struct authentication_request request = vouched_for("client", "");

	(void)state;
	assert_false(make(&alice, &request));
	request = vouched_for("client", "bob");
	request.client_user = view_of("b\0b", 3);
	assert_false(make(&alice, &request));
	request = vouched_for("client", "bob");
	request.key_algorithm =
	    view_of_string("ssh-ed25519-cert-v01@openssh.com");
	assert_false(make(&alice, &request));
}

static void
a_method_that_is_not_known_is_none(void **state)
{
	struct authentication_request request = request_of("Hostbased");

	(void)state;
	assert_false(make(&alice, &request));
	request = request_of("Password");
	request.password = view_of_string("secret");
	assert_false(make(&alice, &request));
}

static void
nothing_stays_of_what_was_cleared(void **state)
{
	static const struct exhibit zeroes;

	(void)state;
	assert_true(is_password(view_of_string("secret")));
	exhibit_clear(&exhibit);
	assert_memory_equal(&exhibit, &zeroes, sizeof zeroes);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_shown_as_it_was_typed),
		cmocka_unit_test(a_password_has_its_length_and_no_nul),
		cmocka_unit_test(
		    a_new_password_comes_with_the_wish_to_change_it),
		cmocka_unit_test(what_a_decoy_types_never_reaches_a_module),
		cmocka_unit_test(a_method_has_its_own_fields_alone),
		cmocka_unit_test(a_host_is_shown_by_its_name_in_small_letters),
		cmocka_unit_test(
		    a_host_that_names_nobody_or_shows_nothing_vouches_for_none),
		cmocka_unit_test(a_method_that_is_not_known_is_none),
		cmocka_unit_test(nothing_stays_of_what_was_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
