/* Hashes and HMAC over several pieces, by OpenSSL algorithms already fetched. */
#ifndef SP_CRYPTO_DIGEST_H
#define SP_CRYPTO_DIGEST_H

#include "lib/wire/view.h"

struct sp_crypto;

enum digest_kind { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
enum { DIGEST_MAX = 64 };

size_t digest_len(enum digest_kind);
/* As OpenSSL calls it. */
const char *digest_name(enum digest_kind);

/* The hash of the pieces one after the other; out has digest_len() bytes. */
SP_MUST_USE enum sp_status digest_of(const struct sp_crypto *, enum digest_kind,
    const struct sp_view *pieces, size_t n, uint8_t *out);

/* HMAC of the pieces one after the other. */
SP_MUST_USE enum sp_status
digest_hmac(const struct sp_crypto *, enum digest_kind, struct sp_view key,
    const struct sp_view *pieces, size_t n, uint8_t *out);

#endif
