/* OpenSSL's keys: made of their numbers, signing and verifying. */
#include "lib/pubkey/pkey.h"

#include "lib/wire/secret.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>

void
pkey_builder_init(struct pkey_builder *b)
{
	*b = (struct pkey_builder){ .params = OSSL_PARAM_BLD_new() };
	b->failed = b->params == NULL;
}

void
pkey_builder_take(struct pkey_builder *b, const char *name, BIGNUM *number)
{
	if (number == NULL || b->count == PKEY_NUMBERS_MAX) {
		BN_clear_free(number);
		b->failed = true;
		return;
	}
	b->numbers[b->count++] = number;
	if (!b->failed)
		b->failed =
		    OSSL_PARAM_BLD_push_BN(b->params, name, number) != 1;
}

void
pkey_builder_number(
    struct pkey_builder *b, const char *name, struct sp_view bytes)
{
	if (bytes.len > INT_MAX)
		b->failed = true;
	else
		pkey_builder_take(
		    b, name, BN_bin2bn(bytes.data, (int)bytes.len, NULL));
}

void
pkey_builder_text(struct pkey_builder *b, const char *name, const char *text)
{
	if (!b->failed)
		b->failed = OSSL_PARAM_BLD_push_utf8_string(
				b->params, name, text, 0) != 1;
}

void
pkey_builder_bytes(
    struct pkey_builder *b, const char *name, struct sp_view bytes)
{
	if (!b->failed)
		b->failed = OSSL_PARAM_BLD_push_octet_string(
				b->params, name, bytes.data, bytes.len) != 1;
}

static enum sp_status
make(const char *type, int selection, OSSL_PARAM *params, EVP_PKEY **pair)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	enum sp_status status = SP_ERR_CRYPTO;
	EVP_PKEY *made = NULL;

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		status = EVP_PKEY_fromdata(ctx, &made, selection, params) == 1
		    ? SP_OK
		    : SP_ERR_KEY_FORMAT;
	EVP_PKEY_CTX_free(ctx);
	if (status == SP_OK)
		*pair = made;
	else
		EVP_PKEY_free(made);
	return status;
}

/* The numbers of a private key were copied into them. */
static void
free_params(OSSL_PARAM *params)
{
	if (params == NULL)
		return;
	for (OSSL_PARAM *p = params; p->key != NULL; p++)
		OPENSSL_cleanse(p->data, p->data_size);
	OSSL_PARAM_free(params);
}

enum sp_status
pkey_builder_finish(
    struct pkey_builder *b, const char *type, int selection, EVP_PKEY **pair)
{
	OSSL_PARAM *params =
	    b->failed ? NULL : OSSL_PARAM_BLD_to_param(b->params);
	enum sp_status status = SP_ERR_MEMORY;

	if (params != NULL)
		status = make(type, selection, params, pair);
	free_params(params);
	OSSL_PARAM_BLD_free(b->params);
	for (size_t i = 0; i < b->count; i++)
		BN_clear_free(b->numbers[i]);
	*b = (struct pkey_builder){ .failed = true };
	return status;
}

enum sp_status
pkey_write_mpint(const EVP_PKEY *pair, const char *name, struct writer *w)
{
	struct secret bytes = { NULL, 0 };
	BIGNUM *number = NULL;
	enum sp_status status = SP_ERR_CRYPTO;

	if (EVP_PKEY_get_bn_param(pair, name, &number) == 1)
		status = secret_alloc(&bytes, (size_t)BN_num_bytes(number));
	if (status == SP_OK) {
		BN_bn2bin(number, bytes.data);
		writer_mpint(w, secret_view(&bytes));
	}
	secret_clear(&bytes);
	BN_clear_free(number);
	return status;
}

enum sp_status
pkey_sign(EVP_PKEY *pair, const char *digest, struct sp_view data,
    uint8_t *room, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_made;

	if (ctx == NULL)
		return SP_ERR_MEMORY;
	is_made = EVP_DigestSignInit_ex(
		      ctx, NULL, digest, NULL, NULL, pair, NULL) == 1 &&
	    EVP_DigestSign(ctx, room, len, data.data, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	return is_made ? SP_OK : SP_ERR_CRYPTO;
}

enum sp_status
pkey_verify(EVP_PKEY *pair, const char *digest, struct sp_view data,
    struct sp_view signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int result = -1;

	if (ctx == NULL)
		return SP_ERR_MEMORY;
	if (EVP_DigestVerifyInit_ex(
		ctx, NULL, digest, NULL, NULL, pair, NULL) == 1)
		result = EVP_DigestVerify(
		    ctx, signature.data, signature.len, data.data, data.len);
	EVP_MD_CTX_free(ctx);
	if (result == 1)
		return SP_OK;
	return result == 0 ? SP_ERR_SIGNATURE : SP_ERR_CRYPTO;
}
