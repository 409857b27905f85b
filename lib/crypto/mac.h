/*
 * The MACs that stand beside a cipher which has no tag of its own: HMAC
 * (RFC 6668), over the packet as it was (RFC 4253 6.4) or as it was sealed
 * (OpenSSH's PROTOCOL 1.1, "etm").
 */
#ifndef SP_CRYPTO_MAC_H
#define SP_CRYPTO_MAC_H

#include "lib/crypto/algorithm.h"
#include "lib/crypto/digest.h"

#include <openssl/evp.h>

struct mac {
	const char *name; /* as negotiated: "hmac-sha2-256" */
	enum algorithm_set set;
	enum digest_kind digest;
	size_t len; /* of the key, and of the tag */
	bool is_etm; /* over ciphertext, packet_length in clear before it */
};

enum { MAC_LEN_MAX = 64 };

/* By name as negotiated; NULL when there is none such. */
const struct mac *mac_find(struct sp_view name);

/* The table (see algorithm.h). */
const char *mac_row(size_t index, enum algorithm_set *);

/* A key of the MAC's length made ready; EVP_MAC_CTX_free() ends it. */
SP_MUST_USE enum sp_status mac_new(const struct mac *, const struct sp_crypto *,
    const uint8_t *key, EVP_MAC_CTX **ctx);

/* The tag of a packet's number and its first len bytes. */
bool mac_tag(EVP_MAC_CTX *, uint32_t sequence, const uint8_t *packet,
    size_t len, uint8_t tag[MAC_LEN_MAX]);

#endif
