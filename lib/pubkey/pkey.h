/*
 * OpenSSL's keys as the types use them: made of their numbers, written as
 * numbers, signing and verifying.
 */
#ifndef SP_PUBKEY_PKEY_H
#define SP_PUBKEY_PKEY_H

#include "lib/wire/writer.h"

#include <openssl/evp.h>
#include <openssl/param_build.h>

enum { PKEY_NUMBERS_MAX = 8 };

/*
 * Collects the parameters of a key. A failure is latched until
 * pkey_builder_finish(), which frees what was collected in any case; views
 * are borrowed until then.
 */
struct pkey_builder {
	OSSL_PARAM_BLD *params;
	BIGNUM *numbers[PKEY_NUMBERS_MAX];
	size_t count;
	bool failed;
};

void pkey_builder_init(struct pkey_builder *);
/* An unsigned big-endian number. */
void
pkey_builder_number(struct pkey_builder *, const char *name, struct sp_view);
/* A number that the builder takes; NULL is a failure. */
void pkey_builder_take(struct pkey_builder *, const char *name, BIGNUM *number);
void
pkey_builder_text(struct pkey_builder *, const char *name, const char *text);
void
pkey_builder_bytes(struct pkey_builder *, const char *name, struct sp_view);
/*
 * selection is OpenSSL's (EVP_PKEY_KEYPAIR, EVP_PKEY_PUBLIC_KEY).
 * SP_ERR_KEY_FORMAT where OpenSSL finds that the numbers make no key,
 * SP_ERR_MEMORY where they could not be collected.
 */
SP_MUST_USE enum sp_status pkey_builder_finish(
    struct pkey_builder *, const char *type, int selection, EVP_PKEY **pair);

/* Writes one number of a key as an mpint. */
SP_MUST_USE enum sp_status
pkey_write_mpint(const EVP_PKEY *, const char *name, struct writer *);

/*
 * Signs data, hashed with digest (NULL where the scheme has its own), into
 * room of size *len; the signature's length is then in *len.
 */
SP_MUST_USE enum sp_status pkey_sign(EVP_PKEY *, const char *digest,
    struct sp_view data, uint8_t *room, size_t *len);

/* SP_OK, SP_ERR_SIGNATURE, or what kept it from being looked at. */
SP_MUST_USE enum sp_status pkey_verify(EVP_PKEY *, const char *digest,
    struct sp_view data, struct sp_view signature);

#endif
