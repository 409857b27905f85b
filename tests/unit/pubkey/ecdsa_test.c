/* ECDSA: RFC 6979's vectors, and what must not verify. */
#include "lib/pubkey/ecdsa.h"
#include "lib/pubkey/pubkey.h"
#include "tests/unit/hex.h"
#include "tests/unit/pubkey/keyring.h"
#include "tests/unit/pubkey/numberform.h"

static struct sp_crypto *crypto;

/* RFC 6979 A.2.5 to A.2.7, message "sample"; and the order of each group. */
static const struct vector {
	const char *type, *curve, *scalar, *x, *y, *r, *s, *order;
	const char *file, *public_file;
} vectors[] = {
	{ "ecdsa-sha2-nistp256", "nistp256",
	    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
	    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
	    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
	    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
	    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
	    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
	    "ecdsa_256", "ecdsa_256.pub" },
	{ "ecdsa-sha2-nistp384", "nistp384",
	    "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8"
	    "96d5724e4c70a825f872c9ea60d2edf5",
	    "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
	    "def8f0ea9055866064a254515480bc13",
	    "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1"
	    "288b231c3ae0d4fe7344fd2533264720",
	    "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
	    "81a648152e44acf96e36dd1e80fabe46",
	    "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
	    "a329c145786e679e7b82c71a38628ac8",
	    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
	    "581a0db248b0a77aecec196accc52973",
	    "ecdsa_384", "ecdsa_384.pub" },
	{ "ecdsa-sha2-nistp521", "nistp521",
	    "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75"
	    "caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b8"
	    "3538",
	    "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd"
	    "371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f50"
	    "23a4",
	    "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a"
	    "28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfd"
	    "fcf5",
	    "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f"
	    "174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e3"
	    "77fa",
	    "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af"
	    "282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4"
	    "a67a",
	    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	    "fffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e9138"
	    "6409",
	    "ecdsa_521", "ecdsa_521.pub" },
};

enum { ROWS = sizeof vectors / sizeof vectors[0], FIELD_MAX = 66 };

/* The numbers of a row as bytes. */
struct numbers {
	size_t len; /* of a coordinate */
	uint8_t point[1 + 2 * FIELD_MAX];
	uint8_t r[FIELD_MAX + 1], s[FIELD_MAX + 1];
};

static struct numbers
numbers_of(const struct vector *v)
{
	struct numbers n = { .point = { 4 } };

	n.len = hex_bytes(v->x, n.point + 1).len;
	hex_bytes(v->y, n.point + 1 + n.len);
	hex_bytes(v->r, n.r);
	hex_bytes(v->s, n.s);
	return n;
}

static struct buffer
blob_of(const struct vector *v, const char *curve, struct sp_view point)
{
	struct buffer blob;
	struct writer w;

	buffer_init(&blob, 1024);
	writer_init(&w, &blob);
	writer_cstring(&w, v->type);
	writer_cstring(&w, curve);
	writer_string(&w, point);
	assert_int_equal(writer_finish(&w), SP_OK);
	return blob;
}

static struct buffer
signature_of(const struct vector *v, struct sp_view r, struct sp_view s)
{
	struct buffer blob;
	struct writer w;
	size_t mark;

	buffer_init(&blob, 1024);
	writer_init(&w, &blob);
	writer_cstring(&w, v->type);
	mark = writer_begin_string(&w);
	writer_mpint(&w, r);
	writer_mpint(&w, s);
	writer_end_string(&w, mark);
	assert_int_equal(writer_finish(&w), SP_OK);
	return blob;
}

/* Takes both. */
static enum sp_status
verify(const struct vector *v, struct buffer blob, struct buffer signature)
{
	enum sp_status status =
	    sp_key_verify(crypto, buffer_view(&blob), view_of_string(v->type),
		view_of_string("sample"), buffer_view(&signature));

	buffer_clear(&blob);
	buffer_clear(&signature);
	return status;
}

static enum sp_status
verify_numbers(const struct vector *v, struct sp_view r, struct sp_view s)
{
	struct numbers n = numbers_of(v);

	return verify(v, blob_of(v, v->curve, view_of(n.point, 1 + 2 * n.len)),
	    signature_of(v, r, s));
}

static enum sp_status
verify_point(const struct vector *v, const char *curve, struct sp_view point)
{
	struct numbers n = numbers_of(v);

	return verify(v, blob_of(v, curve, point),
	    signature_of(v, view_of(n.r, n.len), view_of(n.s, n.len)));
}

static void
the_vectors_of_rfc_6979_verify(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		struct numbers n = numbers_of(&vectors[i]);

		assert_int_equal(verify_numbers(&vectors[i],
				     view_of(n.r, n.len), view_of(n.s, n.len)),
		    SP_OK);
	}
}

static void
keys_of_ssh_keygen_sign_what_verifies(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		const struct vector *v = &vectors[i];
		struct sp_key *key = keyring_key(crypto, v->file);
		struct sp_view data = view_of_string("sample");
		uint8_t room[SP_SIGNATURE_MAX];
		size_t len;

		assert_string_equal(sp_key_type(key), v->type);
		assert_string_equal(sp_key_algorithm(key), v->type);
		assert_true(
		    keyring_has_public(v->public_file, sp_key_blob(key)));
		/* Often enough for numbers shorter than the field. */
		for (size_t n = 0; n < 64; n++) {
			assert_int_equal(
			    sp_key_sign(key, v->type, data, room, &len), SP_OK);
			assert_int_equal(sp_key_verify(crypto, sp_key_blob(key),
					     view_of_string(v->type), data,
					     view_of(room, len)),
			    SP_OK);
		}
		sp_key_free(key);
	}
}

static void
every_changed_bit_of_a_signature_is_noticed(void **unused)
{
	const struct vector *v = &vectors[0];
	struct numbers n = numbers_of(v);
	struct buffer signature =
	    signature_of(v, view_of(n.r, n.len), view_of(n.s, n.len));

	(void)unused;
	for (size_t bit = 0; bit < 8 * buffer_len(&signature); bit++) {
		struct buffer changed;

		buffer_init(&changed, 1024);
		assert_int_equal(
		    buffer_append(&changed, buffer_view(&signature)), SP_OK);
		changed.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(
		    verify(v,
			blob_of(v, v->curve, view_of(n.point, 1 + 2 * n.len)),
			changed),
		    SP_ERR_SIGNATURE);
	}
	for (size_t len = buffer_len(&signature); len-- > 0;) {
		struct buffer cut;

		buffer_init(&cut, 1024);
		assert_int_equal(
		    buffer_append(&cut, view_of(signature.data, len)), SP_OK);
		assert_int_equal(
		    verify(v,
			blob_of(v, v->curve, view_of(n.point, 1 + 2 * n.len)),
			cut),
		    SP_ERR_SIGNATURE);
	}
	buffer_clear(&signature);
}

/* The sum of a number and the order, one byte longer. */
static struct sp_view
add_order(const struct vector *v, const uint8_t *number, size_t len,
    uint8_t sum[FIELD_MAX + 1])
{
	uint8_t order[FIELD_MAX];
	unsigned carry = 0;

	hex_bytes(v->order, order);
	for (size_t i = len; i-- > 0;) {
		carry += (unsigned)number[i] + order[i];
		sum[i + 1] = (uint8_t)carry;
		carry >>= 8;
	}
	sum[0] = (uint8_t)carry;
	return view_of(sum, len + 1);
}

static void
r_and_s_are_between_zero_and_the_order(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		const struct vector *v = &vectors[i];
		struct numbers n = numbers_of(v);
		struct sp_view r = view_of(n.r, n.len), s = view_of(n.s, n.len);
		uint8_t order[FIELD_MAX], sum[FIELD_MAX + 1];
		struct sp_view zero = view_of(NULL, 0);
		struct sp_view whole = hex_bytes(v->order, order);

		assert_int_equal(verify_numbers(v, zero, s), SP_ERR_SIGNATURE);
		assert_int_equal(verify_numbers(v, r, zero), SP_ERR_SIGNATURE);
		assert_int_equal(
		    verify_numbers(v, zero, zero), SP_ERR_SIGNATURE);
		assert_int_equal(verify_numbers(v, whole, s), SP_ERR_SIGNATURE);
		assert_int_equal(verify_numbers(v, r, whole), SP_ERR_SIGNATURE);
		assert_int_equal(
		    verify_numbers(v, add_order(v, n.r, n.len, sum), s),
		    SP_ERR_SIGNATURE);
		assert_int_equal(
		    verify_numbers(v, r, add_order(v, n.s, n.len, sum)),
		    SP_ERR_SIGNATURE);
	}
}

/* Takes the signature's inner part. */
static enum sp_status
verify_inner(const struct vector *v, struct sp_view inner)
{
	struct numbers n = numbers_of(v);
	struct buffer blob;
	struct writer w;

	buffer_init(&blob, 1024);
	writer_init(&w, &blob);
	writer_cstring(&w, v->type);
	writer_string(&w, inner);
	assert_int_equal(writer_finish(&w), SP_OK);
	return verify(
	    v, blob_of(v, v->curve, view_of(n.point, 1 + 2 * n.len)), blob);
}

static void
r_and_s_are_written_in_one_way_alone(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		const struct vector *v = &vectors[i];
		struct numbers n = numbers_of(v);
		struct buffer good, wrong = { .data = NULL };
		struct writer w;

		buffer_init(&good, 1024);
		writer_init(&w, &good);
		writer_mpint(&w, view_of(n.r, n.len));
		writer_mpint(&w, view_of(n.s, n.len));
		assert_int_equal(writer_finish(&w), SP_OK);
		assert_int_equal(verify_inner(v, buffer_view(&good)), SP_OK);
		for (size_t k = 0;
		     numberform_at(k, buffer_view(&good), n.len, &wrong); k++)
			assert_int_equal(verify_inner(v, buffer_view(&wrong)),
			    SP_ERR_SIGNATURE);
		buffer_clear(&good);
		buffer_clear(&wrong);
	}
}

static void
points_are_uncompressed_and_on_the_curve(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		const struct vector *v = &vectors[i];
		struct numbers n = numbers_of(v);
		size_t whole = 1 + 2 * n.len;
		uint8_t infinity[1] = { 0 };

		assert_int_equal(
		    verify_point(v, v->curve, view_of(n.point, whole)), SP_OK);
		assert_int_equal(
		    verify_point(v, "nistp25", view_of(n.point, whole)),
		    SP_ERR_KEY_FORMAT);
		assert_int_equal(
		    verify_point(v, v->curve, view_of(n.point, whole - 1)),
		    SP_ERR_KEY_FORMAT);
		assert_int_equal(verify_point(v, v->curve, view_of(NULL, 0)),
		    SP_ERR_KEY_FORMAT);
		assert_int_equal(
		    verify_point(v, v->curve, view_of(infinity, 1)),
		    SP_ERR_KEY_FORMAT);
		n.point[whole - 1] ^= 1;
		assert_int_equal(
		    verify_point(v, v->curve, view_of(n.point, whole)),
		    SP_ERR_KEY_FORMAT);
		n.point[whole - 1] ^= 1;
		/* compressed, and the hybrid form with all bytes there */
		for (uint8_t form = 2; form < 8; form++) {
			n.point[0] = form;
			assert_int_equal(
			    verify_point(v, v->curve, view_of(n.point, whole)),
			    form == 4 ? SP_OK : SP_ERR_KEY_FORMAT);
			assert_int_equal(verify_point(v, v->curve,
					     view_of(n.point, 1 + n.len)),
			    SP_ERR_KEY_FORMAT);
		}
		/* coordinates past the field's prime */
		n.point[0] = 4;
		memset(n.point + 1, 0xff, n.len);
		assert_int_equal(
		    verify_point(v, v->curve, view_of(n.point, whole)),
		    SP_ERR_KEY_FORMAT);
	}
}

static void
every_truncated_or_longer_key_is_refused(void **unused)
{
	const struct vector *v = &vectors[1];
	struct numbers n = numbers_of(v);
	struct buffer whole =
	    blob_of(v, v->curve, view_of(n.point, 1 + 2 * n.len));

	(void)unused;
	for (size_t len = 0; len <= buffer_len(&whole) + 1; len++) {
		struct buffer blob;

		if (len == buffer_len(&whole))
			continue;
		buffer_init(&blob, 1024);
		assert_int_equal(
		    buffer_append(&blob, buffer_view(&whole)), SP_OK);
		assert_int_equal(buffer_append(&blob, view_of("", 1)), SP_OK);
		buffer_truncate(&blob, len);
		assert_int_equal(verify(v, blob,
				     signature_of(v, view_of(n.r, n.len),
					 view_of(n.s, n.len))),
		    SP_ERR_KEY_FORMAT);
	}
	buffer_clear(&whole);
}

/* Reads scalar and point as a private key file has them. */
static enum sp_status
read_private(const struct vector *v, struct sp_view point, struct sp_view d)
{
	const struct pubkey_type *type =
	    pubkey_type_find(view_of_string(v->type));
	struct sp_key *key = NULL;
	struct buffer fields;
	struct writer w;
	struct reader r;
	enum sp_status status;

	buffer_init(&fields, 1024);
	writer_init(&w, &fields);
	writer_cstring(&w, v->curve);
	writer_string(&w, point);
	writer_mpint(&w, d);
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_int_equal(pubkey_new(crypto, type, &key), SP_OK);
	reader_init(&r, buffer_view(&fields));
	status = type->read_private(key, &r);
	buffer_clear(&fields);
	sp_key_free(key);
	return status;
}

static void
a_scalar_that_is_not_the_points_is_refused(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ROWS; i++) {
		const struct vector *v = &vectors[i];
		struct numbers n = numbers_of(v);
		struct sp_view point = view_of(n.point, 1 + 2 * n.len);
		uint8_t scalar[FIELD_MAX], sum[FIELD_MAX + 1];
		struct sp_view d = hex_bytes(v->scalar, scalar);

		assert_int_equal(read_private(v, point, d), SP_OK);
		assert_int_equal(
		    read_private(v, point, add_order(v, scalar, n.len, sum)),
		    SP_ERR_KEY_FORMAT);
		scalar[n.len - 1] ^= 1;
		assert_int_equal(read_private(v, point, d), SP_ERR_KEY_FORMAT);
		assert_int_equal(read_private(v, point, view_of(NULL, 0)),
		    SP_ERR_KEY_FORMAT);
	}
}

static void
keys_are_made_with_their_own_bits_alone(void **unused)
{
	struct sp_key *key = NULL;

	(void)unused;
	assert_int_equal(
	    sp_key_generate_bits(crypto, "ecdsa-sha2-nistp256", 384, &key),
	    SP_ERR_KEY_SIZE);
	assert_null(key);
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(
		    sp_key_generate(crypto, vectors[i].type, &key), SP_OK);
		assert_int_equal(pubkey_try(key), SP_OK);
		sp_key_free(key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc_6979_verify),
		cmocka_unit_test(keys_of_ssh_keygen_sign_what_verifies),
		cmocka_unit_test(every_changed_bit_of_a_signature_is_noticed),
		cmocka_unit_test(r_and_s_are_between_zero_and_the_order),
		cmocka_unit_test(r_and_s_are_written_in_one_way_alone),
		cmocka_unit_test(points_are_uncompressed_and_on_the_curve),
		cmocka_unit_test(every_truncated_or_longer_key_is_refused),
		cmocka_unit_test(a_scalar_that_is_not_the_points_is_refused),
		cmocka_unit_test(keys_are_made_with_their_own_bits_alone),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
