/* Packet ciphers: known answers, round trips, damage, moved states. */
#include "lib/crypto/aesctr.h"
#include "lib/crypto/aesgcm.h"
#include "lib/crypto/chacha20poly1305.h"
#include "lib/crypto/cipher.h"
#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#include <sallyport/key.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ROOM = 40000 };

static struct sp_crypto *crypto;

/* Bytes 0, 1, 2 ...: key, iv and packet bodies of the vectors. */
static void
fill(uint8_t *room, size_t len)
{
	for (size_t i = 0; i < len; i++)
		room[i] = (uint8_t)i;
}

static struct cipher_state *
state_with(struct cipher_suite suite, enum cipher_direction direction,
    struct sp_view iv)
{
	struct cipher_state *state = NULL;
	struct cipher_keys keys;
	uint8_t bytes[64];

	fill(bytes, sizeof bytes);
	keys = suites_keys(suite, bytes);
	keys.iv = iv;
	assert_int_equal(
	    cipher_new(suite, crypto, direction, keys, &state), SP_OK);
	return state;
}

static struct cipher_state *
state_of(struct cipher_suite suite, enum cipher_direction direction)
{
	uint8_t iv[16];

	fill(iv, sizeof iv);
	return state_with(suite, direction, view_of(iv, suite.cipher->iv_len));
}

/* A length like this one that fills whole blocks. */
static uint32_t
whole(struct cipher_suite suite, uint32_t length)
{
	if (suite.mac == NULL)
		return length;
	length -= length % 16;
	return suite.mac->is_etm ? length : length + 12;
}

static size_t
tag_of(struct cipher_suite suite)
{
	return suite.mac == NULL ? 16 : suite.mac->len;
}

static const struct cipher_suite gcm = { &aesgcm_256, NULL };

/*
 * Made by an independent implementation: Python's cryptography, with
 * ChaCha20, Poly1305, AES and HMAC put together as the documents say.
 */
static const struct {
	const struct cipher *cipher;
	const char *mac;
	const char *iv;
	uint32_t sequence;
	uint32_t length;
	const char *sealed;
} vectors[] = {
	{ &chacha20poly1305_openssh, "", "", 0, 16,
	    "94450e4918b94032a9e3a0d61b68566aa34e4028fdf89b60987fefef6842c3bb"
	    "ac436ff7" },
	{ &chacha20poly1305_openssh, "", "", 7, 104,
	    "a39afcc2284717404a862c596464b1fbdb82dd2324a322256af62b94587301c4"
	    "9c4e1d4b8476d3863147d29e84fb4c053f1f2558479da2ecab167ec442dd1c81"
	    "ef9369ce4583a779650712a16ca1c5a82a08b3bf389c41efa960a2a59ecd67a0"
	    "3a662f69c0f4323b312c4350c9cfa8c461fa1e75bacc1513812f99d0" },
	{ &chacha20poly1305_openssh, "", "", 0xffffffff, 24,
	    "b90ee4a809930e98aa01d2e59e3fa1b97e8b0ca106ab2b05db3acd6fe4e3956b"
	    "d228d94cff265bef9db0c014" },
	{ &aesgcm_256, "", "000102030405060708090a0b", 0, 16,
	    "000000104703d418c1e0c41c85489d80bde4766286633d05b67ace0110e2a60c"
	    "da20592d" },
	{ &aesgcm_256, "", "000102030405060708090afe", 3, 112,
	    "00000070798c08d03f77180cc062bce55a60d1850bad4bbaee12fcdb68a79214"
	    "f1eb2ca8f4c8ecf8a3418d3d22898375479944dedec9af0d9c65d4964c8bb42e"
	    "e6e3ffe4afb4867807732f7d2153aad9cafe023e045c37d63ebfbf48922a8f56"
	    "f53943dd8c66c66c95a84f3ce8d83b558eee31ed74872001719fdeb492bbd7c7"
	    "9d24ab52" },
	{ &aesgcm_128, "", "000102030405060708090a0b", 0, 16,
	    "00000010936da5cd621ef15343db6b813aae7e07609d0eaf87dc563d3ca1154d"
	    "160476b8" },
	{ &aesctr_128, "hmac-sha2-256-etm@openssh.com",
	    "000102030405060708090a0b0c0d0e0f", 0, 16,
	    "000000100a9509b6456bf642f9ca9e53ca5ee45586a32133ffe7202bd73e154b"
	    "7d1773b02aba838e095f659ba6abc910ccb84346" },
	{ &aesctr_256, "hmac-sha2-512-etm@openssh.com",
	    "0000000000000000ffffffffffffffff", 3, 48,
	    "00000030a6fad95ff9e57b1c50f43c2a7bb1f1d0410cc7fc8e7d3d6abc868bd3"
	    "705264dc60e41eccb6ca0b43174aa1a90ef630aa89a57d570a471e721e522afc"
	    "eb2ee2b93e8340f8a3bd1ae4d212e5ba7871de4e0f1d6cf027efd9d89caab0c8"
	    "d90d32c75911ace0170cdcf44efb9cfae29510c0" },
	{ &aesctr_192, "hmac-sha2-512", "000102030405060708090a0b0c0d0e0f",
	    4294967295, 12,
	    "0060bff2468249bbde59ffa117fb2aa579af15c3e0e17087f910cf5a4d6a10cd"
	    "c13919a577e0fa36d7de7e1ec43e25c4970d41c7f5dfb6e7fd55af5c50ca2d40"
	    "626988a0126845d0273860bca6a5ba53" },
	{ &aesctr_128, "hmac-sha2-256", "0000000000000000ffffffffffffffff", 7,
	    60,
	    "39a7ef360a5950abbbd705244cb69e191f159465f4ba15bd64b6bcaa28a783c5"
	    "9389375b6cae6916bd6734129d39f516b879681b2c5e6b42ca3b805589c2a36b"
	    "cde27205401409616588068e7317381959957037f323f8ac07772a4e31b7041"
	    "7" },
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
		struct cipher_suite suite = { vectors[i].cipher,
			mac_find(view_of_string(vectors[i].mac)) };
		struct cipher_state *seal =
		    state_with(suite, CIPHER_SEAL, nonce);
		struct cipher_state *open =
		    state_with(suite, CIPHER_OPEN, nonce);

		fill(body, length);
		memcpy(packet + 4, body, length);
		assert_int_equal(
		    cipher_seal(seal, sequence, packet, length), SP_OK);
		assert_int_equal(sealed.len, 4 + length + tag_of(suite));
		assert_int_equal(cipher_tag_len(seal), tag_of(suite));
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
	struct cipher_suite suite;

	(void)unused;
	fill(body, ROOM);
	for (size_t c = 0; suites_at(c, &suite); c++) {
		struct cipher_state *seal = state_of(suite, CIPHER_SEAL);
		struct cipher_state *open = state_of(suite, CIPHER_OPEN);
		uint32_t sequence = 0;

		for (uint32_t i = 0; i < 35000;
		     i += i < 300 ? 1 : 1777, sequence++) {
			uint32_t length = whole(suite, i);

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
	uint8_t sealed[128], packet[128];
	struct cipher_suite suite;

	(void)unused;
	for (size_t c = 0; suites_at(c, &suite); c++) {
		struct cipher_state *seal = state_of(suite, CIPHER_SEAL);
		uint32_t length = whole(suite, 32);
		size_t bits = 8 * (4 + length + tag_of(suite));

		fill(sealed, sizeof sealed);
		assert_int_equal(cipher_seal(seal, 5, sealed, length), SP_OK);
		for (size_t bit = 0; bit < bits; bit++) {
			struct cipher_state *open =
			    state_of(suite, CIPHER_OPEN);

			memcpy(packet, sealed, sizeof packet);
			packet[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(
			    cipher_open(open, 5, packet, length), SP_ERR_MAC);
			cipher_free(open);
		}
		cipher_free(seal);
	}
}

static void
a_packet_of_another_length_is_refused(void **unused)
{
	uint8_t sealed[256], packet[256];
	struct cipher_suite suite;

	(void)unused;
	for (size_t c = 0; suites_at(c, &suite); c++) {
		struct cipher_state *seal = state_of(suite, CIPHER_SEAL);
		uint32_t right = whole(suite, 64);

		memset(sealed, 0, sizeof sealed);
		assert_int_equal(cipher_seal(seal, 0, sealed, right), SP_OK);
		for (uint32_t length = 0; length < 128; length++) {
			struct cipher_state *open =
			    state_of(suite, CIPHER_OPEN);
			enum sp_status status;

			memcpy(packet, sealed, sizeof packet);
			status = cipher_open(open, 0, packet, length);
			if (length == right)
				assert_int_equal(status, SP_OK);
			else if (suite.mac != NULL && length % 16 != right % 16)
				assert_int_equal(status, SP_ERR_PACKET_LENGTH);
			else
				assert_int_equal(status, SP_ERR_MAC);
			cipher_free(open);
		}
		cipher_free(seal);
	}
}

static void
packets_open_only_in_their_place(void **unused)
{
	struct cipher_suite suite;

	(void)unused;
	for (size_t c = 0; suites_at(c, &suite); c++) {
		struct cipher_state *seal = state_of(suite, CIPHER_SEAL);
		struct cipher_state *open = state_of(suite, CIPHER_OPEN);
		uint32_t length = whole(suite, 16);
		uint8_t packet[128] = { 0 };

		assert_int_equal(cipher_seal(seal, 9, packet, length), SP_OK);
		/* GCM counts by itself: packet after packet. */
		assert_int_equal(cipher_open(open, 8, packet, length),
		    suite.cipher->iv_len == 12 ? SP_OK : SP_ERR_MAC);
		cipher_free(seal);
		cipher_free(open);
	}
}

static void
a_state_made_from_key_and_iv_goes_on_where_the_first_stands(void **unused)
{
	uint8_t one[160], other[160], body[160];
	struct cipher_suite suite;

	(void)unused;
	fill(body, sizeof body);
	for (size_t c = 0; suites_at(c, &suite); c++) {
		struct cipher_state *first = state_of(suite, CIPHER_SEAL);
		struct cipher_state *copy = NULL;
		uint32_t length = whole(suite, 64);

		/* Past a carry out of the counter's last byte. */
		for (uint32_t i = 0; i < 300; i++)
			assert_int_equal(
			    cipher_seal(first, i, one, whole(suite, 32)),
			    SP_OK);
		assert_int_equal(cipher_new(suite, crypto, CIPHER_SEAL,
				     cipher_keys_of(first), &copy),
		    SP_OK);
		assert_ptr_equal(cipher_suite_of(copy).cipher, suite.cipher);
		assert_ptr_equal(cipher_suite_of(copy).mac, suite.mac);
		for (uint32_t i = 300; i < 600; i++) {
			memcpy(one, body, sizeof one);
			memcpy(other, body, sizeof other);
			assert_int_equal(
			    cipher_seal(first, i, one, length), SP_OK);
			assert_int_equal(
			    cipher_seal(copy, i, other, length), SP_OK);
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
	struct cipher_state *seal = state_with(gcm, CIPHER_SEAL, start);
	struct cipher_state *open = state_with(gcm, CIPHER_OPEN, start);
	struct cipher_state *copy;

	(void)unused;
	assert_int_equal(cipher_seal(seal, 0, packet, 16), SP_OK);
	assert_int_equal(cipher_open(open, 0, packet, 16), SP_OK);
	assert_int_equal(cipher_seal(seal, 1, packet, 16), SP_ERR_LIMIT);
	assert_int_equal(cipher_seal(seal, 2, packet, 16), SP_ERR_LIMIT);
	assert_int_equal(cipher_open(open, 1, packet, 16), SP_ERR_LIMIT);
	copy = state_with(gcm, CIPHER_SEAL, cipher_keys_of(seal).iv);
	assert_int_equal(cipher_seal(copy, 1, packet, 16), SP_ERR_LIMIT);
	cipher_free(copy);
	cipher_free(seal);
	cipher_free(open);
}

/* The length is asked for when the first block has come, maybe twice. */
static void
a_length_can_be_asked_for_again_and_the_packet_opened_elsewhere(void **unused)
{
	struct cipher_suite suite;

	(void)unused;
	for (size_t c = 0; suites_at(c, &suite); c++) {
		struct cipher_state *seal = state_of(suite, CIPHER_SEAL);
		struct cipher_state *open = state_of(suite, CIPHER_OPEN);
		struct cipher_state *copy = NULL;
		uint32_t length = whole(suite, 64);
		uint8_t packet[160], again[160];

		fill(packet, sizeof packet);
		assert_int_equal(cipher_seal(seal, 0, packet, length), SP_OK);
		memcpy(again, packet, sizeof again);
		assert_int_equal(cipher_length(open, 0, packet), length);
		assert_int_equal(cipher_length(open, 0, packet), length);
		assert_memory_equal(again, packet, sizeof again);
		assert_int_equal(cipher_new(suite, crypto, CIPHER_OPEN,
				     cipher_keys_of(open), &copy),
		    SP_OK);
		assert_int_equal(cipher_open(open, 0, packet, length), SP_OK);
		assert_int_equal(cipher_length(copy, 0, again), length);
		assert_int_equal(cipher_open(copy, 0, again, length), SP_OK);
		assert_memory_equal(packet, again, sizeof again);
		cipher_free(seal);
		cipher_free(open);
		cipher_free(copy);
	}
}

static enum sp_status
try_keys(struct cipher_suite suite, struct cipher_keys keys)
{
	struct cipher_state *state = NULL;
	enum sp_status status =
	    cipher_new(suite, crypto, CIPHER_SEAL, keys, &state);

	assert_true(status == SP_OK || state == NULL);
	cipher_free(state);
	return status;
}

static void
keys_of_wrong_length_make_no_state(void **unused)
{
	uint8_t bytes[65] = { 0 };
	struct cipher_suite suite;

	(void)unused;
	for (size_t c = 0; suites_at(c, &suite); c++) {
		struct cipher_keys keys = suites_keys(suite, bytes);

		assert_int_equal(try_keys(suite, keys), SP_OK);
		keys.key.len++;
		assert_int_equal(try_keys(suite, keys), SP_ERR_ARGUMENT);
		keys.key.len--;
		keys.iv.len++;
		assert_int_equal(try_keys(suite, keys), SP_ERR_ARGUMENT);
		keys.iv.len--;
		keys.mac.len++;
		assert_int_equal(try_keys(suite, keys), SP_ERR_ARGUMENT);
	}
	cipher_free(NULL);
}

static void
a_mac_stands_beside_a_cipher_that_needs_one_and_no_other(void **unused)
{
	const struct mac *mac = mac_find(view_of_string("hmac-sha2-256"));
	struct cipher_suite bare = { &aesctr_128, NULL };
	struct cipher_suite doubled = { &aesgcm_128, mac };
	uint8_t bytes[64] = { 0 };

	(void)unused;
	assert_int_equal(
	    try_keys(bare, suites_keys(bare, bytes)), SP_ERR_ARGUMENT);
	assert_int_equal(
	    try_keys(doubled, suites_keys(doubled, bytes)), SP_ERR_ARGUMENT);
}

static void
rows_are_found_by_their_whole_name(void **unused)
{
	enum algorithm_set set;
	const char *each;

	(void)unused;
	for (size_t i = 0; (each = cipher_row(i, &set)) != NULL; i++) {
		struct sp_view name = view_of_string(each);

		assert_ptr_equal(cipher_find(name)->name, each);
		assert_int_equal(cipher_find(name)->set, set);
		name.len--;
		assert_null(cipher_find(name));
	}
	for (size_t i = 0; (each = mac_row(i, &set)) != NULL; i++) {
		struct sp_view name = view_of_string(each);

		assert_ptr_equal(mac_find(name)->name, each);
		assert_int_equal(mac_find(name)->set, set);
		name.len--;
		assert_null(mac_find(name));
	}
	assert_null(cipher_find(view_of_string("none")));
	assert_null(cipher_find(view_of(NULL, 0)));
	assert_null(mac_find(view_of_string("none")));
	assert_null(mac_find(view_of(NULL, 0)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_packets_are_sealed_and_opened),
		cmocka_unit_test(every_length_survives_the_round_trip),
		cmocka_unit_test(every_damaged_bit_is_noticed),
		cmocka_unit_test(a_packet_of_another_length_is_refused),
		cmocka_unit_test(packets_open_only_in_their_place),
		cmocka_unit_test(
		    a_state_made_from_key_and_iv_goes_on_where_the_first_stands),
		cmocka_unit_test(the_gcm_counter_never_wraps),
		cmocka_unit_test(
		    a_length_can_be_asked_for_again_and_the_packet_opened_elsewhere),
		cmocka_unit_test(keys_of_wrong_length_make_no_state),
		cmocka_unit_test(
		    a_mac_stands_beside_a_cipher_that_needs_one_and_no_other),
		cmocka_unit_test(rows_are_found_by_their_whole_name),
	};
	int failed;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
