/* Certificates: what holds of each, whoever trusts its authority. */
#include "daemon/login/certified.h"

#include "lib/wire/view.h"
#include "lib/wire/writer.h"
#include "tests/issuer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sp_crypto *crypto;
static struct sp_key *key, *authority;

static const char type[] = "ssh-ed25519-cert-v01@openssh.com";

/* True when it is read as one of this kind; and it is one then, of the key. */
static bool
is_read_as(uint32_t wanted, uint32_t kind, size_t cut, size_t flipped)
{
	static struct certified c;
	struct buffer blob;
	bool is_good;

	buffer_init(&blob, 4096);
	assert_int_equal(
	    issuer_certify(key, authority, type, kind, &blob), SP_OK);
	if (flipped > 0)
		blob.data[buffer_len(&blob) - flipped] ^= 1;
	is_good = certified_read(&c, crypto, view_of_string(type),
	    view_of(buffer_view(&blob).data, buffer_len(&blob) - cut), wanted);
	if (is_good) {
		assert_true(c.is_one);
		assert_string_equal(c.algorithm, "ssh-ed25519");
		assert_true(view_equal(c.key, sp_key_blob(key)));
	} else {
		assert_false(c.is_one);
		assert_int_equal(c.key.len, 0);
	}
	certified_clear(&c);
	buffer_clear(&blob);
	return is_good;
}

static bool
is_read(uint32_t kind, size_t cut, size_t flipped)
{
	return is_read_as(SP_CERTIFICATE_USER, kind, cut, flipped);
}

static void
a_hosts_certificate_is_a_hosts_alone(void **state)
{
	(void)state;
	assert_true(is_read_as(SP_CERTIFICATE_HOST, SP_CERTIFICATE_HOST, 0, 0));
	assert_false(
	    is_read_as(SP_CERTIFICATE_HOST, SP_CERTIFICATE_USER, 0, 0));
	assert_false(
	    is_read_as(SP_CERTIFICATE_HOST, SP_CERTIFICATE_HOST, 0, 1));
}

static void
one_of_a_user_that_its_authority_signed_is_read(void **state)
{
	(void)state;
	assert_true(is_read(SP_CERTIFICATE_USER, 0, 0));
	assert_false(is_read(SP_CERTIFICATE_HOST, 0, 0));
	assert_false(is_read(SP_CERTIFICATE_USER, 1, 0));
	assert_false(is_read(SP_CERTIFICATE_USER, 0, 1));
	/* The signature has 83 bytes: what is before them counts too. */
	for (size_t i = 1; i < 200; i += 7)
		assert_false(is_read(SP_CERTIFICATE_USER, 0, i));
}

static void
a_plain_key_is_itself(void **state)
{
	static struct certified c;

	(void)state;
	assert_true(certified_read(&c, crypto, view_of_string("rsa-sha2-256"),
	    sp_key_blob(key), SP_CERTIFICATE_USER));
	assert_false(c.is_one);
	assert_string_equal(c.algorithm, "rsa-sha2-256");
	assert_true(view_equal(c.key, sp_key_blob(key)));
	/* One that is said to have a certificate must have it. */
	assert_false(certified_read(&c, crypto, view_of_string(type),
	    sp_key_blob(key), SP_CERTIFICATE_USER));
	certified_clear(&c);
}

/* ---- what one demands ---- */

/* Options by name; data NULL: empty. Text is a string in its data. */
struct option {
	const char *name, *text;
	bool is_raw; /* the text is the data itself */
};

static struct sp_view
list_of(const struct option *options, struct buffer *out)
{
	struct writer w;

	buffer_init(out, 4096);
	writer_init(&w, out);
	for (; options->name != NULL; options++) {
		size_t mark;

		writer_cstring(&w, options->name);
		mark = writer_begin_string(&w);
		if (options->is_raw)
			writer_bytes(&w, view_of_string(options->text));
		else if (options->text != NULL)
			writer_cstring(&w, options->text);
		writer_end_string(&w, mark);
	}
	assert_int_equal(writer_finish(&w), SP_OK);
	return buffer_view(out);
}

/* NULL, or why it is not accepted; *r is what it demands. */
static const char *
demand(const struct option *critical, const struct option *extensions,
    struct restrictions *r)
{
	struct buffer a, b;
	struct sp_certificate c = {
		.critical_options = list_of(critical, &a),
		.extensions = list_of(extensions, &b),
		.valid_after = 100,
		.valid_before = 200,
	};
	const char *problem;

	*r = (struct restrictions){ 0 };
	problem = certified_restrict(&c, 150, r);
	buffer_clear(&a);
	buffer_clear(&b);
	return problem;
}

static const struct option none[] = { { NULL, NULL, false } };

static void
what_no_extension_permits_is_forbidden(void **state)
{
	static const char *const rows[][2] = {
		{ "permit-X11-forwarding", "x11-forwarding" },
		{ "permit-agent-forwarding", "agent-forwarding" },
		{ "permit-port-forwarding", "port-forwarding" },
		{ "permit-pty", "pty" },
		{ "permit-user-rc", "user-rc" },
	};
	enum { ROWS = sizeof rows / sizeof rows[0] };
	struct restrictions r;

	(void)state;
	assert_null(demand(none, none, &r));
	for (size_t i = 0; i < ROWS; i++)
		assert_string_equal(restriction_value(&r, rows[i][1]), "no");
	restriction_clear(&r);
	for (size_t i = 0; i < ROWS; i++) {
		const struct option one[] = { { rows[i][0], NULL, false },
			{ NULL, NULL, false } };
		const struct option odd[] = { { rows[i][0], "x", true },
			{ NULL, NULL, false } };

		assert_null(demand(none, one, &r));
		for (size_t j = 0; j < ROWS; j++)
			assert_int_equal(
			    restriction_value(&r, rows[j][1]) == NULL, i == j);
		restriction_clear(&r);
		assert_null(demand(none, odd, &r));
		assert_non_null(restriction_value(&r, rows[i][1]));
		restriction_clear(&r);
	}
}

static void
critical_options_hold_or_the_certificate_does_not(void **state)
{
	static const struct {
		struct option option;
		const char *key, *value; /* NULL: it is refused */
	} rows[] = {
		{ { "force-command", "id", false }, "command", "id" },
		{ { "force-command", "", false }, NULL, NULL },
		{ { "force-command", "id", true }, NULL, NULL },
		{ { "force-command", NULL, false }, NULL, NULL },
		{ { "source-address", "10.0.0.0/8,::1", false }, "from",
		    "10.0.0.0/8,::1" },
		{ { "source-address", "10.*", false }, NULL, NULL },
		{ { "source-address", "!10.0.0.1", false }, NULL, NULL },
		{ { "source-address", "", false }, NULL, NULL },
		{ { "verify-required", NULL, false }, "verify", "yes" },
		{ { "verify-required", "x", true }, NULL, NULL },
		{ { "no-such-option", NULL, false }, NULL, NULL },
		{ { "Force-Command", "id", false }, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct option one[] = { rows[i].option,
			{ NULL, NULL, false } };
		struct restrictions r;
		const char *problem = demand(one, none, &r);

		assert_int_equal(problem == NULL, rows[i].key != NULL);
		if (problem == NULL)
			assert_string_equal(
			    restriction_value(&r, rows[i].key), rows[i].value);
		restriction_clear(&r);
	}
}

static void
an_extension_that_is_not_known_is_harmless(void **state)
{
	static const struct option extensions[] = { { "login@example.com",
							"alice", false },
		{ "permit-pty", NULL, false }, { NULL, NULL, false } };
	struct restrictions r;

	(void)state;
	assert_null(demand(none, extensions, &r));
	assert_null(restriction_value(&r, "pty"));
	restriction_clear(&r);
}

static void
a_hosts_certificate_takes_nothing_from_its_users(void **state)
{
	static const struct option forced[] = {
		{ "force-command", "id", false }, { NULL, NULL, false }
	};
	struct sp_certificate c = { .kind = SP_CERTIFICATE_HOST,
		.valid_after = 100,
		.valid_before = 200 };
	struct restrictions r = { 0 };
	struct buffer list;

	(void)state;
	assert_null(certified_restrict(&c, 150, &r));
	assert_null(restriction_value(&r, "pty"));
	assert_string_equal(certified_restrict(&c, 200, &r), "it has expired");
	/* No option of a host's certificate has a meaning. */
	c.critical_options = list_of(forced, &list);
	assert_string_equal(certified_restrict(&c, 150, &r),
	    "a critical option of it is not known");
	assert_null(restriction_value(&r, "command"));
	buffer_clear(&list);
	restriction_clear(&r);
}

static void
it_is_good_for_its_time_alone(void **state)
{
	const struct sp_certificate c = { .valid_after = 100,
		.valid_before = 200 };
	struct restrictions r = { 0 };

	(void)state;
	assert_string_equal(
	    certified_restrict(&c, 99, &r), "it is not valid yet");
	assert_null(certified_restrict(&c, 100, &r));
	assert_null(certified_restrict(&c, 199, &r));
	assert_string_equal(certified_restrict(&c, 200, &r), "it has expired");
	restriction_clear(&r);
}

static int
set_up(void **state)
{
	(void)state;
	crypto = sp_crypto_new();
	return sp_key_generate(crypto, "ssh-ed25519", &key) != SP_OK ||
	    sp_key_generate(crypto, "ssh-ed25519", &authority) != SP_OK;
}

static int
tear_down(void **state)
{
	(void)state;
	sp_key_free(key);
	sp_key_free(authority);
	sp_crypto_free(crypto);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    one_of_a_user_that_its_authority_signed_is_read),
		cmocka_unit_test(a_hosts_certificate_is_a_hosts_alone),
		cmocka_unit_test(a_plain_key_is_itself),
		cmocka_unit_test(what_no_extension_permits_is_forbidden),
		cmocka_unit_test(
		    critical_options_hold_or_the_certificate_does_not),
		cmocka_unit_test(an_extension_that_is_not_known_is_harmless),
		cmocka_unit_test(
		    a_hosts_certificate_takes_nothing_from_its_users),
		cmocka_unit_test(it_is_good_for_its_time_alone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
