/*
 * capsule KEM: "mlkem768" or "sntrup761" for another program, a line of
 * hexadecimal words for each.
 *
 *	generate                       public key, secret key
 *	encapsulate PUBLIC             ciphertext, shared secret
 *	decapsulate SECRET CIPHERTEXT  shared secret
 *
 * "refused" where it is none.
 */
#include "lib/crypto/kem.h"

#include <sallyport/key.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 8192, PUBLIC_MAX = 1184, SECRET_MAX = 2400 };

static const struct kem *kem;
static struct sp_crypto *crypto;

static void
print(const uint8_t *bytes, size_t len, const char *end)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", bytes[i]);
	fputs(end, stdout);
}

/* The next word, of just so many bytes; false for any other. */
static bool
take(uint8_t *bytes, size_t len)
{
	const char *word = strtok(NULL, " \n");

	if (word == NULL || strlen(word) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned value;

		if (sscanf(word + 2 * i, "%2x", &value) != 1)
			return false;
		bytes[i] = (uint8_t)value;
	}
	return true;
}

static bool
answer(char *line)
{
	static uint8_t public_key[PUBLIC_MAX], secret_key[SECRET_MAX];
	static uint8_t ciphertext[PUBLIC_MAX], shared[KEM_SHARED_LEN];
	const char *what = strtok(line, " \n");

	if (what != NULL && strcmp(what, "generate") == 0) {
		if (kem->generate(crypto, public_key, secret_key) != SP_OK)
			return false;
		print(public_key, kem->public_len, " ");
		print(secret_key, kem->secret_len, "\n");
		return true;
	}
	if (what != NULL && strcmp(what, "encapsulate") == 0) {
		if (!take(public_key, kem->public_len) ||
		    kem->encapsulate(crypto, public_key, ciphertext, shared) !=
			SP_OK)
			return false;
		print(ciphertext, kem->ciphertext_len, " ");
		print(shared, KEM_SHARED_LEN, "\n");
		return true;
	}
	if (what == NULL || strcmp(what, "decapsulate") != 0 ||
	    !take(secret_key, kem->secret_len) ||
	    !take(ciphertext, kem->ciphertext_len) ||
	    kem->decapsulate(crypto, secret_key, ciphertext, shared) != SP_OK)
		return false;
	print(shared, KEM_SHARED_LEN, "\n");
	return true;
}

int
main(int argc, char **argv)
{
	static char line[LINE_SIZE];

	if (argc == 2 && strcmp(argv[1], "mlkem768") == 0)
		kem = &mlkem768_kem;
	if (argc == 2 && strcmp(argv[1], "sntrup761") == 0)
		kem = &sntrup761_kem;
	crypto = sp_crypto_new();
	if (kem == NULL || crypto == NULL) {
		fputs("usage: capsule mlkem768|sntrup761\n", stderr);
		return 2;
	}
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (!answer(line))
			puts("refused");
		fflush(stdout);
	}
	sp_crypto_free(crypto);
	return 0;
}
