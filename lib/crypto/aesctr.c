/*
 * AES in counter mode (RFC 4344 4) and a MAC. With a MAC over the sealed
 * packet ("etm") the length stays in clear; with one over the packet as it
 * was (RFC 4253 6.4) the length is sealed too, as part of the first block,
 * which is deciphered before anything is authenticated.
 *
 * The counter runs on from packet to packet. All packets are whole blocks,
 * so it stands at one between them.
 */
#include "lib/crypto/aesctr.h"

#include "lib/crypto/cipher_ops.h"
#include "lib/crypto/crypto.h"
#include "lib/crypto/mac.h"

#include <openssl/crypto.h>

enum { BLOCK_LEN = 16 };

struct aesctr_state {
	struct cipher_state base;
	EVP_CIPHER_CTX *ctx;
	EVP_MAC_CTX *mac;
	uint8_t head[BLOCK_LEN]; /* deciphered for the length's sake */
	bool has_head;
};

static struct aesctr_state *
state_of(struct cipher_state *base)
{
	return (struct aesctr_state *)base;
}

static const EVP_CIPHER *
fetched(const struct sp_crypto *crypto, const struct cipher *cipher)
{
	switch (cipher->key_len) {
	case 16:
		return crypto->aes128_ctr;
	case 24:
		return crypto->aes192_ctr;
	}
	return crypto->aes256_ctr;
}

static enum sp_status
init(struct cipher_state *base, const struct sp_crypto *crypto,
    enum cipher_direction direction)
{
	struct aesctr_state *s = state_of(base);

	(void)direction; /* a stream: both directions are one */
	s->ctx = EVP_CIPHER_CTX_new();
	if (s->ctx == NULL)
		return SP_ERR_MEMORY;
	if (EVP_EncryptInit_ex2(s->ctx, fetched(crypto, base->suite.cipher),
		base->key, base->iv, NULL) != 1)
		return SP_ERR_CRYPTO;
	return mac_new(base->suite.mac, crypto, base->mac_key, &s->mac);
}

static void
clear(struct cipher_state *base)
{
	EVP_CIPHER_CTX_free(state_of(base)->ctx);
	EVP_MAC_CTX_free(state_of(base)->mac);
}

static bool
crypt(struct aesctr_state *s, const uint8_t *in, uint8_t *out, size_t len)
{
	int n;

	return EVP_EncryptUpdate(s->ctx, out, &n, in, (int)len) == 1;
}

/* The iv is where the next packet begins: that is what moves elsewhere. */
static void
count_blocks(uint8_t iv[BLOCK_LEN], size_t len)
{
	uint64_t carry = len / BLOCK_LEN;

	for (size_t i = BLOCK_LEN; i > 0 && carry > 0; i--) {
		carry += iv[i - 1];
		iv[i - 1] = (uint8_t)carry;
		carry >>= 8;
	}
}

static uint32_t
length_of(struct cipher_state *base, uint32_t sequence, const uint8_t *bytes)
{
	struct aesctr_state *s = state_of(base);

	(void)sequence;
	if (base->suite.mac->is_etm)
		return cipher_get_u32(bytes);
	if (!s->has_head && !crypt(s, bytes, s->head, BLOCK_LEN))
		return UINT32_MAX;
	s->has_head = true;
	return cipher_get_u32(s->head);
}

/* Deciphers what cipher_length() has left of a packet. */
static bool
crypt_rest(struct aesctr_state *s, uint8_t *packet, size_t len)
{
	if (!s->has_head)
		return crypt(s, packet, packet, len);
	memcpy(packet, s->head, BLOCK_LEN);
	s->has_head = false;
	return len == BLOCK_LEN ||
	    crypt(s, packet + BLOCK_LEN, packet + BLOCK_LEN, len - BLOCK_LEN);
}

/* What is enciphered: the body, or all of the packet. */
static uint8_t *
ciphered(const struct cipher_state *base, uint8_t *packet, uint32_t length,
    size_t *len)
{
	size_t clear_len = base->suite.mac->is_etm ? CIPHER_LENGTH_SIZE : 0;

	*len = CIPHER_LENGTH_SIZE - clear_len + length;
	return packet + clear_len;
}

static enum sp_status
open_packet(struct cipher_state *base, uint32_t sequence, uint8_t *packet,
    uint32_t length)
{
	struct aesctr_state *s = state_of(base);
	const struct mac *mac = base->suite.mac;
	size_t whole = (size_t)CIPHER_LENGTH_SIZE + length, len;
	uint8_t *bytes = ciphered(base, packet, length, &len);
	uint8_t tag[MAC_LEN_MAX];

	if (len % BLOCK_LEN != 0)
		return SP_ERR_PACKET_LENGTH;
	if (!mac->is_etm && !crypt_rest(s, packet, len))
		return SP_ERR_CRYPTO;
	if (!mac_tag(s->mac, sequence, packet, whole, tag))
		return SP_ERR_CRYPTO;
	if (CRYPTO_memcmp(tag, packet + whole, mac->len) != 0)
		return SP_ERR_MAC;
	if (mac->is_etm && !crypt(s, bytes, bytes, len))
		return SP_ERR_CRYPTO;
	count_blocks(base->iv, len);
	return SP_OK;
}

static enum sp_status
seal_packet(struct cipher_state *base, uint32_t sequence, uint8_t *packet,
    uint32_t length)
{
	struct aesctr_state *s = state_of(base);
	const struct mac *mac = base->suite.mac;
	size_t whole = (size_t)CIPHER_LENGTH_SIZE + length, len;
	uint8_t *bytes = ciphered(base, packet, length, &len);
	uint8_t tag[MAC_LEN_MAX];

	if (len % BLOCK_LEN != 0)
		return SP_ERR_PACKET_LENGTH;
	cipher_put_u32(packet, length);
	if (mac->is_etm && !crypt(s, bytes, bytes, len))
		return SP_ERR_CRYPTO;
	if (!mac_tag(s->mac, sequence, packet, whole, tag))
		return SP_ERR_CRYPTO;
	if (!mac->is_etm && !crypt(s, bytes, bytes, len))
		return SP_ERR_CRYPTO;
	memcpy(packet + whole, tag, mac->len);
	count_blocks(base->iv, len);
	return SP_OK;
}

static const struct cipher_ops ops = {
	.state_size = sizeof(struct aesctr_state),
	.init = init,
	.clear = clear,
	.length = length_of,
	.open = open_packet,
	.seal = seal_packet,
};

const struct cipher aesctr_128 = {
	.name = "aes128-ctr",
	.set = ALGORITHM_MODERN,
	.key_len = 16,
	.iv_len = BLOCK_LEN,
	.block_len = BLOCK_LEN,
	.ops = &ops,
};

const struct cipher aesctr_192 = {
	.name = "aes192-ctr",
	.set = ALGORITHM_MODERN,
	.key_len = 24,
	.iv_len = BLOCK_LEN,
	.block_len = BLOCK_LEN,
	.ops = &ops,
};

const struct cipher aesctr_256 = {
	.name = "aes256-ctr",
	.set = ALGORITHM_MODERN,
	.key_len = 32,
	.iv_len = BLOCK_LEN,
	.block_len = BLOCK_LEN,
	.ops = &ops,
};
