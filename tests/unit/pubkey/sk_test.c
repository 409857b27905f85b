/* Signatures of authenticators, made here by keys in software. */
#include "lib/pubkey/sk.h"

#include "lib/crypto/digest.h"
#include "lib/pubkey/pubkey.h"
#include "tests/unit/pubkey/keyring.h"
#include "tests/unit/pubkey/numberform.h"

enum { TOUCHED = 1, VERIFIED = 4 };

static struct sp_crypto *crypto;

static const struct sp_view message = { (const uint8_t *)"message", 7 };

/* One of each type: the key that signs in place of an authenticator. */
static struct authenticator {
	const char *type, *file, *algorithm;
	struct sp_key *key;
	struct buffer blob;
} rows[] = {
	{ .type = "sk-ssh-ed25519@openssh.com",
	    .file = "ed25519_plain",
	    .algorithm = "ssh-ed25519" },
	{ .type = "sk-ecdsa-sha2-nistp256@openssh.com",
	    .file = "ecdsa_256",
	    .algorithm = "ecdsa-sha2-nistp256" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* The plain key's fields under another name, and the application. */
static void
make_blob(struct authenticator *a)
{
	struct reader r;
	struct writer w;

	reader_init(&r, sp_key_blob(a->key));
	reader_string(&r);
	buffer_init(&a->blob, 1024);
	writer_init(&w, &a->blob);
	writer_cstring(&w, a->type);
	writer_bytes(&w, reader_rest(&r));
	writer_cstring(&w, "ssh:test");
	assert_int_equal(writer_finish(&w), SP_OK);
}

static void
write_signed(struct writer *w, struct sp_view application, uint8_t flags,
    uint32_t counter)
{
	uint8_t hash[DIGEST_MAX];

	assert_int_equal(
	    digest_of(crypto, DIGEST_SHA256, &application, 1, hash), SP_OK);
	writer_bytes(w, view_of(hash, 32));
	writer_u8(w, flags);
	writer_u32(w, counter);
	assert_int_equal(
	    digest_of(crypto, DIGEST_SHA256, &message, 1, hash), SP_OK);
	writer_bytes(w, view_of(hash, 32));
}

/* The signature itself, flags and counter behind it. */
static struct buffer
wrap(const struct authenticator *a, struct sp_view inner, uint8_t flags,
    uint32_t counter)
{
	struct buffer blob;
	struct writer w;

	buffer_init(&blob, 1024);
	writer_init(&w, &blob);
	writer_cstring(&w, a->type);
	writer_string(&w, inner);
	writer_u8(&w, flags);
	writer_u32(&w, counter);
	assert_int_equal(writer_finish(&w), SP_OK);
	return blob;
}

static struct buffer
sign(const struct authenticator *a, const char *application, uint8_t flags,
    uint32_t counter)
{
	uint8_t room[SP_SIGNATURE_MAX];
	struct buffer data;
	struct reader r;
	struct writer w;
	size_t len;

	buffer_init(&data, 1024);
	writer_init(&w, &data);
	write_signed(&w, view_of_string(application), flags, counter);
	assert_int_equal(
	    sp_key_sign(a->key, a->algorithm, buffer_view(&data), room, &len),
	    SP_OK);
	buffer_clear(&data);
	reader_init(&r, view_of(room, len));
	reader_string(&r);
	return wrap(a, reader_string(&r), flags, counter);
}

static enum sp_status
verify(const struct authenticator *a, struct sp_view signature)
{
	return sp_key_verify(crypto, buffer_view(&a->blob),
	    view_of_string(a->type), message, signature);
}

static enum sp_status
verify_presence(const struct authenticator *a, struct sp_view signature,
    struct sp_key_presence *presence)
{
	return sp_key_verify_presence(crypto, buffer_view(&a->blob),
	    view_of_string(a->type), message, signature, presence);
}

static void
flags_and_counter_are_told(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++)
		for (unsigned flags = 0; flags < 256; flags += 1) {
			struct buffer signature = sign(
			    &rows[i], "ssh:test", (uint8_t)flags, 0x01020304);
			struct sp_key_presence presence;

			assert_int_equal(
			    verify_presence(
				&rows[i], buffer_view(&signature), &presence),
			    SP_OK);
			assert_true(presence.is_reported);
			assert_int_equal(
			    presence.is_touched, (flags & TOUCHED) != 0);
			assert_int_equal(
			    presence.is_verified, (flags & VERIFIED) != 0);
			assert_int_equal(presence.counter, 0x01020304);
			assert_int_equal(
			    verify(&rows[i], buffer_view(&signature)),
			    (flags & TOUCHED) != 0 ? SP_OK : SP_ERR_SIGNATURE);
			buffer_clear(&signature);
		}
}

static void
every_changed_bit_truncation_and_more_is_noticed(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		struct buffer signature =
		    sign(&rows[i], "ssh:test", TOUCHED, 7);
		struct sp_key_presence presence;
		size_t len = buffer_len(&signature);

		for (size_t bit = 0; bit < 8 * len; bit++) {
			signature.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(
			    verify_presence(
				&rows[i], buffer_view(&signature), &presence),
			    SP_ERR_SIGNATURE);
			signature.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		assert_int_equal(
		    buffer_append(&signature, view_of("", 1)), SP_OK);
		assert_int_equal(verify(&rows[i], buffer_view(&signature)),
		    SP_ERR_SIGNATURE);
		for (; len > 0; len--)
			assert_int_equal(
			    verify(&rows[i], view_of(signature.data, len - 1)),
			    SP_ERR_SIGNATURE);
		buffer_clear(&signature);
	}
}

/* As with a key that is no authenticator's (ecdsa_test.c). */
static void
an_ecdsa_signature_is_written_in_one_way_alone(void **unused)
{
	const struct authenticator *a = &rows[1];
	struct buffer signature = sign(a, "ssh:test", TOUCHED, 7);
	struct buffer wrong = { .data = NULL };
	struct sp_view good;
	struct reader r;

	(void)unused;
	reader_init(&r, buffer_view(&signature));
	reader_string(&r);
	good = reader_string(&r);
	for (size_t i = 0; numberform_at(i, good, 32, &wrong); i++) {
		struct buffer changed =
		    wrap(a, buffer_view(&wrong), TOUCHED, 7);

		assert_int_equal(
		    verify(a, buffer_view(&changed)), SP_ERR_SIGNATURE);
		buffer_clear(&changed);
	}
	buffer_clear(&wrong);
	buffer_clear(&signature);
}

/* S and S + L verify alike if nobody looks; L is little-endian. */
static void
an_s_past_the_order_of_ed25519_is_refused(void **unused)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63,
		0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
		0x14, [31] = 0x10 };
	struct buffer signature = sign(&rows[0], "ssh:test", TOUCHED, 7);
	uint8_t *s = signature.data + buffer_len(&signature) - 5 - 32;
	unsigned carry = 0;

	(void)unused;
	assert_int_equal(verify(&rows[0], buffer_view(&signature)), SP_OK);
	for (size_t i = 0; i < sizeof order; i++) {
		carry += (unsigned)s[i] + order[i];
		s[i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(
	    verify(&rows[0], buffer_view(&signature)), SP_ERR_SIGNATURE);
	buffer_clear(&signature);
}

static void
another_application_is_another_key(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		struct buffer signature =
		    sign(&rows[i], "ssh:other", TOUCHED, 7);

		assert_int_equal(verify(&rows[i], buffer_view(&signature)),
		    SP_ERR_SIGNATURE);
		buffer_clear(&signature);
	}
}

/* What a plain key signed is nothing an authenticator signed. */
static void
a_signature_without_flags_is_none(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		uint8_t room[SP_SIGNATURE_MAX];
		size_t len;

		assert_int_equal(sp_key_sign(rows[i].key, rows[i].algorithm,
				     message, room, &len),
		    SP_OK);
		assert_int_equal(
		    verify(&rows[i], view_of(room, len)), SP_ERR_SIGNATURE);
	}
}

static void
every_truncated_or_longer_key_is_refused(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		struct buffer signature =
		    sign(&rows[i], "ssh:test", TOUCHED, 7);
		struct authenticator cut = rows[i];

		buffer_init(&cut.blob, 1024);
		assert_int_equal(
		    buffer_append(&cut.blob, buffer_view(&rows[i].blob)),
		    SP_OK);
		assert_int_equal(
		    buffer_append(&cut.blob, view_of("", 1)), SP_OK);
		for (size_t len = buffer_len(&cut.blob); len > 0; len--) {
			buffer_truncate(&cut.blob, len);
			if (len == buffer_len(&rows[i].blob))
				continue;
			assert_int_equal(verify(&cut, buffer_view(&signature)),
			    SP_ERR_KEY_FORMAT);
		}
		buffer_clear(&cut.blob);
		buffer_clear(&signature);
	}
}

static void
no_private_half_is_made_or_read(void **unused)
{
	struct sp_key *key = NULL;

	(void)unused;
	for (size_t i = 0; i < ROWS; i++)
		assert_int_equal(sp_key_generate(crypto, rows[i].type, &key),
		    SP_ERR_KEY_TYPE);
	assert_null(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_and_counter_are_told),
		cmocka_unit_test(
		    every_changed_bit_truncation_and_more_is_noticed),
		cmocka_unit_test(
		    an_ecdsa_signature_is_written_in_one_way_alone),
		cmocka_unit_test(an_s_past_the_order_of_ed25519_is_refused),
		cmocka_unit_test(another_application_is_another_key),
		cmocka_unit_test(a_signature_without_flags_is_none),
		cmocka_unit_test(every_truncated_or_longer_key_is_refused),
		cmocka_unit_test(no_private_half_is_made_or_read),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	for (size_t i = 0; i < ROWS; i++) {
		rows[i].key = keyring_key(crypto, rows[i].file);
		make_blob(&rows[i]);
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < ROWS; i++) {
		sp_key_free(rows[i].key);
		buffer_clear(&rows[i].blob);
	}
	sp_crypto_free(crypto);
	return failed;
}
