/* Certificates: those of ssh-keygen -s, and damaged ones. */
#include "tests/unit/pubkey/keyring.h"

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

static struct sp_crypto *crypto;

/* The blob of a public line; the caller clears it. */
static struct buffer
line_blob(const char *file)
{
	struct buffer line = keyring_read(file), blob;
	struct sp_key_line parts;
	uint8_t *room;
	size_t len;

	buffer_init(&blob, LIMIT_KEY_BLOB);
	assert_int_equal(buffer_room(&blob, LIMIT_KEY_BLOB, &room), SP_OK);
	assert_int_equal(sp_key_parse_line(buffer_view(&line), &parts), SP_OK);
	assert_int_equal(
	    sp_key_line_blob(&parts, room, LIMIT_KEY_BLOB, &len), SP_OK);
	buffer_grew(&blob, len);
	buffer_clear(&line);
	return blob;
}

static enum sp_status
parse(const struct buffer *blob, struct sp_certificate *c)
{
	return sp_certificate_parse(buffer_view(blob), c);
}

static void
every_type_of_ssh_keygen_is_read_and_verified(void **unused)
{
	static const struct {
		const char *file, *plain, *type, *id;
		uint32_t kind;
	} rows[] = {
		{ "ed25519-cert.pub", "ed25519_plain.pub", "ssh-ed25519",
		    "the user", SP_CERTIFICATE_USER },
		{ "ecdsa_256-cert.pub", "ecdsa_256.pub", "ecdsa-sha2-nistp256",
		    "host", SP_CERTIFICATE_HOST },
		{ "ecdsa_384-cert.pub", "ecdsa_384.pub", "ecdsa-sha2-nistp384",
		    "384", SP_CERTIFICATE_USER },
		{ "ecdsa_521-cert.pub", "ecdsa_521.pub", "ecdsa-sha2-nistp521",
		    "nobody", SP_CERTIFICATE_USER },
		{ "rsa_2048-cert.pub", "rsa_2048.pub", "ssh-rsa", "rsa",
		    SP_CERTIFICATE_USER },
		{ "sk_ed25519-cert.pub", "sk_ed25519.pub",
		    "sk-ssh-ed25519@openssh.com", "sk", SP_CERTIFICATE_USER },
		{ "sk_ecdsa-cert.pub", "sk_ecdsa.pub",
		    "sk-ecdsa-sha2-nistp256@openssh.com", "sk ecdsa",
		    SP_CERTIFICATE_USER },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buffer blob = line_blob(rows[i].file);
		struct buffer plain = line_blob(rows[i].plain);
		uint8_t room[LIMIT_KEY_BLOB];
		struct sp_certificate c;
		size_t len;

		assert_int_equal(parse(&blob, &c), SP_OK);
		assert_string_equal(c.key_type, rows[i].type);
		assert_int_equal(c.kind, rows[i].kind);
		assert_true(view_equal_string(c.key_id, rows[i].id));
		assert_int_equal(
		    sp_certificate_verify(crypto, &c, NULL), SP_OK);
		assert_int_equal(
		    sp_certificate_key(&c, room, sizeof room, &len), SP_OK);
		assert_true(
		    view_equal(view_of(room, len), buffer_view(&plain)));
		assert_int_equal(
		    sp_certificate_key(&c, room, len - 1, &len), SP_ERR_LIMIT);
		buffer_clear(&plain);
		buffer_clear(&blob);
	}
}

static void
its_fields_are_those_it_was_made_with(void **unused)
{
	static const char *const extensions[] = { "permit-agent-forwarding",
		"permit-port-forwarding", "permit-pty", "permit-user-rc" };
	struct buffer blob = line_blob("ed25519-cert.pub");
	struct buffer authority = line_blob("ca_ed25519.pub");
	struct sp_view list, name, data, text;
	struct sp_certificate c;

	(void)unused;
	assert_int_equal(parse(&blob, &c), SP_OK);
	assert_int_equal(c.serial, 42);
	assert_true(view_equal(c.authority, buffer_view(&authority)));
	list = c.critical_options;
	assert_true(sp_certificate_next_option(&list, &name, &data));
	assert_true(view_equal_string(name, "force-command"));
	assert_true(sp_certificate_option_text(data, &text));
	assert_true(view_equal_string(text, "ls -l"));
	assert_false(sp_certificate_option_text(text, &text));
	assert_true(sp_certificate_next_option(&list, &name, &data));
	assert_true(view_equal_string(name, "source-address"));
	assert_true(sp_certificate_option_text(data, &text));
	assert_true(view_equal_string(text, "192.0.2.0/24"));
	assert_false(sp_certificate_next_option(&list, &name, &data));
	list = c.extensions;
	for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
		assert_true(sp_certificate_next_option(&list, &name, &data));
		assert_true(view_equal_string(name, extensions[i]));
		assert_int_equal(data.len, 0);
	}
	assert_false(sp_certificate_next_option(&list, &name, &data));
	buffer_clear(&authority);
	buffer_clear(&blob);
}

static void
principals_and_times_are_exact(void **unused)
{
	/* 2020-01-01 and 2030-01-01 */
	const uint64_t after = 1577836800, before = 1893456000;
	struct buffer blob = line_blob("ed25519-cert.pub");
	struct sp_certificate c;

	(void)unused;
	assert_int_equal(parse(&blob, &c), SP_OK);
	assert_true(sp_certificate_has_principal(&c, view_of_string("alice")));
	assert_true(sp_certificate_has_principal(&c, view_of_string("bob")));
	assert_false(sp_certificate_has_principal(&c, view_of_string("ali")));
	assert_false(
	    sp_certificate_has_principal(&c, view_of_string("alicee")));
	assert_false(sp_certificate_has_principal(&c, view_of_string("")));
	assert_false(sp_certificate_is_valid_at(&c, after - 1));
	assert_true(sp_certificate_is_valid_at(&c, after));
	assert_true(sp_certificate_is_valid_at(&c, before - 1));
	assert_false(sp_certificate_is_valid_at(&c, before));
	buffer_clear(&blob);
	blob = line_blob("ecdsa_521-cert.pub");
	assert_int_equal(parse(&blob, &c), SP_OK);
	assert_false(sp_certificate_has_principal(&c, view_of_string("x")));
	assert_true(sp_certificate_is_valid_at(&c, 0));
	assert_true(sp_certificate_is_valid_at(&c, UINT64_MAX - 1));
	buffer_clear(&blob);
}

static void
the_authoritys_signature_is_of_an_algorithm_that_is_allowed(void **unused)
{
	struct buffer blob = line_blob("ecdsa_256-cert.pub");
	struct sp_certificate c;

	(void)unused;
	assert_int_equal(parse(&blob, &c), SP_OK);
	assert_int_equal(
	    sp_certificate_verify(crypto, &c, "ssh-ed25519,rsa-sha2-512"),
	    SP_OK);
	assert_int_equal(
	    sp_certificate_verify(crypto, &c, "ssh-ed25519,rsa-sha2-256"),
	    SP_ERR_SIGNATURE);
	assert_int_equal(
	    sp_certificate_verify(crypto, &c, ""), SP_ERR_SIGNATURE);
	buffer_clear(&blob);
	blob = line_blob("sha1-cert.pub");
	assert_int_equal(parse(&blob, &c), SP_OK);
	assert_int_equal(
	    sp_certificate_verify(crypto, &c, NULL), SP_ERR_SIGNATURE);
	assert_int_equal(
	    sp_certificate_verify(crypto, &c, "ssh-rsa"), SP_ERR_KEY_TYPE);
	buffer_clear(&blob);
}

static void
every_changed_byte_is_noticed(void **unused)
{
	struct buffer blob = line_blob("ed25519-cert.pub");

	(void)unused;
	for (size_t i = 0; i < buffer_len(&blob); i++) {
		struct sp_certificate c;

		blob.data[i] ^= 0x01;
		if (parse(&blob, &c) == SP_OK)
			assert_int_not_equal(
			    sp_certificate_verify(crypto, &c, NULL), SP_OK);
		blob.data[i] ^= 0x01;
	}
	buffer_clear(&blob);
}

static void
every_truncated_or_longer_one_is_refused(void **unused)
{
	struct buffer blob = line_blob("rsa_2048-cert.pub");
	struct sp_certificate c;

	(void)unused;
	assert_int_equal(buffer_append(&blob, view_of("", 1)), SP_OK);
	assert_int_equal(parse(&blob, &c), SP_ERR_KEY_FORMAT);
	buffer_truncate(&blob, buffer_len(&blob) - 1);
	while (buffer_len(&blob) > 0) {
		buffer_truncate(&blob, buffer_len(&blob) - 1);
		assert_int_equal(parse(&blob, &c), SP_ERR_KEY_FORMAT);
	}
	buffer_clear(&blob);
}

/* The parts of a made-up certificate. */
struct draft {
	const char *type;
	uint32_t kind;
	const char *id;
	const char *principals[3];
	const char *options[4];
	const char *authority;
	size_t principal_count; /* more, all of them "x" */
};

static void
write_options(struct writer *w, const char *const options[4])
{
	size_t mark = writer_begin_string(w);

	for (size_t i = 0; i < 4 && options[i] != NULL; i++) {
		writer_cstring(w, options[i]);
		writer_cstring(w, "");
	}
	writer_end_string(w, mark);
}

static enum sp_status
parse_draft(const struct draft *d)
{
	struct sp_certificate c;
	struct buffer blob;
	struct writer w;
	size_t mark;
	enum sp_status status;

	buffer_init(&blob, 65536);
	writer_init(&w, &blob);
	writer_cstring(&w, d->type);
	writer_cstring(&w, "nonce");
	writer_cstring(&w, "the key");
	writer_u64(&w, 1);
	writer_u32(&w, d->kind);
	writer_cstring(&w, d->id);
	mark = writer_begin_string(&w);
	for (size_t i = 0; i < 3 && d->principals[i] != NULL; i++)
		writer_cstring(&w, d->principals[i]);
	for (size_t i = 0; i < d->principal_count; i++)
		writer_cstring(&w, "x");
	writer_end_string(&w, mark);
	writer_u64(&w, 0);
	writer_u64(&w, 1);
	write_options(&w, d->options);
	write_options(&w, d->options);
	writer_cstring(&w, "");
	mark = writer_begin_string(&w);
	writer_cstring(&w, d->authority);
	writer_end_string(&w, mark);
	writer_cstring(&w, "signature");
	assert_int_equal(writer_finish(&w), SP_OK);
	status = parse(&blob, &c);
	buffer_clear(&blob);
	return status;
}

static void
what_makes_no_sense_is_refused(void **unused)
{
	const struct draft good = {
		.type = "ssh-ed25519-cert-v01@openssh.com",
		.kind = SP_CERTIFICATE_USER,
		.id = "id",
		.principals = { "alice" },
		.options = { "A", "a", "aa", "b" },
		.authority = "ssh-ed25519",
	};
	struct draft d = good;

	(void)unused;
	assert_int_equal(parse_draft(&d), SP_OK);
	d.type = "ssh-ed25519";
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_TYPE);
	d = good;
	d.kind = 0;
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_FORMAT);
	d.kind = 3;
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_FORMAT);
	d = good;
	d.id = "line\nline";
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_FORMAT);
	d = good;
	d.principals[1] = "";
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_FORMAT);
	d = good;
	d.options[2] = "a";
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_FORMAT);
	d.options[2] = "B";
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_FORMAT);
	d = good;
	d.options[0] = "";
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_FORMAT);
	d = good;
	d.authority = d.type; /* certificates do not sign certificates */
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_TYPE);
	d = good;
	d.principal_count = LIMIT_CERTIFICATE_PRINCIPALS - 1;
	assert_int_equal(parse_draft(&d), SP_OK);
	d.principal_count = LIMIT_CERTIFICATE_PRINCIPALS;
	assert_int_equal(parse_draft(&d), SP_ERR_KEY_FORMAT);
	d.principal_count = LIMIT_KEY_BLOB / 5;
	assert_int_equal(parse_draft(&d), SP_ERR_LIMIT);
}

static void
algorithms_of_certificates_say_what_signs(void **unused)
{
	static const struct {
		const char *algorithm, *plain;
	} rows[] = {
		{ "ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519" },
		{ "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-512" },
		{ "rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-256" },
		{ "ecdsa-sha2-nistp521-cert-v01@openssh.com",
		    "ecdsa-sha2-nistp521" },
		{ "sk-ssh-ed25519-cert-v01@openssh.com",
		    "sk-ssh-ed25519@openssh.com" },
		{ "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
		    "sk-ecdsa-sha2-nistp256@openssh.com" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(
		    sp_certificate_algorithm(view_of_string(rows[i].algorithm)),
		    rows[i].plain);
	assert_null(sp_certificate_algorithm(
	    view_of_string("ssh-rsa-cert-v01@openssh.com")));
	assert_null(sp_certificate_algorithm(view_of_string("ssh-ed25519")));
}

/* Whoever verifies with a certificate must have looked into it. */
static void
a_certificate_is_no_key(void **unused)
{
	struct buffer blob = line_blob("ed25519-cert.pub");
	const struct sp_view nothing = { NULL, 0 };

	(void)unused;
	assert_int_equal(sp_key_verify(crypto, buffer_view(&blob),
			     view_of_string("ssh-ed25519-cert-v01@openssh.com"),
			     nothing, nothing),
	    SP_ERR_KEY_TYPE);
	assert_int_equal(sp_key_verify(crypto, buffer_view(&blob),
			     view_of_string("ssh-ed25519"), nothing, nothing),
	    SP_ERR_KEY_TYPE);
	buffer_clear(&blob);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_ssh_keygen_is_read_and_verified),
		cmocka_unit_test(its_fields_are_those_it_was_made_with),
		cmocka_unit_test(principals_and_times_are_exact),
		cmocka_unit_test(
		    the_authoritys_signature_is_of_an_algorithm_that_is_allowed),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(every_truncated_or_longer_one_is_refused),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(algorithms_of_certificates_say_what_signs),
		cmocka_unit_test(a_certificate_is_no_key),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
