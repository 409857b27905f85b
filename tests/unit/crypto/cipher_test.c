/* Packet ciphers: known answers, round trips, damage, moved states. */
#include "lib/crypto/aesgcm.h"
#include "lib/crypto/chacha20poly1305.h"
#include "lib/crypto/cipher.h"
#include "tests/unit/hex.h"

#include <sallyport/key.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ROOM = 40000 };

static struct sp_crypto *crypto;

static const struct cipher *const all[] = {
	&chacha20poly1305_openssh,
	&aesgcm_256,
};

enum { N_CIPHERS = sizeof all / sizeof all[0] };

/* Bytes 0, 1, 2 ...: key, iv and packet bodies of the vectors. */
static void
fill(uint8_t *room, size_t len)
{
	for (size_t i = 0; i < len; i++)
		room[i] = (uint8_t)i;
}

static struct cipher_state *
state_with(const struct cipher *cipher, enum cipher_direction direction,
    struct sp_view iv)
{
	struct cipher_state *state = NULL;
	uint8_t key[64];

	fill(key, sizeof key);
	assert_int_equal(cipher_new(cipher, crypto, direction,
			     view_of(key, cipher->key_len), iv, &state),
	    SP_OK);
	return state;
}

static struct cipher_state *
state_of(const struct cipher *cipher, enum cipher_direction direction)
{
	uint8_t iv[16];

	fill(iv, sizeof iv);
	return state_with(cipher, direction, view_of(iv, cipher->iv_len));
}

/*
 * Made by an independent implementation: Python's cryptography, with
 * ChaCha20, Poly1305 and AES-GCM put together as the two documents say.
 */
static const struct {
	const struct cipher *cipher;
	const char *iv;
	uint32_t sequence;
	uint32_t length;
	const char *sealed;
} vectors[] = {
	{ &chacha20poly1305_openssh, "", 0, 16,
	    "94450e4918b94032a9e3a0d61b68566aa34e4028fdf89b60987fefef6842c3bb"
	    "ac436ff7" },
	{ &chacha20poly1305_openssh, "", 7, 104,
	    "a39afcc2284717404a862c596464b1fbdb82dd2324a322256af62b94587301c4"
	    "9c4e1d4b8476d3863147d29e84fb4c053f1f2558479da2ecab167ec442dd1c81"
	    "ef9369ce4583a779650712a16ca1c5a82a08b3bf389c41efa960a2a59ecd67a0"
	    "3a662f69c0f4323b312c4350c9cfa8c461fa1e75bacc1513812f99d0" },
	{ &chacha20poly1305_openssh, "", 0xffffffff, 24,
	    "b90ee4a809930e98aa01d2e59e3fa1b97e8b0ca106ab2b05db3acd6fe4e3956b"
	    "d228d94cff265bef9db0c014" },
	{ &aesgcm_256, "000102030405060708090a0b", 0, 16,
	    "000000104703d418c1e0c41c85489d80bde4766286633d05b67ace0110e2a60c"
	    "da20592d" },
	{ &aesgcm_256, "000102030405060708090afe", 3, 112,
	    "00000070798c08d03f77180cc062bce55a60d1850bad4bbaee12fcdb68a79214"
	    "f1eb2ca8f4c8ecf8a3418d3d22898375479944dedec9af0d9c65d4964c8bb42e"
	    "e6e3ffe4afb4867807732f7d2153aad9cafe023e045c37d63ebfbf48922a8f56"
	    "f53943dd8c66c66c95a84f3ce8d83b558eee31ed74872001719fdeb492bbd7c7"
	    "9d24ab52" },
};

static void
known_packets_are_sealed_and_opened(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		uint32_t sequence = vectors[i].sequence;
		uint32_t length = vectors[i].length;
		uint8_t packet[256], expected[256], body[256], iv[16];
		struct sp_view sealed = hex_bytes(vectors[i].sealed, expected);
		struct sp_view nonce = hex_bytes(vectors[i].iv, iv);
		struct cipher_state *seal =
		    state_with(vectors[i].cipher, CIPHER_SEAL, nonce);
		struct cipher_state *open =
		    state_with(vectors[i].cipher, CIPHER_OPEN, nonce);

		fill(body, length);
		memcpy(packet + 4, body, length);
		assert_int_equal(
		    cipher_seal(seal, sequence, packet, length), SP_OK);
		assert_int_equal(sealed.len, 4 + length + 16);
		assert_memory_equal(packet, sealed.data, sealed.len);
		assert_int_equal(cipher_length(open, sequence, packet), length);
		assert_int_equal(
		    cipher_open(open, sequence, packet, length), SP_OK);
		assert_memory_equal(packet + 4, body, length);
		cipher_free(seal);
		cipher_free(open);
	}
}

static void
every_length_survives_the_round_trip(void **unused)
{
	uint8_t *packet = malloc(ROOM), *body = malloc(ROOM);

	(void)unused;
	fill(body, ROOM);
	for (size_t c = 0; c < N_CIPHERS; c++) {
		const struct cipher *cipher = all[c];
		struct cipher_state *seal = state_of(cipher, CIPHER_SEAL);
		struct cipher_state *open = state_of(cipher, CIPHER_OPEN);
		uint32_t sequence = 0;

		for (uint32_t length = 0; length < 35000;
		     length += length < 300 ? 1 : 1777, sequence++) {
			memcpy(packet + 4, body, length);
			assert_int_equal(
			    cipher_seal(seal, sequence, packet, length), SP_OK);
			assert_int_equal(
			    cipher_length(open, sequence, packet), length);
			assert_int_equal(
			    cipher_open(open, sequence, packet, length), SP_OK);
			assert_memory_equal(packet + 4, body, length);
		}
		cipher_free(seal);
		cipher_free(open);
	}
	free(packet);
	free(body);
}

static void
every_damaged_bit_is_noticed(void **unused)
{
	enum { LENGTH = 32, WHOLE = 4 + LENGTH + 16 };
	uint8_t sealed[WHOLE], packet[WHOLE];

	(void)unused;
	for (size_t c = 0; c < N_CIPHERS; c++) {
		const struct cipher *cipher = all[c];
		struct cipher_state *seal = state_of(cipher, CIPHER_SEAL);

		fill(sealed, sizeof sealed);
		assert_int_equal(cipher_seal(seal, 5, sealed, LENGTH), SP_OK);
		for (size_t bit = 0; bit < 8 * (size_t)WHOLE; bit++) {
			struct cipher_state *open =
			    state_of(cipher, CIPHER_OPEN);

			memcpy(packet, sealed, WHOLE);
			packet[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(
			    cipher_open(open, 5, packet, LENGTH), SP_ERR_MAC);
			cipher_free(open);
		}
		cipher_free(seal);
	}
}

static void
a_packet_of_another_length_is_refused(void **unused)
{
	uint8_t sealed[256], packet[256];

	(void)unused;
	for (size_t c = 0; c < N_CIPHERS; c++) {
		const struct cipher *cipher = all[c];
		struct cipher_state *seal = state_of(cipher, CIPHER_SEAL);

		memset(sealed, 0, sizeof sealed);
		assert_int_equal(cipher_seal(seal, 0, sealed, 64), SP_OK);
		for (uint32_t length = 0; length < 128; length++) {
			struct cipher_state *open =
			    state_of(cipher, CIPHER_OPEN);

			memcpy(packet, sealed, sizeof packet);
			assert_int_equal(cipher_open(open, 0, packet, length),
			    length == 64 ? SP_OK : SP_ERR_MAC);
			cipher_free(open);
		}
		cipher_free(seal);
	}
}

static void
chacha_packets_open_only_in_their_place(void **unused)
{
	struct cipher_state *seal =
	    state_of(&chacha20poly1305_openssh, CIPHER_SEAL);
	struct cipher_state *open =
	    state_of(&chacha20poly1305_openssh, CIPHER_OPEN);
	uint8_t packet[64] = { 0 };

	(void)unused;
	assert_int_equal(cipher_seal(seal, 9, packet, 16), SP_OK);
	assert_int_equal(cipher_open(open, 8, packet, 16), SP_ERR_MAC);
	cipher_free(seal);
	cipher_free(open);
}

static void
a_state_made_from_key_and_iv_goes_on_where_the_first_stands(void **unused)
{
	uint8_t one[128], other[128], body[128];

	(void)unused;
	fill(body, sizeof body);
	for (size_t c = 0; c < N_CIPHERS; c++) {
		const struct cipher *cipher = all[c];
		struct cipher_state *first = state_of(cipher, CIPHER_SEAL);
		struct cipher_state *copy = NULL;

		/* Past a carry out of the counter's last byte. */
		for (uint32_t i = 0; i < 300; i++)
			assert_int_equal(cipher_seal(first, i, one, 32), SP_OK);
		assert_int_equal(
		    cipher_new(cipher, crypto, CIPHER_SEAL, cipher_key(first),
			cipher_iv(first), &copy),
		    SP_OK);
		assert_ptr_equal(cipher_of(copy), cipher);
		for (uint32_t i = 300; i < 600; i++) {
			memcpy(one, body, sizeof one);
			memcpy(other, body, sizeof other);
			assert_int_equal(cipher_seal(first, i, one, 64), SP_OK);
			assert_int_equal(
			    cipher_seal(copy, i, other, 64), SP_OK);
			assert_memory_equal(one, other, sizeof one);
		}
		cipher_free(first);
		cipher_free(copy);
	}
}

static void
the_gcm_counter_never_wraps(void **unused)
{
	uint8_t iv[12], packet[64] = { 0 };
	struct sp_view start = hex_bytes("00010203fffffffffffffffe", iv);
	struct cipher_state *seal = state_with(&aesgcm_256, CIPHER_SEAL, start);
	struct cipher_state *open = state_with(&aesgcm_256, CIPHER_OPEN, start);
	struct cipher_state *copy;

	(void)unused;
	assert_int_equal(cipher_seal(seal, 0, packet, 16), SP_OK);
	assert_int_equal(cipher_open(open, 0, packet, 16), SP_OK);
	assert_int_equal(cipher_seal(seal, 1, packet, 16), SP_ERR_LIMIT);
	assert_int_equal(cipher_seal(seal, 2, packet, 16), SP_ERR_LIMIT);
	assert_int_equal(cipher_open(open, 1, packet, 16), SP_ERR_LIMIT);
	copy = state_with(&aesgcm_256, CIPHER_SEAL, cipher_iv(seal));
	assert_int_equal(cipher_seal(copy, 1, packet, 16), SP_ERR_LIMIT);
	cipher_free(copy);
	cipher_free(seal);
	cipher_free(open);
}

static void
a_key_or_iv_of_wrong_length_makes_no_state(void **unused)
{
	struct cipher_state *state = NULL;
	uint8_t bytes[65] = { 0 };

	(void)unused;
	for (size_t c = 0; c < N_CIPHERS; c++) {
		const struct cipher *cipher = all[c];
		struct sp_view key = view_of(bytes, cipher->key_len);
		struct sp_view iv = view_of(bytes, cipher->iv_len);

		key.len++;
		assert_int_equal(
		    cipher_new(cipher, crypto, CIPHER_SEAL, key, iv, &state),
		    SP_ERR_ARGUMENT);
		key.len--;
		iv.len++;
		assert_int_equal(
		    cipher_new(cipher, crypto, CIPHER_SEAL, key, iv, &state),
		    SP_ERR_ARGUMENT);
		assert_null(state);
	}
	cipher_free(NULL);
}

static void
ciphers_are_found_by_their_whole_name(void **unused)
{
	(void)unused;
	for (size_t c = 0; c < N_CIPHERS; c++) {
		const struct cipher *cipher = all[c];
		struct sp_view name = view_of_string(cipher->name);

		assert_ptr_equal(cipher_find(name), cipher);
		name.len--;
		assert_null(cipher_find(name));
	}
	assert_null(cipher_find(view_of_string("none")));
	assert_null(cipher_find(view_of(NULL, 0)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_packets_are_sealed_and_opened),
		cmocka_unit_test(every_length_survives_the_round_trip),
		cmocka_unit_test(every_damaged_bit_is_noticed),
		cmocka_unit_test(a_packet_of_another_length_is_refused),
		cmocka_unit_test(chacha_packets_open_only_in_their_place),
		cmocka_unit_test(
		    a_state_made_from_key_and_iv_goes_on_where_the_first_stands),
		cmocka_unit_test(the_gcm_counter_never_wraps),
		cmocka_unit_test(a_key_or_iv_of_wrong_length_makes_no_state),
		cmocka_unit_test(ciphers_are_found_by_their_whole_name),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
