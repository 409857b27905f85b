/* crypt(3), in memory that is wiped. */
#include "modules/userfile/passwordhash.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

bool
passwordhash_is_good(const char *hash)
{
	return crypt_checksalt(hash) == CRYPT_SALT_OK;
}

/* Time does not tell where they differ; how long a hash is is no secret. */
static bool
is_same(const char *a, const char *b)
{
	size_t len = strlen(a);
	unsigned char differs = strlen(b) != len;

	for (size_t i = 0; i < len && b[i] != '\0'; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

static void
forget(struct crypt_data *room)
{
	if (room != NULL)
		explicit_bzero(room, sizeof *room);
	free(room);
}

/* A failure is "*0" or "*1", or NULL: no hash begins so. */
static bool
is_hash(const char *hash)
{
	return hash != NULL && hash[0] == '$';
}

enum passwordhash_answer
passwordhash_check(const char *password, const char *hash)
{
	struct crypt_data *room = calloc(1, sizeof *room);
	enum passwordhash_answer answer = PASSWORDHASH_BROKEN;
	const char *made;

	if (room != NULL) {
		made = crypt_r(password, hash, room);
		if (is_hash(made))
			answer = is_same(made, hash) ? PASSWORDHASH_RIGHT
						     : PASSWORDHASH_WRONG;
	}
	forget(room);
	return answer;
}

bool
passwordhash_make(
    const char *password, const char *prefix, char hash[PASSWORDHASH_SIZE])
{
	struct crypt_data *room = calloc(1, sizeof *room);
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *made;
	bool is_made = false;

	if (room != NULL &&
	    crypt_gensalt_rn(prefix, 0, NULL, 0, setting, sizeof setting) !=
		NULL) {
		made = crypt_r(password, setting, room);
		is_made = is_hash(made) && strlen(made) < PASSWORDHASH_SIZE;
		if (is_made)
			memcpy(hash, made, strlen(made) + 1);
	}
	forget(room);
	return is_made;
}
