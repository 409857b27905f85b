/* The OpenSSL algorithms this process has fetched: struct sp_crypto. */
#ifndef SP_CRYPTO_CRYPTO_H
#define SP_CRYPTO_CRYPTO_H

#include <sallyport/key.h>

#include <openssl/evp.h>

struct sp_crypto {
	EVP_MD *sha256;
	EVP_MD *sha384;
	EVP_MD *sha512;
	EVP_CIPHER *aes128_gcm;
	EVP_CIPHER *aes256_gcm;
	EVP_CIPHER *aes128_ctr;
	EVP_CIPHER *aes192_ctr;
	EVP_CIPHER *aes256_ctr;
	EVP_CIPHER *chacha20;
	EVP_MAC *poly1305;
	EVP_MAC *hmac;
	EVP_KEYMGMT *x25519;
	EVP_KEYMGMT *ed25519;
	EVP_SIGNATURE *ed25519_signature;
};

#endif
