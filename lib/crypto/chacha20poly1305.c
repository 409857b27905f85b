/*
 * chacha20-poly1305@openssh.com (OpenSSH's PROTOCOL.chacha20poly1305): of
 * the 64 bytes of key the first 32 are for the packet and its Poly1305 key,
 * the last 32 for packet_length alone. The nonce is the sequence number,
 * so there is no iv and nothing counts here.
 */
#include "lib/crypto/chacha20poly1305.h"

#include "lib/crypto/cipher_ops.h"
#include "lib/crypto/crypto.h"

#include <openssl/crypto.h>

enum { KEY_LEN = 32, TAG_LEN = 16, BLOCK_LEN = 64 };

struct chacha_state {
	struct cipher_state base;
	EVP_CIPHER_CTX *body;
	EVP_CIPHER_CTX *header;
	EVP_MAC_CTX *mac;
};

static struct chacha_state *
state_of(struct cipher_state *base)
{
	return (struct chacha_state *)base;
}

static enum sp_status
init(struct cipher_state *base, const struct sp_crypto *crypto,
    enum cipher_direction direction)
{
	struct chacha_state *s = state_of(base);

	(void)direction; /* a stream cipher: both directions are one */
	s->body = EVP_CIPHER_CTX_new();
	s->header = EVP_CIPHER_CTX_new();
	s->mac = EVP_MAC_CTX_new(crypto->poly1305);
	if (s->body == NULL || s->header == NULL || s->mac == NULL)
		return SP_ERR_MEMORY;
	if (EVP_EncryptInit_ex2(
		s->body, crypto->chacha20, base->key, NULL, NULL) != 1 ||
	    EVP_EncryptInit_ex2(s->header, crypto->chacha20,
		base->key + KEY_LEN, NULL, NULL) != 1)
		return SP_ERR_CRYPTO;
	return SP_OK;
}

static void
clear(struct cipher_state *base)
{
	struct chacha_state *s = state_of(base);

	EVP_CIPHER_CTX_free(s->body);
	EVP_CIPHER_CTX_free(s->header);
	EVP_MAC_CTX_free(s->mac);
}

/*
 * OpenSSL's iv is the 8 byte block counter, little-endian, and then the 8
 * byte nonce, which is the sequence number in network order.
 */
static bool
start_stream(EVP_CIPHER_CTX *ctx, uint32_t sequence)
{
	uint8_t iv[16] = { 0 };

	cipher_put_u32(iv + 12, sequence);
	return EVP_EncryptInit_ex(ctx, NULL, NULL, NULL, iv) == 1;
}

/* Encrypts or decrypts the 4 length bytes. */
static bool
crypt_length(
    struct chacha_state *s, uint32_t sequence, const uint8_t *in, uint8_t *out)
{
	int n;

	return start_stream(s->header, sequence) &&
	    EVP_EncryptUpdate(s->header, out, &n, in, CIPHER_LENGTH_SIZE) == 1;
}

static uint32_t
length_of(struct cipher_state *base, uint32_t sequence, const uint8_t *bytes)
{
	uint8_t clear_bytes[CIPHER_LENGTH_SIZE];

	/* A length nobody accepts, should OpenSSL ever fail here. */
	if (!crypt_length(state_of(base), sequence, bytes, clear_bytes))
		return UINT32_MAX;
	return cipher_get_u32(clear_bytes);
}

/*
 * Block 0 of the packet's stream keys Poly1305; what is encrypted with
 * the same context next begins at block 1, as it must.
 */
static bool
start_packet(struct chacha_state *s, uint32_t sequence)
{
	static const uint8_t zeros[BLOCK_LEN];
	uint8_t block[BLOCK_LEN];
	bool good;
	int n;

	good = start_stream(s->body, sequence) &&
	    EVP_EncryptUpdate(s->body, block, &n, zeros, BLOCK_LEN) == 1 &&
	    EVP_MAC_init(s->mac, block, KEY_LEN, NULL) == 1;
	OPENSSL_cleanse(block, sizeof block);
	return good;
}

/* The tag of length bytes and body, both encrypted. */
static bool
tag_packet(struct chacha_state *s, const uint8_t *packet, uint32_t length,
    uint8_t tag[TAG_LEN])
{
	size_t len;

	return EVP_MAC_update(
		   s->mac, packet, (size_t)length + CIPHER_LENGTH_SIZE) == 1 &&
	    EVP_MAC_final(s->mac, tag, &len, TAG_LEN) == 1;
}

static bool
crypt_body(struct chacha_state *s, uint8_t *packet, uint32_t length)
{
	uint8_t *body = packet + CIPHER_LENGTH_SIZE;
	int n;

	return EVP_EncryptUpdate(s->body, body, &n, body, (int)length) == 1;
}

static enum sp_status
open_packet(struct cipher_state *base, uint32_t sequence, uint8_t *packet,
    uint32_t length)
{
	struct chacha_state *s = state_of(base);
	uint8_t *tag = packet + CIPHER_LENGTH_SIZE + length;
	uint8_t expected[TAG_LEN];

	if (!start_packet(s, sequence) ||
	    !tag_packet(s, packet, length, expected))
		return SP_ERR_CRYPTO;
	if (CRYPTO_memcmp(expected, tag, TAG_LEN) != 0)
		return SP_ERR_MAC;
	cipher_put_u32(packet, length);
	return crypt_body(s, packet, length) ? SP_OK : SP_ERR_CRYPTO;
}

static enum sp_status
seal_packet(struct cipher_state *base, uint32_t sequence, uint8_t *packet,
    uint32_t length)
{
	struct chacha_state *s = state_of(base);
	uint8_t *tag = packet + CIPHER_LENGTH_SIZE + length;

	cipher_put_u32(packet, length);
	if (!crypt_length(s, sequence, packet, packet) ||
	    !start_packet(s, sequence) || !crypt_body(s, packet, length) ||
	    !tag_packet(s, packet, length, tag))
		return SP_ERR_CRYPTO;
	return SP_OK;
}

static const struct cipher_ops ops = {
	.state_size = sizeof(struct chacha_state),
	.init = init,
	.clear = clear,
	.length = length_of,
	.open = open_packet,
	.seal = seal_packet,
};

const struct cipher chacha20poly1305_openssh = {
	.name = "chacha20-poly1305@openssh.com",
	.set = ALGORITHM_MODERN,
	.key_len = 2 * KEY_LEN,
	.iv_len = 0,
	.block_len = 8,
	.tag_len = TAG_LEN,
	.ops = &ops,
};
