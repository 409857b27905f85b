/*
 * An authenticator in software, as a library that OpenSSH's programs load
 * (SecurityKeyProvider, SSH_SK_PROVIDER): its keys are of the types "sk-".
 * What it gives out as a key's handle is the private key itself, and it is
 * touched whenever it is asked whether somebody is there.
 *
 * The interface is OpenSSH's PROTOCOL.u2f, version 10.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { API_VERSION = 0x000a0000, FAILED = -1 };
enum { ECDSA = 0, ED25519 = 1 };
enum { SIGNED_LEN = 2 * SHA256_DIGEST_LENGTH + 5, NUMBER_LEN = 32 };
enum { ED25519_LEN = 32, ED25519_SIGNATURE_LEN = 64, POINT_LEN = 65 };

/* All that is allocated here is freed by who asked for it. */
struct sk_enroll_response {
	uint8_t flags;
	uint8_t *public_key;
	size_t public_key_len;
	uint8_t *key_handle;
	size_t key_handle_len;
	uint8_t *signature;
	size_t signature_len;
	uint8_t *attestation_cert;
	size_t attestation_cert_len;
	uint8_t *authdata;
	size_t authdata_len;
};

struct sk_sign_response {
	uint8_t flags;
	uint32_t counter;
	uint8_t *sig_r;
	size_t sig_r_len;
	uint8_t *sig_s;
	size_t sig_s_len;
};

struct sk_option;
struct sk_resident_key;

uint32_t sk_api_version(void);
int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len,
    const char *application, uint8_t flags, const char *pin,
    struct sk_option **options, struct sk_enroll_response **response);
int sk_sign(uint32_t alg, const uint8_t *data, size_t data_len,
    const char *application, const uint8_t *handle, size_t handle_len,
    uint8_t flags, const char *pin, struct sk_option **options,
    struct sk_sign_response **response);
int sk_load_resident_keys(const char *pin, struct sk_option **options,
    struct sk_resident_key ***keys, size_t *count);

uint32_t
sk_api_version(void)
{
	return API_VERSION;
}

static size_t
write_public(uint32_t alg, EVP_PKEY *key, uint8_t room[POINT_LEN])
{
	size_t len = POINT_LEN;

	if (alg == ED25519)
		return EVP_PKEY_get_raw_public_key(key, room, &len) ? len : 0;
	return EVP_PKEY_get_octet_string_param(
		   key, "encoded-pub-key", room, POINT_LEN, &len)
	    ? len
	    : 0;
}

int
sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len,
    const char *application, uint8_t flags, const char *pin,
    struct sk_option **options, struct sk_enroll_response **response)
{
	struct sk_enroll_response *r = calloc(1, sizeof *r);
	EVP_PKEY *key = alg == ED25519
	    ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
	    : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	uint8_t *der = NULL;
	int len;

	(void)challenge, (void)challenge_len, (void)application;
	(void)pin, (void)options;
	if (r == NULL || key == NULL || (len = i2d_PrivateKey(key, &der)) < 0)
		return FAILED;
	r->flags = flags;
	r->public_key = malloc(POINT_LEN);
	r->key_handle = malloc((size_t)len);
	/* An attestation nobody looks at. */
	r->signature = calloc(1, 1);
	r->signature_len = 1;
	if (r->public_key == NULL || r->key_handle == NULL ||
	    r->signature == NULL)
		return FAILED;
	r->public_key_len = write_public(alg, key, r->public_key);
	memcpy(r->key_handle, der, (size_t)len);
	r->key_handle_len = (size_t)len;
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	*response = r;
	return r->public_key_len > 0 ? 0 : FAILED;
}

/* The two numbers of a signature of ECDSA, each in so many bytes. */
static int
split(const uint8_t *der, size_t len, struct sk_sign_response *r)
{
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);

	r->sig_s = malloc(NUMBER_LEN);
	if (signature == NULL || r->sig_s == NULL)
		return FAILED;
	BN_bn2binpad(ECDSA_SIG_get0_r(signature), r->sig_r, NUMBER_LEN);
	BN_bn2binpad(ECDSA_SIG_get0_s(signature), r->sig_s, NUMBER_LEN);
	r->sig_r_len = r->sig_s_len = NUMBER_LEN;
	ECDSA_SIG_free(signature);
	return 0;
}

static int
sign_with(uint32_t alg, EVP_PKEY *key, const uint8_t data[SIGNED_LEN],
    struct sk_sign_response *r)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const EVP_MD *digest = alg == ED25519 ? NULL : EVP_sha256();
	uint8_t signature[128];
	size_t len = sizeof signature;
	int done = key != NULL && context != NULL &&
	    EVP_DigestSignInit(context, NULL, digest, NULL, key) &&
	    EVP_DigestSign(context, signature, &len, data, SIGNED_LEN);

	EVP_MD_CTX_free(context);
	r->sig_r = malloc(sizeof signature);
	if (!done || r->sig_r == NULL)
		return FAILED;
	if (alg != ED25519)
		return split(signature, len, r);
	memcpy(r->sig_r, signature, len);
	r->sig_r_len = len;
	return 0;
}

int
sk_sign(uint32_t alg, const uint8_t *data, size_t data_len,
    const char *application, const uint8_t *handle, size_t handle_len,
    uint8_t flags, const char *pin, struct sk_option **options,
    struct sk_sign_response **response)
{
	struct sk_sign_response *r = calloc(1, sizeof *r);
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &handle, (long)handle_len);
	uint8_t signed_data[SIGNED_LEN];
	uint8_t *trailer = signed_data + SHA256_DIGEST_LENGTH;
	int status;

	(void)pin, (void)options;
	if (r == NULL)
		return FAILED;
	r->flags = flags;
	r->counter = (uint32_t)time(NULL);
	SHA256((const uint8_t *)application, strlen(application), signed_data);
	trailer[0] = r->flags;
	for (int i = 0; i < 4; i++)
		trailer[1 + i] = (uint8_t)(r->counter >> (24 - 8 * i));
	SHA256(data, data_len, trailer + 5);
	status = sign_with(alg, key, signed_data, r);
	EVP_PKEY_free(key);
	*response = r;
	return status;
}

/* It keeps none. */
int
sk_load_resident_keys(const char *pin, struct sk_option **options,
    struct sk_resident_key ***keys, size_t *count)
{
	(void)pin, (void)options;
	*keys = NULL;
	*count = 0;
	return 0;
}
