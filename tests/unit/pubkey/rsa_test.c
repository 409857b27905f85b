/* RSA keys and their signatures, and what must not verify. */
#include "lib/pubkey/pubkey.h"
#include "lib/pubkey/rsa.h"
#include "tests/unit/hex.h"
#include "tests/unit/pubkey/keyring.h"

#include <openssl/bn.h>

static struct sp_crypto *crypto;
static struct sp_key *key;

/* What "openssl dgst -sign" makes of "sample" with the key of rsa_2048. */
static const struct {
	const char *name, *signature;
} vectors[] = {
	{ "rsa-sha2-512",
	    "121a9ffa1d173ae53d02d2ff2c47b4264421f4dc90fa7d178e0595ec0c6818eb"
	    "30b8056ee53dd54b3fafc02bf7995202ca3ce09d321071ba5664921c347fb9d8"
	    "4d5f320b4373b4fc5c94c1d3211172016a22d5805c98a9b7cc76f22e9440b3e3"
	    "d392d8e76549c03308f4393aa6c2bdec9c9a89b87673ed08b147baf67297a777"
	    "95004839c72bcaa4fb1ccc37fa646e4b4528afe9360cad8eae372669f44cd93e"
	    "7bb7947e9f6feb4b4ee47045fb319b93118a19115df9212e89c0717f98f81bae"
	    "23782be33895ebe0730b092b16edbb280d1f849e3ead629f66c546aa5a80816f"
	    "a754518955d865423ef40ac301724177c966a4156c91b8237da3fcd66b5405b"
	    "6" },
	{ "rsa-sha2-256",
	    "8983a5d5d5565484569d299caa6afb714373a82e24b50b36a124d1f736da7c84"
	    "a7455b1f876968d7bb3de4edf626fb6620dd02712a77ed0489fe7028424104f9"
	    "43b7ec0e3e7148e3c0a46bce068e29d610c412b54586230625441fa944a9c050"
	    "a3aa5bd7e22ac41958c7eb3cb0736dfe480ca46170fd237ba492e5ea07b3dc19"
	    "40e58d50da05c85afe27062f306f0230fa35dafaef3a80de42f0cb3398793418"
	    "cfa46d4293da65cd789cca472ebd04943986d2fd1e5fe553d84c0178bb956799"
	    "6630a6401c80e42feb5e520a8d09202a09518b51d12293eb8e5501ab55e90f0c"
	    "e0a99bb8cc4bcf13c75eaa6a525d646dec6dd8729ac8d5556f3372807701665"
	    "a" },
};

static enum sp_status
verify(struct sp_view blob, const char *algorithm, struct sp_view signature)
{
	return sp_key_verify(crypto, blob, view_of_string(algorithm),
	    view_of_string("sample"), signature);
}

/* A signature blob of these bytes. */
static struct buffer
signature_of(const char *algorithm, struct sp_view bytes)
{
	struct buffer blob;
	struct writer w;

	buffer_init(&blob, 8192);
	writer_init(&w, &blob);
	writer_cstring(&w, algorithm);
	writer_string(&w, bytes);
	assert_int_equal(writer_finish(&w), SP_OK);
	return blob;
}

static struct buffer
key_blob(struct sp_view e, struct sp_view n)
{
	struct buffer blob;
	struct writer w;

	buffer_init(&blob, 8192);
	writer_init(&w, &blob);
	writer_cstring(&w, "ssh-rsa");
	writer_mpint(&w, e);
	writer_mpint(&w, n);
	assert_int_equal(writer_finish(&w), SP_OK);
	return blob;
}

static void
signatures_are_those_openssl_makes(void **unused)
{
	(void)unused;
	assert_true(keyring_has_public("rsa_2048.pub", sp_key_blob(key)));
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		uint8_t bytes[256], room[SP_SIGNATURE_MAX];
		struct buffer expected = signature_of(
		    vectors[i].name, hex_bytes(vectors[i].signature, bytes));
		size_t len;

		assert_int_equal(sp_key_sign(key, vectors[i].name,
				     view_of_string("sample"), room, &len),
		    SP_OK);
		assert_true(
		    view_equal(view_of(room, len), buffer_view(&expected)));
		assert_int_equal(verify(sp_key_blob(key), vectors[i].name,
				     buffer_view(&expected)),
		    SP_OK);
		buffer_clear(&expected);
	}
}

static void
every_changed_bit_of_a_signature_is_noticed(void **unused)
{
	uint8_t room[SP_SIGNATURE_MAX];
	size_t len;

	(void)unused;
	assert_int_equal(sp_key_sign(key, "rsa-sha2-512",
			     view_of_string("sample"), room, &len),
	    SP_OK);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		room[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(verify(sp_key_blob(key), "rsa-sha2-512",
				     view_of(room, len)),
		    SP_ERR_SIGNATURE);
		room[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	while (len-- > 0)
		assert_int_equal(verify(sp_key_blob(key), "rsa-sha2-512",
				     view_of(room, len)),
		    SP_ERR_SIGNATURE);
}

/* RFC 8332 3 and RFC 8017 8.2.2: as long as the modulus, and no longer. */
static void
a_signature_has_the_length_of_the_modulus(void **unused)
{
	uint8_t bytes[258] = { 0 };
	struct buffer blob;

	(void)unused;
	hex_bytes(vectors[0].signature, bytes + 1);
	for (size_t from = 0; from < 3; from++)
		for (size_t to = 256; to < 259; to++) {
			blob = signature_of(
			    vectors[0].name, view_of(bytes + from, to - from));
			assert_int_equal(
			    verify(sp_key_blob(key), vectors[0].name,
				buffer_view(&blob)),
			    from == 1 && to == 257 ? SP_OK : SP_ERR_SIGNATURE);
			buffer_clear(&blob);
		}
}

/* A text whose signature with rsa-sha2-512 happens to begin with a zero. */
static const char low[] = "sample 3";

static void
sign_low(uint8_t bytes[256])
{
	uint8_t room[SP_SIGNATURE_MAX];
	struct reader r;
	size_t len;

	assert_int_equal(
	    sp_key_sign(key, "rsa-sha2-512", view_of_string(low), room, &len),
	    SP_OK);
	reader_init(&r, view_of(room, len));
	reader_string(&r);
	memcpy(bytes, reader_string_max(&r, 256).data, 256);
	assert_int_equal(reader_finish(&r), SP_OK);
	assert_int_equal(bytes[0], 0);
}

static enum sp_status
verify_low(struct sp_view bytes)
{
	struct buffer blob = signature_of("rsa-sha2-512", bytes);
	enum sp_status status = sp_key_verify(crypto, sp_key_blob(key),
	    view_of_string("rsa-sha2-512"), view_of_string(low),
	    buffer_view(&blob));

	buffer_clear(&blob);
	return status;
}

/* Not as RFC 8332 3 has it, but as PuTTY once sent it and OpenSSH takes it. */
static void
zeros_in_front_may_be_left_out_and_nothing_else(void **unused)
{
	uint8_t bytes[257] = { 0 };

	(void)unused;
	sign_low(bytes + 1);
	assert_int_equal(verify_low(view_of(bytes + 1, 256)), SP_OK);
	assert_int_equal(verify_low(view_of(bytes + 2, 255)), SP_OK);
	assert_int_equal(verify_low(view_of(bytes + 3, 254)), SP_ERR_SIGNATURE);
	assert_int_equal(verify_low(view_of(bytes, 257)), SP_ERR_SIGNATURE);
	assert_int_equal(verify_low(view_of(bytes + 1, 255)), SP_ERR_SIGNATURE);
	assert_int_equal(verify_low(view_of(NULL, 0)), SP_ERR_SIGNATURE);
}

/* What is the same number to RSA is not the same signature. */
static void
a_signature_is_below_the_modulus(void **unused)
{
	uint8_t bytes[256];
	struct sp_view n;
	struct reader r;
	unsigned carry = 0;

	(void)unused;
	reader_init(&r, sp_key_blob(key));
	reader_string(&r);
	reader_mpint(&r);
	n = reader_mpint(&r);
	assert_int_equal(n.len, sizeof bytes);
	assert_int_equal(verify_low(n), SP_ERR_SIGNATURE);
	sign_low(bytes);
	assert_int_equal(verify_low(view_of(bytes, 256)), SP_OK);
	for (size_t i = sizeof bytes; i-- > 0;) {
		carry += (unsigned)bytes[i] + n.data[i];
		bytes[i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_int_equal(verify_low(view_of(bytes, 256)), SP_ERR_SIGNATURE);
	memset(bytes, 0, sizeof bytes);
	assert_int_equal(verify_low(view_of(bytes, 256)), SP_ERR_SIGNATURE);
	memset(bytes, 0xff, sizeof bytes);
	assert_int_equal(verify_low(view_of(bytes, 256)), SP_ERR_SIGNATURE);
}

static void
one_algorithm_is_not_another_and_sha1_is_none(void **unused)
{
	uint8_t room[SP_SIGNATURE_MAX];
	struct sp_view data = view_of_string("sample");
	size_t len;

	(void)unused;
	assert_int_equal(
	    sp_key_sign(key, "rsa-sha2-512", data, room, &len), SP_OK);
	assert_int_equal(
	    verify(sp_key_blob(key), "rsa-sha2-256", view_of(room, len)),
	    SP_ERR_SIGNATURE);
	assert_int_equal(
	    verify(sp_key_blob(key), "ssh-rsa", view_of(room, len)),
	    SP_ERR_KEY_TYPE);
	assert_int_equal(
	    sp_key_sign(key, "ssh-rsa", data, room, &len), SP_ERR_KEY_TYPE);
	/* The name of the one and the bytes of the other. */
	memcpy(room + 4, "rsa-sha2-256", 12);
	assert_int_equal(
	    verify(sp_key_blob(key), "rsa-sha2-256", view_of(room, len)),
	    SP_ERR_SIGNATURE);
}

static enum sp_status
status_of_blob(struct sp_view blob)
{
	return verify(blob, "rsa-sha2-256", view_of(NULL, 0));
}

static enum sp_status
status_of_numbers(struct sp_view e, struct sp_view n)
{
	struct buffer blob = key_blob(e, n);
	enum sp_status status = status_of_blob(buffer_view(&blob));

	buffer_clear(&blob);
	return status;
}

static void
exponents_that_make_no_sense_are_refused(void **unused)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
		enum sp_status status;
	} rows[] = {
		{ { 3 }, 1, SP_ERR_SIGNATURE },
		{ { 1, 0, 1 }, 3, SP_ERR_SIGNATURE },
		{ { 0xff, 0xff, 0xff, 0xff }, 4, SP_ERR_SIGNATURE },
		{ { 0 }, 1, SP_ERR_KEY_FORMAT },
		{ { 1 }, 1, SP_ERR_KEY_FORMAT },
		{ { 1, 0, 0 }, 3, SP_ERR_KEY_FORMAT },
		{ { 1, 0, 0, 0, 1 }, 5, SP_ERR_KEY_FORMAT },
	};
	uint8_t n[256] = { [0] = 0x80, [255] = 1 };

	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(
		    status_of_numbers(view_of(rows[i].bytes, rows[i].len),
			view_of(n, sizeof n)),
		    rows[i].status);
}

static void
a_modulus_has_2048_to_16384_bits_and_is_odd(void **unused)
{
	static const uint8_t e[] = { 1, 0, 1 };
	static uint8_t n[2049];
	const struct sp_view exponent = view_of(e, sizeof e);

	(void)unused;
	n[0] = 0x80;
	n[255] = 1;
	assert_int_equal(
	    status_of_numbers(exponent, view_of(n, 256)), SP_ERR_SIGNATURE);
	n[255] = 2;
	assert_int_equal(
	    status_of_numbers(exponent, view_of(n, 256)), SP_ERR_KEY_FORMAT);
	n[255] = 1;
	n[0] = 0x7f;
	assert_int_equal(
	    status_of_numbers(exponent, view_of(n, 256)), SP_ERR_KEY_SIZE);
	n[2047] = 1;
	n[0] = 0xff;
	assert_int_equal(
	    status_of_numbers(exponent, view_of(n, 2048)), SP_ERR_SIGNATURE);
	n[2048] = 1;
	n[0] = 1;
	assert_int_equal(
	    status_of_numbers(exponent, view_of(n, 2049)), SP_ERR_KEY_SIZE);
}

static void
numbers_are_minimal_and_positive(void **unused)
{
	struct buffer blob;
	uint8_t *n;

	(void)unused;
	blob = key_blob(view_of("\3", 1), view_of("\200\1", 2));
	/* string "ssh-rsa", then e: 1 byte, then n with its sign byte */
	n = blob.data + 4 + 7 + 4 + 1;
	assert_int_equal(status_of_blob(buffer_view(&blob)), SP_ERR_KEY_SIZE);
	n[5] = 0x70;
	assert_int_equal(status_of_blob(buffer_view(&blob)), SP_ERR_KEY_FORMAT);
	n[4] = 0x80;
	assert_int_equal(status_of_blob(buffer_view(&blob)), SP_ERR_KEY_FORMAT);
	buffer_clear(&blob);
}

static void
every_truncated_or_longer_key_is_refused(void **unused)
{
	struct buffer blob;

	(void)unused;
	buffer_init(&blob, 8192);
	assert_int_equal(buffer_append(&blob, sp_key_blob(key)), SP_OK);
	assert_int_equal(buffer_append(&blob, view_of("", 1)), SP_OK);
	assert_int_equal(status_of_blob(buffer_view(&blob)), SP_ERR_KEY_FORMAT);
	buffer_truncate(&blob, buffer_len(&blob) - 1);
	assert_int_equal(status_of_blob(buffer_view(&blob)), SP_ERR_SIGNATURE);
	while (buffer_len(&blob) > 0) {
		buffer_truncate(&blob, buffer_len(&blob) - 1);
		assert_int_equal(
		    status_of_blob(buffer_view(&blob)), SP_ERR_KEY_FORMAT);
	}
	buffer_clear(&blob);
}

static void
a_key_file_of_1024_bits_is_refused(void **unused)
{
	struct sp_key *small = NULL;

	(void)unused;
	assert_int_equal(
	    keyring_try(crypto, "rsa_1024", NULL, &small), SP_ERR_KEY_SIZE);
	assert_null(small);
}

/* Reads the six numbers of a private key, one of them changed. */
static enum sp_status
read_changed(size_t changed)
{
	struct buffer fields;
	struct writer w;
	struct reader r;
	struct sp_key *again = NULL;
	enum sp_status status;
	uint8_t *at;

	buffer_init(&fields, 8192);
	writer_init(&w, &fields);
	assert_int_equal(rsa_type.write_private(key, &w), SP_OK);
	reader_init(&r, buffer_view(&fields));
	for (size_t i = 0; i < changed; i++)
		reader_string(&r);
	at = fields.data + (r.next - fields.data) + 8;
	if (changed < 6 && changed != 1)
		*at ^= 4;
	assert_int_equal(pubkey_new(crypto, &rsa_type, &again), SP_OK);
	reader_init(&r, buffer_view(&fields));
	status = rsa_type.read_private(again, &r);
	if (status == SP_OK)
		status = pubkey_make_blob(again);
	if (status == SP_OK)
		status = pubkey_try(again);
	buffer_clear(&fields);
	sp_key_free(again);
	return status;
}

static void
a_private_key_whose_numbers_do_not_fit_is_refused(void **unused)
{
	(void)unused;
	assert_int_equal(read_changed(6), SP_OK);
	assert_int_equal(read_changed(0), SP_ERR_KEY_FORMAT); /* n */
	assert_int_not_equal(read_changed(2), SP_OK); /* d */
	/* The inverse of q is computed anew. */
	assert_int_equal(read_changed(3), SP_OK);
	assert_int_equal(read_changed(4), SP_ERR_KEY_FORMAT); /* p */
	assert_int_equal(read_changed(5), SP_ERR_KEY_FORMAT); /* q */
}

static void
a_key_is_made_with_the_bits_asked_for(void **unused)
{
	struct sp_key *made = NULL;
	struct reader r;

	(void)unused;
	assert_int_equal(sp_key_generate_bits(crypto, "ssh-rsa", 2047, &made),
	    SP_ERR_KEY_SIZE);
	assert_int_equal(sp_key_generate_bits(crypto, "ssh-rsa", 16385, &made),
	    SP_ERR_KEY_SIZE);
	assert_null(made);
	assert_int_equal(
	    sp_key_generate_bits(crypto, "ssh-rsa", 2048, &made), SP_OK);
	assert_string_equal(sp_key_algorithm(made), "rsa-sha2-512");
	assert_int_equal(pubkey_try(made), SP_OK);
	reader_init(&r, sp_key_blob(made));
	reader_string(&r);
	assert_int_equal(reader_mpint(&r).len, 3);
	assert_int_equal(reader_mpint(&r).len, 256);
	assert_int_equal(reader_finish(&r), SP_OK);
	sp_key_free(made);
}

static void
a_key_that_was_forgotten_keeps_its_public_half_alone(void **unused)
{
	struct sp_key *other = keyring_key(crypto, "rsa_2048");
	struct sp_view data = view_of_string("sample");
	uint8_t room[SP_SIGNATURE_MAX];
	char *text = NULL;
	size_t len;

	(void)unused;
	pubkey_forget(other);
	assert_string_equal(sp_key_type(other), "ssh-rsa");
	assert_true(view_equal(sp_key_blob(other), sp_key_blob(key)));
	assert_int_equal(
	    sp_key_sign(other, "rsa-sha2-512", data, room, &len), SP_ERR_STATE);
	assert_int_equal(sp_key_format(other, NULL, &text), SP_ERR_STATE);
	assert_null(text);
	pubkey_forget(other);
	sp_key_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_those_openssl_makes),
		cmocka_unit_test(every_changed_bit_of_a_signature_is_noticed),
		cmocka_unit_test(a_signature_has_the_length_of_the_modulus),
		cmocka_unit_test(
		    zeros_in_front_may_be_left_out_and_nothing_else),
		cmocka_unit_test(a_signature_is_below_the_modulus),
		cmocka_unit_test(one_algorithm_is_not_another_and_sha1_is_none),
		cmocka_unit_test(exponents_that_make_no_sense_are_refused),
		cmocka_unit_test(a_modulus_has_2048_to_16384_bits_and_is_odd),
		cmocka_unit_test(numbers_are_minimal_and_positive),
		cmocka_unit_test(every_truncated_or_longer_key_is_refused),
		cmocka_unit_test(a_key_file_of_1024_bits_is_refused),
		cmocka_unit_test(
		    a_private_key_whose_numbers_do_not_fit_is_refused),
		cmocka_unit_test(a_key_is_made_with_the_bits_asked_for),
		cmocka_unit_test(
		    a_key_that_was_forgotten_keeps_its_public_half_alone),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	key = keyring_key(crypto, "rsa_2048");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_key_free(key);
	sp_crypto_free(crypto);
	return failed;
}
