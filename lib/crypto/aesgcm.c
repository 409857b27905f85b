/*
 * AES-GCM (RFC 5647): packet_length is authenticated and in clear, the
 * nonce is 4 fixed bytes and an 8 byte counter of packets. The sequence
 * number takes no part.
 */
#include "lib/crypto/aesgcm.h"

#include "lib/crypto/cipher_ops.h"
#include "lib/crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

enum { FIXED_LEN = 4, IV_LEN = 12, TAG_LEN = 16 };

struct aesgcm_state {
	struct cipher_state base;
	EVP_CIPHER_CTX *ctx;
};

static struct aesgcm_state *
state_of(struct cipher_state *base)
{
	return (struct aesgcm_state *)base;
}

static const EVP_CIPHER *
fetched(const struct sp_crypto *crypto, const struct cipher *cipher)
{
	return cipher->key_len == 16 ? crypto->aes128_gcm : crypto->aes256_gcm;
}

static enum sp_status
init(struct cipher_state *base, const struct sp_crypto *crypto,
    enum cipher_direction direction)
{
	struct aesgcm_state *s = state_of(base);

	s->ctx = EVP_CIPHER_CTX_new();
	if (s->ctx == NULL)
		return SP_ERR_MEMORY;
	if (EVP_CipherInit_ex2(s->ctx, fetched(crypto, base->suite.cipher),
		base->key, NULL, direction == CIPHER_SEAL, NULL) != 1)
		return SP_ERR_CRYPTO;
	return SP_OK;
}

static void
clear(struct cipher_state *base)
{
	EVP_CIPHER_CTX_free(state_of(base)->ctx);
}

static uint32_t
length_of(struct cipher_state *base, uint32_t sequence, const uint8_t *bytes)
{
	(void)base;
	(void)sequence;
	return cipher_get_u32(bytes);
}

/*
 * A nonce must never come twice under one key, so the last value of the
 * counter is not used: a state that has come there seals and opens nothing
 * more, and neither does one made from its iv elsewhere.
 */
static bool
is_exhausted(const uint8_t iv[IV_LEN])
{
	uint8_t all = 0xff;

	for (size_t i = FIXED_LEN; i < IV_LEN; i++)
		all &= iv[i];
	return all == 0xff;
}

static void
count_packet(uint8_t iv[IV_LEN])
{
	for (size_t i = IV_LEN; i > FIXED_LEN; i--)
		if (++iv[i - 1] != 0)
			return;
}

/* Sets the nonce, and takes length in as additional data. */
static bool
start_packet(struct aesgcm_state *s, const uint8_t *packet)
{
	int n;

	return EVP_CipherInit_ex(s->ctx, NULL, NULL, NULL, s->base.iv, -1) ==
	    1 &&
	    EVP_CipherUpdate(s->ctx, NULL, &n, packet, CIPHER_LENGTH_SIZE) == 1;
}

/*
 * The tag is handed over as the parameter it is inside OpenSSL: the older
 * EVP_CTRL_AEAD_GET_TAG finds its way there at a tenth of a small
 * packet's cost.
 */
static bool
get_tag(struct aesgcm_state *s, uint8_t *tag)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
		    OSSL_CIPHER_PARAM_AEAD_TAG, tag, TAG_LEN),
		OSSL_PARAM_construct_end(),
	};

	return EVP_CIPHER_CTX_get_params(s->ctx, params) == 1;
}

static bool
set_tag(struct aesgcm_state *s, uint8_t *tag)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
		    OSSL_CIPHER_PARAM_AEAD_TAG, tag, TAG_LEN),
		OSSL_PARAM_construct_end(),
	};

	return EVP_CIPHER_CTX_set_params(s->ctx, params) == 1;
}

static enum sp_status
open_packet(struct cipher_state *base, uint32_t sequence, uint8_t *packet,
    uint32_t length)
{
	struct aesgcm_state *s = state_of(base);
	uint8_t *body = packet + CIPHER_LENGTH_SIZE;
	uint8_t *tag = body + length;
	int n;

	(void)sequence;
	if (is_exhausted(base->iv))
		return SP_ERR_LIMIT;
	if (!start_packet(s, packet) ||
	    EVP_CipherUpdate(s->ctx, body, &n, body, (int)length) != 1 ||
	    !set_tag(s, tag))
		return SP_ERR_CRYPTO;
	if (EVP_CipherFinal_ex(s->ctx, tag, &n) != 1)
		return SP_ERR_MAC;
	count_packet(base->iv);
	return SP_OK;
}

static enum sp_status
seal_packet(struct cipher_state *base, uint32_t sequence, uint8_t *packet,
    uint32_t length)
{
	struct aesgcm_state *s = state_of(base);
	uint8_t *body = packet + CIPHER_LENGTH_SIZE;
	uint8_t *tag = body + length;
	int n;

	(void)sequence;
	if (is_exhausted(base->iv))
		return SP_ERR_LIMIT;
	cipher_put_u32(packet, length);
	if (!start_packet(s, packet) ||
	    EVP_CipherUpdate(s->ctx, body, &n, body, (int)length) != 1 ||
	    EVP_CipherFinal_ex(s->ctx, tag, &n) != 1 || !get_tag(s, tag))
		return SP_ERR_CRYPTO;
	count_packet(base->iv);
	return SP_OK;
}

static const struct cipher_ops ops = {
	.state_size = sizeof(struct aesgcm_state),
	.init = init,
	.clear = clear,
	.length = length_of,
	.open = open_packet,
	.seal = seal_packet,
};

const struct cipher aesgcm_128 = {
	.name = "aes128-gcm@openssh.com",
	.set = ALGORITHM_MODERN,
	.key_len = 16,
	.iv_len = IV_LEN,
	.block_len = 16,
	.tag_len = TAG_LEN,
	.ops = &ops,
};

const struct cipher aesgcm_256 = {
	.name = "aes256-gcm@openssh.com",
	.set = ALGORITHM_MODERN,
	.key_len = 32,
	.iv_len = IV_LEN,
	.block_len = 16,
	.tag_len = TAG_LEN,
	.ops = &ops,
};
