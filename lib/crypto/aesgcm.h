/* AES-GCM as RFC 5647 uses it, the length in clear. */
#ifndef SP_CRYPTO_AESGCM_H
#define SP_CRYPTO_AESGCM_H

struct cipher;

extern const struct cipher aesgcm_128, aesgcm_256;

#endif
