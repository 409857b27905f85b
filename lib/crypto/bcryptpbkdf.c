/* bcrypt_pbkdf(3): PBKDF2 with bcrypt as its hash, and its output spread. */
#include "lib/crypto/bcryptpbkdf.h"

#include "lib/crypto/blowfish.h"
#include "lib/crypto/digest.h"

#include <openssl/crypto.h>

enum { HASH_LEN = 64, BLOCK_LEN = 32, WORDS = BLOCK_LEN / 4, COST = 64 };

static const char magic[] = "OxychromaticBlowfishSwatDynamite";

/* bcrypt of two hashes, always with 2^6 rounds of its own. */
static void
hash_block(
    struct sp_view passphrase, struct sp_view salt, uint8_t out[BLOCK_LEN])
{
	struct blowfish state = blowfish_start;
	uint32_t words[WORDS] = { 0 };

	blowfish_expand(&state, salt, passphrase);
	for (size_t i = 0; i < COST; i++) {
		blowfish_expand(&state, view_of(NULL, 0), salt);
		blowfish_expand(&state, view_of(NULL, 0), passphrase);
	}
	for (size_t i = 0; i < BLOCK_LEN; i++)
		words[i / 4] = words[i / 4] << 8 | (uint8_t)magic[i];
	for (size_t i = 0; i < COST; i++)
		for (size_t pair = 0; pair < WORDS; pair += 2)
			blowfish_encipher(&state, words + pair);
	/* bcrypt reads its words from the one end and writes from the other */
	for (size_t i = 0; i < BLOCK_LEN; i++)
		out[i] = (uint8_t)(words[i / 4] >> 8 * (i % 4));
	OPENSSL_cleanse(&state, sizeof state);
	OPENSSL_cleanse(words, sizeof words);
}

/* The rounds of one block, all of them added up. */
static enum sp_status
derive_block(const struct sp_crypto *crypto, struct sp_view passphrase,
    const struct sp_view salt[2], uint32_t rounds, uint8_t out[BLOCK_LEN])
{
	uint8_t hash[HASH_LEN], block[BLOCK_LEN] = { 0 };
	const struct sp_view hashed = view_of(hash, HASH_LEN);
	const struct sp_view last = view_of(block, BLOCK_LEN);
	enum sp_status status = digest_of(crypto, DIGEST_SHA512, salt, 2, hash);

	memset(out, 0, BLOCK_LEN);
	for (uint32_t i = 0; status == SP_OK && i < rounds; i++) {
		hash_block(passphrase, hashed, block);
		for (size_t at = 0; at < BLOCK_LEN; at++)
			out[at] ^= block[at];
		status = digest_of(crypto, DIGEST_SHA512, &last, 1, hash);
	}
	OPENSSL_cleanse(hash, sizeof hash);
	OPENSSL_cleanse(block, sizeof block);
	return status;
}

/* A key is spread over all blocks: half of one is no key of half length. */
static enum sp_status
derive(const struct sp_crypto *crypto, struct sp_view passphrase,
    struct sp_view salt, uint32_t rounds, uint8_t *out, size_t len)
{
	size_t blocks = (len + BLOCK_LEN - 1) / BLOCK_LEN;
	uint8_t block[BLOCK_LEN], number[4];
	enum sp_status status = SP_OK;

	for (size_t n = 0; status == SP_OK && n < blocks; n++) {
		const struct sp_view pieces[2] = { salt,
			view_of(number, sizeof number) };
		uint32_t count = (uint32_t)n + 1;

		for (size_t i = 0; i < sizeof number; i++)
			number[i] = (uint8_t)(count >> (24 - 8 * i));
		status =
		    derive_block(crypto, passphrase, pieces, rounds, block);
		for (size_t i = 0; i < BLOCK_LEN && i * blocks + n < len; i++)
			out[i * blocks + n] = block[i];
	}
	OPENSSL_cleanse(block, sizeof block);
	return status;
}

enum sp_status
bcryptpbkdf(const struct sp_crypto *crypto, struct sp_view passphrase,
    struct sp_view salt, uint32_t rounds, uint8_t *out, size_t len)
{
	uint8_t hash[HASH_LEN];
	enum sp_status status;

	if (passphrase.len == 0 || salt.len == 0 || rounds == 0 || len == 0)
		return SP_ERR_ARGUMENT;
	status = digest_of(crypto, DIGEST_SHA512, &passphrase, 1, hash);
	if (status == SP_OK)
		status = derive(
		    crypto, view_of(hash, HASH_LEN), salt, rounds, out, len);
	OPENSSL_cleanse(hash, sizeof hash);
	return status;
}
