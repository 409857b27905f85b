/*
 * A certification authority for tests: certificates as OpenSSH has them,
 * for one host's name or one user's, and good for a while.
 */
#ifndef SP_TESTS_ISSUER_H
#define SP_TESTS_ISSUER_H

#include "lib/wire/buffer.h"

#include <sallyport/key.h>

#define ISSUER_PRINCIPAL "host.example"

/* Seconds since 1970. */
enum { ISSUER_VALID_AFTER = 1000, ISSUER_VALID_BEFORE = 2000 };

/*
 * Writes a certificate of the key into an empty buffer. type: the
 * certificate's; kind: SP_CERTIFICATE_HOST or SP_CERTIFICATE_USER. The
 * authority is an Ed25519 key.
 */
SP_MUST_USE enum sp_status
issuer_certify(const struct sp_key *, const struct sp_key *authority,
    const char *type, uint32_t kind, struct buffer *out);

#endif
