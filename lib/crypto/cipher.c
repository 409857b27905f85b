/* The table of packet ciphers, and what all of them have in common. */
#include "lib/crypto/cipher.h"

#include "lib/crypto/aesgcm.h"
#include "lib/crypto/chacha20poly1305.h"
#include "lib/crypto/cipher_ops.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdlib.h>

static const struct cipher *const ciphers[] = {
	&chacha20poly1305_openssh,
	&aesgcm_256,
};

const struct cipher *
cipher_find(struct sp_view name)
{
	for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++)
		if (view_equal_string(name, ciphers[i]->name))
			return ciphers[i];
	return NULL;
}

const char *
cipher_row(size_t index, enum algorithm_set *set)
{
	if (index >= sizeof ciphers / sizeof ciphers[0])
		return NULL;
	*set = ciphers[index]->set;
	return ciphers[index]->name;
}

enum sp_status
cipher_new(const struct cipher *cipher, const struct sp_crypto *crypto,
    enum cipher_direction direction, struct sp_view key, struct sp_view iv,
    struct cipher_state **state)
{
	struct cipher_state *s;
	enum sp_status status;

	assert(cipher->key_len <= CIPHER_KEY_MAX);
	assert(cipher->iv_len <= CIPHER_IV_MAX);
	if (key.len != cipher->key_len || iv.len != cipher->iv_len)
		return SP_ERR_ARGUMENT;
	s = calloc(1, cipher->ops->state_size);
	if (s == NULL)
		return SP_ERR_MEMORY;
	s->cipher = cipher;
	memcpy(s->key, key.data, key.len);
	if (iv.len > 0)
		memcpy(s->iv, iv.data, iv.len);
	status = cipher->ops->init(s, crypto, direction);
	if (status != SP_OK) {
		cipher_free(s);
		return status;
	}
	*state = s;
	return SP_OK;
}

void
cipher_free(struct cipher_state *s)
{
	const struct cipher_ops *ops;

	if (s == NULL)
		return;
	ops = s->cipher->ops;
	ops->clear(s);
	OPENSSL_cleanse(s, ops->state_size);
	free(s);
}

const struct cipher *
cipher_of(const struct cipher_state *s)
{
	return s->cipher;
}

struct sp_view
cipher_key(const struct cipher_state *s)
{
	return view_of(s->key, s->cipher->key_len);
}

struct sp_view
cipher_iv(const struct cipher_state *s)
{
	return view_of(s->iv, s->cipher->iv_len);
}

uint32_t
cipher_length(struct cipher_state *s, uint32_t sequence, const uint8_t bytes[4])
{
	return s->cipher->ops->length(s, sequence, bytes);
}

/* OpenSSL counts in int; no connection comes near. */
static bool
is_too_long(uint32_t length)
{
	return length > INT_MAX - 64;
}

enum sp_status
cipher_open(
    struct cipher_state *s, uint32_t sequence, uint8_t *packet, uint32_t length)
{
	if (is_too_long(length))
		return SP_ERR_PACKET_LENGTH;
	return s->cipher->ops->open(s, sequence, packet, length);
}

enum sp_status
cipher_seal(
    struct cipher_state *s, uint32_t sequence, uint8_t *packet, uint32_t length)
{
	if (is_too_long(length))
		return SP_ERR_PACKET_LENGTH;
	return s->cipher->ops->seal(s, sequence, packet, length);
}
