/* aes128-ctr, aes192-ctr, aes256-ctr (RFC 4344), with a MAC beside them. */
#ifndef SP_CRYPTO_AESCTR_H
#define SP_CRYPTO_AESCTR_H

#include "lib/crypto/cipher.h"

extern const struct cipher aesctr_128, aesctr_192, aesctr_256;

#endif
