/* The table of packet ciphers, and what all of them have in common. */
#include "lib/crypto/cipher.h"

#include "lib/crypto/aesctr.h"
#include "lib/crypto/aesgcm.h"
#include "lib/crypto/chacha20poly1305.h"
#include "lib/crypto/cipher_ops.h"
#include "lib/crypto/mac.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdlib.h>

static const struct cipher *const ciphers[] = {
	&chacha20poly1305_openssh,
	&aesgcm_256,
	&aesgcm_128,
	&aesctr_256,
	&aesctr_192,
	&aesctr_128,
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

static bool
fits(struct cipher_suite suite, const struct cipher_keys *keys)
{
	size_t mac_len = suite.mac == NULL ? 0 : suite.mac->len;

	return (suite.cipher->tag_len == 0) == (suite.mac != NULL) &&
	    keys->key.len == suite.cipher->key_len &&
	    keys->iv.len == suite.cipher->iv_len && keys->mac.len == mac_len;
}

static void
copy_key(uint8_t *to, struct sp_view key)
{
	if (key.len > 0)
		memcpy(to, key.data, key.len);
}

enum sp_status
cipher_new(struct cipher_suite suite, const struct sp_crypto *crypto,
    enum cipher_direction direction, struct cipher_keys keys,
    struct cipher_state **state)
{
	struct cipher_state *s;
	enum sp_status status;

	if (!fits(suite, &keys))
		return SP_ERR_ARGUMENT;
	assert(keys.key.len <= CIPHER_KEY_MAX);
	assert(keys.iv.len <= CIPHER_IV_MAX);
	assert(keys.mac.len <= CIPHER_KEY_MAX);
	s = calloc(1, suite.cipher->ops->state_size);
	if (s == NULL)
		return SP_ERR_MEMORY;
	s->suite = suite;
	copy_key(s->key, keys.key);
	copy_key(s->iv, keys.iv);
	copy_key(s->mac_key, keys.mac);
	status = suite.cipher->ops->init(s, crypto, direction);
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
	ops = s->suite.cipher->ops;
	ops->clear(s);
	OPENSSL_cleanse(s, ops->state_size);
	free(s);
}

struct cipher_suite
cipher_suite_of(const struct cipher_state *s)
{
	return s->suite;
}

struct cipher_keys
cipher_keys_of(const struct cipher_state *s)
{
	return (struct cipher_keys){
		.key = view_of(s->key, s->suite.cipher->key_len),
		.iv = view_of(s->iv, s->suite.cipher->iv_len),
		.mac = view_of(
		    s->mac_key, s->suite.mac == NULL ? 0 : s->suite.mac->len),
	};
}

size_t
cipher_tag_len(const struct cipher_state *s)
{
	return s->suite.mac == NULL ? s->suite.cipher->tag_len
				    : s->suite.mac->len;
}

bool
cipher_has_length_inside(const struct cipher_state *s)
{
	return s->suite.mac != NULL && !s->suite.mac->is_etm;
}

size_t
cipher_head_len(const struct cipher_state *s)
{
	return cipher_has_length_inside(s) ? s->suite.cipher->block_len
					   : (size_t)CIPHER_LENGTH_SIZE;
}

uint32_t
cipher_length(struct cipher_state *s, uint32_t sequence, const uint8_t *bytes)
{
	return s->suite.cipher->ops->length(s, sequence, bytes);
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
	return s->suite.cipher->ops->open(s, sequence, packet, length);
}

enum sp_status
cipher_seal(
    struct cipher_state *s, uint32_t sequence, uint8_t *packet, uint32_t length)
{
	if (is_too_long(length))
		return SP_ERR_PACKET_LENGTH;
	return s->suite.cipher->ops->seal(s, sequence, packet, length);
}
