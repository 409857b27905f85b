/*
 * Reads the few elements of DER (X.690) that have to be looked at before
 * OpenSSL does. A failure is the reader's.
 */
#ifndef SP_PUBKEY_DER_H
#define SP_PUBKEY_DER_H

#include "lib/wire/reader.h"

enum { DER_INTEGER = 0x02, DER_BYTES = 0x04, DER_OID = 0x06, DER_LIST = 0x30 };

/* What an element of this tag contains; borrowed. */
struct sp_view der_read(struct reader *, uint8_t tag);

/* A non-negative integer below 2^31; a larger one fails. */
uint32_t der_read_small(struct reader *);

#endif
